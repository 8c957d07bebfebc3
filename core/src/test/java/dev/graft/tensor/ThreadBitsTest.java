package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.AttentionParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The number of threads changes no bit: of any catalogue case, and of cases large enough that every thread gets work.
 */
class ThreadBitsTest {
    private final CpuBackend cpu = CpuBackend.instance();
    private int before;

    @BeforeEach
    void remember() {
        before = cpu.threads();
    }

    @AfterEach
    void restore() {
        cpu.setThreads(before);
    }

    static List<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void catalogueCasesKeepTheirBits(OpCase c) {
        cpu.setThreads(1);
        OpRun one = OpRun.of(c, Layout.CONTIGUOUS);
        for (int threads : new int[] {2, 3}) {
            cpu.setThreads(threads);
            OpRun several = OpRun.of(c, Layout.CONTIGUOUS);
            assertThat(several.out()).as("%s with %d threads", c, threads).containsExactly(one.out());
            assertThat(several.gradients().keySet()).isEqualTo(one.gradients().keySet());
            one.gradients()
                    .forEach((i, g) -> assertThat(several.gradients().get(i))
                            .as("%s, gradient %d with %d threads", c, i, threads)
                            .containsExactly(g));
        }
    }

    /** A case by its argument shapes; every argument gets a gradient. */
    record Large(String name, Function<Tensor[], Tensor> function, int[]... shapes) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Large> largeCases() {
        Optional<Tensor> none = Optional.empty();
        int[] image = {4, 24, 57, 43};
        return List.of(
                new Large("relu", x -> x[0].relu(), image),
                new Large("gelu", x -> x[0].gelu(), image),
                new Large("add row", x -> x[0].add(x[1]), new int[] {301, 407}, new int[] {407}),
                new Large("mul column", x -> x[0].mul(x[1]), new int[] {301, 407}, new int[] {301, 1}),
                new Large("permuted copy", x -> x[0].permute(3, 1, 0, 2).contiguous(), image),
                new Large("sum of all", x -> x[0].sum(), new int[] {1_000_003}),
                new Large("sum of rows", x -> x[0].sum(1), new int[] {301, 1407}),
                new Large("sum of columns", x -> x[0].sum(0), new int[] {1407, 301}),
                new Large("mean of images", x -> x[0].mean(2, 3), image),
                new Large("max of columns", x -> x[0].amax(0), new int[] {1407, 301}),
                new Large("softmax", x -> x[0].softmax(1), new int[] {703, 211}),
                new Large("dropout", x -> x[0].dropout(0.3f, 5), image),
                new Large("matmul", x -> x[0].matmul(x[1]), new int[] {257, 301}, new int[] {301, 263}),
                new Large("batched matmul", x -> x[0].matmul(x[1]), new int[] {7, 65, 129}, new int[] {7, 129, 67}),
                new Large(
                        "linear",
                        x -> x[0].linear(x[1], Optional.of(x[2])),
                        new int[] {129, 513},
                        new int[] {257, 513},
                        new int[] {257}),
                new Large(
                        "conv 3x3",
                        x -> x[0].conv2d(x[1], Optional.of(x[2]), Conv2dParams.of(1, 1)),
                        image,
                        new int[] {33, 24, 3, 3},
                        new int[] {33}),
                new Large("conv 3x3 stride 2", x -> x[0].conv2d(x[1], none, Conv2dParams.of(2, 1)), image, new int[] {
                    33, 24, 3, 3
                }),
                new Large(
                        "conv 1x1", x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 0)), image, new int[] {65, 24, 1, 1
                        }),
                new Large(
                        "conv 7x7 stem",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(2, 3)),
                        new int[] {2, 3, 97, 95},
                        new int[] {17, 3, 7, 7}),
                new Large(
                        "depthwise",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 1).groups(24)),
                        image,
                        new int[] {24, 1, 3, 3}),
                new Large(
                        "grouped",
                        x -> x[0].conv2d(x[1], none, Conv2dParams.of(1, 1).groups(2)),
                        image,
                        new int[] {16, 12, 3, 3}),
                new Large(
                        "batch norm",
                        x -> x[0].batchNormTrain(x[1], x[2], 1e-5f, Tensor.zeros(24), Tensor.ones(24), 0.1f),
                        image,
                        new int[] {24},
                        new int[] {24}),
                new Large(
                        "batch norm, relu",
                        x -> x[0].batchNormTrain(
                                x[1],
                                x[2],
                                1e-5f,
                                Tensor.zeros(24),
                                Tensor.ones(24),
                                0.1f,
                                Optional.empty(),
                                Activation.RELU),
                        image,
                        new int[] {24},
                        new int[] {24}),
                new Large(
                        "batch norm, residual, relu6",
                        x -> x[0].batchNormTrain(
                                x[1],
                                x[2],
                                1e-5f,
                                Tensor.zeros(24),
                                Tensor.ones(24),
                                0.1f,
                                Optional.of(x[3]),
                                Activation.RELU6),
                        image,
                        new int[] {24},
                        new int[] {24},
                        image),
                new Large(
                        "layer norm",
                        x -> x[0].layerNorm(x[1], x[2], 1e-5f),
                        new int[] {1203, 131},
                        new int[] {131},
                        new int[] {131}),
                new Large("max pool", x -> x[0].maxPool2d(Pool2dParams.of(3, 2, 1)), image),
                new Large("average pool", x -> x[0].avgPool2d(Pool2dParams.of(3, 2, 1)), image),
                new Large("adaptive pool", x -> x[0].adaptiveAvgPool2d(1, 1), image),
                new Large(
                        "attention",
                        x -> x[0].scaledDotProductAttention(x[1], x[2]),
                        new int[] {2, 3, 301, 37},
                        new int[] {2, 3, 157, 37},
                        new int[] {2, 3, 157, 67}),
                new Large(
                        "self-attention",
                        x -> x[0].selfAttention(4, Optional.empty(), AttentionParams.of(9)),
                        new int[] {3, 197, 108}),
                new Large(
                        "lstm",
                        x -> recurrent(RecurrentCell.LSTM, x),
                        new int[] {7, 50, 33},
                        new int[] {76, 33},
                        new int[] {76, 19},
                        new int[] {50, 19},
                        new int[] {50, 19}),
                new Large(
                        "gru",
                        x -> recurrent(RecurrentCell.GRU, x),
                        new int[] {7, 50, 33},
                        new int[] {57, 33},
                        new int[] {57, 19},
                        new int[] {50, 19}),
                new Large("embedding", x -> x[0].embedding(targets(40_000, 50)), new int[] {50, 33}),
                new Large(
                        "cross-entropy",
                        x -> x[0].crossEntropy(targets(5003, 37), Optional.empty(), 0.1f, -100, LossReduction.MEAN),
                        new int[] {5003, 37}),
                new Large(
                        "cross-entropy of pixels",
                        x -> x[0].crossEntropy(
                                targets(4 * 57 * 43, 24).reshape(4, 57, 43), Optional.empty(), 0, 3, LossReduction.SUM),
                        image));
    }

    private static Tensor recurrent(RecurrentCell cell, Tensor[] x) {
        return x[0].recurrent(
                        cell,
                        true,
                        new Recurrent.Weights(x[1], x[2], Optional.empty(), Optional.empty()),
                        new Recurrent.State(x[3], x.length > 4 ? Optional.of(x[4]) : Optional.empty()),
                        Optional.empty())
                .output();
    }

    private static Tensor targets(int count, int classes) {
        return Tensor.of(new SplittableRandom(9).longs(count, 0, classes).toArray(), count);
    }

    @ParameterizedTest
    @MethodSource("largeCases")
    void largeCasesKeepTheirBits(Large c) {
        List<float[]> one = run(c, 1);
        for (int threads : new int[] {2, 3, 5}) {
            List<float[]> several = run(c, threads);
            for (int i = 0; i < one.size(); i++) {
                assertThat(Arrays.mismatch(several.get(i), one.get(i)))
                        .as("%s, first difference in array %d with %d threads", c, i, threads)
                        .isEqualTo(-1);
            }
        }
    }

    /** The result, then each gradient. */
    private List<float[]> run(Large c, int threads) {
        cpu.setThreads(threads);
        RandomGenerator random = new SplittableRandom(11);
        try (Scope scope = Scope.open()) {
            Tensor[] in = Arrays.stream(c.shapes())
                    .map(s -> Tensor.randn(random, s).requireGrad(true))
                    .toArray(Tensor[]::new);
            Tensor out = c.function().apply(in);
            out.backward(Tensor.randn(random, out.shape().toArray()));
            List<float[]> arrays = new ArrayList<>(List.of(out.toFloatArray()));
            for (Tensor t : in) {
                arrays.add(t.grad().orElseThrow().toFloatArray());
            }
            return arrays;
        }
    }
}
