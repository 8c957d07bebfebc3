package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.io.StateDict;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LayersTest {
    private static final RandomGenerator RANDOM = new SplittableRandom(1);

    /** A layer, an input's shape, the output's shape and the state dict's keys. */
    record Case(Module layer, int[] input, int[] output, String... keys) {
        @Override
        public String toString() {
            return layer + " on " + Arrays.toString(input);
        }
    }

    private static int[] shape(int... dims) {
        return dims;
    }

    static List<Case> cases() {
        String[] none = {};
        String[] both = {"weight", "bias"};
        String[] norm = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
        return List.of(
                new Case(new Linear(3, 2, RANDOM), shape(5, 3), shape(5, 2), both),
                new Case(new Linear(3, 2, false, RANDOM), shape(5, 4, 3), shape(5, 4, 2), "weight"),
                new Case(new Conv2d(3, 4, 3, RANDOM), shape(2, 3, 5, 6), shape(2, 4, 3, 4), both),
                new Case(
                        new Conv2d(
                                4,
                                6,
                                3,
                                Conv2d.options().stride(2).padding(1).groups(2).withoutBias(),
                                RANDOM),
                        shape(2, 4, 7, 8),
                        shape(2, 6, 4, 4),
                        "weight"),
                new Case(
                        new Conv2d(
                                1, 1, 3, 1, Conv2d.options().padding(2, 0, 0, 1).dilation(2), RANDOM),
                        shape(1, 1, 5, 5),
                        shape(1, 1, 3, 6),
                        both),
                new Case(
                        new Conv2d(1, 1, 3, Conv2d.options().stride(2).paddingSame(), RANDOM),
                        shape(1, 1, 6, 7),
                        shape(1, 1, 3, 4),
                        both),
                new Case(
                        new Conv1d(2, 3, 5, Conv1d.options().padding(2, 1).stride(2), RANDOM),
                        shape(2, 2, 9),
                        shape(2, 3, 4),
                        both),
                new Case(
                        new Conv1d(2, 2, 4, Conv1d.options().paddingSame().dilation(3), RANDOM),
                        shape(1, 2, 20),
                        shape(1, 2, 20),
                        both),
                new Case(new BatchNorm1d(3), shape(4, 3), shape(4, 3), norm),
                new Case(new BatchNorm1d(3), shape(4, 3, 5), shape(4, 3, 5), norm),
                new Case(
                        new BatchNorm2d(3, BatchNorm.options().eps(1e-3f).momentum(0.01f)),
                        shape(2, 3, 4, 5),
                        shape(2, 3, 4, 5),
                        norm),
                new Case(new LayerNorm(4, 5), shape(2, 3, 4, 5), shape(2, 3, 4, 5), both),
                new Case(new ReLU(), shape(2, 3), shape(2, 3), none),
                new Case(new ReLU6(), shape(2, 3), shape(2, 3), none),
                new Case(new LeakyReLU(), shape(2, 3), shape(2, 3), none),
                new Case(new PReLU(), shape(2, 3), shape(2, 3), "weight"),
                new Case(new PReLU(3), shape(2, 3, 4), shape(2, 3, 4), "weight"),
                new Case(new GELU(), shape(2, 3), shape(2, 3), none),
                new Case(new GELU(GELU.Form.TANH), shape(2, 3), shape(2, 3), none),
                new Case(new SiLU(), shape(2, 3), shape(2, 3), none),
                new Case(new Hardswish(), shape(2, 3), shape(2, 3), none),
                new Case(new Hardsigmoid(), shape(2, 3), shape(2, 3), none),
                new Case(new ELU(), shape(2, 3), shape(2, 3), none),
                new Case(new Sigmoid(), shape(2, 3), shape(2, 3), none),
                new Case(new Tanh(), shape(2, 3), shape(2, 3), none),
                new Case(new Softmax(-1), shape(2, 3), shape(2, 3), none),
                new Case(new MaxPool2d(3, 2, 1), shape(1, 2, 7, 8), shape(1, 2, 4, 4), none),
                new Case(
                        new MaxPool2d(Pool2dParams.of(3, 2).ceilMode(true)),
                        shape(1, 2, 8, 8),
                        shape(1, 2, 4, 4),
                        none),
                new Case(new AvgPool2d(2), shape(1, 2, 7, 8), shape(1, 2, 3, 4), none),
                new Case(new AdaptiveAvgPool2d(1), shape(2, 3, 7, 5), shape(2, 3, 1, 1), none),
                new Case(new AdaptiveMaxPool2d(2, 3), shape(2, 3, 7, 5), shape(2, 3, 2, 3), none),
                new Case(new MaxPool1d(3), shape(1, 2, 10), shape(1, 2, 3), none),
                new Case(new AvgPool1d(Pool1dParams.of(4, 2, 1)), shape(1, 2, 10), shape(1, 2, 5), none),
                new Case(new AdaptiveAvgPool1d(4), shape(1, 2, 10), shape(1, 2, 4), none),
                new Case(new AdaptiveMaxPool1d(1), shape(1, 2, 10), shape(1, 2, 1), none),
                new Case(new Dropout(0.5f, RANDOM), shape(2, 3), shape(2, 3), none),
                new Case(new Flatten(), shape(2, 3, 4, 5), shape(2, 60), none),
                new Case(new Identity(), shape(2, 3), shape(2, 3), none),
                new Case(
                        new Sequential(new Linear(3, 4, RANDOM), new ReLU(), new Linear(4, 1, RANDOM)),
                        shape(2, 3),
                        shape(2, 1),
                        "0.weight",
                        "0.bias",
                        "2.weight",
                        "2.bias"));
    }

    @Test
    void activationsComputeTheirFunction() {
        Tensor x = Tensor.of(new float[] {-4, -1.5f, -0.1f, 0, 0.7f, 5}, 6);
        assertThat(new SiLU().forward(x).toFloatArray()).isEqualTo(x.silu().toFloatArray());
        assertThat(new Hardswish().forward(x).toFloatArray())
                .isEqualTo(x.hardswish().toFloatArray());
        assertThat(new Hardsigmoid().forward(x).toFloatArray())
                .isEqualTo(x.hardsigmoid().toFloatArray());
        assertThat(new PReLU(1, 0.5f).forward(x).toFloatArray())
                .isEqualTo(x.leakyRelu(0.5f).toFloatArray());
        assertThat(new ELU().forward(x).toFloatArray()).isEqualTo(x.elu(1).toFloatArray());
        assertThat(new ELU(0.3f).forward(x).toFloatArray())
                .isEqualTo(x.elu(0.3f).toFloatArray());
        assertThat(new GELU().forward(x).toFloatArray()).isEqualTo(x.gelu().toFloatArray());
        assertThat(new GELU(GELU.Form.TANH).forward(x).toFloatArray())
                .isEqualTo(x.geluTanh().toFloatArray());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hasPyTorchsShapesAndKeys(Case c) {
        Tensor input = Tensor.randn(RANDOM, c.input);
        Tensor output = c.layer.forward(input);
        assertThat(output.shape()).isEqualTo(Shape.of(c.output));
        for (float value : output.toFloatArray()) {
            assertThat(value).isFinite();
        }
        try (StateDict state = c.layer.stateDict()) {
            assertThat(state.names()).containsExactly(c.keys);
        }
        c.layer.close();
    }

    @Test
    void embeddingLooksRowsUp() {
        Embedding embedding = new Embedding(10, 4, RANDOM);
        Tensor rows = embedding.forward(Tensor.of(new long[] {3, 9, 3, 0, 1, 2}, 2, 3));
        assertThat(rows.shape()).isEqualTo(Shape.of(2, 3, 4));
        assertThat(rows.get(0, 2, 1)).isEqualTo(embedding.weight().value().get(3, 1));
        assertThat(embedding.stateDict().names()).containsExactly("weight");
    }

    @Test
    void defaultsStayWithinPyTorchsBounds() {
        Conv2d conv = new Conv2d(8, 16, 3, RANDOM);
        float bound = (float) (1 / Math.sqrt(8 * 9));
        float[] weights = conv.weight().value().toFloatArray();
        float largest = 0;
        double squares = 0;
        for (float w : weights) {
            largest = Math.max(largest, Math.abs(w));
            squares += w * w;
        }
        assertThat(largest).isLessThanOrEqualTo(bound).isGreaterThan(0.95f * bound);
        assertThat(squares / weights.length).isCloseTo(bound * bound / 3, within(0.1 * bound * bound));
        for (float b : conv.bias().orElseThrow().value().toFloatArray()) {
            assertThat(Math.abs(b)).isLessThanOrEqualTo(bound);
        }
        Init.kaimingNormal(conv.weight().value(), Init.Fan.FAN_OUT, RANDOM);
        squares = 0;
        for (float w : conv.weight().value().toFloatArray()) {
            squares += w * w;
        }
        assertThat(squares / weights.length).isCloseTo(2.0 / (16 * 9), within(0.2 * 2.0 / (16 * 9)));
        assertThatThrownBy(() -> Init.kaimingNormal(Tensor.zeros(3), Init.Fan.FAN_IN, RANDOM))
                .hasMessageContaining("at least 2 dimensions");
    }

    @Test
    void batchNormUpdatesItsStatisticsInTrainingOnly() {
        BatchNorm1d norm = new BatchNorm1d(2);
        Tensor input = Tensor.of(new float[] {1, 10, 3, 30}, 2, 2);
        norm.forward(input);
        assertThat(norm.runningMean().value().toFloatArray()).containsExactly(0.2f, 2f);
        assertThat(norm.runningVar().value().get(0)).isCloseTo(0.9f + 0.1f * 2, within(1e-6f));
        norm.eval();
        Tensor output = norm.forward(input);
        assertThat((double) output.get(0, 0)).isCloseTo((1 - 0.2) / Math.sqrt(1.1 + 1e-5), within(1e-5));
        assertThat(norm.runningMean().value().toFloatArray()).containsExactly(0.2f, 2f);
        try (StateDict state = norm.stateDict()) {
            Tensor tracked = state.get("num_batches_tracked");
            assertThat(tracked.dtype()).isEqualTo(DType.I64);
            assertThat(tracked.rank()).isZero();
            assertThat(tracked.itemLong()).isEqualTo(1);
        }
    }

    @Test
    void batchNormRefusesToTrainOnOneValuePerChannel() {
        assertThatThrownBy(() -> new BatchNorm2d(3).forward(Tensor.ones(1, 3, 1, 1)))
                .hasMessage(
                        "BatchNorm2d: batchNorm: training needs more than one value per channel (input [1, 3, 1, 1])."
                                + " Hint: use DataLoader.lastBatch(LastBatch.MERGE_SINGLE), a larger batch, or eval().");
    }

    @Test
    void dropoutDrawsTheSameBitsFromTheSameState() {
        Dropout dropout = new Dropout(0.5f, new SplittableRandom(3));
        Tensor input = Tensor.ones(1000);
        float[] first = dropout.forward(input).toFloatArray();
        long[] state = dropout.randomState();
        float[] second = dropout.forward(input).toFloatArray();
        assertThat(second).isNotEqualTo(first);
        dropout.restoreRandomState(state);
        assertThat(dropout.forward(input).toFloatArray()).isEqualTo(second);
        int kept = 0;
        for (float value : first) {
            assertThat(value).isIn(0f, 2f);
            kept += value == 2 ? 1 : 0;
        }
        assertThat(kept).isBetween(430, 570);
        dropout.eval();
        assertThat(dropout.forward(input).toFloatArray()).containsExactly(input.toFloatArray());
    }

    @Test
    void tensorFlowSamePaddingPutsTheOddZeroBelowAndRight() {
        Conv2d conv = new Conv2d(1, 1, 2, Conv2d.options().paddingSame().withoutBias(), RANDOM);
        Init.constant(conv.weight().value(), 1);
        Tensor output = conv.forward(Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2));
        assertThat(output.toFloatArray()).containsExactly(10, 6, 7, 4);
    }

    @Test
    void refusesSettingsThatMakeEveryOutputNoNumber() {
        float inf = Float.POSITIVE_INFINITY;
        for (float eps : new float[] {0, -1e-5f, Float.NaN, inf}) {
            assertThatThrownBy(() -> BatchNorm.options().eps(eps))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("eps must be positive");
            assertThatThrownBy(() -> new LayerNorm(eps, 3))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("eps must be positive");
        }
        for (float share : new float[] {-0.1f, 1.5f, Float.NaN, inf}) {
            assertThatThrownBy(() -> BatchNorm.options().momentum(share)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new Dropout(share, RANDOM)).isInstanceOf(IllegalArgumentException.class);
        }
        for (float slope : new float[] {Float.NaN, inf, -inf}) {
            assertThatThrownBy(() -> new LeakyReLU(slope))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("slope must be finite");
            assertThatThrownBy(() -> new PReLU(1, slope))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a finite weight");
            assertThatThrownBy(() -> new ELU(slope))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("alpha must be finite");
        }
        assertThatThrownBy(() -> new Dropout(1, RANDOM)).isInstanceOf(IllegalArgumentException.class);
    }
}
