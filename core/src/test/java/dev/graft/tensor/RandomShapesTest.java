package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random shapes, memory layouts and parameters against naive references; the number of the run that failed, less one,
 * is its seed.
 */
class RandomShapesTest {
    private static final int SEEDS = 100;

    static IntStream seeds() {
        return IntStream.range(0, SEEDS);
    }

    private static int[] dims(RandomGenerator random, int rank, int largest) {
        return random.ints(rank, 1, largest + 1).toArray();
    }

    /** A tensor with different values, reached through random slices, permutations and repetitions. */
    private static Tensor view(RandomGenerator random, int... dims) {
        int[] larger = Arrays.stream(dims).map(d -> d + random.nextInt(3)).toArray();
        int[] order = IntStream.range(0, dims.length).toArray();
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        int[] inverse = new int[order.length];
        int[] permuted = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            inverse[order[i]] = i;
            permuted[i] = larger[order[i]];
        }
        int repeated = dims.length > 0 && random.nextInt(4) == 0 ? random.nextInt(dims.length) : -1;
        if (repeated >= 0) {
            permuted[inverse[repeated]] = 1;
        }
        Tensor t = Tensor.randn(random, permuted).permute(inverse);
        for (int i = 0; i < dims.length; i++) {
            if (i != repeated) {
                int from = random.nextInt(larger[i] - dims[i] + 1);
                t = t.slice(i, from, from + dims[i]);
            }
        }
        return t.expand(dims);
    }

    private static Nd values(Tensor t) {
        float[] data = t.toFloatArray();
        return new Nd(
                t.shape().toArray(),
                IntStream.range(0, data.length).mapToDouble(i -> data[i]).toArray());
    }

    private static int pick(RandomGenerator random, int... values) {
        return values[random.nextInt(values.length)];
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void reshapesOfViews(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            Tensor x = view(random, dims(random, random.nextInt(5), 4));
            int rest = x.numel();
            int[] target = new int[random.nextInt(1, 5)];
            for (int i = 0; i < target.length - 1; i++) {
                int n = rest;
                int[] divisors =
                        IntStream.rangeClosed(1, n).filter(d -> n % d == 0).toArray();
                target[i] = divisors[random.nextInt(divisors.length)];
                rest /= target[i];
            }
            target[target.length - 1] = rest;
            Tensor y = x.reshape(target);
            assertThat(y.shape()).isEqualTo(Shape.of(target));
            assertThat(y.toFloatArray()).containsExactly(x.toFloatArray());
            assertThat(x.copy().reshape(target).toFloatArray()).containsExactly(x.toFloatArray());
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void copiesBetweenLayouts(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            int[] dims = dims(random, random.nextInt(5), 9);
            Tensor x = view(random, dims);
            Tensor y = Layout.values()[random.nextInt(Layout.values().length)].of(Tensor.zeros(dims));
            y.copyFrom(x);
            assertThat(y.toFloatArray()).containsExactly(x.toFloatArray());
            y.addInPlace(x, 2);
            assertThat(y.toFloatArray()).containsExactly(x.add(x.mul(2)).toFloatArray());
            Tensor whole = x.mul(100).to(DType.I64);
            assertThat(whole.toLongArray())
                    .containsExactly(IntStream.range(0, x.numel())
                            .mapToLong(i -> (long) (x.toFloatArray()[i] * 100))
                            .toArray());
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void broadcasts(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            int[] full = dims(random, random.nextInt(1, 5), 6);
            Tensor p = view(random, thinned(random, full)).requireGrad(true);
            Tensor q = view(random, thinned(random, full)).requireGrad(true);
            Tensor y = p.mul(q);
            Close.check("value", y.toFloatArray(), Nd.zip(values(p), values(q), (a, b) -> a * b), 0);
            Tensor dy = view(random, y.shape().toArray());
            y.backward(dy);
            // A bilinear function meets <dp, p> = <dy, y> = <dq, q>.
            double expected = values(dy).dot(values(y));
            expectAdjoint(p, expected, dy, y);
            expectAdjoint(q, expected, dy, y);
        }
    }

    private static int[] thinned(RandomGenerator random, int[] full) {
        int[] kept = Arrays.copyOfRange(full, random.nextInt(full.length), full.length);
        return Arrays.stream(kept).map(d -> random.nextInt(3) == 0 ? 1 : d).toArray();
    }

    private static void expectAdjoint(Tensor argument, double expected, Tensor dy, Tensor y) {
        double found = values(argument.grad().orElseThrow()).dot(values(argument));
        double scale = Nd.zip(values(dy), values(y), (a, b) -> Math.abs(a * b)).sum() + 1e-3;
        assertThat(Math.abs(found - expected) / scale)
                .as("relative difference of <gradient, argument> and <dy, y>")
                .isLessThan(1e-5);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void reductions(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            Tensor x = view(random, dims(random, random.nextInt(1, 5), 7));
            int[] axes = IntStream.range(0, x.rank())
                    .filter(i -> random.nextBoolean())
                    .toArray();
            boolean keep = random.nextBoolean();
            Close.check(
                    "sum",
                    x.sum(keep, axes).toFloatArray(),
                    ReductionCases.fold(values(x), keep, axes, 0, Double::sum),
                    100);
            int axis = random.nextInt(x.rank());
            Close.check(
                    "max",
                    x.amax(axis).toFloatArray(),
                    ReductionCases.fold(values(x), false, new int[] {axis}, Double.NEGATIVE_INFINITY, Math::max),
                    0);
            Close.check("argmax", x.argmax(axis).toFloatArray(), ReductionCases.argmax(values(x), axis), 0);
            Close.check("softmax", x.softmax(axis).toFloatArray(), ReductionCases.softmax(values(x), false, axis), 7);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void products(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            int terms = random.nextInt(1, 20);
            int[] lead = dims(random, random.nextInt(3), 3);
            int[] left = thinnedLead(random, lead, random.nextInt(1, 12), terms);
            int[] right = thinnedLead(random, lead, terms, random.nextInt(1, 12));
            Tensor p = view(random, left).requireGrad(true);
            Tensor q = view(random, right).requireGrad(true);
            Tensor y = p.matmul(q);
            Close.check("value", y.toFloatArray(), ProductCases.matmul(values(p), values(q)), 60);
            Tensor dy = view(random, y.shape().toArray());
            y.backward(dy);
            double expected = values(dy).dot(values(y));
            expectAdjoint(p, expected, dy, y);
            expectAdjoint(q, expected, dy, y);
        }
    }

    private static int[] thinnedLead(RandomGenerator random, int[] lead, int rows, int columns) {
        int[] dims = Arrays.copyOf(
                Arrays.stream(lead).map(d -> random.nextInt(3) == 0 ? 1 : d).toArray(), lead.length + 2);
        dims[lead.length] = rows;
        dims[lead.length + 1] = columns;
        return dims;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void convolutions(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            int groups = pick(random, 1, 1, 1, 2, 3);
            int inputs = groups * pick(random, 1, 2, 3, 5, 8);
            int outputs = groups * pick(random, 1, 2, 4, 7);
            int kernelH = pick(random, 1, 1, 2, 3, 3, 3, 5);
            int kernelW = pick(random, kernelH, kernelH, 1, 3, 4);
            Conv2dParams params = new Conv2dParams(
                    random.nextInt(1, 4),
                    random.nextInt(1, 4),
                    random.nextInt(3),
                    random.nextInt(3),
                    random.nextInt(3),
                    random.nextInt(3),
                    random.nextInt(1, 3),
                    random.nextInt(1, 3),
                    groups);
            int height = random.nextInt(params.dilationH() * (kernelH - 1) + 1, 16);
            int width = random.nextInt(params.dilationW() * (kernelW - 1) + 1, 16);
            Tensor x = view(random, random.nextInt(1, 4), inputs, height, width).requireGrad(true);
            Tensor w = view(random, outputs, inputs / groups, kernelH, kernelW).requireGrad(true);
            Tensor y = x.conv2d(w, Optional.empty(), params);
            Close.check(
                    "value of " + params,
                    y.toFloatArray(),
                    ProductCases.conv2d(new Nd[] {values(x), values(w)}, params),
                    200);
            Tensor dy = view(random, y.shape().toArray());
            y.backward(dy);
            double expected = values(dy).dot(values(y));
            expectAdjoint(x, expected, dy, y);
            expectAdjoint(w, expected, dy, y);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void poolings(int seed) {
        RandomGenerator random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            int kernelH = random.nextInt(1, 5);
            int kernelW = random.nextInt(1, 5);
            Pool2dParams params = new Pool2dParams(
                    kernelH,
                    kernelW,
                    random.nextInt(1, 4),
                    random.nextInt(1, 4),
                    random.nextInt(kernelH / 2 + 1),
                    random.nextInt(kernelW / 2 + 1),
                    random.nextBoolean(),
                    random.nextBoolean());
            Tensor x = view(
                            random,
                            random.nextInt(1, 3),
                            random.nextInt(1, 9),
                            random.nextInt(kernelH, 12),
                            random.nextInt(kernelW, 12))
                    .requireGrad(true);
            for (boolean max : new boolean[] {true, false}) {
                x.clearGrad();
                Tensor y = max ? x.maxPool2d(params) : x.avgPool2d(params);
                Close.check("value of " + params, y.toFloatArray(), PoolCases.pool(values(x), max, params), 16);
                Tensor dy = view(random, y.shape().toArray());
                y.backward(dy);
                expectAdjoint(x, values(dy).dot(values(y)), dy, y);
            }
            int height = random.nextInt(1, 9);
            int width = random.nextInt(1, 9);
            Close.check(
                    "adaptive",
                    x.adaptiveAvgPool2d(height, width).toFloatArray(),
                    PoolCases.adaptive(values(x), false, height, width),
                    16);
            Close.check(
                    "adaptive",
                    x.adaptiveMaxPool2d(height, width).toFloatArray(),
                    PoolCases.adaptive(values(x), true, height, width),
                    0);
        }
    }
}
