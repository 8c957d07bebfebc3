package dev.graft.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Losses against PyTorch. */
class LossGoldenTest {
    private final Golden golden = Golden.read("nn.json").child("losses");
    private final Tensor logits = Tensor.of(golden.floats("logits"), 4, 3);
    private final Tensor labels = Tensor.of(golden.longs("labels"), 4);
    private final Tensor scores = Tensor.of(golden.floats("scores"), 4, 2);
    private final Tensor truth = Tensor.of(golden.floats("truth"), 4, 2);

    private void check(String key, Loss loss, Tensor outputs, Tensor targets) {
        assertThat((double) loss.forward(outputs, targets).item()).as(key).isCloseTo(golden.number(key), within(2e-6));
    }

    @Test
    void agreeWithPyTorch() {
        CrossEntropyLoss crossEntropy = new CrossEntropyLoss();
        check("cross_entropy", crossEntropy, logits, labels);
        check(
                "cross_entropy_weighted_smoothed",
                crossEntropy.classWeights(golden.floats("class_weights")).labelSmoothing(0.1f),
                logits,
                labels);
        check("cross_entropy_sum", crossEntropy.reduction(LossReduction.SUM), logits, labels);
        check("bce", new BceWithLogitsLoss(), scores, truth);
        check("bce_pos_weight", new BceWithLogitsLoss().positiveWeight(3, 0.5f), scores, truth);
        check("mse", new MseLoss(), scores, truth);
    }

    @Test
    void oneLogitTakesClassLabelsAndGivesTwoProbabilities() {
        Tensor logit = Tensor.of(new float[] {0, 2}, 2, 1);
        float loss = new BceWithLogitsLoss()
                .forward(logit, Tensor.of(new long[] {0, 1}, 2))
                .item();
        assertThat((double) loss).isCloseTo((Math.log(2) + Math.log(1 + Math.exp(-2))) / 2, within(1e-6));
        Tensor p = new BceWithLogitsLoss().probabilities(logit).orElseThrow();
        assertThat(p.shape().toArray()).containsExactly(2, 2);
        assertThat((double) p.get(1, 1)).isCloseTo(1 / (1 + Math.exp(-2)), within(1e-6));
        assertThat(new BceWithLogitsLoss().probabilities(scores)).isEmpty();
    }

    @Test
    void sayWhatIsWrong() {
        assertThatThrownBy(() -> new CrossEntropyLoss().forward(scores, Tensor.zeros(4)))
                .hasMessage(
                        "crossEntropy: F32 labels are class probabilities and need the shape of the logits, [N, C, ...]"
                                + " (logits [4, 2], labels [4]). Hint: make labels an I64 tensor of class indices, or use"
                                + " BceWithLogitsLoss.");
        assertThatThrownBy(() -> new MseLoss().forward(scores, Tensor.zeros(4)))
                .hasMessage("mse: shapes differ (outputs [4, 2], targets [4]). Hint: reshape one of them.");
        assertThatThrownBy(() -> new MseLoss().forward(labels, labels))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mse: outputs must be F32, were I64 (outputs [4], targets [4]). Hint: call to(DType.F32).");
        for (long label : new long[] {-1, 3, 1L << 32}) {
            assertThatThrownBy(() -> new CrossEntropyLoss()
                            .classWeights(1, 2, 3)
                            .weight(logits, Tensor.of(new long[] {label}, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "crossEntropy: a label is " + label
                                    + ", but there are 3 class weights. Hint: count labels from 0, and give each class a weight.");
        }
        assertThatThrownBy(() -> new CrossEntropyLoss().labelSmoothing(2))
                .hasMessageContaining("label smoothing must be in [0, 1]");
    }

    /** One such batch alone has the mean x / 0, though PyTorch counts its smoothed part in a batch with others. */
    @Test
    void aBatchOfWeightZeroUnderLabelSmoothingIsRefused() {
        CrossEntropyLoss loss = new CrossEntropyLoss().classWeights(0, 1).labelSmoothing(0.1f);
        Tensor labels = Tensor.of(new long[] {0, 0, 0, 0}, 4);
        assertThatThrownBy(() -> loss.weight(scores, labels))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("every label of a batch has class weight 0")
                .hasMessageContaining("Hint: ");
        assertThat(loss.weight(scores, Tensor.of(new long[] {0, 1, 0, 0}, 4))).isEqualTo(1);
        assertThat(loss.labelSmoothing(0).weight(scores, labels)).isZero();
        assertThat(loss.weight(scores, Tensor.of(new long[] {-100, -100, -100, -100}, 4)))
                .isZero();
    }
}
