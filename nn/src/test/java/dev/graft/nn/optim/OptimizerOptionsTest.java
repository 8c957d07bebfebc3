package dev.graft.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * Options are given as doubles and used in kernels of floats: what one of them cannot say is refused, or computed in
 * double.
 */
class OptimizerOptionsTest {

    private static float afterSteps(Supplier<AdamW.Options> options, int steps, float gradient) {
        Parameter parameter = new Parameter(Tensor.of(new float[] {1}, 1));
        try (AdamW adam = new AdamW(List.of(parameter), options.get())) {
            for (int i = 0; i < steps; i++) {
                adam.zeroGrad();
                parameter.value().mul(gradient).sum().backward();
                adam.step();
            }
        }
        return parameter.value().item();
    }

    /**
     * With one and the same gradient, bias-corrected means are that gradient and its square: each step is lr, whatever
     * the betas.
     */
    @Test
    void betasNextToOneAreComputedInDouble() {
        for (double beta : new double[] {0, 0.9, 0.999, 0.9999999, 0.99999999, 1 - 1e-12, Math.nextDown(1.0)}) {
            for (float gradient : new float[] {1e-4f, 0.7f, -20}) {
                float after = afterSteps(() -> AdamW.lr(0.1).betas(beta, beta).weightDecay(0), 3, gradient);
                assertThat((double) after)
                        .as("betas %s, gradient %s", beta, gradient)
                        .isCloseTo(1 - Math.signum(gradient) * 0.3, within(2e-4));
                float second = afterSteps(() -> AdamW.lr(0.1).betas(0.9, beta).weightDecay(0), 3, gradient);
                assertThat((double) second)
                        .as("beta2 %s, gradient %s", beta, gradient)
                        .isCloseTo(1 - Math.signum(gradient) * 0.3, within(2e-4));
            }
        }
    }

    @Test
    void aGradientOfZeroMovesNothingButTheDecay() {
        assertThat(afterSteps(() -> AdamW.lr(0.1).betas(0.9, 0.99999999).weightDecay(0), 2, 0))
                .isEqualTo(1);
        assertThat(afterSteps(() -> AdamW.lr(0.1).eps(1e-40).weightDecay(0), 2, 0))
                .isEqualTo(1);
    }

    @Test
    void dampeningNextToOneIsComputedInDouble() {
        Parameter parameter = new Parameter(Tensor.of(new float[] {0}, 1));
        try (Sgd sgd = new Sgd(List.of(parameter), Sgd.lr(1).momentum(0.5).dampening(0.99999999))) {
            for (float gradient : new float[] {0, 1e6f}) {
                sgd.zeroGrad();
                parameter.value().mul(gradient).sum().backward();
                sgd.step();
            }
        }
        assertThat(parameter.value().item()).isCloseTo(-0.01f, within(1e-7f));
    }

    @Test
    void whatAFloatCannotSayIsRefusedWithTheReason() {
        List<ThrowingCallable> refused = new ArrayList<>();
        for (double value :
                new double[] {1e39, Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NaN, -1, -0.1, 1e-50}) {
            refused.add(() -> Sgd.lr(value));
            refused.add(() -> Sgd.lr(1).weightDecay(value));
            refused.add(() -> Sgd.lr(1).momentum(value));
            refused.add(() -> AdamW.lr(value));
            refused.add(() -> AdamW.lr(1).weightDecay(value));
            refused.add(() -> AdamW.lr(1).betas(value, 0.9));
            refused.add(() -> AdamW.lr(1).betas(0.9, value));
            refused.add(() -> AdamW.lr(1).eps(value));
            refused.add(() -> Adam.lr(value));
            refused.add(() -> Adam.lr(1).weightDecay(value));
            refused.add(() -> Adam.lr(1).betas(value, 0.9));
            refused.add(() -> Adam.lr(1).betas(0.9, value));
            refused.add(() -> Adam.lr(1).eps(value));
            refused.add(() -> RmsProp.lr(value));
            refused.add(() -> RmsProp.lr(1).alpha(value));
            refused.add(() -> RmsProp.lr(1).eps(value));
            refused.add(() -> RmsProp.lr(1).weightDecay(value));
            refused.add(() -> RmsProp.lr(1).momentum(value));
        }
        for (double value : new double[] {1, 1.5, Double.NaN}) {
            refused.add(() -> Sgd.lr(1).momentum(value));
            refused.add(() -> AdamW.lr(1).betas(value, 0.9));
            refused.add(() -> AdamW.lr(1).betas(0.9, value));
        }
        refused.add(() -> AdamW.lr(1).eps(0));
        refused.add(() -> Sgd.lr(1).momentum(0.9).dampening(Double.NaN));
        refused.add(() -> Sgd.lr(1).momentum(0.9).dampening(1e39));
        refused.add(() -> new StepLr(1, Double.POSITIVE_INFINITY));
        refused.add(() -> new MultiStepLr(List.of(-1L), 0.1));
        refused.add(() -> new MultiStepLr(List.of(1L), 0));
        refused.add(() -> new ExponentialLr(Double.NaN));
        refused.add(() -> new PolynomialLr(0, 1));
        refused.add(() -> new PolynomialLr(1, 0));
        refused.add(() -> new OneCycleLr(0));
        refused.add(() -> new OneCycleLr(1).warmupShare(1.1));
        refused.add(() -> new OneCycleLr(1).divisions(0.5, 1));
        refused.add(() -> new OneCycleLr(1).divisions(1e200, 1e200));
        refused.add(() -> new OneCycleLr(9).warmupShare(0.6).threePhases(true));
        refused.add(() -> new ReduceOnPlateau().gamma(1));
        refused.add(() -> new ReduceOnPlateau().patience(-1));
        refused.add(() -> new ReduceOnPlateau().relativeThreshold(Double.NaN));
        refused.add(() -> new ReduceOnPlateau().floor(2));
        refused.add(() -> new StepLr(1, Double.NaN));
        refused.add(() -> new CosineLr(1, Double.NaN));
        refused.add(() -> new LinearWarmup(1, Double.NaN, LrSchedule.constant()));
        for (int i = 0; i < refused.size(); i++) {
            assertThatThrownBy(refused.get(i)).as("case %d", i).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> AdamW.lr(1).eps(1e-50))
                .hasMessage("adamW: eps 1.0E-50 is 0.0 as a 32-bit float, in which steps are computed."
                        + " Hint: floats reach from 1.4e-45 to 3.4e38.");
        assertThatThrownBy(() -> Sgd.lr(1e39))
                .hasMessageStartingWith("sgd: learning rate 1.0E39 is Infinity as a 32-bit float");
        assertThatThrownBy(() -> Sgd.lr(1).momentum(1)).hasMessage("sgd: momentum must be in [0, 1), was 1.0");
    }

    /** PyTorch's root of {@code mean(g^2) - mean(g)^2}, which rounding makes negative here, is NaN. */
    @Test
    void aConstantGradientLeavesCenteredRmsPropFinite() {
        for (float gradient : new float[] {0.1f, 0.7f, 3.3f}) {
            Parameter parameter = new Parameter(Tensor.of(new float[] {1}, 1));
            try (RmsProp rms =
                    new RmsProp(List.of(parameter), RmsProp.lr(1e-9).alpha(0.1).centered(true))) {
                for (int i = 0; i < 60; i++) {
                    rms.zeroGrad();
                    parameter.value().mul(gradient).sum().backward();
                    rms.step();
                    assertThat(parameter.value().item()).isFinite();
                }
            }
        }
    }

    @Test
    void betasNextToOneAreComputedInDoubleByAdamToo() {
        for (double beta : new double[] {0, 0.999, 0.99999999, 1 - 1e-12, Math.nextDown(1.0)}) {
            Parameter parameter = new Parameter(Tensor.of(new float[] {1}, 1));
            try (Adam adam = new Adam(List.of(parameter), Adam.lr(0.1).betas(beta, beta))) {
                for (int i = 0; i < 3; i++) {
                    adam.zeroGrad();
                    parameter.value().mul(-20f).sum().backward();
                    adam.step();
                }
            }
            assertThat((double) parameter.value().item()).as("betas " + beta).isCloseTo(1.3, within(2e-4));
        }
    }

    @Test
    void aScheduleThatLeavesTheFloatsIsRefusedBeforeAnythingMoves() {
        Parameter parameter = new Parameter(Tensor.of(new float[] {1}, 1));
        try (Sgd sgd = new Sgd(List.of(parameter), Sgd.lr(10))) {
            assertThatThrownBy(() -> sgd.scaleLearningRate(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
            sgd.scaleLearningRate(1e38);
            parameter.value().mul(2f).sum().backward();
            assertThatThrownBy(sgd::step)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "sgd: the learning rate 10.0 times the schedule's factor 1.0E38 is not finite as a 32-bit float");
        }
        assertThat(parameter.value().item()).isEqualTo(1);
    }
}
