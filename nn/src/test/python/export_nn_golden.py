"""Writes ../resources/golden/nn.json: what PyTorch's optimizers, schedules, losses and a small network compute.

Run: python export_nn_golden.py    (torch 2.13, CPU)
"""
import json
import math
import pathlib

import torch
from torch import nn

torch.manual_seed(7)
torch.set_num_threads(1)


def values(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def optimizer_case(name, make, start, gradients):
    weight = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([weight])
    trail = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        trail.append(values(weight))
    return {"name": name, "start": start, "gradients": gradients, "weights": trail}


START = [0.5, -1.25, 2.0, 0.0, -0.001]
GRADIENTS = [[math.sin(1.3 * t + i) * 10.0 ** (i % 3 - 1) for i in range(5)] for t in range(8)]
optimizers = [
    optimizer_case("sgd", lambda p: torch.optim.SGD(p, lr=0.1), START, GRADIENTS),
    optimizer_case("sgd momentum", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), START, GRADIENTS),
    optimizer_case("sgd momentum dampening decay",
                   lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01), START, GRADIENTS),
    optimizer_case("sgd nesterov decay",
                   lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.001, nesterov=True), START, GRADIENTS),
    optimizer_case("adamw", lambda p: torch.optim.AdamW(p, lr=0.01), START, GRADIENTS),
    optimizer_case("adamw betas decay",
                   lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1), START, GRADIENTS),
]


def schedule_case(name, make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return {"name": name, "factors": factors}


lr = torch.optim.lr_scheduler
schedules = [
    schedule_case("step 7 0.1", lambda o: lr.StepLR(o, 7, 0.1), 25),
    schedule_case("cosine 20 0.05", lambda o: lr.CosineAnnealingLR(o, 20, eta_min=0.05), 21),
    schedule_case("warmup 5 0.1 cosine 15",
                  lambda o: lr.SequentialLR(o, [lr.LinearLR(o, 0.1, 1.0, 5), lr.CosineAnnealingLR(o, 15)], [5]), 21),
]

gradients = [torch.randn(3, 2) * 4, torch.randn(5) * 4]
parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
for parameter, gradient in zip(parameters, gradients):
    parameter.grad = gradient.clone()
norm = torch.nn.utils.clip_grad_norm_(parameters, 1.5)
clip = {"gradients": [values(g) for g in gradients], "norm": float(norm), "clipped": [values(p.grad) for p in parameters]}

logits = torch.randn(4, 3)
labels = torch.tensor([2, 0, 1, -100])
weights = torch.tensor([0.5, 2.0, 1.25])
scores = torch.randn(4, 2) * 3
truth = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.25, 0.5]])
losses = {
    "logits": values(logits), "labels": labels.tolist(), "class_weights": values(weights), "scores": values(scores), "truth": values(truth),
    "cross_entropy": float(nn.CrossEntropyLoss()(logits, labels)),
    "cross_entropy_weighted_smoothed": float(nn.CrossEntropyLoss(weight=weights, label_smoothing=0.1)(logits, labels)),
    "cross_entropy_sum": float(nn.CrossEntropyLoss(reduction="sum")(logits, labels)),
    "bce": float(nn.BCEWithLogitsLoss()(scores, truth)),
    "bce_pos_weight": float(nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0, 0.5]))(scores, truth)),
    "mse": float(nn.MSELoss()(scores, truth)),
}

network = nn.Sequential(nn.Conv1d(2, 4, 3, padding=1), nn.BatchNorm1d(4), nn.ReLU(), nn.Flatten(), nn.LayerNorm(24), nn.Linear(24, 3))
inputs = torch.randn(8, 2, 6)
targets = torch.tensor([0, 1, 2, 0, 1, 2, 2, 1])
state = {name: {"shape": list(t.shape), "values": values(t)} for name, t in network.state_dict().items()}
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
trail = []
for _ in range(10):
    optimizer.zero_grad()
    loss = nn.CrossEntropyLoss()(network(inputs), targets)
    loss.backward()
    optimizer.step()
    trail.append(float(loss.detach()))
network.eval()
training = {
    "state": state, "inputs": values(inputs), "targets": targets.tolist(), "losses": trail,
    "final_state": {name: values(t) for name, t in network.state_dict().items()}, "final_logits": values(network(inputs)),
}

out = pathlib.Path(__file__).parent.parent / "resources" / "golden" / "nn.json"
out.write_text(json.dumps({
    "script": "nn/src/test/python/export_nn_golden.py", "torch": torch.__version__, "optimizers": optimizers, "schedules": schedules,
    "clip": clip, "losses": losses, "training": training,
}) + "\n")
print(out, out.stat().st_size, "bytes")
