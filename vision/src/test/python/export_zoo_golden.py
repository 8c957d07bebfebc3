"""Writes golden/zoo: what PyTorch computes with the zoo's networks.

state_dicts.json   names and shapes of every network
logits.json        first logits and norm with formula weights (formula.py)
imagenet_samples.json, cifar10_resnet20.json   predictions with the real weights on real photos (needs the data folder)

Run: python export_zoo_golden.py
"""
import io
import json
import os
import zipfile

import torch

import formula
import preprocessing
import reference_models
import torchvision_loader

INPUT_INDEX = 1000
SHOWN = 16
CIFAR_IMAGES_PER_CLASS = 50


def networks() -> dict:
    """Name to (constructor, input size)."""
    models = torchvision_loader.torchvision.models
    zoo = {name: (lambda name=name: getattr(models, name)(weights=None), 64)
           for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "squeezenet1_1")}
    zoo["efficientnet_lite0"] = (reference_models.EfficientNetLite0, 64)
    for depth in (20, 32, 44, 56):
        zoo[f"cifar_resnet{depth}"] = (lambda depth=depth: reference_models.CifarResNet(depth), 32)
    return zoo


def formula_logits(build, size: int) -> dict:
    model = build()
    model.load_state_dict(formula.damped_state_dict(model))
    inputs = formula.unit_tensor(INPUT_INDEX, (1, 3, size, size))
    with torch.no_grad():
        single = model.eval()(inputs).double()
        exact = model.double()(inputs.double())
    return {
        "input": [1, 3, size, size],
        "logits": exact[0, :SHOWN].tolist(),
        "norm": exact.norm().item(),
        "classes": exact.shape[1],
        "float32_relative_error": ((single - exact).norm() / exact.norm()).item(),
    }


def top5(model, load, files: list) -> dict:
    """Predictions one image at a time; `gap` is the first logit less the second."""
    indices, gaps = [], []
    with torch.no_grad():
        for file in files:
            values, order = model(load(file)[None])[0].topk(5)
            indices.append(order.tolist())
            gaps.append(round((values[0] - values[1]).item(), 4))
    truth = [10 * k for k in range(len(files))]
    return {
        "correct_top1": sum(row[0] == label for row, label in zip(indices, truth)),
        "correct_top5": sum(label in row for row, label in zip(indices, truth)),
        "top1": [row[0] for row in indices],
        "top5": indices,
        "gap": gaps,
    }


def imagenet_samples() -> dict:
    folder = os.path.join(torchvision_loader.data_folder(), "images", "imagenet_samples")
    names = sorted(os.listdir(folder))
    files = [os.path.join(folder, name) for name in names]
    return {
        "files": names,
        "label": "10 * k for file k in sorted order",
        "squeezenet1_1": {"preprocessing": "RGB; shorter side 256 (Pillow bilinear), centre crop 224; (x/255 - mean) / std of ImageNet"}
                         | top5(reference_models.squeezenet1_1(), preprocessing.imagenet, files),
        "efficientnet_lite0": {"preprocessing": "RGB; shorter side 256 (Pillow bicubic), centre crop 224; (x - 127) / 128 on 0..255"}
                              | top5(reference_models.efficientnet_lite0(), preprocessing.lite, files),
    }


def cifar10() -> dict:
    path = os.path.join(torchvision_loader.data_folder(), "images", "cifar10", "cifar10_jpg_test.zip")
    model = reference_models.cifar_resnet20()
    predictions = {}
    with zipfile.ZipFile(path) as archive, torch.no_grad():
        entries = [name for name in archive.namelist() if name.endswith(".jpg")]
        classes = sorted({name.split("/")[1] for name in entries})
        for name in classes:
            batch = [preprocessing.cifar(io.BytesIO(archive.read(f"test/{name}/{row:04d}.jpg"))) for row in range(CIFAR_IMAGES_PER_CLASS)]
            predictions[name] = model(torch.stack(batch)).argmax(dim=1).tolist()
    correct = {name: row.count(classes.index(name)) for name, row in predictions.items()}
    return {
        "order": "zip entries test/CLASS/NNNN.jpg, for CLASS in alphabetical order (= CIFAR's label order), NNNN = 0000..0049: 500 images",
        "preprocessing": f"RGB 32x32, (x/255 - mean) / std; mean {preprocessing.CIFAR_MEAN}, std {preprocessing.CIFAR_STD}: ImageNet's, "
                         "with which the checkpoint was trained",
        "classes": classes,
        "correct": sum(correct.values()),
        "correct_per_class": correct,
        "predictions": predictions,
    }


def write(name: str, document: dict):
    header = {"script": "vision/src/test/python/export_zoo_golden.py", "versions": torchvision_loader.versions()}
    with open(os.path.join(torchvision_loader.golden_folder(), "zoo", name), "w") as out:
        out.write(json.dumps(header | document, separators=(",", ":")) + "\n")


def main():
    torch.set_num_threads(1)
    zoo = networks()
    write("state_dicts.json", {
        "note": "[name, shape] in state-dict order; ResNets and squeezenet1_1 are torchvision's, efficientnet_lite0 and cifar_resnet* have "
                "the names of their published weight files (the CIFAR files' prefix module. is stripped)",
        "networks": {name: [[key, list(value.shape)] for key, value in build().state_dict().items()] for name, (build, _) in zoo.items()},
    })
    if os.path.isdir(torchvision_loader.data_folder()):
        write("imagenet_samples.json", imagenet_samples())
        write("cifar10_resnet20.json", cifar10())
    logits = {}
    for name, (build, size) in zoo.items():
        logits[name] = formula_logits(build, size)
        print(name, logits[name]["norm"], logits[name]["float32_relative_error"], flush=True)
    write("logits.json", {
        "formula": formula.FORMULA,
        "weights": formula.WEIGHT_RULES | {"last batch norm weight of each residual block (bn2, in bottlenecks bn3)":
                                           "0.25f * (1f + 0.25f * unit), in all ResNets and CIFAR ResNets; nowhere else"},
        "input": f"unit({INPUT_INDEX}, i)",
        "mode": "eval",
        "computed_in": "float64 from float32 weights and input",
        "logits": f"the first {SHOWN} (fewer if there are fewer classes); norm: l2 of all of them",
        "networks": logits,
    })


if __name__ == "__main__":
    main()
