package dev.graft.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Golden;
import dev.graft.nn.Parameter;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Adam, RMSprop, averages of weights and the later schedules against PyTorch. */
class MoreOptimizersGoldenTest {
    private static final Golden GOLDEN = Golden.read("optimizers.json");
    private static final Map<String, Function<List<Parameter>, Optimizer>> OPTIMIZERS = Map.of(
            "adam", p -> new Adam(p, Adam.lr(0.01)),
            "adam betas decay",
                    p -> new Adam(p, Adam.lr(0.02).betas(0.8, 0.95).eps(1e-6).weightDecay(0.1)),
            "adam amsgrad", p -> new Adam(p, Adam.lr(0.05).betas(0.9, 0.5).amsgrad(true)),
            "rmsprop", p -> new RmsProp(p, RmsProp.lr(0.01)),
            "rmsprop alpha momentum decay",
                    p -> new RmsProp(
                            p, RmsProp.lr(0.02).alpha(0.9).momentum(0.8).weightDecay(0.01)),
            "rmsprop centered",
                    p -> new RmsProp(
                            p, RmsProp.lr(0.01).alpha(0.9).centered(true).eps(1e-6)),
            "rmsprop centered momentum",
                    p -> new RmsProp(p, RmsProp.lr(0.01).centered(true).momentum(0.5)));
    private static final Map<String, LrSchedule> SCHEDULES = Map.of(
            "one cycle 50", new OneCycleLr(50),
            "one cycle 33 linear",
                    new OneCycleLr(33).warmupShare(0.25).linear(true).divisions(10, 100),
            "one cycle 40 three phases", new OneCycleLr(40).threePhases(true),
            "one cycle 3", new OneCycleLr(3),
            "multi-step 3 7 7 12", new MultiStepLr(List.of(7L, 3L, 12L, 7L), 0.3),
            "exponential 0.9", new ExponentialLr(0.9),
            "polynomial 10 2", new PolynomialLr(10, 2),
            "polynomial 10 1", new PolynomialLr(10, 1));
    private static final Map<String, ReduceOnPlateau> PLATEAUS = Map.of(
            "loss patience 2", new ReduceOnPlateau().patience(2),
            "loss patience 0 cooldown 2",
                    new ReduceOnPlateau().patience(0).cooldown(2).gamma(0.5),
            "loss absolute floor",
                    new ReduceOnPlateau().patience(1).absoluteThreshold(0.05).floor(0.03),
            "score patience 1", new ReduceOnPlateau().patience(1).gamma(0.5),
            "score absolute", new ReduceOnPlateau().patience(1).gamma(0.5).absoluteThreshold(0.02));

    private static void differentiate(Parameter parameter, float[] gradient) {
        parameter.clearGrad();
        parameter
                .value()
                .mul(Tensor.of(gradient, parameter.shape().toArray()))
                .sum()
                .backward();
    }

    private static void assertClose(float[] got, double[] want, double allowed) {
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i]).isCloseTo(want[i], within(allowed * Math.abs(want[i]) + allowed / 10));
        }
    }

    /** Half the steps on each of two optimizers, the second with the saved state of the first: no bit may change. */
    @TestFactory
    List<DynamicTest> stepAndResumeAsInPyTorch() {
        return GOLDEN.children("optimizers").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    Function<List<Parameter>, Optimizer> make = OPTIMIZERS.get(c.text("name"));
                    Parameter unbroken = new Parameter(Tensor.of(c.floats("start"), 5));
                    Parameter resumed = new Parameter(Tensor.of(c.floats("start"), 5));
                    float[][] gradients = c.floatMatrix("gradients");
                    try (Optimizer straight = make.apply(List.of(unbroken));
                            Optimizer first = make.apply(List.of(resumed));
                            Optimizer second = make.apply(List.of(resumed))) {
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
                            assertClose(unbroken.value().toFloatArray(), c.matrix("weights")[t], 2e-6);
                            assertThat(resumed.value().toFloatArray())
                                    .isEqualTo(unbroken.value().toFloatArray());
                        }
                    }
                }))
                .toList();
    }

    @TestFactory
    List<DynamicTest> averageAsInPyTorch() {
        return GOLDEN.children("averages").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    Sequential model = new Sequential(new Linear(3, 4, new SplittableRandom(1)), new BatchNorm1d(4));
                    Golden start = c.child("start");
                    StateDict state = new StateDict();
                    for (String name : start.keys()) {
                        Golden tensor = start.child(name);
                        state.put(
                                name,
                                name.endsWith("num_batches_tracked")
                                        ? Tensor.of(tensor.longs("values"))
                                        : Tensor.of(tensor.floats("values"), tensor.ints("shape")));
                    }
                    model.load(state);
                    try (WeightAverage average = c.text("name").equals("equal")
                                    ? WeightAverage.equal(model)
                                    : WeightAverage.exponential(model, 0.8);
                            AveragingOptimizer sgd =
                                    new AveragingOptimizer(new Sgd(model.parameters(), Sgd.lr(0.02)), average)) {
                        int t = 0;
                        for (Golden expected : c.children("averages")) {
                            sgd.zeroGrad();
                            model.forward(Tensor.of(c.floatMatrix("inputs")[t++], 5, 3))
                                    .square()
                                    .sum(1)
                                    .sub(1)
                                    .square()
                                    .mean()
                                    .backward();
                            sgd.step();
                            try (StateDict averages = average.stateDict()) {
                                for (String name : expected.keys()) {
                                    if (!name.endsWith("num_batches_tracked")) {
                                        assertClose(
                                                averages.get("weights." + name).toFloatArray(),
                                                expected.doubles(name),
                                                2e-5);
                                    }
                                }
                            }
                        }
                    }
                }))
                .toList();
    }

    /** A schedule is a function of the step alone: in any order of questions the answers are the same. */
    @TestFactory
    List<DynamicTest> schedulesAsInPyTorch() {
        return GOLDEN.children("schedules").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    double[] factors = c.doubles("factors");
                    LrSchedule schedule = SCHEDULES.get(c.text("name"));
                    for (int t = factors.length - 1; t >= 0; t--) {
                        assertThat(schedule.factor(t)).as("step " + t).isCloseTo(factors[t], within(1e-12));
                    }
                    assertThat(schedule.factor(1L << 40)).isBetween(0.0, 1.0);
                    assertThat(schedule.toString()).contains(schedule.getClass().getSimpleName() + "[");
                }))
                .toList();
    }

    @TestFactory
    List<DynamicTest> plateausAsInPyTorch() {
        return GOLDEN.children("plateaus").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> {
                    double[] scores = c.doubles("scores");
                    double[] factors = c.doubles("factors");
                    for (int t = 0; t < factors.length; t++) {
                        double factor = PLATEAUS.get(c.text("name"))
                                .factor(c.text("name").startsWith("score"), java.util.Arrays.copyOf(scores, t));
                        assertThat(factor).as("after " + t + " epochs").isCloseTo(factors[t], within(2e-8));
                    }
                }))
                .toList();
    }
}
