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


def case(name, function, *arguments, dys=DY, needs=None):
    """Stores one case; the numbers of `dys` take turns in the gradient that seeds backward. `needs`: arguments with a gradient, else all floats."""
    args = [torch.tensor(a) if not torch.is_tensor(a) else a.clone() for a in arguments]
    wanted = [i for i, a in enumerate(args) if a.is_floating_point() and (needs is None or i in needs)]
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


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1000 * len(shape) + sum(shape) + seed))


def attention_of_seen(q, k, v, mask=None, causal=False):
    """Attention query by query, where only the keys that a query sees take part; so what hidden keys hold has no influence, as in packed sequences."""
    scale = q.shape[-1] ** -0.5
    items = []
    for n in range(q.shape[0]):
        rows = []
        for i in range(q.shape[1]):
            m = None if mask is None else mask.expand(q.shape[0], q.shape[1], k.shape[1])[n, i]
            seen = torch.ones(k.shape[1], dtype=torch.bool) if m is None else m if m.dtype == torch.bool else m != -INF
            if causal:
                seen = seen & (torch.arange(k.shape[1]) <= i)
            at = seen.nonzero()[:, 0]
            if len(at) == 0:
                rows.append(torch.zeros(v.shape[-1]))
                continue
            scores = q[n, i:i + 1] @ (k[n].index_select(0, at) * scale).T
            if m is not None and m.dtype != torch.bool:
                scores = scores + m[at]
            # As sdpa does it: zeros where all scores are minus infinity.
            rows.append((torch._safe_softmax(scores, -1) @ v[n].index_select(0, at))[0])
        items.append(torch.stack(rows))
    return torch.stack(items)


#: What takes the place of one number: NaN, infinities, the smallest and the largest numbers, and -0.
SPECIAL = {"nan": NAN, "inf": INF, "minus_inf": -INF, "denormal": 1e-40, "huge": 3e38, "minus_huge": -3e38, "minus_zero": -0.0}


def attention():
    sdpa = F.scaled_dot_product_attention
    dys = [1.0, 0.0, -2.0]
    q, k, v = numbers(1, 3, 2), numbers(1, 4, 2), numbers(1, 4, 3)

    def put(t, row, value):
        t = t.clone()
        t[0, row, 1] = value
        return t
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        for name, x in SPECIAL.items():
            for i, what in enumerate("qkv"):
                parts = [put(t, 2, x) if i == j else t for j, t in enumerate((q, k, v))]
                # sdpa scales queries and keys by the root, so that huge products overflow elsewhere.
                case(f"attention/{what}_{name}", attention_of_seen if "huge" in name else sdpa, *parts, dys=dys)
                if name not in ("nan", "inf", "huge"):
                    continue
                causal = torch.ones(3, 4, dtype=torch.bool).tril()
                case(f"attention_causal/{what}_{name}", lambda a, b, c: attention_of_seen(a, b, c, causal=True), *parts, dys=dys)
                # Key 2 is hidden from queries 0 and 2, and from all.
                some = torch.tensor([[True, True, False, True], [True, False, True, True], [False, True, False, True]])
                case(f"attention_bool/{what}_{name}", attention_of_seen, *parts, some, dys=dys)
                case(f"attention_hidden/{what}_{name}", attention_of_seen, *parts, torch.tensor([[True, True, False, True]]), dys=dys)
                terms = torch.tensor([[0.5, 0.0, -INF, -1.0], [0.0, -INF, 0.25, 0.0], [-INF, 0.0, -INF, 2.0]])
                case(f"attention_terms/{what}_{name}", attention_of_seen, *parts, terms, dys=dys, needs=(0, 1, 2))
                case(f"attention_learnt/{what}_{name}", attention_of_seen, *parts, terms, dys=dys)
            packed = torch.cat([put(numbers(1, 4, 2, seed=s), 2, x) for s in range(3)], -1)
            case(f"self_attention/{name}", lambda t: attention_of_seen(*t.split(2, -1), causal=True), packed, dys=dys)
            case(f"self_attention_hidden/{name}", lambda t, m: attention_of_seen(*t.split(2, -1), m), packed, torch.tensor([[True, True, False, True]]),
                 dys=[1.0, -2.0])
        for name, x in {"nan": NAN, "inf": INF}.items():
            case(f"attention/dy_{name}", sdpa, q, k, v, dys=[1.0, 0.0, -2.0, 1.0, x, 3.0, 0.5, 0.25, 0.0])
            case(f"attention_causal/dy_{name}", lambda a, b, c: attention_of_seen(a, b, c, causal=True), q, k, v,
                 dys=[1.0, 0.0, -2.0, 1.0, x, 3.0, 0.5, 0.25, 0.0])
        case("attention_terms/inf", lambda *t: attention_of_seen(*t), q, k, v, torch.tensor([[INF, 0.0, 0.0, 0.0], [NAN, 0.0, 0.0, 0.0], [0.0, 0.0, 1e38, 1e38]]),
             dys=dys, needs=(0, 1, 2))
        plain = lambda a, b, c: ((a @ b.mT) * max(1, a.shape[-1]) ** -0.5).softmax(-1) @ c
        for name, (n, l, s, e, f) in {"batch": (0, 3, 4, 2, 3), "queries": (2, 0, 4, 2, 3), "keys": (2, 3, 0, 2, 3), "width": (2, 3, 4, 0, 3),
                                      "values": (2, 3, 4, 2, 0)}.items():
            case(f"attention_empty/{name}", plain, numbers(n, l, e), numbers(n, s, e), numbers(n, s, f), dys=[0.5])


def recurrent():
    """One direction of one layer: [T, N, F] = [3, 2, 2], 2 units; sequence 1 has 2 steps where lengths are given."""
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    for cell, gates in (("lstm", 4), ("gru", 3)):
        def run(x, w, u, *more, ragged=False):
            states = 2 if cell == "lstm" else 1
            layer = torch.nn.LSTM(2, 2) if cell == "lstm" else torch.nn.GRU(2, 2)
            names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
            initial = tuple(s.unsqueeze(0) for s in more[:states])
            values = dict(zip(names, [w, u, more[states], more[states + 1]]))
            given = pack_padded_sequence(x, torch.tensor([3, 2])) if ragged else x
            y, state = torch.func.functional_call(layer, values, (given, initial if states == 2 else initial[0]))
            y = pad_packed_sequence(y, total_length=3)[0] if ragged else y
            return torch.cat([y.flatten()] + [s.flatten() for s in (state if states == 2 else [state])])
        base = [numbers(3, 2, 2), numbers(2 * gates, 2), numbers(2 * gates, 2, seed=1)] + [numbers(2, 2, seed=i) for i in range(gates - 2)] + [
            numbers(2 * gates), numbers(2 * gates, seed=1)]
        places = {"x": (0, (1, 0, 1)), "weight": (1, (1, 0)), "hidden_weight": (2, (3, 1)), "h0": (3, (1, 0)), "bias": (len(base) - 1, (2,)),
                  "padding": (0, (2, 1, 0))}
        if cell == "lstm":
            places["c0"] = (4, (0, 1))
        for name, value in SPECIAL.items():
            for place, (i, at) in places.items():
                arguments = [t.clone() for t in base]
                arguments[i][at] = value
                for ragged in (False, True):
                    if place != "padding" if not ragged else name in ("nan", "inf", "huge"):
                        case(f"{cell}{'_lengths' if ragged else ''}/{place}_{name}", lambda *t: run(*t, ragged=ragged), *arguments, dys=[1.0, 0.5, -2.0])
        # A gradient that the padding receives: zeros are written there, so that nothing depends on it.
        for name in ("nan", "inf"):
            case(f"{cell}_lengths/dy_{name}", lambda *t: run(*t, ragged=True), *base, dys=[1.0] * 10 + [SPECIAL[name], SPECIAL[name]] + [0.5] * 8)


if __name__ == "__main__":
    unary()
    binary()
    reductions()
    products()
    windows()
    norms()
    attention()
    recurrent()
    path = os.path.join(os.path.dirname(__file__), "../resources/golden/special-values.safetensors")
    save_file(STORED, path, metadata={"torch": torch.__version__})
    print(len(STORED), "arrays,", os.path.getsize(path), "bytes")
