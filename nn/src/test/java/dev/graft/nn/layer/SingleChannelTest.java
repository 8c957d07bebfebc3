package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Convolutions to and from one channel, whose weights have the same strides forward and backward. */
class SingleChannelTest {

    private static float[] trained(boolean rectified, boolean validated) {
        SplittableRandom random = new SplittableRandom(5);
        Tensor x = Tensor.randn(random, 3, 4, 5, 5);
        try (Sequential model = rectified
                ? new Sequential(new Conv2d(4, 1, 1, random), new ReLU(), new Conv2d(1, 4, 1, random))
                : new Sequential(new Conv2d(4, 1, 1, random), new Conv2d(1, 4, 1, random))) {
            Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.05));
            for (int epoch = 0; epoch < 6; epoch++) {
                try (Scope scope = Scope.open()) {
                    sgd.zeroGrad();
                    model.forward(x).sub(x).square().mean().backward();
                    sgd.step();
                    for (int i = 0; validated && i < 3; i++) {
                        Autograd.noGrad(() -> model.forward(x));
                    }
                }
            }
            return model.forward(x).toFloatArray();
        }
    }

    @Test
    void validationBetweenEpochsChangesNothing() {
        for (boolean rectified : new boolean[] {true, false}) {
            assertThat(trained(rectified, true))
                    .as("with ReLU: %s", rectified)
                    .containsExactly(trained(rectified, false));
        }
    }
}
