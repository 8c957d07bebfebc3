"""Writes golden/resnet18.safetensors and .json: whole ResNet-18 training as PyTorch computes it, at full size.

Weights and input come from formula.py, so the file carries results only. The stored values are those of the
float64 run (float32 weights and input, widened); PyTorch's own float32 error against it is in the .json, so
a test can tell a rounding difference from a mistake.

Run: python export_resnet18_golden.py
"""
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

import formula
import torchvision_loader

INPUT_INDEX, INPUT_SHAPE, LABELS = 1000, (2, 3, 224, 224), [3, 7]
HEAD_WEIGHT_INDEX, HEAD_BIAS_INDEX, HEAD_LABELS = 2000, 2001, [0, 1]
DOT_INDEX = 5000
SAMPLES = 64
STEPS = 10
FULL_SGD = {"lr": 0.001, "momentum": 0.9, "weight_decay": 1e-4}
HEAD_SGD = {"lr": 0.001, "momentum": 0.9, "weight_decay": 1e-4}


def build(dtype: torch.dtype) -> torch.nn.Module:
    """ResNet-18 with formula weights; the second batch norm of each block is damped to keep training well conditioned."""
    model = torchvision_loader.torchvision.models.resnet18(weights=None)
    model.load_state_dict(formula.damped_state_dict(model))
    return model.to(dtype)


def with_new_head(model: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
    model.requires_grad_(False)
    head = torch.nn.Linear(512, 2)
    head.weight.data = formula.scaled(math.sqrt(3.0 / 512), HEAD_WEIGHT_INDEX, (2, 512))
    head.bias.data = formula.scaled(0.05, HEAD_BIAS_INDEX, (2,))
    model.fc = head.to(dtype)
    return model


def digest(values: torch.Tensor, index: int) -> tuple:
    """(float64 [l2, sum, max-abs, dot], float32 samples [64])."""
    flat = values.detach().to(torch.float64).reshape(-1).numpy()
    probe = formula.unit(DOT_INDEX + index, flat.size).astype(np.float64)
    numbers = np.array([np.sqrt(np.sum(flat * flat)), np.sum(flat), np.max(np.abs(flat)), np.dot(flat, probe)])
    positions = [j * flat.size // SAMPLES for j in range(SAMPLES)]
    return numbers, flat[positions].astype(np.float32)


class Recorder:
    """Collects named results of one run."""

    def __init__(self, indices: dict):
        self.indices = indices
        self.full = {}
        self.digests = {}

    def add_full(self, name: str, values):
        self.full[name] = torch.as_tensor(values, dtype=torch.float64).detach().clone()

    def add_digest(self, prefix: str, name: str, values: torch.Tensor):
        self.digests[f"{prefix}.{name}"] = (self.indices[name], values.detach().to(torch.float64).clone())


def run(dtype: torch.dtype) -> Recorder:
    inputs = formula.unit_tensor(INPUT_INDEX, INPUT_SHAPE).to(dtype)
    labels = torch.tensor(LABELS)
    indices = {name: i for i, name in enumerate(build(dtype).state_dict(), start=1)}
    recorder = Recorder(indices)

    model = build(dtype).train()
    optimizer = torch.optim.SGD(model.parameters(), **FULL_SGD)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = model(inputs)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            recorder.add_full("train.logits", logits)
            recorder.add_full("train.loss", [loss.item()])
            for name, parameter in model.named_parameters():
                recorder.add_digest("train.grad", name, parameter.grad)
            record_running_statistics(recorder, "train.running", model)
        optimizer.step()
    recorder.add_full("sgd.losses", losses)
    record_running_statistics(recorder, "sgd.running", model)
    for name, parameter in model.named_parameters():
        recorder.add_digest("sgd.weight", name, parameter)
    model.eval()
    with torch.no_grad():
        logits = model(inputs)
    recorder.add_full("sgd.eval_logits", logits)
    recorder.add_full("sgd.eval_loss", [F.cross_entropy(logits, labels).item()])

    model = build(dtype).eval()
    logits = model(inputs)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    recorder.add_full("eval.logits", logits)
    recorder.add_full("eval.loss", [loss.item()])
    for name, parameter in model.named_parameters():
        recorder.add_digest("eval.grad", name, parameter.grad)

    model = with_new_head(build(dtype), dtype).eval()
    head_labels = torch.tensor(HEAD_LABELS)
    optimizer = torch.optim.SGD(model.fc.parameters(), **HEAD_SGD)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = model(inputs)
        loss = F.cross_entropy(logits, head_labels)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            recorder.add_full("head.logits", logits)
            recorder.add_digest("head.grad", "fc.weight", model.fc.weight.grad)
            recorder.add_full("head.grad.fc.bias", model.fc.bias.grad)
        optimizer.step()
    recorder.add_full("head.losses", losses)
    return recorder


def record_running_statistics(recorder: Recorder, prefix: str, model: torch.nn.Module):
    for name, value in model.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            recorder.add_digest(prefix, name, value)


def relative(approximate: torch.Tensor, exact: torch.Tensor) -> float:
    return ((approximate - exact).norm() / exact.norm()).item()


def discrepancy(single: Recorder, double: Recorder) -> dict:
    """PyTorch float32 against float64, so a test's tolerance can be judged."""
    report = {}
    for name, exact in double.full.items():
        if name.endswith("losses"):
            report[name] = [abs(a - b) / abs(b) for a, b in zip(single.full[name].tolist(), exact.tolist())]
        else:
            report[name] = relative(single.full[name], exact)
    worst = {}
    for name, (_, exact) in double.digests.items():
        error = relative(single.digests[name][1], exact)
        group = ".".join(name.split(".")[:2])
        if error > worst.get(group, ("", -1.0))[1]:
            worst[group] = (name, error)
    report["worst_relative_l2"] = {group: {"tensor": name, "error": error} for group, (name, error) in worst.items()}
    return report


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    double = run(torch.float64)
    single = run(torch.float32)

    tensors = {}
    for name, values in double.full.items():
        small = values.numel() <= 16
        tensors[name] = values.numpy() if small else values.to(torch.float32).numpy()
    for name, (index, values) in double.digests.items():
        tensors[f"{name}.digest"], tensors[f"{name}.samples"] = digest(values, index)

    document = {
        "script": "vision/src/test/python/export_resnet18_golden.py",
        "versions": torchvision_loader.versions(),
        "model": "torchvision resnet18, 1000 classes, names of its state dict; no random number is drawn",
        "formula": formula.FORMULA,
        "weights": formula.WEIGHT_RULES | {
            "layer*.bn2.weight": "0.25f * (1f + 0.25f * unit): the last batch norm of every block is damped; undamped, "
                                 "PyTorch's float32 leaves its float64 by 1e-3 within ten steps and a test could prove nothing",
        },
        "input": {"shape": list(INPUT_SHAPE), "values": f"unit({INPUT_INDEX}, i)", "labels": LABELS},
        "computed_in": "float64 from the float32 weights and input; stored [<=16 values] as float64, else float32",
        "loss": "cross-entropy, mean over the batch",
        "digest": {
            "X.digest": "float64 [l2 norm, sum, max of absolute values, sum(value_i * unit(5000 + t, i))] with t the tensor's 1-based "
                        "position in the state dict (fc.weight = 121 also for the two-class head); summed in float64. Compare sum and "
                        "dot within tolerance * l2 * sqrt(numel), since both cancel",
            "X.samples": "float32 [64]: elements at flat row-major index floor(j * numel / 64), j = 0..63",
        },
        "sections": {
            "train.*": "train mode (batch statistics), the first step before the update: logits [2, 1000], loss [1], grad.NAME (every "
                       "parameter), running.NAME (running_mean, running_var after this one forward; momentum 0.1, unbiased variance)",
            "sgd.*": f"{STEPS} SGD steps {FULL_SGD} on all parameters (weight decay on every one, no Nesterov, no dampening), same "
                     "batch, train mode: losses [10] (losses[0] is before any update), weight.NAME after the last update, running.NAME "
                     "after ten forwards, then eval_logits [2, 1000] and eval_loss [1] in eval mode",
            "eval.*": "eval mode (formula running statistics), gradients still taken: logits, loss, grad.NAME",
            "head.*": f"backbone frozen, eval mode, fc replaced by Linear(512, 2): weight float32(sqrt(3/512)) * "
                      f"unit({HEAD_WEIGHT_INDEX}, i), bias 0.05f * unit({HEAD_BIAS_INDEX}, i), labels {HEAD_LABELS}; "
                      f"SGD {HEAD_SGD} on the head only: logits [2, 2], grad.fc.weight digest, grad.fc.bias [2], losses [10]",
        },
        "values": {name: double.full[name].tolist() for name in
                   ("train.loss", "sgd.losses", "sgd.eval_loss", "eval.loss", "head.logits", "head.grad.fc.bias", "head.losses")},
        "check": {"first_units": {"unit(1, 0..3)": formula.unit(1, 4).tolist(), "unit(1000, 0..3)": formula.unit(1000, 4).tolist()},
                  "state_dict_entries": len(double.indices),
                  "positions": {name: double.indices[name] for name in ("conv1.weight", "layer1.0.conv1.weight", "fc.weight", "fc.bias")}},
        "pytorch_float32_against_float64": discrepancy(single, double),
    }
    folder = torchvision_loader.golden_folder()
    save_file(tensors, os.path.join(folder, "resnet18.safetensors"), metadata={"torch": torch.__version__})
    os.chmod(os.path.join(folder, "resnet18.safetensors"), 0o644)
    with open(os.path.join(folder, "resnet18.json"), "w") as out:
        json.dump(document, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
