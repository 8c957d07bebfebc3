package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A convolution's weights used forward and backward in turn, where both passes see the same strides. */
class ConvolutionWeightsTest {
    private static final Optional<Tensor> NONE = Optional.empty();
    private static final Conv2dParams PLAIN = Conv2dParams.of(1, 0);

    @Test
    void oneInputChannelGivesTheSameAfterABackwardPass() {
        Tensor w = Tensor.of(new float[] {1, 10, 100}, 3, 1, 1, 1);
        Tensor x = Tensor.of(new float[] {1, 2}, 1, 1, 1, 2).requireGrad(true);
        x.conv2d(w, NONE, PLAIN).sum().backward();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(111, 111);
        for (int use = 0; use < 3; use++) {
            assertThat(x.conv2d(w, NONE, PLAIN).toFloatArray())
                    .as("use %d", use)
                    .containsExactly(1, 2, 10, 20, 100, 200);
        }
    }

    @Test
    void oneInputChannelCanBeDifferentiatedAfterSeveralForwardPasses() {
        Tensor w = Tensor.of(new float[] {1, 10, 100}, 3, 1, 1, 1);
        Tensor x = Tensor.of(new float[] {1, 2}, 1, 1, 1, 2).requireGrad(true);
        for (int use = 1; use < 4; use++) {
            Tensor y = x.conv2d(w, NONE, PLAIN);
            assertThat(y.toFloatArray()).as("use %d", use).containsExactly(1, 2, 10, 20, 100, 200);
            y.sum().backward();
            assertThat(x.grad().orElseThrow().toFloatArray()).as("use %d", use).containsExactly(use * 111, use * 111);
        }
    }
}
