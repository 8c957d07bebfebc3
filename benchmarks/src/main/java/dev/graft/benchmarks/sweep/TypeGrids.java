package dev.graft.benchmarks.sweep;

import static dev.graft.benchmarks.sweep.Grids.LENGTHS;
import static dev.graft.benchmarks.sweep.Grids.boxes;
import static dev.graft.benchmarks.sweep.Grids.floats;
import static dev.graft.benchmarks.sweep.Grids.passes;
import static dev.graft.benchmarks.sweep.Grids.product;

import dev.graft.benchmarks.sweep.Grid.Axis;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Functions of one and two operands, of floats, integers and masks, and conversions. Two neighbours along the axis
 * {@code function} are two functions: one that costs many times the other is found as well.
 */
final class TypeGrids {
    private static final List<UnaryOperator<Tensor>> FUNCTIONS = List.of(
            Tensor::relu,
            x -> x.leakyRelu(0.1f),
            Tensor::exp,
            Tensor::log1p,
            Tensor::sin,
            Tensor::cos,
            Tensor::tanh,
            Tensor::gelu,
            Tensor::silu,
            Tensor::floor,
            x -> x.pow(2),
            x -> x.pow(3),
            x -> x.pow(2.5f),
            x -> x.clamp(0.2f, 0.8f),
            Tensor::isNaN,
            x -> x.gt(0.5));
    private static final List<BinaryOperator<Tensor>> OF_FLOATS = List.of(
            Tensor::add,
            Tensor::mul,
            Tensor::div,
            Tensor::maximum,
            Tensor::remainder,
            Tensor::floorDivide,
            Tensor::eq,
            Tensor::gt,
            (x, y) -> x.prelu(y.select(0, 0).select(1, 0)));
    private static final List<BinaryOperator<Tensor>> OF_INTEGERS =
            List.of(Tensor::add, Tensor::mul, Tensor::remainder, Tensor::floorDivide, Tensor::eq, Tensor::lt);
    private static final List<UnaryOperator<Tensor>> FOLDS_OF_INTEGERS =
            List.of(x -> x.sum(0), x -> x.sum(1), x -> x.sum(2), x -> x.amax(1), x -> x.flip(2), x -> x.cumsum(1));
    private static final List<BinaryOperator<Tensor>> OF_MASKS = List.of(
            Tensor::logicalAnd,
            Tensor::logicalOr,
            Tensor::logicalXor,
            (p, q) -> p.logicalNot(),
            (p, q) -> p.to(DType.I64).sum(),
            (p, q) -> p.to(DType.I64).sum(1),
            (p, q) -> p.flip(2),
            (p, q) -> Tensor.where(p, q, p));
    private static final List<DType> TYPES =
            List.of(DType.F32, DType.I64, DType.I32, DType.U8, DType.BOOL, DType.F64, DType.F16);

    private TypeGrids() {}

    static List<Grid> all() {
        return List.of(
                unary(), floatPairs(), pairs("integers", DType.I64, OF_INTEGERS), folds(), masks(), where(), convert());
    }

    private static Axis choice(String name, int count) {
        return new Axis(name, IntStream.range(0, count).toArray());
    }

    /** Whole numbers from 1 to 9, or both truths. */
    private static Function<SplittableRandom, Tensor> of(DType type, int... dims) {
        return random -> type == DType.BOOL
                ? Tensor.uniform(random, -1, 1, dims).gt(0)
                : Tensor.uniform(random, 1, 10, dims).to(type);
    }

    private static Grid unary() {
        return new Grid(
                "functions",
                boxes(choice("function", FUNCTIONS.size()), passes(2)),
                v -> v[4] == 1 && v[3] >= FUNCTIONS.size() - 2
                        ? Optional.empty()
                        : Optional.of(new Work(
                                0,
                                Grids.bytes(2 * product(v)),
                                List.of(random -> Tensor.uniform(random, 0, 1, v[0], v[1], v[2])),
                                t -> FUNCTIONS.get(v[3]).apply(t.get(0)),
                                v[4] - 1)));
    }

    /** The second operand repeats along the first axis if {@code row} is set. */
    private static Grid floatPairs() {
        return new Grid(
                "pairs",
                boxes(choice("function", OF_FLOATS.size()), new Axis("row", 0, 1)),
                v -> Optional.of(new Work(
                        0,
                        Grids.bytes(3 * product(v)),
                        List.of(floats(v[0], v[1], v[2]), floats(v[4] == 1 ? 1 : v[0], v[1], v[2])),
                        t -> OF_FLOATS.get(v[3]).apply(t.get(0), t.get(1)),
                        -1)));
    }

    private static Grid pairs(String name, DType type, List<BinaryOperator<Tensor>> functions) {
        return new Grid(
                name,
                boxes(choice("function", functions.size()), new Axis("row", 0, 1)),
                v -> Optional.of(new Work(
                        0,
                        3 * type.bytes() * product(v),
                        List.of(of(type, v[0], v[1], v[2]), of(type, v[4] == 1 ? 1 : v[0], v[1], v[2])),
                        t -> functions.get(v[3]).apply(t.get(0), t.get(1)),
                        -1)));
    }

    private static Grid folds() {
        return new Grid(
                "integerFolds",
                boxes(choice("function", FOLDS_OF_INTEGERS.size())),
                v -> Optional.of(new Work(
                        0,
                        Long.BYTES * product(v),
                        List.of(of(DType.I64, v[0], v[1], v[2])),
                        t -> FOLDS_OF_INTEGERS.get(v[3]).apply(t.get(0)),
                        -1)));
    }

    // A mask has few bytes, so that hardly a shape would count: eight times as many are expected of it.
    private static Grid masks() {
        return new Grid(
                "masks",
                boxes(choice("function", OF_MASKS.size()), new Axis("row", 0, 1)),
                v -> Optional.of(new Work(
                        0,
                        8 * product(v),
                        List.of(of(DType.BOOL, v[0], v[1], v[2]), of(DType.BOOL, v[4] == 1 ? 1 : v[0], v[1], v[2])),
                        t -> OF_MASKS.get(v[3]).apply(t.get(0), t.get(1)),
                        -1)));
    }

    /** The condition does not repeat in the dimensions of {@code kept}'s bits: a padding mask is [N, 1, L]. */
    private static Grid where() {
        return new Grid("where", boxes(choice("kept", 8), new Axis("fill", 0, 1), passes(3)), v -> {
            int[] mask = IntStream.range(0, 3)
                    .map(d -> (v[3] >> d & 1) == 1 ? v[d] : 1)
                    .toArray();
            return Optional.of(new Work(
                    0,
                    Grids.bytes(3 * product(v)),
                    List.of(floats(v[0], v[1], v[2]), floats(v[0], v[1], v[2]), of(DType.BOOL, mask)),
                    t -> v[4] == 1
                            ? t.get(0).maskedFill(t.get(2), -1e9).add(t.get(1))
                            : Tensor.where(t.get(2), t.get(0), t.get(1)),
                    v[5] - 1));
        });
    }

    private static Grid convert() {
        List<Axis> axes = List.of(
                new Axis("rows", LENGTHS),
                new Axis("columns", LENGTHS),
                choice("from", TYPES.size()),
                choice("to", TYPES.size()),
                new Axis("turned", 0, 1));
        return new Grid("convert", axes, v -> {
            DType from = TYPES.get(v[2]);
            DType to = TYPES.get(v[3]);
            Function<SplittableRandom, Tensor> x = of(from, v[0], v[1]);
            return Optional.of(new Work(
                    0,
                    (from.bytes() + to.bytes()) * 1.0 * v[0] * v[1],
                    List.of(v[4] == 1 ? x.andThen(t -> t.transpose(0, 1)) : x),
                    t -> t.get(0).to(to),
                    -1));
        });
    }
}
