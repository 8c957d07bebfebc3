package dev.graft.benchmarks.sweep;

import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.benchmarks.sweep.Grid.Axis;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The operators that the sweep covers, and the shapes of each. */
final class Grids {
    static final int[] BATCHES = {1, 2, 4, 8, 16, 32};
    static final int[] FACTORS = {1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512};
    static final int[] SIZES = {1, 2, 3, 5, 7, 10, 14, 28, 56, 112, 224};
    static final int[] LENGTHS = {1, 2, 3, 4, 5, 7, 8, 10, 16, 31, 64, 128, 256, 1000, 4096};

    private Grids() {}

    static List<Grid> all() {
        List<Grid> own = List.of(
                conv2d(),
                conv1d(),
                matmul(),
                broadcast(),
                sum(),
                softmax(),
                layerNorm(),
                batchNorm(),
                embedding(),
                concat(),
                permute(),
                crossEntropy());
        return Stream.of(own, SpatialGrids.all(), LineGrids.all(), SequenceGrids.all(), TypeGrids.all())
                .flatMap(List::stream)
                .toList();
    }

    static Axis passes(int count) {
        // 0 is forward; from 1 on, the gradient of the first operand, the second, ...
        return new Axis("pass", IntStream.range(0, count).toArray());
    }

    static Function<SplittableRandom, Tensor> floats(int... dims) {
        return random -> Tensor.uniform(random, -1, 1, dims);
    }

    /** Channels-last, as layers hand images on. */
    static Function<SplittableRandom, Tensor> images(int n, int c, int h, int w) {
        return random -> Tensor.uniform(random, -1, 1, n, h, w, c).permute(0, 3, 1, 2);
    }

    private static Function<SplittableRandom, Tensor> indices(int count, int below) {
        return random -> Tensor.of(
                IntStream.generate(() -> random.nextInt(below)).limit(count).toArray(), count);
    }

    static double bytes(double... floats) {
        return Float.BYTES * Arrays.stream(floats).sum();
    }

    /** Whether a kernel reads mostly padding, so that its multiply-adds say little. */
    private static boolean reachesBeyond(int kernel, int dilation, int size) {
        return (kernel - 1) * dilation >= 2 * size;
    }

    private static Grid conv2d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("groups", 1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
                new Axis("in", FACTORS),
                new Axis("out", FACTORS),
                new Axis("size", SIZES),
                new Axis("kernel", 1, 2, 3, 4, 5, 7, 11, 16, 23, 32, 56, 112),
                new Axis("stride", 1, 2, 3, 4, 8, 16),
                new Axis("dilation", 1, 2, 3, 6),
                new Axis("same", 0, 1),
                passes(3));
        return new Grid("conv2d", axes, v -> {
            int padding = v[8] * v[7] * (v[5] - 1) / 2;
            Conv2dParams params = Conv2dParams.of(v[6], padding).dilation(v[7]).groups(v[1]);
            int size = params.outputHeight(v[4], v[5]);
            double x = 1.0 * v[0] * v[1] * v[2] * v[4] * v[4];
            double w = 1.0 * v[1] * v[2] * v[3] * v[5] * v[5];
            double y = 1.0 * v[0] * v[1] * v[3] * size * size;
            if (size == 0 || v[1] * v[2] > 1024 || v[1] * v[3] > 1024 || reachesBeyond(v[5], v[7], v[4])) {
                return Optional.empty();
            }
            return Optional.of(new Work(
                    y * v[2] * v[5] * v[5],
                    bytes(x, w, y),
                    List.of(images(v[0], v[1] * v[2], v[4], v[4]), floats(v[1] * v[3], v[2], v[5], v[5])),
                    t -> t.get(0).conv2d(t.get(1), Optional.empty(), params),
                    v[9] - 1));
        });
    }

    private static Grid conv1d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("groups", 1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
                new Axis("in", FACTORS),
                new Axis("out", FACTORS),
                new Axis("length", 1, 2, 5, 10, 50, 100, 500, 1000, 4000, 5000, 20000),
                new Axis("kernel", 1, 2, 3, 5, 9, 11, 25, 100, 400, 1000, 4000),
                new Axis("stride", 1, 2, 4, 8, 16, 100),
                new Axis("dilation", 1, 2, 5, 25),
                new Axis("same", 0, 1),
                passes(3));
        return new Grid("conv1d", axes, v -> {
            int padding = v[8] * v[7] * (v[5] - 1) / 2;
            Conv1dParams params = Conv1dParams.of(v[6], padding).dilation(v[7]).groups(v[1]);
            int length = params.asConv2d().outputWidth(v[4], v[5]);
            double x = 1.0 * v[0] * v[1] * v[2] * v[4];
            double w = 1.0 * v[1] * v[2] * v[3] * v[5];
            double y = 1.0 * v[0] * v[1] * v[3] * length;
            if (length == 0 || v[1] * v[2] > 1024 || v[1] * v[3] > 1024 || reachesBeyond(v[5], v[7], v[4])) {
                return Optional.empty();
            }
            return Optional.of(new Work(
                    y * v[2] * v[5],
                    bytes(x, w, y),
                    List.of(floats(v[0], v[1] * v[2], v[4]), floats(v[1] * v[3], v[2], v[5])),
                    t -> t.get(0).conv1d(t.get(1), Optional.empty(), params),
                    v[9] - 1));
        });
    }

    private static Grid matmul() {
        int[] dims = {1, 2, 3, 4, 5, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};
        List<Axis> axes = List.of(
                new Axis("batch", 1, 2, 8, 64, 512),
                new Axis("m", dims),
                new Axis("k", dims),
                new Axis("n", dims),
                new Axis(
                        "turned", 0, 1, 2,
                        3), // 1: the left operand lies transposed in memory, 2: the right one, 3: both
                passes(3));
        return new Grid("matmul", axes, v -> {
            double b = v[0];
            return Optional.of(new Work(
                    b * v[1] * v[2] * v[3],
                    bytes(b * v[1] * v[2], b * v[2] * v[3], b * v[1] * v[3]),
                    List.of(matrices(v[0], v[1], v[2], v[4] % 2 == 1), matrices(v[0], v[2], v[3], v[4] / 2 == 1)),
                    t -> t.get(0).matmul(t.get(1)),
                    v[5] - 1));
        });
    }

    private static Function<SplittableRandom, Tensor> matrices(int batch, int rows, int columns, boolean turned) {
        return turned ? floats(batch, columns, rows).andThen(t -> t.transpose(1, 2)) : floats(batch, rows, columns);
    }

    static List<Axis> boxes(Axis... more) {
        List<Axis> axes = new ArrayList<>(
                List.of(new Axis("outer", LENGTHS), new Axis("middle", LENGTHS), new Axis("inner", LENGTHS)));
        axes.addAll(List.of(more));
        return axes;
    }

    static double product(int[] v) {
        return 1.0 * v[0] * v[1] * v[2];
    }

    // The bits of "kept" tell in which dimensions the second operand does not repeat.
    private static Grid broadcast() {
        return new Grid("broadcast", boxes(new Axis("kept", 0, 1, 2, 3, 4, 5, 6, 7), passes(3)), v -> {
            int[] repeated = new int[3];
            for (int d = 0; d < 3; d++) {
                repeated[d] = (v[3] >> d & 1) == 1 ? v[d] : 1;
            }
            return Optional.of(new Work(
                    0,
                    bytes(2 * product(v), product(repeated)),
                    List.of(floats(v[0], v[1], v[2]), floats(repeated)),
                    t -> t.get(0).mul(t.get(1)),
                    v[4] - 1));
        });
    }

    private static Grid sum() {
        return new Grid(
                "sum", boxes(new Axis("over", 1, 2, 3, 4, 5, 6, 7), new Axis("largest", 0, 1), passes(2)), v -> {
                    int[] over = IntStream.range(0, 3)
                            .filter(d -> (v[3] >> d & 1) == 1)
                            .toArray();
                    if (v[4] == 1 && over.length > 1) {
                        return Optional.empty();
                    }
                    return Optional.of(new Work(
                            0,
                            bytes(product(v)),
                            List.of(floats(v[0], v[1], v[2])),
                            t -> v[4] == 1 ? t.get(0).amax(over[0]) : t.get(0).sum(over),
                            v[5] - 1));
                });
    }

    private static Grid softmax() {
        return new Grid(
                "softmax",
                boxes(new Axis("axis", 0, 1, 2), new Axis("log", 0, 1), passes(2)),
                v -> Optional.of(new Work(
                        0,
                        bytes(2 * product(v)),
                        List.of(floats(v[0], v[1], v[2])),
                        t -> v[4] == 1 ? t.get(0).logSoftmax(v[3]) : t.get(0).softmax(v[3]),
                        v[5] - 1)));
    }

    private static Grid layerNorm() {
        List<Axis> axes =
                List.of(new Axis("rows", 1, 2, 8, 64, 512, 4096, 32768, 262144), new Axis("width", LENGTHS), passes(3));
        return new Grid(
                "layerNorm",
                axes,
                v -> Optional.of(new Work(
                        0,
                        bytes(2.0 * v[0] * v[1]),
                        List.of(floats(v[0], v[1]), floats(v[1]), floats(v[1])),
                        t -> t.get(0).layerNorm(t.get(1), t.get(2), 1e-5f),
                        v[2] - 1)));
    }

    private static Grid batchNorm() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", 1, 2, 3, 4, 8, 16, 33, 64, 128, 512),
                new Axis("size", SIZES),
                new Axis("frozen", 0, 1),
                passes(3));
        return new Grid("batchNorm", axes, v -> {
            int c = v[1];
            double x = 1.0 * v[0] * c * v[2] * v[2];
            if (v[0] * v[2] == 1) {
                return Optional.empty();
            }
            return Optional.of(new Work(
                    0,
                    bytes(2 * x),
                    List.of(images(v[0], c, v[2], v[2]), floats(c), floats(c), floats(c), r -> Tensor.ones(c)),
                    t -> v[3] == 1
                            ? t.get(0).batchNormEval(t.get(1), t.get(2), t.get(3), t.get(4), 1e-5f)
                            : t.get(0).batchNormTrain(t.get(1), t.get(2), 1e-5f, t.get(3), t.get(4), 0f),
                    v[4] - 1));
        });
    }

    private static Grid embedding() {
        List<Axis> axes = List.of(
                new Axis("rows", 2, 10, 100, 1000, 10000, 100000),
                new Axis("width", LENGTHS),
                new Axis("count", 1, 8, 64, 1024, 16384, 262144),
                passes(2));
        return new Grid("embedding", axes, v -> {
            double table = 1.0 * v[0] * v[1];
            double taken = 1.0 * v[2] * v[1];
            return Optional.of(new Work(
                    0,
                    bytes(2 * taken, v[2], v[3] == 1 ? table : 0),
                    List.of(floats(v[0], v[1]), indices(v[2], v[0])),
                    t -> t.get(0).embedding(t.get(1)),
                    v[3] - 1));
        });
    }

    private static Grid concat() {
        return new Grid("concat", boxes(new Axis("axis", 0, 1, 2), new Axis("parts", 1, 2, 3, 8, 32), passes(2)), v -> {
            double joined = v[4] * product(v);
            if (bytes(joined) > Work.MOST_BYTES) {
                return Optional.empty(); // the gradient of one part is small, but not what it is taken from
            }
            return Optional.of(new Work(
                    0,
                    bytes(v[5] == 0 ? 2 * joined : 2 * product(v)),
                    IntStream.range(0, v[4])
                            .mapToObj(i -> floats(v[0], v[1], v[2]))
                            .toList(),
                    t -> Tensor.concat(v[3], t),
                    v[5] - 1));
        });
    }

    private static Grid permute() {
        int[][] orders = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        return new Grid(
                "permute",
                boxes(new Axis("order", 0, 1, 2, 3, 4), passes(2)),
                v -> Optional.of(new Work(
                        0,
                        bytes(2 * product(v)),
                        List.of(floats(v[0], v[1], v[2])),
                        t -> t.get(0).permute(orders[v[3]]).contiguous(),
                        v[4] - 1)));
    }

    private static Grid crossEntropy() {
        List<Axis> axes = List.of(
                new Axis("rows", 1, 2, 8, 64, 512, 4096, 32768),
                new Axis("classes", 2, 3, 5, 10, 20, 100, 1000, 10000),
                new Axis("smoothing", 0, 1),
                passes(2));
        return new Grid(
                "crossEntropy",
                axes,
                v -> Optional.of(new Work(
                        0,
                        bytes(2.0 * v[0] * v[1]),
                        List.of(floats(v[0], v[1]), indices(v[0], v[1])),
                        t -> t.get(0).crossEntropy(t.get(1), Optional.empty(), v[2] * 0.1f, -100, LossReduction.MEAN),
                        v[3] - 1)));
    }
}
