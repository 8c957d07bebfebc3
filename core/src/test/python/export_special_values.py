"""Writes golden/special-values.safetensors: what PyTorch computes in float32 at 0, -0, infinities, NaN, denormal and huge numbers.

For each case NAME the file holds NAME/in0, NAME/in1, ..., the result NAME/out, the gradient NAME/dy that backward is seeded with, itself full
of special values, and NAME/grad0, ... SpecialValuesTest.java computes the same cases by the same names.

Run: python export_special_values.py
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

INF = float("inf")
NAN = float("nan")
STORED = {}

#: Zeros, ends of the range, denormals, NaN, kinks, and where exp() and friends leave the floats.
X = [0.0, -0.0, INF, -INF, NAN, 1e-45, -1e-45, 1e-40, 1.5e-38, 3e38, -3e38, 1.0, -1.0, 0.5, 6.0, 7.0, 25.0, -25.0, 88.0, 89.5, -104.5, 1e-20,
     -1e-20, 1e20, -1e20]
DY = [1.0, 0.0, -2.0, INF, NAN]
PAIR = [0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 2.0, 1e-40, 3e38]


def case(name, function, *arguments, dys=DY):
    """Stores one case; the numbers of `dys` take turns in the gradient that seeds backward."""
    args = [torch.tensor(a) if not torch.is_tensor(a) else a.clone() for a in arguments]
    wanted = [i for i, a in enumerate(args) if a.is_floating_point()]
    for i in wanted:
        args[i].requires_grad_(True)
    out = function(*args)
    keep = lambda part, t: STORED.__setitem__(f"{name}/{part}", t.detach().clone().contiguous())
    for i, a in enumerate(args):
        keep(f"in{i}", a)
    keep("out", out)
    if out.requires_grad:
        numbers = torch.tensor(dys)
        dy = numbers[torch.arange(out.numel()) % len(dys)].reshape(out.shape) if len(dys) > 1 else torch.full(out.shape, dys[0])
        out.backward(dy.clone())
        keep("dy", dy)
        for i in wanted:
            keep(f"grad{i}", args[i].grad if args[i].grad is not None else torch.zeros_like(args[i]))


def grid(first, second):
    a = torch.tensor(first)
    b = torch.tensor(second)
    return a.reshape(-1, 1).expand(len(first), len(second)).contiguous(), b.reshape(1, -1).expand(len(first), len(second)).contiguous()


def unary():
    # Every number meets every dy: rows repeat the number, one column a dy.
    x = torch.tensor(X).reshape(-1, 1).repeat(1, len(DY))
    functions = {
        "neg": torch.neg, "abs": torch.abs, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "square": torch.square,
        "reciprocal": torch.reciprocal, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": F.relu, "relu6": F.relu6,
        "leaky_relu": lambda t: F.leaky_relu(t, 0.1), "gelu": F.gelu, "softplus": F.softplus,
        "rsqrt": torch.rsqrt, "log1p": torch.log1p, "expm1": torch.expm1, "sin": torch.sin, "cos": torch.cos, "floor": torch.floor,
        "round": torch.round, "erf": torch.erf, "gelu_tanh": lambda t: F.gelu(t, approximate="tanh"), "silu": F.silu,
        "hardswish": F.hardswish, "hardsigmoid": F.hardsigmoid, "elu": lambda t: F.elu(t, 0.75),
        "clamp": lambda t: t.clamp(0, 6), "clamp_infinite": lambda t: t.clamp(-INF, 1), "affine": lambda t: t * 2 + 1,
        "affine_zero": lambda t: t * 0 + 1, "add_infinity": lambda t: t + INF,
        "contiguous": lambda t: t.t().contiguous(), "bf16": lambda t: t.to(torch.bfloat16).float(), "f16": lambda t: t.to(torch.float16).float(),
        "f64": lambda t: t.double().float(),
    }
    for name, function in functions.items():
        case(f"unary/{name}", function, x)
    for e in (2.0, 3.0, 0.0, 1.0, -1.0, -2.0, 0.5, -0.5, 1.5, 2.5):
        case(f"pow/{e}", lambda t: t.pow(e), x)
    case("dropout/none", lambda t: F.dropout(t, 0.0), x)
    case("unary/relu_sqrt", lambda t: t.relu().sqrt(), x)
    case("unary/maximum_sqrt", lambda t: torch.maximum(t, torch.zeros(())).sqrt(), x)
    case("unary/clamp_sqrt", lambda t: t.clamp(0, 6).sqrt(), x)
    case("unary/where_log", lambda t: torch.where(t > 0, t.log(), t), x)


def binary():
    p, q = grid(PAIR, PAIR)
    for name, function in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum,
                           "minimum": torch.minimum}.items():
        for seed, number in (("one", 1.0), ("zero", 0.0), ("infinity", INF), ("nan", NAN)):
            case(f"{name}/{seed}", function, p, q, dys=[number])
    for name, function in {"floor_divide": lambda a, b: torch.div(a, b, rounding_mode="floor"), "remainder": torch.remainder}.items():
        for seed, number in (("one", 1.0), ("infinity", INF)):
            case(f"{name}/{seed}", function, p, q, dys=[number])
    for name, function in {"eq": torch.eq, "lt": torch.lt, "le": torch.le}.items():
        case(f"compare/{name}", function, p, q)
    for name, function in {"gt": torch.gt, "ge": torch.ge, "ne": torch.ne}.items():
        case(f"compare/{name}", function, p, q)
    case("is_nan", torch.isnan, torch.tensor(X))
    case("is_finite", torch.isfinite, torch.tensor(X))
    case("masked_fill", lambda t: t.masked_fill(t > 0, 0.0), torch.tensor(X))
    condition = torch.arange(p.numel()).reshape(p.shape) % 3 == 0
    case("where", torch.where, condition, p, q)
    case("prelu", lambda t: F.prelu(t, torch.tensor([0.25])), torch.tensor(X))
    case("div_number", lambda t: t / 3.0, torch.tensor(PAIR))
    case("div_zero", lambda t: t / 0.0, torch.tensor(PAIR))


ROWS = [[1, 2, 3, 2], [1, NAN, 2, 0], [NAN, NAN, 1, 2], [INF, INF, 1, 0], [-INF, -INF, -INF, -INF], [INF, -INF, 0, 1], [0.0, -0.0, -1, -2],
        [-INF, 0, 1, 1], [3e38, 3e38, 1, 0], [1e-40, 1e-45, 0, -1e-40], [INF, NAN, 1, 2], [2, 2, 2, 2], [-INF, -INF, 5, 5], [-200, 0, -100, 88]]


def reductions():
    x = torch.tensor([[float(v) for v in row] for row in ROWS]).repeat_interleave(len(DY), 0)
    for name, function in {"sum": lambda t: t.sum(1), "mean": lambda t: t.mean(1), "max": lambda t: t.amax(1), "min": lambda t: t.amin(1)}.items():
        case(f"reduce/{name}", function, x)
        case(f"reduce/{name}_zero", function, x, dys=[0.0])
    case("softmax", lambda t: t.softmax(1), x)
    case("softmax_ones", lambda t: t.softmax(1), x, dys=[1.0, 0.0])
    case("log_softmax", lambda t: t.log_softmax(1), x)
    case("log_softmax_ones", lambda t: t.log_softmax(1), x, dys=[1.0, 0.0])
    norm = torch.linalg.vector_norm
    for name, function in {"cumsum": lambda t: t.cumsum(1), "var": lambda t: t.var(1), "std": lambda t: t.std(1), "norm_1": lambda t: norm(t, 1, 1),
                           "norm_2": lambda t: norm(t, 2, 1), "norm_inf": lambda t: norm(t, INF, 1), "max_values": lambda t: t.max(1).values,
                           "min_values": lambda t: t.min(1).values, "sort_values": lambda t: t.sort(dim=1, stable=True).values,
                           "flip": lambda t: t.flip(1),
                           "index_select": lambda t: t.index_select(1, torch.tensor([2, 0, 2])),
                           "gather": lambda t: t.gather(1, torch.arange(t.shape[0]).reshape(-1, 1) % 4),
                           "scatter": lambda t: t.scatter(1, torch.arange(t.shape[0]).reshape(-1, 1) % 4, 2.0),
                           "scatter_add": lambda t: t.scatter_add(1, torch.tensor([[3, 3, 0, 3]]).repeat(t.shape[0], 1), t.detach())}.items():
        case(f"order/{name}", function, x)
    x = x[::len(DY)].contiguous()
    target = torch.arange(len(ROWS)) % 4
    for reduction in ("none", "sum", "mean"):
        case(f"cross_entropy/{reduction}", lambda t, i: F.cross_entropy(t, i, reduction=reduction), x, target, dys=[1.0])
    case("cross_entropy/smooth", lambda t, i: F.cross_entropy(t, i, reduction="none", label_smoothing=0.25), x, target, dys=[1.0])
    logits, labels = grid(X, [0.0, 1.0, 0.5])
    case("bce", lambda t, y: F.binary_cross_entropy_with_logits(t, y.detach(), reduction="none"), logits, labels, dys=[1.0])


def products():
    x = torch.tensor([[float(v) for v in row] for row in ROWS])
    w = torch.tensor([[1.0, 0, -1, 2], [0, 0, 1, 0], [INF, 0, 0, 1]])
    case("matmul", lambda p, q: p @ q, x, w.t().contiguous(), dys=[1.0, 0.0, -2.0])
    case("linear", lambda p, q, b: F.linear(p, q, b), x, w, torch.tensor([0.0, INF, 1.0]), dys=[1.0, 0.0, -2.0])
    case("embedding", lambda t, i: F.embedding(i, t), x, torch.tensor([1, 3, 1, 0]))


def windows():
    image = torch.tensor([[float(v) for v in row] for row in ROWS[:12]]).reshape(1, 3, 4, 4)
    for name, function in {"max_pool": lambda t: F.max_pool2d(t, 2), "max_pool_padded": lambda t: F.max_pool2d(t, 3, 2, 1),
                           "avg_pool": lambda t: F.avg_pool2d(t, 2), "avg_pool_padded": lambda t: F.avg_pool2d(t, 3, 2, 1),
                           "adaptive_max": lambda t: F.adaptive_max_pool2d(t, (1, 1)), "adaptive_avg": lambda t: F.adaptive_avg_pool2d(t, (1, 1)),
                           "pad": lambda t: F.pad(t, (1, 0, 0, 2))}.items():
        case(f"windows/{name}", function, image)


def norms():
    x = torch.tensor([[1.0, 2, 5, NAN], [1, INF, 5, 3], [1, 0, 5.5, 1], [1, 4, 4, 2]])
    gamma = torch.tensor([1.0, 2, -1, 0.5])
    beta = torch.tensor([0.0, 1, INF, 0])
    for eps in (1e-5, 1e-30):
        case(f"batch_norm_train/{eps}", lambda t, g, b: F.batch_norm(t, None, None, g, b, True, 0.1, eps), x, gamma, beta, dys=[1.0, 0.5, -2.0])
        case(f"batch_norm_train_relu/{eps}", lambda t, g, b: F.relu(F.batch_norm(t, None, None, g, b, True, 0.1, eps)), x, gamma, beta,
             dys=[1.0, 0.5, -2.0])
        case(f"batch_norm_eval/{eps}", lambda t, g, b: F.batch_norm(t, torch.tensor([0.0, 1, INF, 0]), torch.tensor([1.0, 0, 1, INF]), g, b, False, 0, eps),
             x, gamma, beta, dys=[1.0, 0.5, -2.0])
        case(f"layer_norm/{eps}", lambda t, g, b: F.layer_norm(t, (4,), g, b, eps), x.t().contiguous(), gamma, torch.zeros(4), dys=[1.0, 0.5, -2.0])


if __name__ == "__main__":
    unary()
    binary()
    reductions()
    products()
    windows()
    norms()
    path = os.path.join(os.path.dirname(__file__), "../resources/golden/special-values.safetensors")
    save_file(STORED, path, metadata={"torch": torch.__version__})
    print(len(STORED), "arrays,", os.path.getsize(path), "bytes")
