package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout: its random numbers are Graft's own, so its properties stand in for PyTorch's values. */
class DropoutTest {
    private static final int N = 200_000;

    @ParameterizedTest
    @ValueSource(floats = {0.1f, 0.5f, 0.9f})
    void dropsTheShareAskedForAndScalesTheRest(float p) {
        float[] y = Tensor.ones(N).dropout(p, 42).toFloatArray();
        float kept = 1 / (1 - p);
        int zeros = 0;
        for (float v : y) {
            assertThat(v == 0 || Math.abs(v - kept) < 1e-6 * kept).as("%s is 0 or %s", v, kept).isTrue();
            zeros += v == 0 ? 1 : 0;
        }
        double deviation = Math.sqrt(p * (1 - p) / N);
        assertThat(zeros / (double) N).isCloseTo(p, within(5 * deviation));
    }

    @Test
    void neighboursAreIndependent() {
        float[] y = Tensor.ones(N).dropout(0.5f, 7).toFloatArray();
        for (int lag : new int[] {1, 2, 3, 8, 16, 64, 1024, 4096}) {
            long both = IntStream.range(0, N - lag).filter(i -> y[i] == 0 && y[i + lag] == 0).count();
            assertThat(both / (double) (N - lag)).as("pairs dropped at distance %d", lag).isCloseTo(0.25, within(0.006));
        }
    }

    @Test
    void theSeedDecides() {
        Tensor x = Tensor.ones(1000);
        float[] first = x.dropout(0.5f, 1).toFloatArray();
        assertThat(x.dropout(0.5f, 1).toFloatArray()).containsExactly(first);
        float[] second = x.dropout(0.5f, 2).toFloatArray();
        long equal = IntStream.range(0, first.length).filter(i -> first[i] == second[i]).count();
        assertThat(equal).isBetween(420L, 580L);
    }

    @Test
    void theBackwardDropsTheSameElements() {
        Tensor x = Tensor.randn(new Random(3), 37, 53).requireGrad(true);
        Tensor y = x.dropout(0.4f, 99);
        y.backward(Tensor.ones(37, 53));
        float[] mask = Tensor.ones(37, 53).dropout(0.4f, 99).toFloatArray();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(mask);
        float[] values = x.toFloatArray();
        float[] dropped = y.toFloatArray();
        for (int i = 0; i < mask.length; i++) {
            assertThat(dropped[i]).isEqualTo(mask[i] == 0 ? 0 * values[i] : values[i] * mask[i]);
        }
    }

    @Test
    void theBackwardDropsTheSameElementsOfImagesInChannelsLastMemory() {
        Tensor x = Tensor.ones(2, 5, 7, 3).permute(0, 3, 1, 2).requireGrad(true);
        Tensor y = x.dropout(0.5f, 5);
        y.backward(Tensor.ones(2, 3, 5, 7));
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(y.toFloatArray());
    }
}
