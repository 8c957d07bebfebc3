"""Fine-tunings without any random number, so that Graft can repeat them step by step: golden/finetune_exact.json.

Head weights, and the order of the images in every epoch, come from formula.py; there is no dropout. What
finetune_reference.py can only compare in the mean of seeds, this compares loss by loss, on real weights and photos.

Run: python finetune_exact.py
"""
import json
import os

import torch
from torch import nn

import finetune_reference as reference
import formula
import reference_models
import torchvision_loader

HEAD_WEIGHT_INDEX, HEAD_BIAS_INDEX, ORDER_INDEX = 6000, 6001, 7000
SHOWN_STEPS = 20


def formula_order(epoch: int, count: int) -> torch.Tensor:
    return torch.argsort(formula.unit_tensor(ORDER_INDEX + epoch, (count,)), stable=True)


def formula_linear(width: int, classes: int) -> nn.Linear:
    linear = nn.Linear(width, classes)
    linear.weight.data = formula.scaled(width ** -0.5, HEAD_WEIGHT_INDEX, (classes, width))
    linear.bias.data = formula.scaled(width ** -0.5, HEAD_BIAS_INDEX, (classes,))
    return linear


def squeeze_head(classes: int) -> nn.Module:
    head = reference.SqueezeHead(classes, 0.0)
    head.classifier[1].weight.data = formula.scaled(0.01, HEAD_WEIGHT_INDEX, (classes, 512, 1, 1))
    return head


def resnet20(classes: int) -> nn.Module:
    model = reference_models.cifar_resnet20()
    model.linear = formula_linear(64, classes)
    return model


RECIPES = {
    "squeezenet1_1-hymenoptera": {
        "head": "classifier.1 = Conv2d(512, 2, 1): weight 0.01f * unit(6000, i), bias 0; Dropout(0)", "make": squeeze_head,
        "data": lambda: reference.add_features(reference.hymenoptera(), "squeezenet1_1", "hymenoptera"),
        "lr": 0.001, "weight_decay": 0.0, "batch": 16, "epochs": 10},
    "efficientnet_lite0-hymenoptera": {
        "head": "_fc = Linear(1280, 2): float32(1280^-0.5) * unit(6000, i), bias float32(1280^-0.5) * unit(6001, i); Dropout(0)",
        "make": lambda classes: formula_linear(1280, classes),
        "data": lambda: reference.add_features(reference.hymenoptera(), "efficientnet_lite0", "hymenoptera"),
        "lr": 0.01, "weight_decay": 0.0, "batch": 16, "epochs": 15},
    "resnet20-pneumoniamnist": {
        "head": "linear = Linear(64, 2): 0.125f * unit(6000, i), bias 0.125f * unit(6001, i); every parameter trained, "
                "batch norm in train mode",
        "make": resnet20, "data": lambda: reference.add_pixels(reference.pneumonia()),
        "lr": 0.01, "weight_decay": 1e-4, "batch": 64, "epochs": 1},
}


def run(recipe: dict) -> dict:
    data = recipe["data"]()
    classes = len(data["classes"])
    losses, exact_losses = [], []
    epochs = reference.train(recipe["make"](classes), data, recipe, formula_order, losses)
    exact_data = data | {key: data[key].double() for key in ("train_inputs", "val_inputs")}
    reference.train(recipe["make"](classes).double(), exact_data, recipe | {"epochs": 1}, formula_order, exact_losses)
    return {
        "recipe": {key: recipe[key] for key in ("head", "lr", "weight_decay", "batch", "epochs")} | {"momentum": reference.MOMENTUM},
        "images": {part: len(data[part]) for part in ("train", "val")},
        "first_batch": formula_order(1, len(data["train"]))[:recipe["batch"]].tolist(),
        "step_losses": losses[:SHOWN_STEPS],
        "step_losses_float64": exact_losses[:SHOWN_STEPS],
        "epochs": epochs,
    }


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    document = {
        "script": "vision/src/test/python/finetune_exact.py",
        "versions": torchvision_loader.versions(),
        "formula": formula.FORMULA,
        "order": "images numbered as ImageFolder lists them (class names sorted, then file names sorted); epoch e = 1, 2, ... takes them "
                 "by ascending unit(7000 + e, number), ties by number; the partial last batch is kept",
        "numbers": f"step_losses: the first {SHOWN_STEPS} steps' losses in float32, each before its update; step_losses_float64: the same "
                   "in float64, to see how far rounding carries; epochs (float32) and preprocessing as in finetune_reference.json; "
                   "backbones frozen in eval mode except resnet20",
        "recipes": {name: run(recipe) for name, recipe in RECIPES.items()},
    }
    with open(os.path.join(torchvision_loader.golden_folder(), "finetune_exact.json"), "w") as out:
        out.write(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
