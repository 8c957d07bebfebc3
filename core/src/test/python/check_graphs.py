"""Runs random graphs in PyTorch and compares values and gradients with Graft's, and with those of Graft's test reference.

GraphExport.java builds the graphs of RandomGraphTest, runs them in Graft (float32) and on its reference (double precision), and prints
each with how far floats may be off, number by number. This script runs them in PyTorch in double precision. It prints how many graphs ran,
how often each operator appeared, and every mismatch; it exits with 1 where there is one.

Run from the repository's root, after `mvn -q -pl core test-compile`:

    python core/src/test/python/check_graphs.py --graphs 30000 --seed 1

Needs PyTorch, java on the path, and the jars of javacpp and openblas that the build put into ~/.m2/repository. "bfloat16" in the names of
counts stands for graphs with casts to short types, whose gradients PyTorch rounds from doubles and Graft from floats.
"""
import argparse
import collections
import glob
import json
import os
import subprocess
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def tensor(data, *dims):
    """Floats, printed with as many digits as floats need."""
    return torch.tensor(data, dtype=torch.float32).double().reshape(dims)


def attention(q, k, v, mask, scale, causal):
    """Scaled dot-product attention, whose leading dimensions are broadcast."""
    lead = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    q, k, v = (x.expand(lead + x.shape[-2:]) for x in (q, k, v))
    if causal:
        hidden = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).triu(1)
        mask = (torch.zeros(hidden.shape, dtype=torch.float64) if mask is None else mask).masked_fill(hidden, -float("inf"))
    return F.scaled_dot_product_attention(q, k, v, mask, scale=scale)


def self_attention(x, heads, mask, scale, causal):
    n, l, e = x.shape
    q, k, v = (p.reshape(n, l, heads, -1).transpose(1, 2) for p in x.chunk(3, -1))
    return attention(q, k, v, mask, scale, causal).transpose(1, 2).reshape(n, l, e // 3)


def recurrent(cell, part, reverse, lengths, x, w, u, *more):
    """One direction of one layer, sequence by sequence; `more` is the initial state, then the biases."""
    states = 2 if cell == "lstm" else 1
    outputs, last = [], []
    for n in range(x.shape[1]):
        length = lengths[n] if lengths else x.shape[0]
        steps = x[:length, n:n + 1]
        initial = [s[n:n + 1].unsqueeze(0) for s in more[:states]]
        biases = list(more[states:])
        y, *state = getattr(torch._VF, cell)(steps.flip(0) if reverse else steps, initial if states == 2 else initial[0], [w, u] + biases,
                                             len(biases) > 0, 1, 0.0, False, False, False)
        y = y.flip(0) if reverse else y
        outputs.append(torch.cat([y, y.new_zeros(x.shape[0] - length, 1, y.shape[2])]))
        last.append([s[0] for s in state])
    results = [torch.cat(outputs, 1)] + [torch.cat(s) for s in zip(*last)]
    return torch.cat([r.flatten() for r in results]) if part == "ALL" else results[["OUTPUT", "H", "C"].index(part)]


def run(graph):
    t = {}
    for i, v in enumerate(graph["vertices"]):
        if "leaf" in v:
            t[i] = tensor(v["leaf"], *v["dims"]).requires_grad_(v["needs"])
    exec(graph["code"], {"t": t, "torch": torch, "F": F, "tensor": tensor, "attention": attention, "self_attention": self_attention,
                         "recurrent": recurrent})
    return t


def differ(where, found, numbers, loose, problems):
    graft, reference, allowed = (torch.tensor(n, dtype=torch.float64) for n in numbers)
    found = found.detach().double().reshape(-1)
    if found.shape != graft.shape:
        problems.append(f"{where}: {tuple(found.shape)} numbers, Graft has {tuple(graft.shape)}")
        return
    # Where numbers cancel, doubles keep 1e-16 of them where floats of few digits give 0.
    allowed = allowed + 1e-14
    if not ((found - graft).abs() <= allowed).all():
        i = int(((found - graft).abs() - allowed).argmax())
        problems.append(f"{where}[{i}]: PyTorch {found[i].item()}, Graft {graft[i].item()}, allowed difference {allowed[i].item()}")
    # The reference computes in double precision as well: it must agree far better than floats can.
    exact = allowed * 1e-3 + 1e-9 * reference.abs() + 1e-12
    if not loose and not ((found - reference).abs() <= exact).all():
        i = int(((found - reference).abs() - exact).argmax())
        problems.append(f"{where}[{i}]: PyTorch {found[i].item()}, reference {reference[i].item()}")


def check(graph):
    problems = []
    try:
        t = run(graph)
    except Exception as e:
        return [f"PyTorch fails: {e}"]
    for i, v in enumerate(graph["vertices"]):
        if list(t[i].shape) != v["dims"]:
            problems.append(f"shape of t{i}: {list(t[i].shape)}, not {v['dims']}")
        else:
            differ(f"value of t{i}", t[i], v["value"], False, problems)
        if "leaf" in v:
            if (t[i].grad is not None) != ("gradient" in v):
                # A gradient of zeros that PyTorch does not store, or the other way round.
                problems.append(f"gradient of t{i}: PyTorch {'has one' if t[i].grad is not None else 'has none'}")
            elif "gradient" in v:
                differ(f"gradient of t{i}", t[i].grad, v["gradient"], graph["casts"], problems)
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=30000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernels", choices=["vector", "plain"], default="vector")
    options = parser.parse_args()
    jars = [j for name in ("javacpp", "openblas") for j in glob.glob(os.path.expanduser(f"~/.m2/repository/org/bytedeco/{name}/*/*.jar"))]
    command = ["java", "--add-modules", "jdk.incubator.vector", "-Xmx1500m", f"-Dgraft.kernels={options.kernels}", "-cp",
               os.pathsep.join(["core/target/classes", "core/target/test-classes"] + jars), "dev.graft.tensor.GraphExport",
               str(options.seed), str(options.graphs)]
    graphs = numbers = wrong = 0
    operators = collections.Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as java:
        for line in java.stdout:
            graph = json.loads(line)
            graphs += 1
            for v in graph["vertices"]:
                operators.update(v["keys"])
                numbers += len(v["value"][1]) + len(v.get("gradient", [[], []])[1])
            problems = check(graph)
            if problems:
                wrong += 1
                print(f"graph of seed {graph['seed']}:\n  " + "\n  ".join(problems[:5]) + "\n" + graph["code"])
    print(f"PyTorch {torch.__version__}: {graphs} graphs from seed {options.seed}, {numbers} numbers compared, {len(operators)} operators, "
          f"{wrong} graphs differ")
    print(", ".join(f"{name} {count}" for name, count in sorted(operators.items())))
    return 1 if wrong or graphs != options.graphs else 0


if __name__ == "__main__":
    sys.exit(main())
