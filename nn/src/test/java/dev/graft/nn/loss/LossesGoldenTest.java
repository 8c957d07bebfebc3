package dev.graft.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every reduction of the losses beyond cross-entropy, value and gradient, against PyTorch in double. */
class LossesGoldenTest {
    private static final float[] WEIGHTS = {0.5f, 2, 0, 1.25f};
    private static final List<Golden> CASES = Golden.read("losses.json").children("cases");
    private static final Map<String, Function<LossReduction, Loss>> LOSSES = new TreeMap<>();

    static {
        LOSSES.put("l1", new L1Loss()::reduction);
        LOSSES.put("smooth l1", new SmoothL1Loss()::reduction);
        LOSSES.put("smooth l1 beta 2.5", new SmoothL1Loss().beta(2.5f)::reduction);
        LOSSES.put("smooth l1 beta 0", new SmoothL1Loss().beta(0)::reduction);
        LOSSES.put("huber", new HuberLoss()::reduction);
        LOSSES.put("huber delta 2.5", new HuberLoss().delta(2.5f)::reduction);
        LOSSES.put("nll", new NllLoss()::reduction);
        LOSSES.put("nll weighted", new NllLoss().classWeights(WEIGHTS)::reduction);
        LOSSES.put("nll ignore 2", new NllLoss().ignoreIndex(2)::reduction);
        LOSSES.put("nll images", new NllLoss().classWeights(WEIGHTS)::reduction);
        LOSSES.put("kl", new KlDivLoss()::reduction);
        LOSSES.put("kl batch mean", how -> new KlDivLoss().batchMean());
        LOSSES.put("kl log target", new KlDivLoss().logTarget()::reduction);
        LOSSES.put("poisson", new PoissonNllLoss()::reduction);
        LOSSES.put("poisson full", new PoissonNllLoss().full()::reduction);
        LOSSES.put("poisson rates", new PoissonNllLoss().ofRates()::reduction);
        LOSSES.put(
                "poisson rates eps full",
                new PoissonNllLoss().ofRates().eps(1e-3f).full()::reduction);
        LOSSES.put("focal", new FocalLoss()::reduction);
        LOSSES.put("focal alpha 0.6 gamma 1.5", new FocalLoss().alpha(0.6f).gamma(1.5f)::reduction);
        LOSSES.put("focal no alpha gamma 0.5", new FocalLoss().withoutAlpha().gamma(0.5f)::reduction);
        LOSSES.put("focal gamma 1", new FocalLoss().gamma(1)::reduction);
        LOSSES.put("focal gamma 0", new FocalLoss().gamma(0)::reduction);
        LOSSES.put("dice", new DiceLoss()::reduction);
        LOSSES.put("dice squared", new DiceLoss().squared()::reduction);
        LOSSES.put("dice smoothing 1", new DiceLoss().smoothing(1)::reduction);
        LOSSES.put("dice softmax", new DiceLoss().softmax()::reduction);
        LOSSES.put(
                "dice softmax squared without background",
                new DiceLoss().softmax().squared().withoutBackground()::reduction);
        LOSSES.put("dice without places", new DiceLoss()::reduction);
        LOSSES.put("soft cross-entropy", new CrossEntropyLoss()::reduction);
        LOSSES.put(
                "soft cross-entropy weighted smoothed",
                new CrossEntropyLoss().classWeights(WEIGHTS).labelSmoothing(0.1f)::reduction);
        LOSSES.put("soft cross-entropy images", new CrossEntropyLoss().classWeights(WEIGHTS)::reduction);
    }

    static Tensor tensor(Golden golden) {
        return golden.text("type").equals("I64")
                ? Tensor.of(golden.longs("values"), golden.ints("shape"))
                : Tensor.of(golden.floats("values"), golden.ints("shape"));
    }

    @Test
    void everyCaseIsTested() {
        assertThat(LOSSES.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        CASES.stream().map(c -> c.text("name")).toList());
    }

    @TestFactory
    List<DynamicTest> agreeWithPyTorch() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Golden c : CASES) {
            for (LossReduction how : LossReduction.values()) {
                String key = how.name().toLowerCase(Locale.ROOT);
                if (c.keys().contains(key)) {
                    tests.add(DynamicTest.dynamicTest(c.text("name") + ", " + key, () -> check(c, key, how)));
                }
            }
        }
        return tests;
    }

    private static void check(Golden c, String key, LossReduction how) {
        Loss loss = LOSSES.get(c.text("name")).apply(how);
        assertThat(loss.reduction()).isEqualTo(how);
        Tensor x = tensor(c.child("outputs")).requireGrad(true);
        Tensor value = loss.forward(x, tensor(c.child("targets")));
        assertClose(value, c.doubles(key));
        float[] upstream = new float[value.numel()];
        for (int i = 0; i < upstream.length; i++) {
            upstream[i] = (float) Math.cos(i + 1);
        }
        value.mul(Tensor.of(upstream, value.shape().toArray())).sum().backward();
        assertClose(x.grad().orElseThrow(), c.doubles(key + "_gradient"));
    }

    private static void assertClose(Tensor actual, double[] expected) {
        float[] values = actual.toFloatArray();
        assertThat(values).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            assertThat((double) values[i])
                    .as("value " + i)
                    .isCloseTo(expected[i], within(2e-6 * Math.abs(expected[i]) + 4e-7));
        }
    }
}
