"""Writes golden/integrated-gradients.json: integrated gradients of two small networks as PyTorch's autograd computes them in
double precision, by Captum's definition (https://captum.ai/api/integrated_gradients.html): along the straight path from baseline
to input, contribution = (input - baseline) * sum over points of weight * gradient.

The rules are those that Graft documents: Gauss-Legendre (Captum's default, by NumPy's leggauss), and trapezoids of equal width.

Run: python export_integrated_gradients_golden.py
"""
import json
import os

import numpy as np
import torch
from torch import nn

G = torch.Generator().manual_seed(5)


def normal(*shape):
    return torch.randn(shape, generator=G).float().double()  # exact as float32, so that Graft starts from the same numbers


def rule(name, steps):
    if name == "GAUSS_LEGENDRE":
        points, weights = np.polynomial.legendre.leggauss(steps)
        return (1 + points) / 2, weights / 2
    weights = np.full(steps, 1 / (steps - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, steps), weights


class Table(nn.Module):
    """Numbers, and two columns of categories by embeddings."""

    def __init__(self):
        super().__init__()
        self.first = nn.Embedding(5, 3)
        self.second = nn.Embedding(4, 2)
        self.hidden = nn.Linear(4 + 3 + 2, 6)
        self.head = nn.Linear(6, 2)

    def embedded(self, numbers, first, second):
        return self.head(torch.tanh(self.hidden(torch.cat([numbers, first, second], 1))))


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 5, 3, padding=1)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(torch.tanh(self.conv(x)).mean(2))


def start(module):
    module.double()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(normal(*p.shape) * 0.7)
            p.copy_(p.float())
    return {k: {"shape": list(v.shape), "values": v.flatten().tolist()} for k, v in module.state_dict().items()}


def attribute(score, inputs, baselines, name, steps):
    """Of each input that goes along the path; `score` gives [N] from them."""
    totals = [torch.zeros_like(x) for x in inputs]
    for point, weight in zip(*rule(name, steps)):
        at = [(b + point * (x - b)).requires_grad_() for x, b in zip(inputs, baselines)]
        for total, grad in zip(totals, torch.autograd.grad(score(*at).sum(), at)):
            total += weight * grad
    return [total * (x - b) for total, x, b in zip(totals, inputs, baselines)]


def flat(tensor):
    return tensor.detach().flatten().tolist()


def rules(score, inputs, baselines, names):
    with torch.no_grad():
        difference = score(*inputs) - score(*[b.expand_as(x) for x, b in zip(inputs, baselines)])
    cases = []
    for name, steps in (("GAUSS_LEGENDRE", 20), ("GAUSS_LEGENDRE", 3), ("TRAPEZOID", 30), ("TRAPEZOID", 2)):
        found = attribute(score, inputs, [b.expand_as(x) for x, b in zip(inputs, baselines)], name, steps)
        total = sum(part.flatten(1).sum(1) for part in found)
        if steps == 20:
            assert torch.allclose(total, difference, atol=1e-9), "completeness"
        cases.append({"rule": name, "steps": steps, "gap": flat(total - difference)}
                     | {key: flat(part) for key, part in zip(names, found)})
    return {"difference": flat(difference), "cases": cases}


table = Table()
state = start(table)
numbers, means = normal(5, 4), normal(1, 4)
first, second = torch.tensor([0, 4, 2, 2, 1]), torch.tensor([3, 0, 1, 2, 3])
classes = torch.tensor([1, 0, 1, 1, 0])
pick = torch.arange(5)
embedded = [numbers, table.first(first), table.second(second)]
empty = [means, table.first(torch.tensor([3])), table.second(torch.tensor([0]))]
golden = {"script": "export_integrated_gradients_golden.py", "table": {
    "state": state, "numbers": flat(numbers), "means": flat(means), "first": first.tolist(), "second": second.tolist(),
    "baseline_first": 3, "baseline_second": 0, "classes": classes.tolist()}
    | rules(lambda *parts: table.embedded(*parts)[pick, classes], [e.detach() for e in embedded], [e.detach() for e in empty],
            ["of_numbers", "of_first", "of_second"])}
sequence = Sequence()
state = start(sequence)
x, baseline = normal(3, 4, 12), normal(3, 4, 12) * 0.25
targets = torch.tensor([2, 0, 1])
golden["sequence"] = {"state": state, "x": flat(x), "baseline": flat(baseline), "classes": targets.tolist()} | rules(
    lambda at: sequence(at)[torch.arange(3), targets], [x], [baseline], ["of_x"])


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


path = os.path.join(os.path.dirname(__file__), "..", "resources", "golden", "integrated-gradients.json")
with open(path, "w", encoding="utf-8") as out:
    json.dump(rounded(golden), out, separators=(",", ":"))
    out.write("\n")
