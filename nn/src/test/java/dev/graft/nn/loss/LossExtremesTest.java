package dev.graft.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;

/** Losses at the ends of what floats hold, at random places against formulas in double, and at what does not fit. */
class LossExtremesTest {
    private static final float INFINITE = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    /** The losses and the gradient of their sum. */
    private record Result(float[] losses, float[] gradient) {}

    private static Result of(Loss loss, Tensor outputs, Tensor targets) {
        Tensor x = outputs.copy().requireGrad(true);
        Tensor value = loss.forward(x, targets);
        value.sum().backward();
        return new Result(
                plainZeros(value.toFloatArray()),
                plainZeros(x.grad().orElseThrow().toFloatArray()));
    }

    /** The sign of a zero does not matter. */
    private static float[] plainZeros(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
        return values;
    }

    private static Result of(Loss loss, float[] outputs, float[] targets) {
        return of(loss, Tensor.of(outputs, outputs.length), Tensor.of(targets, targets.length));
    }

    @Test
    void distancesStayFiniteWhereTheyAre() {
        float[] x = {3e38f, -3e38f, 1e-45f, 0, INFINITE, NAN};
        float[] zero = new float[6];
        Result l1 = of(new L1Loss().reduction(LossReduction.NONE), x, zero);
        assertThat(l1.losses).containsExactly(3e38f, 3e38f, 1e-45f, 0, INFINITE, NAN);
        assertThat(l1.gradient).startsWith(1, -1, 1, 0, 1);
        // squares of 1e25 overflow, but neither the smooth loss nor Huber's beyond its bound squares them
        Result smooth = of(
                new SmoothL1Loss().beta(1e30f).reduction(LossReduction.NONE),
                new float[] {1e25f, -3e38f, 0, INFINITE, NAN},
                new float[5]);
        assertThat(smooth.losses[0]).isCloseTo(5e19f, within(1e13f));
        assertThat(smooth.losses[1]).isCloseTo(3e38f, within(1e32f));
        assertThat(smooth.losses[2]).isZero();
        assertThat(smooth.losses[3]).isInfinite();
        assertThat(smooth.losses[4]).isNaN();
        assertThat(smooth.gradient[0]).isCloseTo(1e-5f, within(1e-11f));
        assertThat(smooth.gradient[1]).isEqualTo(-1);
        assertThat(smooth.gradient[3]).isEqualTo(1);
        assertThat(smooth.gradient[4]).isNaN();
        Result huber = of(new HuberLoss().reduction(LossReduction.NONE), x, zero);
        assertThat(huber.losses).containsExactly(3e38f, 3e38f, 0, 0, INFINITE, NAN);
        assertThat(huber.gradient).startsWith(1, -1, 1e-45f, 0, 1);
    }

    @Test
    void whatIsImpossibleAndDoesNotHappenCostsNothing() {
        float[] impossible = {-INFINITE, 0};
        for (float[] p : new float[][] {{0, 1}, {1, 0}}) {
            Result kl = of(new KlDivLoss().reduction(LossReduction.NONE), impossible, p);
            assertThat(kl.losses).containsExactly(p[0] == 0 ? 0 : INFINITE, 0);
            assertThat(kl.gradient).containsExactly(0 - p[0], 0 - p[1]);
            float[] logs = {p[0] == 0 ? -INFINITE : 0, p[1] == 0 ? -INFINITE : 0};
            assertThat(of(new KlDivLoss().logTarget().reduction(LossReduction.NONE), impossible, logs).losses)
                    .containsExactly(p[0] == 0 ? 0 : INFINITE, 0);
            Result counts = of(new PoissonNllLoss().reduction(LossReduction.NONE), impossible, p);
            assertThat(counts.losses).containsExactly(p[0] == 0 ? 0 : INFINITE, 1);
        }
        assertThat(of(new KlDivLoss().reduction(LossReduction.NONE), new float[] {NAN, NAN}, new float[] {0, 1}).losses)
                .containsExactly(NAN, NAN);
        // masked logits are negative infinity
        Result soft = of(
                new CrossEntropyLoss().reduction(LossReduction.NONE),
                Tensor.of(new float[] {-INFINITE, 1, 1, 3e38f, -3e38f, 0}, 2, 3),
                Tensor.of(new float[] {0, 0.5f, 0.5f, 1, 0, 0}, 2, 3));
        assertThat(soft.losses[0]).isCloseTo((float) Math.log(2), within(1e-6f));
        assertThat(soft.losses[1]).isZero();
        for (float g : soft.gradient) {
            assertThat(g).isCloseTo(0, within(1e-7f));
        }
        Result divergence = of(
                new KlDivLoss(),
                Tensor.of(new float[] {-2, -1}, 2),
                Tensor.of(new float[] {0, 1}, 2).requireGrad(true));
        assertThat(divergence.losses[0]).isEqualTo(0.5f);
    }

    @Test
    void onlyWhatALabelReadsCanBeNaN() {
        Tensor logs = Tensor.of(new float[] {NAN, -1, -2, NAN, NAN, NAN, -INFINITE, -3}, 4, 2);
        Tensor labels = Tensor.of(new long[] {1, 0, -100, 1}, 4);
        Result nll = of(new NllLoss().reduction(LossReduction.NONE), logs, labels);
        assertThat(nll.losses).containsExactly(1, 2, 0, 3);
        assertThat(nll.gradient).containsExactly(0, -1, -1, 0, 0, 0, 0, -1);
        assertThat(new NllLoss().forward(logs, labels).item()).isEqualTo(2);
        assertThat(new NllLoss()
                        .forward(logs, Tensor.of(new long[] {0, 0, 0, 1}, 4))
                        .item())
                .isNaN();
        assertThat(new NllLoss()
                        .forward(logs, Tensor.of(new long[] {-100, -100, -100, -100}, 4))
                        .item())
                .isNaN();
        assertThat(new NllLoss()
                        .reduction(LossReduction.SUM)
                        .forward(Tensor.zeros(0, 3), Tensor.zeros(DType.I64, Shape.of(0)))
                        .item())
                .isZero();
    }

    @Test
    void focalLossAndDiceKeepWhatIsAlmostCertain() {
        for (float gamma : new float[] {0, 0.3f, 1, 2, 5}) {
            Result focal = of(
                    new FocalLoss().withoutAlpha().gamma(gamma).reduction(LossReduction.NONE),
                    new float[] {20, -20, 300, -300, 3e38f, 0, NAN},
                    new float[] {1, 0, 1, 0, 0, 1, 1});
            double wrong = 1 / (1 + Math.exp(20));
            double loss = Math.pow(wrong, gamma) * Math.log1p(Math.exp(-20));
            assertThat((double) focal.losses[0]).isCloseTo(loss, within(1e-5 * loss + 1e-44));
            assertThat(focal.losses[1]).isEqualTo(focal.losses[0]);
            assertThat(focal.losses[2]).isZero();
            assertThat(focal.losses[4]).isEqualTo(3e38f);
            assertThat(focal.losses[6]).isNaN();
            for (int i = 0; i < 6; i++) {
                assertThat(focal.gradient[i]).as("gamma " + gamma + ", " + i).isFinite();
            }
            assertThat(focal.gradient[6]).isNaN();
        }
        Result dice = of(
                new DiceLoss().smoothing(0),
                Tensor.of(new float[] {20, 300, -300, -3e38f}, 1, 1, 4),
                Tensor.of(new float[] {1, 1, 0, 0}, 1, 1, 4));
        double right = Math.exp(-20) / (1 + Math.exp(-20)) / 4; // 1 - 2 (2 - q) / (4 - q) = q / (4 - q)
        assertThat((double) dice.losses[0]).isCloseTo(right, within(1e-6 * right));
        for (float g : dice.gradient) {
            assertThat(g).isFinite();
        }
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private void againstFormula(Loss loss, boolean countTargets, double range, DoubleBinaryOperator formula) {
        for (int round = 0; round < 60; round++) {
            int n = 1 + random.nextInt(5);
            int c = 1 + random.nextInt(5);
            float[] x = new float[n * c];
            float[] t = new float[n * c];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) (random.nextGaussian() * range);
                t[i] = countTargets
                        ? random.nextInt(4)
                        : random.nextInt(3) == 0 ? random.nextInt(2) : random.nextFloat();
            }
            Tensor outputs = Tensor.of(x, n, c);
            boolean turned = random.nextBoolean();
            Tensor leaf = turned ? outputs.transpose(0, 1).copy() : outputs;
            leaf.requireGrad(true);
            Tensor view = turned ? leaf.transpose(0, 1) : leaf;
            Tensor value = loss.forward(view, Tensor.of(t, n, c));
            value.sum().backward();
            Tensor slope = leaf.grad().orElseThrow();
            float[] gradient = (turned ? slope.transpose(0, 1) : slope).toFloatArray();
            float[] losses = value.toFloatArray();
            for (int i = 0; i < x.length; i++) {
                double right = formula.applyAsDouble(x[i], t[i]);
                double step = 1e-5 * Math.max(1, Math.abs(x[i]));
                double steep = (formula.applyAsDouble(x[i] + step, t[i]) - formula.applyAsDouble(x[i] - step, t[i]))
                        / (2 * step);
                String what = loss + " at " + x[i] + ", target " + t[i] + " (seed " + seed + ")";
                assertThat((double) losses[i]).as(what).isCloseTo(right, within(4e-6 * Math.abs(right) + 3e-6));
                assertThat((double) gradient[i])
                        .as("gradient of " + what)
                        .isCloseTo(steep, within(1e-4 * Math.abs(steep) + 1e-4));
            }
        }
    }

    @Test
    void agreeWithFormulasInDouble() {
        LossReduction none = LossReduction.NONE;
        againstFormula(new L1Loss().reduction(none), false, 4, (x, t) -> Math.abs(x - t));
        for (float width : new float[] {0.3f, 1, 4}) {
            DoubleBinaryOperator smooth =
                    (x, t) -> Math.abs(x - t) < width ? (x - t) * (x - t) / 2 / width : Math.abs(x - t) - width / 2.0;
            againstFormula(new SmoothL1Loss().beta(width).reduction(none), false, 4, smooth);
            againstFormula(
                    new HuberLoss().delta(width).reduction(none),
                    false,
                    4,
                    (x, t) -> width * smooth.applyAsDouble(x, t));
        }
        againstFormula(new KlDivLoss().reduction(none), false, 6, (x, t) -> t == 0 ? 0 : t * (Math.log(t) - x));
        againstFormula(new PoissonNllLoss().reduction(none), true, 3, (x, t) -> Math.exp(x) - t * x);
        for (float gamma : new float[] {0, 0.5f, 1, 2, 3.5f}) {
            againstFormula(new FocalLoss().gamma(gamma).reduction(none), false, 5, (x, t) -> {
                double p = 1 / (1 + Math.exp(-x));
                return (0.25 * t + 0.75 * (1 - t))
                        * Math.pow(p * (1 - t) + (1 - p) * t, gamma)
                        * (t * softplus(-x) + (1 - t) * softplus(x));
            });
        }
    }

    @Test
    void sayWhatIsWrong() {
        Tensor x = Tensor.zeros(4, 2);
        Tensor wide = Tensor.zeros(4);
        for (Loss loss : List.of(
                new L1Loss(),
                new SmoothL1Loss(),
                new HuberLoss(),
                new KlDivLoss(),
                new PoissonNllLoss(),
                new FocalLoss())) {
            assertThatThrownBy(() -> loss.forward(x, wide))
                    .as(loss.toString())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageEndingWith(": shapes differ (outputs [4, 2], targets [4]). Hint: reshape one of them.");
            assertThatThrownBy(() -> loss.forward(x.to(DType.I64), x))
                    .hasMessageContaining(": outputs must be F32, were I64 (outputs [4, 2], targets [4, 2]). Hint: ");
            assertThat(loss.forward(Tensor.zeros(4, 1), wide).rank()).isZero();
        }
        assertThatThrownBy(() -> new NllLoss().forward(x, x))
                .hasMessage("nll: labels must be class indices, were F32 (log-probabilities [4, 2], labels [4, 2])."
                        + " Hint: make labels an I64 tensor.");
        assertThatThrownBy(() -> new NllLoss().forward(x, Tensor.zeros(DType.I64, Shape.of(3))))
                .hasMessage("nll: labels must be [N, ...] for log-probabilities [N, C, ...] (log-probabilities [4, 2],"
                        + " labels [3]). Hint: labels are class indices, not one-hot rows.");
        assertThatThrownBy(() -> new NllLoss().forward(x, Tensor.of(new long[] {0, 1, 2, 0}, 4)))
                .hasMessageStartingWith("nll: a label is 2, but there are 2 classes. Hint: ");
        assertThatThrownBy(() -> new NllLoss().classWeights(1).forward(x, Tensor.zeros(DType.I64, Shape.of(4))))
                .hasMessage("nll: there are 1 class weights for 2 classes (log-probabilities [4, 2], labels [4])."
                        + " Hint: give each class a weight.");
        assertThatThrownBy(() -> new CrossEntropyLoss().classWeights(1).forward(x, x))
                .hasMessage("crossEntropy: class weights must be [C] (logits [4, 2], weights [1])");
        assertThatThrownBy(() -> new DiceLoss().forward(x, wide))
                .hasMessage("dice: shapes differ (logits [4, 2], targets [4]). Hint: reshape one of them, or use"
                        + " softmax() for class indices.");
        assertThatThrownBy(() -> new DiceLoss().softmax().forward(x, Tensor.of(new long[] {0, 1, -1, 0}, 4)))
                .hasMessageStartingWith("dice: a label is -1, but there are 2 classes. Hint: ");
        assertThatThrownBy(() -> new DiceLoss().withoutBackground().forward(Tensor.zeros(4, 1), Tensor.zeros(4, 1)))
                .hasMessageStartingWith("dice: without background there is no channel left (logits [4, 1]");
        assertThatThrownBy(() -> new DiceLoss().forward(wide, wide))
                .hasMessageStartingWith("dice: logits must be [N, C, ...] (logits [4]");
        assertThatThrownBy(() -> new KlDivLoss().batchMean().forward(Tensor.scalar(0), Tensor.scalar(1)))
                .hasMessageStartingWith("klDiv: a mean over examples needs examples (outputs []");
        assertThatThrownBy(() -> new SmoothL1Loss().beta(-1))
                .hasMessage("smoothL1: beta must be finite and not negative, was -1.0");
        assertThatThrownBy(() -> new HuberLoss().delta(0))
                .hasMessage("huber: delta must be finite and positive, was 0.0");
        assertThatThrownBy(() -> new FocalLoss().alpha(2)).hasMessage("focal: alpha must be in [0, 1], was 2.0");
        assertThatThrownBy(() -> new FocalLoss().gamma(NAN)).hasMessageStartingWith("focal: gamma must be finite");
    }

    /** The class of a soft label is its most probable one. */
    @Test
    void softLabelsAreJudgedByTheirMostProbableClass() {
        Tensor x = Tensor.of(new float[] {5, 0, 0, 5, 5, 0}, 3, 2);
        Tensor y = Tensor.of(new float[] {0.9f, 0.1f, 0.2f, 0.8f, 0.4f, 0.6f}, 3, 2);
        try (DataLoader loader = DataLoader.of(new TensorDataset(x, y), 2).workers(0)) {
            Evaluation evaluation = Evaluator.evaluate(new Identity(), loader, new CrossEntropyLoss());
            assertThat(evaluation.labels()).containsExactly(0, 1, 1);
            assertThat(evaluation.accuracy()).isEqualTo(2 / 3.0);
        }
    }
}
