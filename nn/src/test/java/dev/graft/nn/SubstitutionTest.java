package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Outputs and parameters that one thread sees as others. */
class SubstitutionTest {
    private final RandomGenerator random = new SplittableRandom(6);
    private final Sequential net = new Sequential(new Linear(3, 4, random), new ReLU(), new Linear(4, 2, random));
    private final Tensor x = Tensor.randn(random, 5, 3);

    @Test
    void constantParametersGetNoGradientAndTheInputDoes() {
        Tensor leaf = Tensor.randn(random, 5, 3).requireGrad(true);
        net.forward(leaf).sum().backward();
        float[] expected = leaf.grad().orElseThrow().toFloatArray();
        net.parameters().forEach(Parameter::clearGrad);
        leaf.clearGrad();
        net.withConstantParameters(() -> {
            assertThat(net.forward(x).requiresGrad()).isFalse();
            net.forward(leaf).sum().backward();
            return 0;
        });
        assertThat(leaf.grad().orElseThrow().toFloatArray()).containsExactly(expected);
        assertThat(net.parameters()).allMatch(parameter -> parameter.grad().isEmpty());
        assertThat(net.forward(x).requiresGrad()).isTrue();
    }

    @Test
    void otherValuesAreUsedByThisThreadAlone() {
        Map<String, Tensor> zeros = Map.of("2.weight", Tensor.zeros(2, 4), "2.bias", Tensor.ones(2));
        float[] own = net.forward(x).toFloatArray();
        net.withParameters(zeros, () -> {
            assertThat(net.forward(x).toFloatArray()).containsOnly(1f);
            assertThat(net.withConstantParameters(() -> net.forward(x)).toFloatArray())
                    .containsOnly(1f);
            assertThat(CompletableFuture.supplyAsync(() -> net.forward(x).toFloatArray())
                            .join())
                    .containsExactly(own);
            return 0;
        });
        assertThat(net.withConstantParameters(() -> net.withParameters(zeros, () -> net.forward(x)))
                        .toFloatArray())
                .containsOnly(1f);
        assertThat(net.forward(x).toFloatArray()).containsExactly(own);
        assertThatThrownBy(() -> net.withParameters(Map.of("3.weight", x), () -> 0))
                .hasMessageContaining("has no parameter '3.weight'. Hint: its parameters are [0.weight");
        assertThatThrownBy(() -> net.withParameters(Map.of("0.bias", x), () -> 0))
                .hasMessageContaining("'0.bias' has the shape [4], the value [5, 3]");
    }

    @Test
    void aReplacedOutputIsWhatTheNextLayerAndObserversSee() {
        float[] expected = net.get(2).forward(Tensor.ones(5, 4)).toFloatArray();
        net.replacingOutputs("1", y -> Tensor.ones(5, 4), () -> {
            assertThat(net.forward(x).toFloatArray()).containsExactly(expected);
            assertThat(net.intermediates(x, "1").get("1").toFloatArray()).containsOnly(1f);
            return 0;
        });
        assertThat(net.modules()).noneMatch(Module::isObserved);
        assertThatThrownBy(() -> net.replacingOutputs(
                        "1",
                        y -> {
                            throw new IllegalStateException("no");
                        },
                        () -> net.forward(x)))
                .hasMessageContaining("no");
        assertThat(net.modules()).noneMatch(Module::isObserved);
        assertThatThrownBy(() -> net.replacingOutputs("7", y -> y, () -> 0)).hasMessageContaining("no module '7'");
    }

    @Test
    void aLayerOfAFusedPassIsReplacedToo() {
        Sequential block = new Sequential(new Conv2d(2, 3, 3, random), new BatchNorm2d(3), new ReLU());
        block.eval();
        Tensor images = Tensor.randn(random, 2, 2, 6, 6);
        assertThat(block.replacingOutputs("1", y -> Tensor.full(-1, 2, 3, 4, 4), () -> block.forward(images))
                        .toFloatArray())
                .containsOnly(0f);
    }

    @Test
    void severalOutputsAreNotReplaced() {
        Module two = new Module() {
            @Override
            protected List<Tensor> compute(List<Tensor> inputs) {
                return List.of(inputs.get(0), inputs.get(0).relu());
            }
        };
        assertThatThrownBy(() -> two.replacingOutputs("", y -> y, () -> two.forward(List.of(x))))
                .hasMessageContaining("has 2 outputs ([5, 3], [5, 3]), not one");
    }

    @Test
    void recordingIsOnWithinNoGrad() {
        Tensor leaf = Tensor.ones(2).requireGrad(true);
        Autograd.noGrad(() -> {
            Autograd.enableGrad(() -> {
                assertThat(leaf.mul(2).requiresGrad()).isTrue();
                assertThat(Autograd.noGrad(() -> leaf.mul(2).requiresGrad())).isFalse();
                return 0;
            });
            assertThat(leaf.mul(2).requiresGrad()).isFalse();
            return 0;
        });
        assertThat(Autograd.isEnabled()).isTrue();
    }
}
