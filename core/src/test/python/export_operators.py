"""Writes golden/operators.safetensors: values and gradients of every operator as PyTorch computes them, in double precision.

For each case NAME the file holds the arguments NAME/in0, NAME/in1, ..., the result NAME/out, the gradient NAME/dy that backward is
seeded with, the gradients NAME/grad0, ... of the arguments that need one, and NAME/after3, ... for arguments changed in place.
Everything is rounded to float32 once, at the end. OpCases.java computes the same cases by the same names.

Run: python export_operators.py
"""
import os
import zlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

SEED = 20260
INF = float("inf")
NAN = float("nan")
STORED = {}


# Arguments: functions of a random generator.

def normal(*shape, scale=1.0, shift=0.0):
    return lambda g: torch.randn(shape, generator=g) * scale + shift


def uniform(low, high, *shape):
    return lambda g: torch.rand(shape, generator=g) * (high - low) + low


def away(kinks, *shape, scale=1.0):
    """Normal values at least 0.05 away from every kink, where a function has no derivative."""
    def make(g):
        x = torch.randn(shape, generator=g) * scale
        for k in kinks:
            near = (x - k).abs() < 0.05
            x = torch.where(near, k + 0.1, x)
        return x
    return make


def distinct(*shape):
    """All values different by at least 0.05, so that no maximum is tied."""
    def make(g):
        n = torch.Size(shape).numel()
        return ((torch.randperm(n, generator=g) - n // 2) * 0.0625 + 0.01).reshape(shape)
    return make


def grid(high, *shape):
    """Small whole numbers: many ties."""
    return lambda g: torch.randint(0, high, shape, generator=g).float()


def whole(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def given(values, dtype=torch.float32):
    return lambda g: torch.tensor(values, dtype=dtype)


def case(name, function, *arguments, needs=None, after=()):
    """Stores one case. `needs` names the arguments that want a gradient, by default all floating-point ones."""
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()) ^ SEED)
    stored = [a(g) for a in arguments]
    args = [a.double() if a.is_floating_point() else a for a in (s.clone() for s in stored)]
    wanted = [i for i, a in enumerate(args) if a.is_floating_point()] if needs is None else needs
    for i in wanted:
        args[i].requires_grad_(True)
    out = function(*args)
    if f"{name}/out" in STORED:
        raise ValueError(f"two cases are called {name}")
    for i, a in enumerate(stored):
        keep(f"{name}/in{i}", a)
    keep(f"{name}/out", out)
    if out.requires_grad:
        dy = torch.randn(out.shape, generator=g) + 0.25
        out.backward(dy.double())
        keep(f"{name}/dy", dy)
        for i in wanted:
            keep(f"{name}/grad{i}", args[i].grad)
    for i in after:
        keep(f"{name}/after{i}", args[i])


def keep(key, tensor):
    t = tensor.detach()
    STORED[key] = (t.float() if t.is_floating_point() else t).clone().contiguous()


def functions_of_one_argument():
    anywhere = normal(3, 5, 7)
    positive = uniform(0.2, 3, 4, 9)
    functions = {
        "neg": (torch.neg, anywhere), "exp": (torch.exp, anywhere), "square": (torch.square, anywhere),
        "sigmoid": (torch.sigmoid, anywhere), "tanh": (torch.tanh, anywhere), "gelu": (F.gelu, normal(3, 5, 7, scale=2)),
        "softplus": (F.softplus, normal(3, 5, 7, scale=3)), "log": (torch.log, positive), "sqrt": (torch.sqrt, positive),
        "reciprocal": (torch.reciprocal, away([0], 5, 11)), "abs": (torch.abs, away([0], 33)),
        "relu": (F.relu, away([0], 3, 5, 7)), "relu6": (F.relu6, away([0, 6], 3, 5, 7, scale=5)),
        "leaky_relu": (lambda x: F.leaky_relu(x, 0.1), away([0], 3, 5, 7)),
        "clamp": (lambda x: x.clamp(-0.5, 0.75), away([-0.5, 0.75], 5, 13)),
        "affine": (lambda x: 2.5 * x - 1.25, anywhere), "add_number": (lambda x: x + 0.75, anywhere),
        "sub_number": (lambda x: x - 0.75, anywhere), "mul_number": (lambda x: x * -3.0, anywhere),
        "div_number": (lambda x: x / 3.0, anywhere),
    }
    for name, (function, argument) in functions.items():
        case(name + "/plain", function, argument)
    for exponent in (2, 3, 1, 0, -1, -2):
        case(f"pow/{exponent}", lambda x: x.pow(exponent), away([0], 4, 5))
    for exponent in (0.5, -1.5, 2.25):
        case(f"pow/{exponent}", lambda x: x.pow(exponent), uniform(0.3, 2, 4, 5))
    case("pow/of_zero", lambda x: x.pow(2), given([0.0, -0.0, 1.0]))
    functions = functions | {
        "rsqrt": (torch.rsqrt, positive), "log1p": (torch.log1p, uniform(-0.8, 3, 4, 9)), "expm1": (torch.expm1, anywhere),
        "sin": (torch.sin, normal(3, 5, 7, scale=3)), "cos": (torch.cos, normal(3, 5, 7, scale=3)),
        "floor": (torch.floor, away(range(-12, 13), 3, 5, 7, scale=3)),
        "round": (torch.round, away([k + 0.5 for k in range(-12, 12)], 3, 5, 7, scale=3)), "erf": (torch.erf, anywhere),
        "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), normal(3, 5, 7, scale=2)), "silu": (F.silu, normal(3, 5, 7, scale=3)),
        "hardswish": (F.hardswish, away([-3, 3], 3, 5, 7, scale=3)), "hardsigmoid": (F.hardsigmoid, away([-3, 3], 3, 5, 7, scale=3)),
        "elu": (lambda x: F.elu(x, 0.75), away([0], 3, 5, 7)),
    }
    for name in list(functions)[-13:]:
        case(name + "/plain", *functions[name])
    small = given([-1e-3, -1e-6, -1e-10, 1e-10, 1e-6, 1e-3, 0.0])
    case("log1p/near_zero", torch.log1p, small)
    case("expm1/near_zero", torch.expm1, small)
    halves = given([-3.0, -2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 3.0, 8388609.0, -8388607.5, 0.49999997])
    case("floor/whole_and_half", torch.floor, halves)
    case("round/whole_and_half", torch.round, halves)
    for name in ("hardswish", "hardsigmoid"):
        case(name + "/at_kinks", functions[name][0], given([-4.0, -3.0, 0.0, 3.0, 4.0]))
    case("elu/at_kinks", functions["elu"][0], given([-1.0, -0.0, 0.0, 1.0]))
    far = given([-100.0, -30.0, -15.0, -6.0, -0.001, 0.001, 6.5, 15.0, 30.0, 80.0])
    for name, function in (("erf", torch.erf), ("gelu_tanh", functions["gelu_tanh"][0]), ("silu", F.silu), ("elu", F.elu)):
        case(name + "/far", function, far)
    for name, function in (("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("gelu", F.gelu), ("softplus", F.softplus),
                           ("exp", lambda x: (x / 10).exp())):
        case(name + "/far", function, far)
    kinks = given([-1.0, -0.0, 0.0, 6.0, 7.0])
    for name in ("abs", "relu", "relu6", "leaky_relu"):
        case(name + "/at_kinks", functions[name][0], kinks)
    case("clamp/at_bounds", lambda x: x.clamp(0, 6), kinks)
    case("relu/scalar", F.relu, given(0.5))
    case("relu/empty", F.relu, normal(0, 3))
    case("exp/one_element", torch.exp, normal(1, 1, 1))
    case("relu/image", F.relu, away([0], 2, 5, 3, 7))
    case("dropout/none", lambda x: F.dropout(x, 0.0), normal(3, 7))
    case("dropout/all", lambda x: F.dropout(x, 1.0), normal(3, 7))


def functions_of_two_arguments():
    shapes = {"same": ((4, 7), (4, 7)), "row": ((4, 7), (7,)), "column": ((4, 7), (4, 1)), "outer": ((5, 1), (1, 3)),
              "middle": ((3, 1, 5), (4, 1)), "scalar_left": ((), (2, 3)), "scalar_right": ((2, 3), ()),
              "channel": ((2, 3, 5, 4), (3, 1, 1)),
              "empty": ((0, 3), (1, 3)), "both_scalar": ((), ())}
    for variant, (p, q) in shapes.items():
        case("add/" + variant, torch.add, normal(*p), normal(*q))
        case("sub/" + variant, torch.sub, normal(*p), normal(*q))
        case("mul/" + variant, torch.mul, normal(*p), normal(*q))
        case("div/" + variant, torch.div, normal(*p), away([0], *q))
        case("maximum/" + variant, torch.maximum, distinct(*p), lambda g, q=q: distinct(*q)(g) + 0.02)
        case("minimum/" + variant, torch.minimum, distinct(*p), lambda g, q=q: distinct(*q)(g) + 0.02)
        for name, function in (("eq", torch.eq), ("lt", torch.lt), ("le", torch.le)):
            case(f"{name}/{variant}", function, grid(3, *p), grid(3, *q))
    for name, function in (("eq", torch.eq), ("lt", torch.lt), ("le", torch.le)):
        case(name + "/whole_numbers", function, whole(4, 5, 3), whole(4, 3))
    for name, function in (("gt", torch.gt), ("ge", torch.ge), ("ne", torch.ne)):
        for variant, (p, q) in shapes.items():
            case(f"{name}/{variant}", function, grid(3, *p), grid(3, *q))
        case(name + "/whole_numbers", function, whole(4, 5, 3), whole(4, 3))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        case(name + "/number", lambda x: getattr(x, name)(1), grid(3, 5, 7))
        case(name + "/whole_number", lambda x: getattr(x, name)(1), whole(3, 5, 7))
    truths = lambda *shape: (lambda g: torch.rand(shape, generator=g) < 0.5)
    for name in ("and", "or", "xor"):
        for variant in ("same", "middle", "scalar_right", "empty"):
            case(f"logical_{name}/{variant}", getattr(torch, "logical_" + name), *(truths(*s) for s in shapes[variant]))
    case("logical_not/plain", torch.logical_not, truths(3, 5))
    case("is_nan/plain", torch.isnan, given([0.0, NAN, INF, -INF, 1.0]))
    case("is_finite/plain", torch.isfinite, given([0.0, NAN, INF, -INF, 1.0, 3e38]))
    case("masked_fill/same", lambda x, m: x.masked_fill(m, 2.5), normal(3, 5), truths(3, 5))
    case("masked_fill/broadcast", lambda x, m: x.masked_fill(m, -8.0), normal(2, 3, 5), truths(3, 1))
    case("maximum/ties", torch.maximum, grid(3, 5, 7), grid(3, 7))
    case("minimum/ties", torch.minimum, grid(3, 5, 7), grid(3, 7))
    truth = lambda *shape: (lambda g: torch.rand(shape, generator=g) < 0.5)
    case("where/same", torch.where, truth(3, 5), normal(3, 5), normal(3, 5))
    case("where/broadcast", torch.where, truth(4, 1), normal(3, 1, 5), normal(5))
    case("where/scalars", torch.where, truth(3, 5), normal(), normal())


def conversions():
    case("to/i64_to_f32", lambda x: x.float(), whole(1000, 3, 5))
    case("to/f32_to_i64", lambda x: x.long(), normal(3, 5, scale=10), needs=[])
    case("to/f32_to_i32", lambda x: x.int(), normal(3, 5, scale=10), needs=[])
    case("to/f32_to_bool", lambda x: x.bool(), grid(2, 3, 5), needs=[])
    case("to/bool_to_f32", lambda x: x.float(), lambda g: torch.rand(3, 5, generator=g) < 0.5)
    case("to/u8_to_f32", lambda x: x.float(), lambda g: torch.randint(0, 256, (3, 5), generator=g, dtype=torch.uint8))


def shapes():
    case("reshape/plain", lambda x: x.reshape(5, 6), normal(3, 10))
    case("reshape/inferred", lambda x: x.reshape(2, -1, 3), normal(4, 9))
    case("reshape/to_scalar", lambda x: x.reshape(()), normal(1, 1))
    case("reshape/empty", lambda x: x.reshape(4, 0), normal(0, 3))
    case("reshape/of_transposed", lambda x: x.t().reshape(4, 5), normal(2, 10))
    case("flatten/from_1", lambda x: x.flatten(1), normal(2, 3, 4, 5))
    case("flatten/scalar", lambda x: x.flatten(), normal())
    case("unsqueeze/last", lambda x: x.unsqueeze(-1), normal(2, 3))
    case("squeeze/middle", lambda x: x.squeeze(1), normal(2, 1, 3))
    for order in ((1, 0, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0), (0, 1, 2)):
        case("permute/" + "".join(map(str, order)), lambda x: x.permute(order), normal(2, 3, 5))
    case("permute/channels_last", lambda x: x.permute(0, 2, 3, 1), normal(2, 3, 4, 5))
    case("transpose/ends", lambda x: x.transpose(0, -1), normal(2, 3, 5))
    case("contiguous/transposed", lambda x: x.t().contiguous(), normal(3, 5))
    case("expand/front", lambda x: x.expand(4, 2, 3), normal(2, 3))
    case("expand/middle", lambda x: x.expand(2, 5, 3), normal(2, 1, 3))
    case("expand/scalar", lambda x: x.expand(2, 3), normal())
    case("expand/same", lambda x: x.expand(2, 3), normal(2, 3))
    case("expand/minus_one", lambda x: x.expand(4, -1, -1), normal(2, 3))
    case("select/last", lambda x: x.select(1, -1), normal(3, 4, 5))
    case("slice/from_the_end", lambda x: x[:, -4:-1], normal(3, 7))
    case("select/middle", lambda x: x.select(1, 2), normal(3, 4, 5))
    case("split/second", lambda x: x.split(2, 1)[1], normal(3, 5, 2))
    case("split/rest", lambda x: x.split(2, -2)[2], normal(3, 5, 2))
    case("split/all", lambda x: x.split(9, 0)[0], normal(3, 5))
    case("chunk/last", lambda x: x.chunk(3, 0)[2], normal(7, 2))
    case("unbind/middle", lambda x: x.unbind(1)[2], normal(3, 4, 5))
    case("roll/forward", lambda x: x.roll(2, 1), normal(3, 5, 2))
    case("roll/back", lambda x: x.roll(-1, 0), normal(4, 3))
    case("roll/far", lambda x: x.roll(23, 2), normal(2, 3, 5))
    case("roll/whole", lambda x: x.roll(3, 0), normal(3, 5))
    case("tril/plain", lambda x: x.tril(), normal(5, 5))
    case("tril/above", lambda x: x.tril(1), normal(3, 6))
    case("triu/plain", lambda x: x.triu(), normal(5, 4))
    case("triu/below", lambda x: x.triu(-2), normal(6, 4))
    case("triu/batch", lambda x: x.triu(1), normal(2, 3, 4, 5))
    case("slice/plain", lambda x: x[:, 1:4], normal(3, 5, 2))
    case("slice/step2", lambda x: x[:, 1:7:2], normal(3, 7))
    case("slice/step3_of_first", lambda x: x[0:8:3], normal(8, 3))
    case("slice/nothing", lambda x: x[2:2], normal(4, 3))
    case("slice/everything", lambda x: x[:, :, 0:5], normal(2, 3, 5))
    case("slice/image", lambda x: x[:, :, 1:6:2, :], normal(2, 3, 6, 5))
    case("pad2d/asymmetric", lambda x: F.pad(x, (3, 0, 1, 2)), normal(2, 3, 4, 5))
    case("pad2d/none", lambda x: F.pad(x, (0, 0, 0, 0)), normal(1, 2, 3, 3))
    case("concat/axis0", lambda *x: torch.cat(x, 0), normal(2, 3), normal(1, 3), normal(4, 3))
    case("concat/axis1", lambda *x: torch.cat(x, 1), normal(2, 3, 2), normal(2, 1, 2))
    case("concat/last", lambda *x: torch.cat(x, -1), normal(2, 3), normal(2, 5), normal(2, 0))
    case("concat/channels", lambda *x: torch.cat(x, 1), normal(2, 3, 5, 4), normal(2, 2, 5, 4))
    case("concat/whole_numbers", lambda *x: torch.cat(x, 0), whole(9, 3), whole(9, 2))
    case("concat/one", lambda *x: torch.cat(x, 0), normal(3, 2))
    case("stack/axis0", lambda *x: torch.stack(x, 0), normal(2, 3), normal(2, 3))
    case("stack/axis1", lambda *x: torch.stack(x, 1), normal(2, 3), normal(2, 3), normal(2, 3))
    case("stack/last", lambda *x: torch.stack(x, -1), normal(5), normal(5))
    case("stack/images", lambda *x: torch.stack(x, 0), normal(3, 5, 4), normal(3, 5, 4))


def reductions():
    axes = {"all": None, "axis0": (0,), "axis1": (1,), "last": (2,), "ends": (0, 2), "front": (0, 1), "back": (1, -1), "every": (0, 1, 2)}
    for variant, a in axes.items():
        case("sum/" + variant, lambda x: x.sum() if a is None else x.sum(a), normal(3, 5, 7))
        case("mean/" + variant, lambda x: x.mean() if a is None else x.mean(a), normal(3, 5, 7))
    case("sum/keep", lambda x: x.sum((0, 2), keepdim=True), normal(3, 5, 7))
    case("mean/keep", lambda x: x.mean((1,), keepdim=True), normal(3, 5, 7))
    case("sum/long", lambda x: x.sum(), normal(3, 1001))
    case("sum/columns", lambda x: x.sum(0), normal(301, 9))
    case("mean/image", lambda x: x.mean((2, 3)), normal(2, 5, 7, 3))
    case("sum/channels", lambda x: x.sum((0, 2, 3)), normal(2, 5, 7, 3))
    case("sum/scalar", lambda x: x.sum(), normal())
    case("sum/empty", lambda x: x.sum(0), normal(0, 3))
    for a in (0, 1, 2, -1):
        case(f"max/axis{a}", lambda x: x.amax(a), distinct(4, 5, 3))
        case(f"min/axis{a}", lambda x: x.amin(a), distinct(4, 5, 3))
        case(f"argmin/axis{a}", lambda x: x.argmin(a), distinct(4, 5, 3), needs=[])
        case(f"argmax/axis{a}", lambda x: x.argmax(a), distinct(4, 5, 3), needs=[])
    case("max/ties", lambda x: x.amax(1), grid(3, 5, 7))
    case("min/ties", lambda x: x.amin(0), grid(3, 5, 7))
    case("max/one", lambda x: x.amax(0), normal(1, 3))
    for name, function in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        for a in (0, 1, 2, -2):
            case(f"{name}/axis{a}", lambda x: function(x, a), normal(3, 5, 7, scale=2))
        case(name + "/vector", lambda x: function(x, 0), normal(11, scale=3))
        case(name + "/image", lambda x: function(x, 1), normal(2, 5, 3, 4))
        case(name + "/one", lambda x: function(x, -1), normal(4, 1))
        case(name + "/far", lambda x: function(x, -1), given([[-100.0, 0.0, 88.0], [500.0, 499.0, 498.0], [-1e4, -1e4, -1e4]]))


def products():
    pairs = {"plain": ((3, 4), (4, 5)), "odd": ((17, 65), (65, 33)), "tall": ((67, 5), (5, 3)), "dot": ((1, 9), (9, 1)),
             "outer": ((5, 1), (1, 7)),
             "one": ((1, 1), (1, 1)), "batched": ((2, 3, 4), (2, 4, 5)), "left_repeated": ((3, 4), (2, 4, 5)),
             "right_repeated": ((2, 3, 4), (4, 5)),
             "both_repeated": ((2, 1, 3, 4), (3, 4, 2)), "no_rows": ((0, 4), (4, 5)), "no_terms": ((3, 0), (0, 5))}
    for variant, (p, q) in pairs.items():
        case("matmul/" + variant, torch.matmul, normal(*p), normal(*q))
    case("matmul/transposed", lambda p, q: p.t() @ q.t(), normal(7, 5), normal(9, 7))
    case("linear/bias", F.linear, normal(7, 5), normal(3, 5), normal(3))
    case("linear/no_bias", F.linear, normal(7, 5), normal(3, 5))
    case("linear/batched", F.linear, normal(2, 3, 5), normal(4, 5), normal(4))
    case("linear/vector", F.linear, normal(5), normal(4, 5), normal(4))
    case("linear/odd", F.linear, normal(19, 67), normal(33, 67), normal(33))
    case("linear/no_rows", F.linear, normal(0, 5), normal(3, 5), normal(3))


def conv2d(name, x, w, bias=True, stride=1, pad=(0, 0, 0, 0), dilation=1, groups=1):
    """`pad` is (top, bottom, left, right)."""
    top, bottom, left, right = pad

    def function(x, w, b=None):
        return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, stride, 0, dilation, groups)
    case("conv2d/" + name, function, normal(*x), normal(*w, scale=0.5), *([normal(w[0])] if bias else []))


def convolutions():
    conv2d("plain", (2, 3, 7, 5), (4, 3, 3, 3))
    conv2d("same", (2, 3, 7, 5), (4, 3, 3, 3), pad=(1, 1, 1, 1))
    conv2d("same_no_bias", (2, 5, 6, 9), (7, 5, 3, 3), bias=False, pad=(1, 1, 1, 1))
    conv2d("stride2", (2, 3, 9, 8), (4, 3, 3, 3), stride=2, pad=(1, 1, 1, 1))
    conv2d("stride_2_3", (1, 2, 11, 13), (3, 2, 3, 2), stride=(2, 3))
    conv2d("asymmetric_padding", (2, 3, 5, 6), (4, 3, 3, 3), pad=(0, 2, 3, 1))
    conv2d("padding_end_only", (1, 3, 8, 8), (4, 3, 3, 3), stride=2, pad=(0, 1, 0, 1))
    conv2d("dilation2", (1, 3, 9, 8), (2, 3, 3, 3), pad=(2, 2, 2, 2), dilation=2)
    conv2d("dilation_1_3", (1, 2, 6, 11), (3, 2, 2, 3), dilation=(1, 3), stride=(1, 2))
    conv2d("groups2", (2, 4, 6, 5), (6, 2, 3, 3), pad=(1, 1, 1, 1), groups=2)
    conv2d("groups3_stride2", (1, 6, 7, 7), (3, 2, 3, 3), stride=2, groups=3, bias=False)
    conv2d("depthwise", (2, 5, 7, 6), (5, 1, 3, 3), pad=(1, 1, 1, 1), groups=5)
    conv2d("depthwise_stride2", (1, 9, 8, 7), (9, 1, 5, 5), stride=2, pad=(1, 2, 2, 1), groups=9, bias=False)
    conv2d("depthwise_multiplier", (1, 3, 6, 6), (6, 1, 3, 3), groups=3)
    conv2d("pointwise", (2, 5, 4, 3), (7, 5, 1, 1))
    conv2d("pointwise_stride2", (2, 4, 7, 5), (3, 4, 1, 1), stride=2, bias=False)
    conv2d("pointwise_padded", (1, 2, 3, 3), (3, 2, 1, 1), pad=(1, 1, 1, 1))
    conv2d("stem_7x7", (1, 3, 17, 15), (5, 3, 7, 7), stride=2, pad=(3, 3, 3, 3), bias=False)
    conv2d("kernel_above_input", (2, 3, 2, 3), (4, 3, 5, 5), pad=(2, 2, 2, 2))
    conv2d("whole_image", (3, 2, 4, 5), (6, 2, 4, 5))
    conv2d("row_kernel", (1, 3, 5, 9), (2, 3, 1, 7), pad=(0, 0, 3, 3))
    conv2d("column_kernel", (1, 3, 9, 4), (2, 3, 7, 1), pad=(3, 3, 0, 0))
    conv2d("even_kernel", (1, 3, 6, 7), (2, 3, 2, 4), stride=2)
    conv2d("one_of_all", (1, 1, 1, 1), (1, 1, 1, 1))
    conv2d("many_channels", (1, 33, 5, 6), (37, 33, 3, 3), pad=(1, 1, 1, 1))
    conv2d("no_images", (0, 3, 5, 5), (4, 3, 3, 3))
    conv2d("last_rows_unused", (1, 2, 8, 8), (3, 2, 3, 3), stride=4)
    case("conv1d/plain", F.conv1d, normal(2, 3, 9), normal(4, 3, 3), normal(4))
    case("conv1d/stride2", lambda x, w, b: F.conv1d(x, w, b, 2, 2), normal(2, 3, 11), normal(4, 3, 5), normal(4))
    case("conv1d/asymmetric_padding", lambda x, w: F.conv1d(F.pad(x, (4, 1)), w), normal(1, 3, 6), normal(2, 3, 4))
    case("conv1d/dilated_groups", lambda x, w, b: F.conv1d(x, w, b, 1, 3, 3, 2), normal(2, 4, 13), normal(6, 2, 3), normal(6))
    case("conv1d/pointwise", F.conv1d, normal(2, 5, 7), normal(3, 5, 1))


def normalisations():
    def train(momentum, eps):
        return lambda x, gamma, beta, mean, var: F.batch_norm(x, mean, var, gamma, beta, True, momentum, eps)

    def evaluate(eps):
        return lambda x, gamma, beta, mean, var: F.batch_norm(x, mean, var, gamma, beta, False, 0.1, eps)
    shapes = {"features": (6, 5), "sequence": (4, 3, 7), "image": (3, 4, 5, 6), "wide": (3, 37, 3, 3)}
    for variant, shape in shapes.items():
        c = shape[1]
        extra = (uniform(0.5, 1.5, c), normal(c), normal(c), uniform(0.5, 2, c))
        case("batch_norm_train/" + variant, train(0.1, 1e-5), normal(*shape, scale=2, shift=0.5), *extra, needs=[0, 1, 2], after=[3, 4])
        case("batch_norm_eval/" + variant, evaluate(1e-5), normal(*shape, scale=2, shift=0.5), *extra, needs=[0, 1, 2])
    extra = (uniform(0.5, 1.5, 3), normal(3), normal(3), uniform(0.5, 2, 3))
    case("batch_norm_train/two_values", train(0.1, 0.5), normal(2, 3), *extra, needs=[0, 1, 2], after=[3, 4])
    extra = (uniform(0.5, 1.5, 4), normal(4), normal(4), uniform(0.5, 2, 4))
    case("batch_norm_train/momentum_eps", train(0.7, 1e-2), normal(3, 4, 5, 2), *extra, needs=[0, 1, 2], after=[3, 4])
    case("batch_norm_train/no_momentum", train(0.0, 1e-5), normal(3, 4, 5, 2), *extra, needs=[0, 1, 2], after=[3, 4])
    case("batch_norm_train/far_from_zero", train(0.1, 1e-5), normal(4, 4, 7, 5, shift=100), *extra, needs=[0, 1, 2], after=[3, 4])
    case("batch_norm_eval/input_only", evaluate(1e-3), normal(3, 4, 5, 2), *extra, needs=[0])
    case("batch_norm_eval/one_value", evaluate(1e-5), normal(1, 4), *extra, needs=[0, 1, 2])
    activations = {"none": lambda y: y, "relu": F.relu, "relu6": F.relu6}
    for (variant, shape), activation in zip(list(shapes.items()) * 2, ["relu", "relu6", "relu", "none", "relu6", "relu", "relu6", "relu"]):
        c = shape[1]
        after = activations[activation]
        # A shift of 3 and a slope of 2 bring values to either side of 0 and of 6.
        extra = (uniform(1.5, 2.5, c), normal(c, shift=3), normal(c), uniform(0.5, 2, c))
        x, r = normal(*shape, scale=2, shift=0.5), normal(*shape)
        for mode, norm, moved in (("train", train(0.1, 1e-5), [3, 4]), ("eval", evaluate(1e-5), [])):
            name = f"batch_norm_{mode}_{activation}/{variant}"
            if activation != "none":
                case(name, lambda x, *e: after(norm(x, *e)), x, *extra, needs=[0, 1, 2], after=moved)
            case(name + "_residual", lambda x, *e: after(norm(x, *e[:4]) + e[4]), x, *extra, r, needs=[0, 1, 2, 5], after=moved)
    case("layer_norm/last", lambda x, g, b: F.layer_norm(x, (7,), g, b), normal(2, 3, 7, scale=2), uniform(0.5, 1.5, 7), normal(7))
    case("layer_norm/two_dimensions", lambda x, g, b: F.layer_norm(x, (3, 5), g, b), normal(4, 3, 5), uniform(0.5, 1.5, 3, 5), normal(3, 5))
    case("layer_norm/everything", lambda x, g, b: F.layer_norm(x, (9,), g, b, 1e-2), normal(9), uniform(0.5, 1.5, 9), normal(9))
    case("layer_norm/wide", lambda x, g, b: F.layer_norm(x, (67,), g, b), normal(5, 67, shift=10), uniform(0.5, 1.5, 67), normal(67))


def poolings():
    for name, pool, argument in (("max_pool2d", F.max_pool2d, distinct), ("avg_pool2d", F.avg_pool2d, normal)):
        case(name + "/plain", lambda x: pool(x, 2, 2), argument(2, 3, 6, 8))
        case(name + "/odd", lambda x: pool(x, 2, 2), argument(2, 3, 7, 5))
        case(name + "/stem", lambda x: pool(x, 3, 2, 1), argument(2, 5, 9, 7))
        case(name + "/ceil", lambda x: pool(x, 3, 2, 0, ceil_mode=True), argument(2, 3, 8, 6))
        case(name + "/ceil_padded", lambda x: pool(x, 3, 2, 1, ceil_mode=True), argument(1, 3, 6, 8))
        case(name + "/ceil_dropped_window", lambda x: pool(x, 2, 3, 1, ceil_mode=True), argument(1, 2, 5, 8))
        case(name + "/overlapping", lambda x: pool(x, 3, 1, 1), argument(1, 4, 5, 6))
        case(name + "/rectangular", lambda x: pool(x, (3, 2), (1, 3), (1, 0)), argument(1, 3, 6, 9))
        case(name + "/gaps", lambda x: pool(x, 2, 3), argument(1, 2, 8, 9))
        case(name + "/whole", lambda x: pool(x, (5, 4), 1), argument(2, 3, 5, 4))
        case(name + "/one_pixel", lambda x: pool(x, 1, 1), argument(2, 3, 1, 1))
        case(name + "/no_images", lambda x: pool(x, 2, 2), argument(0, 3, 4, 4))
    case("max_pool2d/ties", lambda x: F.max_pool2d(x, 3, 2, 1), grid(3, 2, 3, 7, 7))
    case("max_pool2d/negative_padded", lambda x: F.max_pool2d(x, 3, 2, 1), lambda g: distinct(1, 2, 5, 5)(g) - 100)
    case("avg_pool2d/padding_not_counted", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), normal(2, 3, 7, 6))
    case("avg_pool2d/ceil_padding_not_counted", lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), normal(2, 3, 8, 6))
    sizes = {"one": (1, 1), "square": (3, 3), "mixed": (2, 5), "larger": (9, 4), "same": (7, 6)}
    for variant, size in sizes.items():
        case("adaptive_avg_pool2d/" + variant, lambda x: F.adaptive_avg_pool2d(x, size), normal(2, 3, 7, 6))
        case("adaptive_max_pool2d/" + variant, lambda x: F.adaptive_max_pool2d(x, size), distinct(2, 3, 7, 6))
    case("max_pool1d/plain", lambda x: F.max_pool1d(x, 3, 2), distinct(2, 3, 11))
    case("max_pool1d/ceil_padded", lambda x: F.max_pool1d(x, 3, 2, 1, ceil_mode=True), distinct(2, 3, 10))
    case("avg_pool1d/plain", lambda x: F.avg_pool1d(x, 3, 2), normal(2, 3, 11))
    case("avg_pool1d/padded", lambda x: F.avg_pool1d(x, 4, 3, 2), normal(2, 3, 11))
    case("avg_pool1d/padding_not_counted", lambda x: F.avg_pool1d(x, 3, 2, 1, True, False), normal(2, 3, 10))
    for length in (1, 3, 4, 13):
        case(f"adaptive_avg_pool1d/{length}", lambda x: F.adaptive_avg_pool1d(x, length), normal(2, 3, 11))
        case(f"adaptive_max_pool1d/{length}", lambda x: F.adaptive_max_pool1d(x, length), distinct(2, 3, 11))


def rows_and_losses():
    lookup = lambda table, rows: F.embedding(rows, table)
    case("embedding/vector", lookup, normal(7, 5), whole(7, 11))
    case("embedding/matrix", lookup, normal(6, 3), whole(6, 4, 5))
    case("embedding/scalar", lookup, normal(6, 3), given(4, torch.int64))
    case("embedding/repeated", lookup, normal(3, 33), given([2, 2, 2, 0, 2], torch.int64))
    case("embedding/i32", lookup, normal(6, 3), given([5, 0, 5], torch.int32))
    case("embedding/none", lookup, normal(6, 3), whole(6, 0))
    logits, target = normal(7, 5, scale=2), whole(5, 7)
    for reduction in ("none", "mean", "sum"):
        r = {"reduction": reduction}
        case(f"cross_entropy/{reduction}", lambda x, t: F.cross_entropy(x, t, **r), logits, target)
        case(f"cross_entropy/smoothed_{reduction}", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1, **r), logits, target)
        case(f"cross_entropy/weighted_{reduction}", lambda x, t, w: F.cross_entropy(x, t, w, **r), logits, target,
             uniform(0.2, 2, 5), needs=[0])
        case(f"cross_entropy/all_options_{reduction}", lambda x, t, w: F.cross_entropy(x, t, w, ignore_index=2, label_smoothing=0.2, **r),
             logits, target, uniform(0.2, 2, 5), needs=[0])
        case(f"cross_entropy/ignored_{reduction}", lambda x, t: F.cross_entropy(x, t, **r), normal(4, 3),
             given([2, -100, 0, -100], torch.int64))
        case(f"cross_entropy/pixels_{reduction}", lambda x, t, w: F.cross_entropy(x, t, w, ignore_index=1, label_smoothing=0.1, **r),
             normal(2, 3, 4, 5), whole(3, 2, 4, 5), uniform(0.2, 2, 3), needs=[0])
        case(f"bce/{reduction}", lambda x, t: F.binary_cross_entropy_with_logits(x, t, **r), normal(5, 3, scale=2),
             uniform(0, 1, 5, 3), needs=[0])
        case(f"bce/weighted_{reduction}", lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w, **r), normal(5, 3),
             grid(2, 5, 3), uniform(0.5, 3, 3), needs=[0])
    case("cross_entropy/sequence", lambda x, t: F.cross_entropy(x, t), normal(2, 3, 7), whole(3, 2, 7))
    case("cross_entropy/far", lambda x, t: F.cross_entropy(x, t, reduction="none"), given([[200.0, -200.0], [0.0, 90.0]]),
         given([1, 1], torch.int64))
    case("cross_entropy/i32", lambda x, t: F.cross_entropy(x, t.long()), normal(3, 4), given([3, 0, 1], torch.int32))
    case("cross_entropy/one_class", lambda x, t: F.cross_entropy(x, t), normal(3, 1), given([0, 0, 0], torch.int64))
    case("bce/far", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), given([-200.0, -20.0, 20.0, 200.0]),
         given([1.0, 1.0, 0.0, 0.0]), needs=[0])


def main():
    for section in (functions_of_one_argument, functions_of_two_arguments, conversions, shapes, reductions, products, convolutions,
                    normalisations, poolings, rows_and_losses):
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "operators.safetensors")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64, seed {SEED}"})
    cases = sum(key.endswith("/out") for key in STORED)
    print(f"{cases} cases, {len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
