"""Writes ../resources/golden/optimizers.json: what PyTorch's Adam, RMSprop, averages of weights and schedules compute.

Run: python export_optimizers_golden.py    (torch 2.13, CPU)
"""
import json
import math
import pathlib

import torch
from torch.optim import swa_utils

torch.manual_seed(7)
torch.set_num_threads(1)
START = [0.5, -1.25, 2.0, 0.0, -0.001]
GRADIENTS = [[math.sin(1.3 * t + i) * 10.0 ** (i % 3 - 1) for i in range(5)] for t in range(8)]


def values(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def optimizer_case(name, make):
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = make([weight])
    trail = []
    for gradient in GRADIENTS:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        trail.append(values(weight))
    return {"name": name, "start": START, "gradients": GRADIENTS, "weights": trail}


o = torch.optim
optimizers = [
    optimizer_case("adam", lambda p: o.Adam(p, lr=0.01)),
    optimizer_case("adam betas decay", lambda p: o.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    optimizer_case("adam amsgrad", lambda p: o.Adam(p, lr=0.05, betas=(0.9, 0.5), amsgrad=True)),
    optimizer_case("rmsprop", lambda p: o.RMSprop(p, lr=0.01)),
    optimizer_case("rmsprop alpha momentum decay", lambda p: o.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.8, weight_decay=0.01)),
    optimizer_case("rmsprop centered", lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, centered=True, eps=1e-6)),
    optimizer_case("rmsprop centered momentum", lambda p: o.RMSprop(p, lr=0.01, centered=True, momentum=0.5)),
]


def average_case(name, **how):
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    start = {n: {"shape": list(t.shape), "values": values(t)} for n, t in model.state_dict().items()}
    averaged = swa_utils.AveragedModel(model, use_buffers=True, **how)
    inputs = torch.randn(6, 5, 3)
    optimizer = o.SGD(model.parameters(), lr=0.02)
    trail = []
    for x in inputs:
        optimizer.zero_grad()
        model(x).square().sum(1).sub(1).square().mean().backward()
        optimizer.step()
        averaged.update_parameters(model)
        trail.append({n: values(t) for n, t in averaged.module.state_dict().items()})
    return {"name": name, "start": start, "inputs": [values(x) for x in inputs], "averages": trail}


averages = [
    average_case("exponential 0.8", multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.8)),
    average_case("equal"),
]


def schedule_case(name, make, steps):
    optimizer = o.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    scheduler = make(optimizer)
    factors = []
    for t in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        if t + 1 < steps:
            optimizer.step()
            scheduler.step()
    return {"name": name, "factors": factors}


lr = o.lr_scheduler
schedules = [
    schedule_case("one cycle 50", lambda s: lr.OneCycleLR(s, 1.0, total_steps=50, cycle_momentum=False), 50),
    schedule_case("one cycle 33 linear", lambda s: lr.OneCycleLR(
        s, 1.0, total_steps=33, pct_start=0.25, anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0), 33),
    schedule_case("one cycle 40 three phases", lambda s: lr.OneCycleLR(s, 1.0, total_steps=40, three_phase=True), 40),
    schedule_case("one cycle 3", lambda s: lr.OneCycleLR(s, 1.0, total_steps=3), 3),
    schedule_case("multi-step 3 7 7 12", lambda s: lr.MultiStepLR(s, [3, 7, 7, 12], 0.3), 16),
    schedule_case("exponential 0.9", lambda s: lr.ExponentialLR(s, 0.9), 20),
    schedule_case("polynomial 10 2", lambda s: lr.PolynomialLR(s, 10, power=2.0), 14),
    schedule_case("polynomial 10 1", lambda s: lr.PolynomialLR(s, 10), 14),
]


def plateau_case(name, scores, **how):
    optimizer = o.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lr.ReduceLROnPlateau(optimizer, **how)
    factors = [1.0]
    for score in scores:
        scheduler.step(float("nan") if score is None else score)
        factors.append(optimizer.param_groups[0]["lr"])
    return {"name": name, "scores": scores, "factors": factors}


falling = [1.0, 0.9, 0.8999, 0.91, None, 0.89, 0.8899, 0.95, 0.94, 0.93, 0.5, 0.5, 0.5, 0.5, 0.5, 0.49999, 0.6, 0.6, 0.6, 0.4, 0.4, 0.4]
rising = [0.5, 0.6, 0.6, 0.59, 0.6001, 0.65, 0.65, 0.65, 0.65, 0.65, 0.66, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]
plateaus = [
    plateau_case("loss patience 2", falling, patience=2),
    plateau_case("loss patience 0 cooldown 2", falling, patience=0, cooldown=2, factor=0.5),
    plateau_case("loss absolute floor", falling, patience=1, threshold=0.05, threshold_mode="abs", min_lr=0.03),
    plateau_case("score patience 1", rising, mode="max", patience=1, factor=0.5),
    plateau_case("score absolute", rising, mode="max", patience=1, factor=0.5, threshold=0.02, threshold_mode="abs"),
]

out = pathlib.Path(__file__).parent.parent / "resources" / "golden" / "optimizers.json"
out.write_text(json.dumps({
    "script": "nn/src/test/python/export_optimizers_golden.py", "torch": torch.__version__, "optimizers": optimizers,
    "averages": averages, "schedules": schedules, "plateaus": plateaus,
}) + "\n")
print(out, out.stat().st_size, "bytes")
