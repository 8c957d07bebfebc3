package dev.graft.benchmarks.sweep;

import static dev.graft.benchmarks.sweep.Grids.LENGTHS;
import static dev.graft.benchmarks.sweep.Grids.boxes;
import static dev.graft.benchmarks.sweep.Grids.bytes;
import static dev.graft.benchmarks.sweep.Grids.floats;
import static dev.graft.benchmarks.sweep.Grids.passes;
import static dev.graft.benchmarks.sweep.Grids.product;

import dev.graft.benchmarks.sweep.Grid.Axis;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Operators along one dimension of three: orders, running sums, indices, statistics. */
final class LineGrids {
    private static final double SORTED_ELEMENT = 100; // of the time of a multiply-add, for each halving

    private LineGrids() {}

    static List<Grid> all() {
        return List.of(
                alongAxis("cumsum", 2, Tensor::cumsum),
                alongAxis("flip", 2, (x, axis) -> x.flip(axis)),
                alongAxis("argmax", 1, Tensor::argmax),
                alongAxis("max", 2, (x, axis) -> x.max(axis).values()),
                alongAxis("var", 2, (x, axis) -> x.var(axis)),
                alongAxis("norm", 2, (x, axis) -> x.norm(2, axis)),
                alongAxis("norm1", 2, (x, axis) -> x.norm(1, axis)),
                sort(),
                gather(),
                scatterAdd(),
                indexSelect(),
                rmsNorm(),
                linear(),
                add());
    }

    private static Axis axis() {
        return new Axis("axis", 0, 1, 2);
    }

    private static Grid alongAxis(String name, int passes, BiFunction<Tensor, Integer, Tensor> function) {
        return new Grid(name, boxes(axis(), passes(passes)), v -> {
            boolean single = v[v[3]] == 1 && name.equals("var");
            return single
                    ? Optional.empty()
                    : Optional.of(new Work(
                            0,
                            bytes(2 * product(v)),
                            List.of(floats(v[0], v[1], v[2])),
                            t -> function.apply(t.get(0), v[3]),
                            v[4] - 1));
        });
    }

    private static Grid sort() {
        return new Grid("sort", boxes(axis(), new Axis("top", 0, 1, 5, 50), passes(2)), v -> {
            int n = v[v[3]];
            if (v[4] > n) {
                return Optional.empty();
            }
            return Optional.of(new Work(
                    SORTED_ELEMENT * product(v) * Math.log(v[4] == 0 ? n + 1 : v[4] + 1) / Math.log(2),
                    bytes(2 * product(v)),
                    List.of(floats(v[0], v[1], v[2])),
                    t -> v[4] == 0
                            ? t.get(0).sort(v[3]).values()
                            : t.get(0).topk(v[3], v[4]).values(),
                    v[5] - 1));
        });
    }

    private static Function<SplittableRandom, Tensor> indices(int below, int... dims) {
        int count = IntStream.of(dims).reduce(1, (a, b) -> a * b);
        return random -> Tensor.of(
                        IntStream.generate(() -> random.nextInt(below))
                                .limit(count)
                                .toArray(),
                        count)
                .reshape(dims);
    }

    private static Grid gather() {
        return new Grid(
                "gather",
                boxes(axis(), passes(2)),
                v -> Optional.of(new Work(
                        0,
                        bytes(3 * product(v)),
                        List.of(floats(v[0], v[1], v[2]), indices(v[v[3]], v[0], v[1], v[2])),
                        t -> t.get(0).gather(v[3], t.get(1)),
                        v[4] - 1)));
    }

    private static Grid scatterAdd() {
        return new Grid(
                "scatterAdd",
                boxes(axis(), passes(3)), // pass 2 is the gradient of the source
                v -> Optional.of(new Work(
                        0,
                        bytes(4 * product(v)),
                        List.of(floats(v[0], v[1], v[2]), floats(v[0], v[1], v[2]), indices(v[v[3]], v[0], v[1], v[2])),
                        t -> t.get(0).scatterAdd(v[3], t.get(2), t.get(1)),
                        v[4] - 1)));
    }

    private static Grid indexSelect() {
        return new Grid("indexSelect", boxes(axis(), new Axis("count", LENGTHS), passes(2)), v -> {
            double taken = product(v) / v[v[3]] * v[4];
            return Optional.of(new Work(
                    0,
                    bytes(v[5] == 0 ? 2 * taken : taken + product(v)),
                    List.of(floats(v[0], v[1], v[2]), indices(v[v[3]], v[4])),
                    t -> t.get(0).indexSelect(v[3], t.get(1)),
                    v[5] - 1));
        });
    }

    private static Grid rmsNorm() {
        List<Axis> axes =
                List.of(new Axis("rows", 1, 2, 8, 64, 512, 4096, 32768, 262144), new Axis("width", LENGTHS), passes(3));
        return new Grid(
                "rmsNorm",
                axes,
                v -> v[2] > 2
                        ? Optional.empty()
                        : Optional.of(new Work(
                                0,
                                bytes(2.0 * v[0] * v[1]),
                                List.of(floats(v[0], v[1]), floats(v[1])),
                                t -> t.get(0).rmsNorm(t.get(1), 1e-5f),
                                v[2] - 1)));
    }

    private static Grid linear() {
        int[] widths = {1, 2, 3, 5, 8, 10, 16, 33, 64, 128, 512, 1000, 2048};
        List<Axis> axes = List.of(
                new Axis("rows", 1, 2, 3, 5, 8, 31, 64, 128, 512, 4096, 32768),
                new Axis("in", widths),
                new Axis("out", widths),
                passes(4));
        return new Grid(
                "linear",
                axes,
                v -> Optional.of(new Work(
                        1.0 * v[0] * v[1] * v[2],
                        bytes(1.0 * v[0] * v[1], 1.0 * v[1] * v[2], 1.0 * v[0] * v[2]),
                        List.of(floats(v[0], v[1]), floats(v[2], v[1]), floats(v[2])),
                        t -> t.get(0).linear(t.get(1), Optional.of(t.get(2))),
                        v[3] - 1)));
    }

    /** Operands of which one lies in another order of memory. */
    private static Grid add() {
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}};
        return new Grid("add", boxes(new Axis("order", 0, 1, 2, 3), passes(3)), v -> {
            int[] order = orders[v[3]];
            int[] dims = IntStream.range(0, 3).map(i -> v[order[i]]).toArray();
            return Optional.of(new Work(
                    0,
                    bytes(3 * product(v)),
                    List.of(floats(v[0], v[1], v[2]), floats(dims).andThen(t -> t.permute(order))),
                    t -> t.get(0).add(t.get(1)),
                    v[4] - 1));
        });
    }
}
