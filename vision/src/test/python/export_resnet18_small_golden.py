"""Writes golden/resnet18_small.safetensors and .json: every gradient of ResNet-18 (full network, 64x64 images), to compare strictly.

The inputs are those that resnet18_margin.py found: no ReLU input and no max of the pool lies near enough to a kink for rounding to
take it over. Single precision then differs from double precision by rounding alone, in every gradient. The rest is as in
export_resnet18_golden.py, whose network, digests and SGD this takes.

Run: python export_resnet18_small_golden.py
"""
import json
import os
import statistics

import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

import export_resnet18_golden as full
import formula
import resnet18_margin
import torchvision_loader

INPUT_INDEX = {"train": 3153, "eval": 1130}  # found by resnet18_margin.py
LABELS = [3, 7]
LEAST_MARGIN = 20
FLOAT32_BOUND = 2e-5


def inputs(mode: str) -> torch.Tensor:
    return formula.unit_tensor(INPUT_INDEX[mode], resnet18_margin.SHAPE)


def train(recorder: full.Recorder, prefix: str, model: torch.nn.Module, images: torch.Tensor, gradients: bool):
    """STEPS of SGD on all that takes a gradient; records the losses, and of the first step logits and gradients."""
    labels = torch.tensor(LABELS)
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.SGD(parameters.values(), **full.FULL_SGD)
    losses = []
    for step in range(full.STEPS):
        optimizer.zero_grad()
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        losses.append(loss.item())
        if step == 0 and gradients:
            recorder.add_full(f"{prefix}.logits", logits)
            for name, parameter in parameters.items():
                recorder.add_digest(f"{prefix}.grad", name, parameter.grad)
        optimizer.step()
    recorder.add_full(f"{prefix}.losses", losses)


def run(dtype: torch.dtype, memory_format: torch.memory_format) -> full.Recorder:
    def build():
        return full.build(dtype).to(memory_format=memory_format)

    images = {mode: inputs(mode).to(dtype).contiguous(memory_format=memory_format) for mode in INPUT_INDEX}
    recorder = full.Recorder({name: i for i, name in enumerate(build().state_dict(), start=1)})
    model = build().train()
    train(recorder, "train", model, images["train"], gradients=True)
    full.record_running_statistics(recorder, "train.running", model)
    train(recorder, "eval", build().eval(), images["eval"], gradients=True)
    model = build().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.requires_grad_(False)
    train(recorder, "frozen", model, images["eval"], gradients=False)
    return recorder


def discrepancy(single: full.Recorder, double: full.Recorder) -> dict:
    """PyTorch float32 against float64; fails where a test of 1e-4 would not be meaningful."""
    report = {}
    for name, exact in double.full.items():
        if name.endswith("losses"):
            report[name] = max(abs(a - b) / abs(b) for a, b in zip(single.full[name].tolist(), exact.tolist()))
        else:
            report[name] = full.relative(single.full[name], exact)
    for group in ("train.grad", "train.running", "eval.grad"):
        errors = {name: full.relative(single.digests[name][1], exact)
                  for name, (_, exact) in double.digests.items() if name.startswith(group)}
        worst = max(errors, key=errors.get)
        report[group] = {"tensors": len(errors), "worst": worst, "error": errors[worst], "median": statistics.median(errors.values())}
        if errors[worst] > FLOAT32_BOUND:
            raise SystemExit(f"{worst}: float32 differs from float64 by {errors[worst]:.1e}; choose another input (resnet18_margin.py)")
    return report


def margins() -> dict:
    """The margin of each input and the layer that has it."""
    report = {}
    for mode, index in INPUT_INDEX.items():
        layers = resnet18_margin.Search(mode == "train").measure(index)
        worst = min(range(len(layers)), key=lambda i: layers[i][0] / layers[i][1])
        distance, error = layers[worst]
        report[mode] = {"input_index": index, "margin": distance / error, "layer": worst, "least_distance": distance, "rms_error": error,
                        "least_distance_of_each_layer": [layer[0] for layer in layers]}
        if distance < LEAST_MARGIN * error:
            raise SystemExit(f"{mode} input {index}: margin {distance / error:.1f}; choose another (resnet18_margin.py)")
    return report


def main():
    torch.set_num_threads(1)
    double = run(torch.float64, torch.contiguous_format)
    tensors = {name: values.numpy() if values.numel() <= 16 else values.to(torch.float32).numpy() for name, values in double.full.items()}
    for name, (index, values) in double.digests.items():
        tensors[f"{name}.digest"], tensors[f"{name}.samples"] = full.digest(values, index)
    document = {
        "script": "vision/src/test/python/export_resnet18_small_golden.py",
        "versions": torchvision_loader.versions(),
        "model, formula, weights, digest, computed_in": "as in resnet18.json",
        "input": {"shape": list(resnet18_margin.SHAPE), "labels": LABELS,
                  "values": f"unit(t, i), t = input_index of the mode (under margins), the best of {resnet18_margin.CANDIDATES} from "
                            f"{resnet18_margin.FIRST_INDEX}"},
        "sections": {
            "train.*": f"train mode (batch statistics), {full.STEPS} SGD steps {full.FULL_SGD} on all parameters: logits [2, 1000] and "
                       "grad.NAME (every parameter) of the first step, losses [10] (losses[0] is before any update), running.NAME after "
                       "the last",
            "eval.*": "the same in eval mode, where batch norm uses the formula's running statistics and is differentiated so",
            "frozen.*": "eval mode and no gradient for the batch norms' weights and biases, SGD on the rest: losses [10]; the gradients of "
                        "the rest are eval.grad.NAME",
        },
        "margins": {"meaning": "least distance of a layer's values from a kink (ReLU: 0; max pool: half the lead of a window's maximum) by "
                               "the rms error of PyTorch's float32 there, the larger of its two memory formats; of the worst of 18 layers "
                               "(0: first ReLU, 1: max pool, 2...: two ReLUs a block)"} | margins(),
        "values": {name: double.full[name].tolist() for name in ("train.losses", "eval.losses", "frozen.losses")},
        "pytorch_float32_against_float64": {
            name: discrepancy(run(torch.float32, memory_format), double)
            for name, memory_format in (("contiguous", torch.contiguous_format), ("channels_last", torch.channels_last))},
    }
    folder = torchvision_loader.golden_folder()
    save_file(tensors, os.path.join(folder, "resnet18_small.safetensors"), metadata={"torch": torch.__version__})
    os.chmod(os.path.join(folder, "resnet18_small.safetensors"), 0o644)
    with open(os.path.join(folder, "resnet18_small.json"), "w") as out:
        json.dump(document, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
