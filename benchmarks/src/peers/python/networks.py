"""PyTorch's side of NetworksVersusTorch: python networks.py ROW MODE FILE THREADS.

FILE holds Graft's weights and inputs. After the first step it prints "ready RESULT"; then, for each line read (a number
of steps), it runs untimed steps for 10 ms and so many timed ones and prints their milliseconds.
"""

import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


def mlp(w, x):
    x = F.relu(F.linear(x, w["0.weight"], w["0.bias"]))
    x = F.relu(F.linear(x, w["2.weight"], w["2.bias"]))
    return F.linear(x, w["4.weight"], w["4.bias"])


def records(w, x):
    parts = [F.embedding(x[:, i], w[f"tables.{i}.weight"]) for i in range(x.shape[1])]
    return mlp({k[4:]: v for k, v in w.items() if k.startswith("mlp.")}, torch.cat(parts, 1))


def conv1d(w, x, training):
    x = F.conv1d(x, w["stem.weight"], w["stem.bias"])
    for i, dilation in enumerate((1, 4, 10, 25)):
        y = x
        for j in (1, 2):
            name = f"blocks.{i}."
            norm, conv = f"{name}norm{j}.", f"{name}conv{j}."
            y = F.batch_norm(
                y, w[norm + "running_mean"], w[norm + "running_var"], w[norm + "weight"], w[norm + "bias"], training
            )
            y = F.conv1d(F.relu_(y), w[conv + "weight"], w[conv + "bias"], padding=5 * dilation, dilation=dilation)
        x = x + y
    return F.conv1d(x, w["head.weight"], w["head.bias"])


# SpliceAI's units: kernel and dilation of each stage of four
STAGES = ((11, 1), (11, 4), (21, 10), (41, 25))


def dilated(w, x, training):
    """[N, 4, L + context] to [N, 32, L], in the architecture of OpenSpliceAI's files."""
    units = [int(name.split(".")[1]) for name in w if name.startswith("residual_units.") and name.endswith("conv1.weight")]
    stages = STAGES[: len(units) // 4]
    length = x.shape[2] - sum(8 * d * (k - 1) for k, d in stages)

    def middle(y):
        cut = (y.shape[2] - length) // 2
        return y[:, :, cut : cut + length]

    def skip(name, y):
        return F.conv1d(middle(y), w[name + ".weight"], w[name + ".bias"])

    x = F.conv1d(x, w["initial_conv.weight"], w["initial_conv.bias"])
    total = skip("initial_skip.conv", x)
    for i, (kernel, dilation) in enumerate(stages):
        for unit in range(5 * i, 5 * i + 4):
            y = x
            for j in ("1", "2"):
                norm, conv = f"residual_units.{unit}.batchnorm{j}.", f"residual_units.{unit}.conv{j}."
                y = F.batch_norm(
                    y, w[norm + "running_mean"], w[norm + "running_var"], w[norm + "weight"], w[norm + "bias"], training
                )
                y = F.conv1d(F.leaky_relu_(y, 0.1), w[conv + "weight"], w[conv + "bias"], dilation=dilation)
            cut = dilation * (kernel - 1)
            x = y + x[:, :, cut : x.shape[2] - cut]
        total = total + skip(f"residual_units.{5 * i + 4}.conv", x)
    return total


def genome(w, x, training):
    body = {k[5:]: v for k, v in w.items() if k.startswith("body.")}
    return F.linear(dilated(body, x, training).mean(2), w["fc.weight"], w["fc.bias"])


def scan(w, x):
    return F.softmax(F.conv1d(dilated(w, x, False), w["final_conv.weight"], w["final_conv.bias"]), 1)


def pieces(w, x, row):
    """The strands of x in the batch of pieces that takes the least time."""
    context = int(row[4:])
    positions = x.shape[2] - context
    best = None
    for length in (positions, positions // 2, positions // 4, positions // 10, positions // 20):
        batch = x.unfold(2, length + context, length).transpose(1, 2).reshape(-1, x.shape[1], length + context)
        for chunk in (len(batch), max(1, len(batch) // 2), max(1, len(batch) // 4), 1):
            parts = [part.contiguous() for part in batch.split(chunk)]
            times = []
            for _ in range(2):
                start = time.perf_counter()
                with torch.inference_mode():
                    [scan(w, part) for part in parts]
                times.append(time.perf_counter() - start)
            if best is None or min(times) < best[0]:
                best = min(times), parts
    print(f"{row}: PyTorch takes {len(best[1])} batches of {tuple(best[1][0].shape)}", file=sys.stderr)
    return best[1]


def transformer(w, x):
    n, t, d = x.shape
    y = F.layer_norm(x, (d,), w["norm1.weight"], w["norm1.bias"])
    qkv = F.linear(y, w["qkv.weight"], w["qkv.bias"]).view(n, t, 3, 6, d // 6).permute(2, 0, 3, 1, 4)
    y = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]).transpose(1, 2).reshape(n, t, d)
    x = x + F.linear(y, w["proj.weight"], w["proj.bias"])
    y = F.layer_norm(x, (d,), w["norm2.weight"], w["norm2.bias"])
    y = F.gelu(F.linear(y, w["fc1.weight"], w["fc1.bias"]))
    return x + F.linear(y, w["fc2.weight"], w["fc2.bias"])


def lstm(w, x):
    hidden = w["weight_hh_l0"].shape[1]
    zeros = x.new_zeros(1, x.shape[0], hidden)
    weights = [w["weight_ih_l0"], w["weight_hh_l0"], w["bias_ih_l0"], w["bias_hh_l0"]]
    return torch.lstm(x, (zeros, zeros), weights, True, 1, 0.0, torch.is_grad_enabled(), False, True)[0]


ONES, ZEROS = torch.ones(1536), torch.zeros(1536)
FUNCTIONS = {
    "exp": torch.exp,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "softmax": lambda x: F.softmax(x, -1),
    "layernorm": lambda x: F.layer_norm(x, x.shape[-1:], ONES, ZEROS),
}


def forward(row, w, tensors, training):
    x = tensors["input"]
    if row == "conv1d":
        return conv1d(w, x, training)
    if row.startswith("genome"):
        return genome(w, x, training)
    if row.startswith("scan"):
        return torch.cat([scan(w, part) for part in x])
    if row in FUNCTIONS:
        return FUNCTIONS[row](x)
    if row.startswith("matmul"):
        return torch.matmul(x, tensors["other"])
    return {"mlp": mlp, "records": records, "transformer": transformer, "lstm": lstm}[row](w, x)


def table_network(w, codes, numbers, dropout):
    tables = sum(k.startswith("embeddings.") for k in w)
    parts = [F.embedding(codes[:, k], w[f"embeddings.{k}.weight"]) for k in range(tables)]
    x = torch.cat(parts + [numbers], 1)
    for i in range(2):
        norm = f"hidden.{i}.norm."
        x = F.linear(x, w[f"hidden.{i}.linear.weight"], w[f"hidden.{i}.linear.bias"])
        x = F.batch_norm(
            x, w[norm + "running_mean"], w[norm + "running_var"], w[norm + "weight"], w[norm + "bias"], True
        )
        x = F.dropout(F.relu_(x), 0.5, dropout)
    return F.linear(x, w["head.weight"], w["head.bias"]).squeeze(1)


def readmission(w, tensors):
    """A step of training with its batch's gathering; the first is of the first rows, without dropout."""
    codes, numbers, answers = tensors["codes"].long(), tensors["numbers"], tensors["answers"].float()
    learnt = {k: v.requires_grad_(True) for k, v in w.items() if v.is_floating_point() and "running" not in k}
    stays = [v for k, v in learnt.items() if v.dim() == 1]
    decays = [v for k, v in learnt.items() if v.dim() > 1]
    groups = [{"params": decays, "weight_decay": 1.0}, {"params": stays, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-7, fused=True)
    batches = []

    def step(first=False):
        nonlocal batches
        if not batches:
            batches = list(torch.randperm(len(codes)).split(1024))
        rows = torch.arange(1024) if first else batches.pop()
        optimizer.zero_grad(True)
        y = table_network(w, codes[rows], numbers[rows], not first)
        loss = F.binary_cross_entropy_with_logits(y, answers[rows])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step(True), step


def main():
    row, mode, file, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    tensors = load_file(file)
    w = {k[len("net.") :]: v for k, v in tensors.items() if k.startswith("net.")}
    if row.startswith("scan"):
        tensors["input"] = pieces(w, tensors["input"], row)
    if row == "readmission":
        return answer(*readmission(w, tensors))
    if mode == "train":
        parameters = [v.requires_grad_(True) for k, v in w.items() if v.is_floating_point() and "running" not in k]
        optimizer = torch.optim.SGD(parameters, lr=1e-7, momentum=0.9, fused=True)

    def step():
        if mode == "inference":
            with torch.inference_mode():
                return forward(row, w, tensors, False).reshape(-1)[0].item()
        optimizer.zero_grad(True)
        y = forward(row, w, tensors, True)
        loss = F.cross_entropy(y, tensors["labels"]) if "labels" in tensors else (y * y).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    answer(step(), step)


def answer(first, step):
    print("ready", first, flush=True)
    for line in sys.stdin:
        end = time.perf_counter() + 0.01
        step()
        while time.perf_counter() < end:
            step()
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        print("ms", *times, flush=True)


main()
