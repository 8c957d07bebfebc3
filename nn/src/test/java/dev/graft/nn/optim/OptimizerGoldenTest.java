package dev.graft.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Golden;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Optimizers, schedules and clipping against PyTorch. */
class OptimizerGoldenTest {
    private static final Golden GOLDEN = Golden.read("nn.json");
    private static final Map<String, Function<List<Parameter>, Optimizer>> OPTIMIZERS = Map.of(
            "sgd", p -> new Sgd(p, Sgd.lr(0.1)),
            "sgd momentum", p -> new Sgd(p, Sgd.lr(0.1).momentum(0.9)),
            "sgd momentum dampening decay",
                    p -> new Sgd(p, Sgd.lr(0.05).momentum(0.8).dampening(0.3).weightDecay(0.01)),
            "sgd nesterov decay",
                    p -> new Sgd(
                            p, Sgd.lr(0.05).momentum(0.9).weightDecay(0.001).nesterov(true)),
            "adamw", p -> new AdamW(p, AdamW.lr(0.01)),
            "adamw betas decay",
                    p -> new AdamW(p, AdamW.lr(0.02).betas(0.8, 0.95).eps(1e-6).weightDecay(0.1)));
    private static final Map<String, LrSchedule> SCHEDULES = Map.of(
            "step 7 0.1", new StepLr(7, 0.1),
            "cosine 20 0.05", new CosineLr(20, 0.05),
            "warmup 5 0.1 cosine 15", new LinearWarmup(5, 0.1, new CosineLr(15)));

    /** Leaves {@code gradient} as the parameter's gradient. */
    private static void differentiate(Parameter parameter, float[] gradient) {
        parameter.clearGrad();
        parameter
                .value()
                .mul(Tensor.of(gradient, parameter.shape().toArray()))
                .sum()
                .backward();
    }

    private static void assertClose(float[] got, double[] want) {
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i]).isCloseTo(want[i], within(1e-6 * Math.abs(want[i]) + 1e-7));
        }
    }

    @TestFactory
    List<DynamicTest> stepsAsInPyTorch() {
        return GOLDEN.children("optimizers").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    Parameter weight = new Parameter(Tensor.of(c.floats("start"), 5));
                    Optimizer optimizer = OPTIMIZERS.get(c.text("name")).apply(List.of(weight));
                    float[][] gradients = c.floatMatrix("gradients");
                    double[][] trail = c.matrix("weights");
                    for (int t = 0; t < gradients.length; t++) {
                        differentiate(weight, gradients[t]);
                        optimizer.step();
                        assertClose(weight.value().toFloatArray(), trail[t]);
                    }
                }))
                .toList();
    }

    /** Half the steps, then a new optimizer with the saved state: the same bits as without the break. */
    @TestFactory
    List<DynamicTest> goesOnFromASavedStateToTheBit() {
        return GOLDEN.children("optimizers").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    float[][] gradients = c.floatMatrix("gradients");
                    Parameter unbroken = new Parameter(Tensor.of(c.floats("start"), 5));
                    Parameter resumed = new Parameter(Tensor.of(c.floats("start"), 5));
                    Optimizer straight = OPTIMIZERS.get(c.text("name")).apply(List.of(unbroken));
                    Optimizer first = OPTIMIZERS.get(c.text("name")).apply(List.of(resumed));
                    Optimizer second = OPTIMIZERS.get(c.text("name")).apply(List.of(resumed));
                    for (int t = 0; t < gradients.length; t++) {
                        if (t == 4) {
                            try (StateDict state = first.stateDict()) {
                                second.load(state);
                            }
                        }
                        differentiate(unbroken, gradients[t]);
                        straight.step();
                        differentiate(resumed, gradients[t]);
                        (t < 4 ? first : second).step();
                    }
                    assertThat(resumed.value().toFloatArray())
                            .isEqualTo(unbroken.value().toFloatArray());
                }))
                .toList();
    }

    @TestFactory
    List<DynamicTest> schedulesAsInPyTorch() {
        return GOLDEN.children("schedules").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    double[] factors = c.doubles("factors");
                    for (int t = 0; t < factors.length; t++) {
                        assertThat(SCHEDULES.get(c.text("name")).factor(t))
                                .as("step " + t)
                                .isCloseTo(factors[t], within(1e-12));
                    }
                }))
                .toList();
    }

    @Test
    void clipsTheNormAsInPyTorch() {
        Golden c = GOLDEN.child("clip");
        List<Parameter> parameters = new ArrayList<>();
        for (float[] gradient : c.floatMatrix("gradients")) {
            Parameter parameter = new Parameter(Tensor.zeros(gradient.length));
            differentiate(parameter, gradient);
            parameters.add(parameter);
        }
        assertThat(GradientClip.norm(parameters, 1.5)).isCloseTo(c.number("norm"), within(1e-5));
        double[][] clipped = c.matrix("clipped");
        for (int i = 0; i < clipped.length; i++) {
            assertClose(parameters.get(i).grad().orElseThrow().toFloatArray(), clipped[i]);
        }
    }

    @Test
    void clipsValues() {
        Parameter parameter = new Parameter(Tensor.zeros(3));
        differentiate(parameter, new float[] {-3, 0.25f, 2});
        GradientClip.value(List.of(parameter), 1);
        assertThat(parameter.grad().orElseThrow().toFloatArray()).containsExactly(-1, 0.25f, 1);
    }

    @Test
    void leavesFrozenParametersAndThoseWithoutGradientAlone() {
        Parameter frozen = new Parameter(Tensor.of(new float[] {1}, 1));
        Parameter idle = new Parameter(Tensor.of(new float[] {2}, 1));
        Parameter live = new Parameter(Tensor.of(new float[] {3}, 1));
        Sgd sgd = new Sgd(List.of(frozen, idle, live), Sgd.lr(0.5).momentum(0.9).weightDecay(0.1));
        differentiate(frozen, new float[] {1});
        frozen.freeze(true);
        differentiate(live, new float[] {1});
        sgd.step();
        assertThat(frozen.grad()).isEmpty();
        assertThat(frozen.value().item()).isEqualTo(1);
        assertThat(idle.value().item()).isEqualTo(2);
        assertThat(live.value().item()).isCloseTo(3 - 0.5f * 1.3f, within(1e-6f));
        sgd.zeroGrad();
        assertThat(live.grad()).isEmpty();
    }

    @Test
    void groupsHaveTheirOwnLearningRateAndOneFactorScalesAll() {
        Parameter slow = new Parameter(Tensor.of(new float[] {1}, 1));
        Parameter fast = new Parameter(Tensor.of(new float[] {1}, 1));
        Sgd sgd = new Sgd(List.of(
                new ParameterGroup<>(List.of(slow), Sgd.lr(0.1)), new ParameterGroup<>(List.of(fast), Sgd.lr(1))));
        sgd.scaleLearningRate(0.5);
        differentiate(slow, new float[] {1});
        differentiate(fast, new float[] {1});
        sgd.step();
        assertThat(slow.value().item()).isEqualTo(0.95f);
        assertThat(fast.value().item()).isEqualTo(0.5f);
        assertThat(sgd.learningRate()).isEqualTo(0.05);
    }

    @Test
    void saysWhatIsWrong() {
        Parameter p = new Parameter(Tensor.zeros(2));
        assertThatThrownBy(() -> new Sgd(List.of(), Sgd.lr(1)))
                .hasMessage("sgd: there are no parameters. Hint: unfreeze some, or put on a new head after freezing.");
        assertThatThrownBy(() -> new Sgd(List.of(p, p), Sgd.lr(1)))
                .hasMessageStartingWith("sgd: a parameter [2] is listed twice");
        assertThatThrownBy(() -> Sgd.lr(0.1).nesterov(true)).hasMessageContaining("Nesterov needs momentum");
        try (StateDict foreign =
                new StateDict().put("0.momentum_buffer", Tensor.zeros(3)).put("7.exp_avg", Tensor.zeros(1))) {
            assertThatThrownBy(() -> new Sgd(List.of(p), Sgd.lr(1)).load(foreign))
                    .hasMessage("optimizer: the saved state does not fit 1"
                            + " parameters: 0.momentum_buffer: saved [3], parameter [2]; unexpected 7.exp_avg. Hint: build model and optimizer as"
                            + " in the run that saved it.");
        }
    }
}
