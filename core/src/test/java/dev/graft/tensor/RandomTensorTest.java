package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.random.Digest;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Tensors of random values: RandomGenerator.nextGaussian gives other bits on JDK 17 than on JDK 25, Graft's own does
 * not.
 */
class RandomTensorTest {

    @Test
    void randomTensorsAreTheSameOnEveryJdk() {
        SplittableRandom random = new SplittableRandom(3);
        Digest digest = new Digest();
        digest.add(Tensor.randn(random, 100, 1000).toFloatArray())
                .add(Tensor.uniform(random, -0.1f, 0.3f, 100, 100).toFloatArray());
        digest.add(Tensor.randn(new java.util.Random(3), 1000).toFloatArray());
        assertThat(digest.hex()).isEqualTo("1c94d056db0fdcd1");
    }

    @Test
    void normalTensorsHaveMeanZeroAndDeviationOne() {
        float[] values = Tensor.randn(new SplittableRandom(5), 100_000).toFloatArray();
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        assertThat(sum / values.length).isCloseTo(0, within(4.5 / Math.sqrt(values.length)));
        assertThat(squares / values.length).isCloseTo(1, within(4.5 * Math.sqrt(2.0 / values.length)));
    }

    @Test
    void uniformTensorsNeverHoldTheUpperBound() {
        RandomGenerator largest = () -> -1L;
        assertThat(Tensor.uniform(largest, 1, 2, 3).toFloatArray()).containsOnly(Math.nextDown(2f));
    }
}
