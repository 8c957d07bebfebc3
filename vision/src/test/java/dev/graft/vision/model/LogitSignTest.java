package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.layer.Identity;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import dev.graft.vision.model.zoo.ModelZoo;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which networks say that they can deny a label, and which can. */
class LogitSignTest {

    @SuppressWarnings("try") // the guards are closed at the end
    private static boolean denies(Backbone model, RandomGenerator random) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            model.eval();
            return model.forward(Tensor.randn(random, 4, 3, 64, 64)).amin().item() < 0;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet18", "resnet20", "squeezenet1_1", "efficientnet_lite0", "resnet18,layers=1-1-1-1"})
    void aNetworkKnowsWhetherItsLogitsMayBeNegative(String name) {
        RandomGenerator random = new SplittableRandom(5);
        try (Backbone model = ModelZoo.architecture(name).create(20, random)) {
            assertThat(denies(model, random)).isEqualTo(model.hasNegativeLogits());
        }
    }

    @Test
    void aSqueezeNetWithoutItsLastReluDeniesToo() {
        RandomGenerator random = new SplittableRandom(5);
        try (SqueezeNet model = SqueezeNet.squeezenet1_1(20, random)) {
            assertThat(model.hasNegativeLogits()).isFalse();
            model.replace("classifier.2", new Identity());
            assertThat(model.hasNegativeLogits()).isTrue();
            assertThat(denies(model, random)).isTrue();
        }
    }
}
