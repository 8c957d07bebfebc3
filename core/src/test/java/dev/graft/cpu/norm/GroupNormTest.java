package dev.graft.cpu.norm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupNormTest {
    private static final float EPS = 1e-5f;

    /** Far from 0 the statistics must not cancel, in values and in gradients; sizes of one and of several pieces. */
    @Test
    void largeMeansKeepTheirDigits() {
        for (int size : new int[] {6, 150}) {
            try (Scope scope = Scope.open()) {
                SplittableRandom random = new SplittableRandom(5);
                // Multiples of 1/256, so that adding 4,096 to them is exact.
                Tensor near =
                        Tensor.randn(random, 2, 8, size, size).mul(256).round().div(256);
                Tensor far = near.add(4096).requireGrad(true);
                Tensor base = near.detach().requireGrad(true);
                Tensor gamma = Tensor.randn(random, 8);
                Tensor beta = Tensor.randn(random, 8);
                Tensor dy = Tensor.randn(random, 2, 8, size, size);
                Tensor y = far.groupNorm(4, gamma, beta, EPS);
                Tensor expected = base.groupNorm(4, gamma, beta, EPS);
                close(y.detach(), expected.detach(), 1e-4f);
                y.mul(dy).sum().backward();
                expected.mul(dy).sum().backward();
                close(far.grad().orElseThrow(), base.grad().orElseThrow(), 3e-4f);
            }
        }
    }

    private static void close(Tensor x, Tensor y, float tolerance) {
        float[] a = x.toFloatArray();
        float[] b = y.toFloatArray();
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], within(tolerance));
        }
    }

    @Test
    void hugeValuesDoNotOverflow() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {1e30f, -1e30f, 3e30f, -3e30f, 1, 2, 3, 4}, 1, 2, 2, 2);
            float[] y = x.groupNorm(2, EPS).toFloatArray();
            assertThat(y[0]).isCloseTo((float) Math.sqrt(0.2), within(1e-4f));
            assertThat(y[3]).isCloseTo((float) (-3 * Math.sqrt(0.2)), within(1e-4f));
        }
    }

    @Test
    void aNaNSpoilsItsGroupAlone() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            try (Scope scope = Scope.open()) {
                float[] values = new float[2 * 6 * 9];
                for (int i = 0; i < values.length; i++) {
                    values[i] = i % 7;
                }
                float[] clean = Tensor.of(values, 2, 6, 3, 3).groupNorm(3, EPS).toFloatArray();
                values[2 * 9 + 4] = bad; // image 0, channel 2: the second group
                float[] y = Tensor.of(values, 2, 6, 3, 3).groupNorm(3, EPS).toFloatArray();
                for (int i = 0; i < y.length; i++) {
                    if (i >= 18 && i < 36) {
                        assertThat(y[i]).isNaN();
                    } else {
                        assertThat(y[i]).isEqualTo(clean[i]);
                    }
                }
                float[] rows = Tensor.of(new float[] {1, bad, 2, 3}, 2, 2)
                        .rmsNorm(Tensor.ones(2), EPS)
                        .toFloatArray();
                assertThat(rows[1]).isNaN();
                assertThat(rows[3]).isCloseTo((float) (3 / Math.sqrt(6.5)), within(1e-5f));
            }
        }
    }
}
