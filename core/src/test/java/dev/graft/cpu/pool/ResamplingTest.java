package dev.graft.cpu.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ResamplingTest {

    /** A tap of weight 0 would make NaN of an infinity that PyTorch's copy does not see. */
    @Test
    void infinitiesStayWhereTheirPixelsAre() {
        for (int channels : new int[] {1, 3, 16}) {
            try (Scope scope = Scope.open()) {
                float[] values = new float[channels * 25];
                for (int c = 0; c < channels; c++) {
                    values[c * 25 + 12] = Float.POSITIVE_INFINITY;
                }
                Tensor x = Tensor.of(values, 1, channels, 5, 5);
                Tensor y = x.interpolate(InterpolateParams.bilinear().scale(3));
                Tensor padded = x.pad2d(PaddingMode.REFLECT, 1, 1, 1, 1);
                for (int c = 0; c < channels; c++) {
                    for (int h = 0; h < 15; h++) {
                        for (int w = 0; w < 15; w++) {
                            boolean near = h > 4 && h < 10 && w > 4 && w < 10;
                            assertThat(y.get(0, c, h, w)).isEqualTo(near ? Float.POSITIVE_INFINITY : 0f);
                        }
                    }
                    assertThat(padded.get(0, c, 3, 3)).isEqualTo(Float.POSITIVE_INFINITY);
                    assertThat(padded.get(0, c, 3, 4)).isZero();
                }
            }
        }
    }

    /** {@code <A x, y> = <x, A' y>}: what a gradient is, for all kinds of maps and sizes. */
    @Test
    void theTransposedMapIsTheAdjoint() {
        long seed = 20261130;
        System.out.println("ResamplingTest: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 60; trial++) {
            try (Scope scope = Scope.open()) {
                int channels = new int[] {1, 2, 3, 15, 16, 19}[random.nextInt(6)];
                int height = random.nextInt(1, 12);
                int width = random.nextInt(1, 12);
                InterpolateParams p = new InterpolateParams[] {
                            InterpolateParams.nearest(),
                            InterpolateParams.nearestExact(),
                            InterpolateParams.bilinear(),
                            InterpolateParams.bilinear().alignCorners(true),
                            InterpolateParams.bicubic(),
                        }
                        [random.nextInt(5)].size(random.nextInt(1, 60), random.nextInt(1, 60));
                Tensor x = Tensor.randn(random, 2, channels, height, width).requireGrad(true);
                Tensor y = x.interpolate(p);
                Tensor dy = Tensor.randn(random, y.shape().toArray());
                y.mul(dy).sum().backward();
                double forward = dot(y.detach(), dy);
                double back = dot(x.detach(), x.grad().orElseThrow());
                assertThat(back)
                        .as("trial %d: %s of %s", trial, p, x.shape())
                        .isCloseTo(forward, org.assertj.core.api.Assertions.within(1e-3 * Math.sqrt(y.numel())));
            }
        }
    }

    private static double dot(Tensor p, Tensor q) {
        float[] a = p.toFloatArray();
        float[] b = q.toFloatArray();
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    @Test
    void aTapCountsOnceAndWeightsOfZeroNotAtAll() {
        AxisTaps taps =
                AxisTaps.of(4, 2, (i, t) -> t.add(i, 0.25).add(3, 0).add(i, 0.5).add(2, 1));
        assertThat(taps.to(0)).isEqualTo(2);
        assertThat(taps.weight(0)).isEqualTo(0.75f);
        assertThat(taps.position(3)).isEqualTo(2);
        AxisTaps back = taps.transposed();
        assertThat(back.size()).isEqualTo(2);
        assertThat(back.count()).isEqualTo(4);
        assertThat(back.to(2) - back.from(2)).isEqualTo(2);
        assertThat(back.from(3)).isEqualTo(back.to(3));
        assertThat(taps.isIdentity()).isFalse();
        assertThat(PaddingMode.REPLICATE.taps(5, 0, 0).isIdentity()).isTrue();
        assertThat(InterpolateParams.bilinear()
                        .size(5)
                        .taps(Shape.of(1, 1, 5), 2)
                        .isIdentity())
                .isTrue();
    }
}
