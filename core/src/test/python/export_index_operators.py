"""Writes golden/index-operators.safetensors: the cases of IndexCases, OrderCases, IntegerCases and EinsumCases, as export_operators.py
writes those of the other operators. In a file of its own so that neither grows too long.

Run: python export_index_operators.py
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from export_operators import INF, NAN, SEED, STORED, away, case, distinct, given, grid, normal, uniform, whole


def whole_between(low, high, *shape, dtype=torch.int64):
    return lambda g: torch.randint(low, high, shape, generator=g, dtype=dtype)


def leading(source, index):
    """PyTorch has gradients of scatter only for sources of the index's shape."""
    return source[tuple(slice(n) for n in index.shape)]


def indices():
    lists = {"plain": ((5, 3), 0, [4, 0, 2]), "repeated": ((4, 3), 0, [2, 2, 0, 2, 1, 2]), "middle": ((2, 5, 3), 1, [1, 4, 1, 0]),
             "last": ((3, 4), -1, [3, 3]), "none": ((3, 4), 1, []), "all_of_vector": ((6,), 0, [5, 4, 3, 2, 1, 0]),
             "many": ((3, 2), 0, [i * i % 3 for i in range(70)])}
    for variant, (shape, axis, index) in lists.items():
        case("index_select/" + variant, lambda x, i: x.index_select(axis, i), normal(*shape), given(index, torch.int64))
    case("index_select/i32", lambda x, i: x.index_select(0, i), normal(5, 3), given([1, 1, 4], torch.int32))
    case("index_select/whole_numbers", lambda x, i: x.index_select(1, i), whole(99, 2, 5), given([1, 1, 4], torch.int64))
    gathers = {"rows": ((4, 3), 0, (4, 3)), "columns": ((4, 5), 1, (4, 2)), "smaller": ((4, 5, 3), 1, (2, 7, 2)), "last": ((2, 3, 5), -1, (2, 3, 4)),
               "vector": ((6,), 0, (9,)), "labels": ((5, 4), 1, (5, 1)), "none": ((3, 4), 1, (3, 0))}
    for variant, (shape, axis, index) in gathers.items():
        case("gather/" + variant, lambda x, i: x.gather(axis, i), normal(*shape), whole(shape[axis], *index))
    case("gather/whole_numbers", lambda x, i: x.gather(1, i), whole(99, 4, 5), whole(5, 4, 2))
    case("gather/truths", lambda x, i: x.gather(0, i), lambda g: torch.rand(4, 5, generator=g) < 0.5, whole(4, 3, 5))
    scatters = {"rows": ((4, 3), 0, (2, 3), (2, 3)), "columns": ((4, 5), 1, (4, 2), (4, 2)), "smaller": ((4, 5, 3), 1, (2, 3, 2), (3, 4, 3)),
                "vector": ((9,), 0, (5,), (5,)), "none": ((3, 4), 1, (3, 0), (3, 2))}
    for variant, (shape, axis, index, source) in scatters.items():
        def unrepeated(g):
            order = torch.rand(tuple(shape[d] if d == axis else n for d, n in enumerate(index)), generator=g).argsort(axis)
            return order.narrow(axis, 0, index[axis])
        case("scatter/" + variant, lambda x, i, s: x.scatter(axis, i, leading(s, i)), normal(*shape), unrepeated, normal(*source))
        case("scatter/number_" + variant, lambda x, i: x.scatter(axis, i, 2.5), normal(*shape), unrepeated)
        case("scatter_add/" + variant, lambda x, i, s: x.scatter_add(axis, i, leading(s, i)), normal(*shape), whole(shape[axis], *index), normal(*source))
    case("scatter_add/many", lambda x, i, s: x.scatter_add(0, i, s), normal(3, 2), whole(3, 90, 2), normal(90, 2))
    case("scatter_add/whole_numbers", lambda x, i, s: x.scatter_add(0, i, s), whole(9, 4), whole(4, 11), whole(9, 11))
    case("flip/first", lambda x: x.flip(0), normal(4, 3))
    case("flip/two", lambda x: x.flip(0, -1), normal(4, 3, 5))
    case("flip/none", lambda x: x.flip([]), normal(4, 3))
    case("flip/whole_numbers", lambda x: x.flip(1), whole(99, 2, 5))
    case("copy/plain", lambda x: x.clone(), normal(4, 3))
    case("copy/transposed", lambda x: x.t().clone(), normal(4, 3))
    case("copy/strided", lambda x: x[:, ::2].clone(), normal(4, 5))
    case("copy/whole_numbers", lambda x: x.clone(), whole(99, 2, 5))
    case("permute/from_the_end", lambda x: x.permute(-1, 0, -2), normal(2, 3, 5))
    for variant, shape, weight in (("one", (3, 5), (1,)), ("scalar", (4,), ()), ("channels", (2, 3, 4, 5), (3,)), ("rows", (6, 5), (5,)),
                                   ("sequence", (2, 3, 4), (3,)), ("empty", (0, 3), (3,))):
        case("prelu/" + variant, lambda x, w: F.prelu(x, w), away([0], *shape), normal(*weight))
    case("prelu/at_zero", F.prelu, given([0.0, -0.0, 1.0, -1.0]), given([0.25]))
    case("diagonal/plain", lambda x: x.diagonal(0, -2, -1), normal(4, 4))
    case("diagonal/above", lambda x: x.diagonal(1, 0, 1), normal(4, 6))
    case("diagonal/below", lambda x: x.diagonal(-2, 2, 0), normal(4, 3, 5))
    case("diagonal/beyond", lambda x: x.diagonal(4, 0, 1), normal(4, 3))


def order():
    odd = given([[1.0, NAN, -2.0, 1.0, INF, -0.0, 0.0], [0.0, -0.0, NAN, NAN, -INF, 3.0, 3.0]])
    for name, function in (("max", torch.max), ("min", torch.min)):
        for a in (0, 1, -1):
            case(f"{name}_values/axis{a}", lambda x: function(x, a).values, distinct(4, 5, 3))
            case(f"{name}_indices/axis{a}", lambda x: function(x, a).indices, distinct(4, 5, 3), needs=[])
        case(f"{name}_values/keep", lambda x: function(x, 1, keepdim=True).values, distinct(4, 5, 3))
        case(f"{name}_values/ties", lambda x: function(x, 1).values, grid(3, 5, 7))
        case(f"{name}_indices/ties", lambda x: function(x, 1).indices, grid(3, 5, 7), needs=[])
        case(f"{name}_values/nan", lambda x: function(x, 1).values, odd)
        case(f"{name}_indices/nan", lambda x: function(x, 1).indices, odd, needs=[])
        case(f"{name}_values/whole_numbers", lambda x: function(x, 0).values, whole(5, 6, 4))
        case(f"{name}_indices/whole_numbers", lambda x: function(x, 0).indices, whole(5, 6, 4))
        extreme = torch.amax if name == "max" else torch.amin
        case(f"{name}/two_axes", lambda x: extreme(x, (0, 2)), distinct(4, 5, 3))
        case(f"{name}/all", lambda x: extreme(x, ()), distinct(4, 5))
        case(f"{name}/keep", lambda x: extreme(x, 1, keepdim=True), distinct(4, 5))
    case("argmax/whole_numbers", lambda x: x.argmax(1), given([[3, 7, 1], [-5, -9, -2]], torch.int64))
    case("argmin/whole_numbers", lambda x: x.argmin(1), given([[3, 7, 1], [-5, -9, -2]], torch.int64))
    wide = given([[1 << 40, -5, 1 << 60, -(1 << 50), 7], [0, 1 << 34, -1, -(1 << 33), 1]], torch.int64)
    for descending, way in ((False, "ascending"), (True, "descending")):
        for variant, argument, axis in (("plain", distinct(4, 7), -1), ("columns", distinct(6, 4), 0), ("middle", distinct(2, 5, 3), 1),
                                        ("none", normal(3, 0), 1)):
            case(f"sort_values/{way}_{variant}", lambda x: x.sort(axis, descending).values, argument)
            case(f"argsort/{way}_{variant}", lambda x: x.argsort(axis, descending), argument, needs=[])
        for variant, argument in (("ties", grid(3, 5, 9)), ("nan", odd), ("whole_numbers", whole_between(-9, 9, 3, 8)), ("wide", wide)):
            case(f"sort_values/{way}_{variant}", lambda x: x.sort(dim=-1, descending=descending, stable=True).values, argument, needs=[])
            case(f"sort_indices/{way}_{variant}", lambda x: x.sort(dim=-1, descending=descending, stable=True).indices, argument, needs=[])
    for largest, way in ((True, "largest"), (False, "smallest")):
        case(f"topk_values/{way}", lambda x: x.topk(3, 1, largest).values, distinct(4, 7))
        case(f"topk_indices/{way}", lambda x: x.topk(3, 1, largest).indices, distinct(4, 7), needs=[])
        case(f"topk_values/{way}_of_many", lambda x: x.topk(4, 0, largest).values, distinct(90, 3))
        case(f"topk_indices/{way}_of_many", lambda x: x.topk(4, 0, largest).indices, distinct(90, 3), needs=[])
        case(f"topk_values/{way}_whole_numbers", lambda x: x.topk(2, 1, largest).values, given([[3, 7, 1], [-5, -9, -2]], torch.int64))


def sums_and_spread():
    for a in (0, 1, 2, -2):
        case(f"cumsum/axis{a}", lambda x: x.cumsum(a), normal(3, 5, 7))
    case("cumsum/long", lambda x: x.cumsum(0), normal(1001))
    case("cumsum/empty", lambda x: x.cumsum(0), normal(0, 3))
    case("cumsum/whole_numbers", lambda x: x.cumsum(1), whole_between(-9, 9, 3, 5))
    case("cumsum/truths", lambda x: x.cumsum(0), lambda g: torch.rand(6, 2, generator=g) < 0.5)
    axes = {"all": None, "first": (0,), "ends": (0, 2), "last": (-1,)}
    for variant, a in axes.items():
        for name, function in (("var", torch.var), ("std", torch.std)):
            case(f"{name}/{variant}", lambda x: function(x, a), normal(3, 5, 7, scale=2, shift=1))
            case(f"{name}/population_{variant}", lambda x: function(x, a, correction=0, keepdim=True), normal(3, 5, 7, scale=2, shift=1))
        for p in (1, 2, INF, 3, 0.5):
            case(f"norm/{p}_{variant}", lambda x: torch.linalg.vector_norm(x, p, a), distinct(3, 5, 7))
    case("var/far_from_zero", lambda x: x.var(1), normal(4, 31, shift=10))
    case("var/one", lambda x: x.var(1, correction=0), normal(4, 1))
    case("std/constant", lambda x: x.std(0), given([[1.0, 2.0], [1.0, 3.0]]))
    case("var/too_few", lambda x: x.var(1), normal(4, 1), needs=[])
    case("norm/keep", lambda x: torch.linalg.vector_norm(x, 2, 1, keepdim=True), distinct(4, 5))
    zero = given([[0.0, 0.0], [3.0, -4.0], [0.0, 2.0]])
    for p in (1, 2, INF, 3):
        case(f"norm/{p}_of_zero", lambda x: torch.linalg.vector_norm(x, p, 1), zero)
    case("norm/inf_ties", lambda x: torch.linalg.vector_norm(x, INF, 1), given([[2.0, -2.0, 1.0], [1.0, 1.0, -1.0]]))


def integers():
    types = (("i64", torch.int64), ("i32", torch.int32))
    for name, function in (("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("maximum", torch.maximum),
                           ("minimum", torch.minimum), ("floor_divide", torch.floor_divide), ("remainder", torch.remainder)):
        for kind, dtype in types:
            def divisor(*shape):
                return lambda g: torch.randint(1, 9, shape, generator=g, dtype=dtype) * (torch.randint(0, 2, shape, generator=g, dtype=dtype) * 2 - 1)
            case(f"{name}/{kind}", function, whole_between(-99, 99, 5, 7, dtype=dtype), divisor(7))
            case(f"{name}/{kind}_number", lambda x: function(x, torch.tensor(-3, dtype=dtype)), whole_between(-9, 9, 4, 3, dtype=dtype))
    def between(*shape):
        """Not near a multiple of any of the divisors, where quotients jump."""
        return lambda g: torch.randint(-9, 9, shape, generator=g) + 0.375

    def halves(*shape):
        return lambda g: torch.tensor([0.5, 1.0, 2.0, -0.5, -1.0, -2.0])[torch.randint(0, 6, shape, generator=g)]

    shapes = {"same": ((4, 7), (4, 7)), "row": ((4, 7), (7,)), "outer": ((5, 1), (1, 3)), "empty": ((0, 3), (1, 3))}
    for variant, (p, q) in shapes.items():
        case("floor_divide/" + variant, lambda p, q: torch.div(p, q, rounding_mode="floor"), between(*p), halves(*q))
        case("remainder/" + variant, torch.remainder, between(*p), halves(*q))
    signs = given([7.0, -7.0, 7.0, -7.0, 6.0, -6.0, 0.0, -0.0, 1.0])
    divisors = given([2.0, 2.0, -2.0, -2.0, 3.0, 3.0, 5.0, 5.0, 0.1])
    for name in ("floor_divide", "remainder"):
        case(name + "/signs", lambda p, q: torch.div(p, q, rounding_mode="floor") if name == "floor_divide" else p.remainder(q), signs, divisors,
             needs=[])
        case(name + "/number", lambda x: getattr(x, name)(1.5) if name == "remainder" else torch.div(x, 1.5, rounding_mode="floor"), away([1.5 * k for k in range(-4, 5)], 3, 5))
    largest = torch.iinfo(torch.int64).max
    case("add/i64_wraps", torch.add, given([largest, -largest - 1, 5], torch.int64), given([1, -1, 6], torch.int64))
    case("mul/i32_wraps", torch.mul, given([1 << 20, -(1 << 31), 5], torch.int32), given([1 << 20, -1, 6], torch.int32))
    case("add/i64_exact", torch.add, given([(1 << 53) + 1, 1 << 60], torch.int64), given([2, 1], torch.int64))
    for kind, dtype in types:
        for name, function in (("neg", torch.neg), ("abs", torch.abs), ("square", torch.square)):
            case(f"{name}/{kind}", function, whole_between(-9, 9, 4, 3, dtype=dtype))
        for name, function in (("max", torch.amax), ("min", torch.amin)):
            case(f"{name}/{kind}", lambda x: function(x, 1), whole_between(-9, 9, 4, 5, dtype=dtype))
        case(f"sum/{kind}", lambda x: x.sum((0, 2)), whole_between(-9, 9, 4, 5, 3, dtype=dtype))
        case(f"where/{kind}", torch.where, lambda g: torch.rand(3, 5, generator=g) < 0.5, whole_between(0, 9, 3, 5, dtype=dtype),
             whole_between(0, 9, 5, dtype=dtype))
        case(f"lt/{kind}", torch.lt, whole_between(0, 4, 5, 3, dtype=dtype), whole_between(0, 4, 3, dtype=dtype))
        case(f"masked_fill/{kind}", lambda x, m: x.masked_fill(m, -8), whole_between(0, 9, 3, 5, dtype=dtype), lambda g: torch.rand(3, 1, generator=g) < 0.5)
    case("sum/truths", lambda x: x.sum(1), lambda g: torch.rand(3, 70, generator=g) < 0.5)
    case("sum/bytes", lambda x: x.sum(), lambda g: torch.randint(0, 256, (3, 5), generator=g, dtype=torch.uint8))
    case("tril/truths", lambda x: x.tril(), lambda g: torch.ones(4, 5, dtype=torch.bool))
    case("triu/i64", lambda x: x.triu(1), whole(9, 4, 5))
    case("where/truths", torch.where, *[lambda g: torch.rand(3, 5, generator=g) < 0.5] * 3)


def einsums():
    case("bmm/plain", torch.bmm, normal(3, 4, 5), normal(3, 5, 2))
    case("bmm/none", torch.bmm, normal(0, 4, 5), normal(0, 5, 2))
    equations = {
        "matmul": ("ij,jk->ik", (3, 4), (4, 5)), "implied": ("ij,jk", (3, 4), (4, 5)), "transposed": ("ij,kj->ki", (3, 4), (5, 4)),
        "batched": ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), "attention": ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
        "values": ("bhqk,bkhd->bqhd", (2, 3, 4, 6), (2, 6, 3, 5)), "transpose": ("ij->ji", (3, 4)), "sum": ("ij->", (3, 4)),
        "rows": ("ij->i", (3, 4)), "trace": ("ii", (4, 4)), "diagonal": ("ii->i", (4, 4)), "batch_diagonal": ("bii->ib", (2, 3, 3)),
        "dot": ("i,i->", (5,), (5,)), "outer": ("i,j->ij", (3,), (4,)), "elementwise": ("ij,ij->ij", (3, 4), (3, 4)),
        "ellipsis": ("...ij,...jk->...ik", (2, 3, 4, 5), (3, 5, 2)), "ellipsis_broadcast": ("...i,...i->...", (2, 1, 4), (3, 4)),
        "ellipsis_implied": ("...ij", (2, 3, 4)), "ellipsis_summed": ("...i->i", (2, 3, 4)), "bilinear": ("bi,oij,bj->bo", (2, 3), (4, 3, 5), (2, 5)),
        "summed_apart": ("ij,kl->ik", (3, 4), (2, 5)), "broadcast_label": ("ij,ij->i", (3, 1), (3, 4)), "three_shared": ("i,i,i->i", (4,), (4,), (4,)),
        "spaces": (" i j , j -> i ", (3, 4), (4,)), "upper_case": ("aB,cB", (3, 4), (2, 4)), "upper_case_first": ("aB,c", (3, 4), (2,)), "empty": ("ij,jk->ik", (3, 0), (0, 2)),
        "scalar": (",ij->ij", (), (2, 3)), "diagonal_times": ("iij,j->i", (3, 3, 2), (2,)), "squared": ("bi,bj->bij", (2, 3), (2, 3)),
    }
    for variant, (equation, *shapes) in equations.items():
        case("einsum/" + variant, lambda *x: torch.einsum(equation, *x), *(normal(*s) for s in shapes))


def main():
    for section in (indices, order, sums_and_spread, integers, einsums):
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "index-operators.safetensors")
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64, seed {SEED}"})
    cases = sum(key.endswith("/out") for key in STORED)
    print(f"{cases} cases, {len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
