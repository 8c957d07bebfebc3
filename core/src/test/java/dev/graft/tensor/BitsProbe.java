package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.cpu.CpuBackend;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.zip.CRC32;

/**
 * Prints a checksum of the bits of results and gradients for each kind of operator, to be compared between JVMs: what
 * {@code docs/determinism.md} promises. Inputs are drawn without functions that differ between JVMs. Argument: the
 * number of threads.
 */
final class BitsProbe {
    private BitsProbe() {}

    /** An operator of some kind, by its arguments' shapes; every argument gets a gradient. */
    private record Probe(String kind, Function<Tensor[], Tensor> function, int[]... shapes) {}

    private static List<Probe> probes() {
        Optional<Tensor> none = Optional.empty();
        int[] image = {3, 32, 29, 31};
        List<Probe> all = new ArrayList<>(List.of(
                new Probe(
                        "arithmetic",
                        x -> x[0].mul(x[1])
                                .add(x[0])
                                .div(x[1].add(3))
                                .sub(x[1])
                                .square()
                                .relu(),
                        image,
                        image),
                new Probe(
                        "arithmetic",
                        x -> x[0].add(2).sqrt().reciprocal().maximum(x[1]).clamp(-0.5f, 0.7f),
                        image,
                        image),
                new Probe("exponentials", x -> x[0].exp().add(x[0].add(2).log()), image),
                new Probe("exponentials", x -> x[0].tanh().add(x[0].sigmoid()).add(x[0].gelu()), image),
                new Probe("exponentials", x -> x[0].add(2).pow(1.7f), image),
                new Probe("sums and means", x -> x[0].sum(), new int[] {300_001}),
                new Probe("sums and means", x -> x[0].mean(2, 3), image),
                new Probe("sums and means", x -> x[0].sum(0), new int[] {2001, 37}),
                new Probe("maxima", x -> x[0].amax(1), new int[] {300, 97}),
                new Probe("softmax and cross-entropy", x -> x[0].softmax(1), new int[] {303, 97}),
                new Probe(
                        "softmax and cross-entropy",
                        x -> x[0].crossEntropy(targets(503, 37), none, 0.1f, -100, LossReduction.MEAN),
                        new int[] {503, 37}),
                new Probe("matrix products", x -> x[0].matmul(x[1]), new int[] {157, 301}, new int[] {301, 163}),
                new Probe(
                        "matrix products",
                        x -> x[0].linear(x[1], Optional.of(x[2])),
                        new int[] {2, 513},
                        new int[] {257, 513},
                        new int[] {257}),
                new Probe("matrix products", x -> x[0].matmul(x[1]), new int[] {5, 7, 11}, new int[] {5, 11, 13}),
                new Probe(
                        "3x3 convolutions, 32 channels and more",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 1)),
                        image,
                        new int[] {48, 32, 3, 3}),
                new Probe(
                        "3x3 convolutions, 32 channels and more",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(2, 1)),
                        new int[] {5, 32, 32, 32},
                        new int[] {48, 32, 3, 3}),
                new Probe("other convolutions", x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 0)), image, new int[] {
                    65, 32, 1, 1
                }),
                new Probe(
                        "other convolutions",
                        x -> x[0].conv2d(x[1], Optional.of(x[2]), Conv2dParams.of(2, 3)),
                        new int[] {2, 3, 61, 63},
                        new int[] {33, 3, 7, 7},
                        new int[] {33}),
                new Probe(
                        "other convolutions",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 2)),
                        new int[] {2, 9, 21, 23},
                        new int[] {17, 9, 5, 5}),
                new Probe(
                        "grouped convolutions",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 1).groups(2)),
                        image,
                        new int[] {16, 16, 3, 3}),
                new Probe(
                        "depthwise convolutions",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 1).groups(32)),
                        image,
                        new int[] {32, 1, 3, 3}),
                new Probe(
                        "depthwise convolutions",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(2, 2).groups(41)),
                        new int[] {2, 41, 31, 30},
                        new int[] {41, 1, 5, 5}),
                new Probe(
                        "batch norm",
                        x -> x[0].batchNormTrain(
                                x[1],
                                x[2],
                                1e-5f,
                                Tensor.zeros(32),
                                Tensor.ones(32),
                                0.1f,
                                Optional.of(x[3]),
                                Activation.RELU),
                        image,
                        new int[] {32},
                        new int[] {32},
                        image),
                new Probe(
                        "batch norm",
                        x -> x[0].batchNormEval(
                                x[1], x[2], Tensor.zeros(32), Tensor.ones(32), 1e-5f, none, Activation.RELU6),
                        image,
                        new int[] {32},
                        new int[] {32}),
                new Probe(
                        "layer norm",
                        x -> x[0].layerNorm(x[1], x[2], 1e-5f),
                        new int[] {203, 131},
                        new int[] {131},
                        new int[] {131}),
                new Probe("pooling", x -> x[0].maxPool2d(Pool2dParams.of(3, 2, 1)), image),
                new Probe(
                        "pooling",
                        x -> x[0].avgPool2d(Pool2dParams.of(3, 2, 1)).add(x[0].adaptiveAvgPool2d(1, 1)),
                        image),
                new Probe("dropout", x -> x[0].dropout(0.3f, 5), image),
                new Probe("embedding", x -> x[0].embedding(targets(4000, 50)), new int[] {50, 33})));
        return all;
    }

    private static Tensor targets(int count, int classes) {
        return Tensor.of(new SplittableRandom(9).longs(count, 0, classes).toArray(), count);
    }

    private static Tensor uniform(SplittableRandom random, int... dims) {
        float[] values = new float[Shape.of(dims).numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextInt(1 << 24) - (1 << 23)) * 0x1p-23f;
        }
        return Tensor.of(values, dims);
    }

    /** A checksum for each kind. */
    static Map<String, Long> checksums() {
        Map<String, CRC32> sums = new LinkedHashMap<>();
        for (Probe probe : probes()) {
            CRC32 sum = sums.computeIfAbsent(probe.kind(), k -> new CRC32());
            SplittableRandom random = new SplittableRandom(11);
            try (Scope scope = Scope.open()) {
                Tensor[] in = new Tensor[probe.shapes().length];
                for (int i = 0; i < in.length; i++) {
                    in[i] = uniform(random, probe.shapes()[i]).requireGrad(true);
                }
                Tensor out = probe.function().apply(in);
                out.backward(uniform(random, out.shape().toArray()));
                add(sum, out);
                for (Tensor t : in) {
                    add(sum, t.grad().orElseThrow());
                }
            }
        }
        Map<String, Long> values = new LinkedHashMap<>();
        sums.forEach((kind, sum) -> values.put(kind, sum.getValue()));
        return values;
    }

    private static void add(CRC32 sum, Tensor t) {
        for (float v : t.toFloatArray()) {
            int bits = Float.floatToIntBits(v);
            sum.update(bits >>> 24);
            sum.update(bits >>> 16);
            sum.update(bits >>> 8);
            sum.update(bits);
        }
    }

    public static void main(String[] args) {
        CpuBackend.instance().setThreads(Integer.parseInt(args[0]));
        checksums().forEach((kind, sum) -> System.out.println(kind + "\t" + Long.toHexString(sum)));
    }
}
