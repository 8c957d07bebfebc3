package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Statistics of channels whose mean is far from 0, or from their first pixel, against sums in double about the mean.
 */
class LargeMeanTest {
    private static final float EPS = 1e-5f;

    private final Fixture f = new Fixture();

    private View filled(int c, float value) {
        View view = f.empty(Layout.ROW_MAJOR, c);
        f.cpu.fill(view, value);
        return view;
    }

    /** Mean and biased variance of a channel of channels-last values. */
    private static double[] statistics(float[] x, int count, int channels, int c) {
        double mean = 0;
        for (int i = c; i < count; i += channels) {
            mean += x[i];
        }
        int terms = count / channels;
        mean /= terms;
        double variance = 0;
        for (int i = c; i < count; i += channels) {
            variance += (x[i] - mean) * (x[i] - mean);
        }
        return new double[] {mean, variance / terms};
    }

    private void check(View x) {
        int channels = x.dim(1);
        View y = f.empty(Layout.CHANNELS_LAST, x.shape().toArray());
        View mean = filled(channels, 0);
        View inverse = filled(channels, 0);
        View variance = filled(channels, 0);
        View gamma = filled(channels, 1.5f);
        View beta = filled(channels, 0.25f);
        f.cpu.batchNormTrain(x, gamma, beta, EPS, Optional.empty(), Activation.NONE, y, mean, inverse, variance);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(y);
        for (int c = 0; c < channels; c++) {
            double[] s = statistics(xs, x.numel(), channels, c);
            assertThat((double) Fixture.at(mean, c))
                    .as("mean of %d", c)
                    .isCloseTo(s[0], within(Math.ulp((float) s[0]) + 1e-7 * Math.sqrt(s[1])));
            assertThat((double) Fixture.at(variance, c))
                    .as("variance of %d", c)
                    .isCloseTo(s[1], within(3e-6 * s[1] + 1e-30));
            for (int i = c; i < x.numel(); i += 97 * channels) {
                double z = (xs[i] - s[0]) / Math.sqrt(s[1] + EPS);
                // The mean is kept as a float.
                double rounding = Math.ulp((float) s[0]) / Math.sqrt(s[1] + EPS);
                assertThat((double) ys[i])
                        .as("result %d of %d", i, c)
                        .isCloseTo(1.5 * z + 0.25, within(4e-6 * (1 + Math.abs(z)) + rounding));
            }
        }
    }

    @Test
    void anOutlierAtTheFirstPixelCostsNoDigits() {
        View x = f.empty(Layout.CHANNELS_LAST, 1, 1, 1000, 1600);
        f.cpu.fill(x, 0.1f);
        CpuStorage.floatsToWrite(x)[0] = 1000.3f;
        check(x);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 70})
    void noiseAboutALargeMean(int channels) {
        for (float mean : new float[] {0, 1, -1e4f, 1e6f}) {
            View x = f.gaussian(Layout.CHANNELS_LAST, 3, channels, 40, 41);
            float[] data = CpuStorage.floatsToWrite(x);
            for (int i = 0; i < x.numel(); i++) {
                data[i] = mean + data[i] * (i % channels + 1);
            }
            check(x);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 24})
    void imagesOfDifferentBrightness(int channels) {
        View x = f.gaussian(Layout.CHANNELS_LAST, 6, channels, 50, 50);
        float[] data = CpuStorage.floatsToWrite(x);
        for (int i = 0; i < x.numel(); i++) {
            int image = i / (channels * 2500);
            data[i] = 0.01f * data[i] + 1000f * image;
        }
        check(x);
    }

    @Test
    void constantChannelsHaveNoVariance() {
        for (float value : new float[] {0, 0.1f, 1e4f, -3e7f}) {
            View x = f.empty(Layout.CHANNELS_LAST, 2, 5, 60, 60);
            f.cpu.fill(x, value);
            check(x);
        }
    }

    /**
     * As in PyTorch: the mean of a channel with an infinity is that infinity, wherever it lies; its variance is NaN.
     */
    @Test
    void infinitiesAndTheRangeOfFloats() {
        for (int place : new int[] {0, 7, 90_000, 179_997}) {
            View x = f.gaussian(Layout.CHANNELS_LAST, 3, 3, 100, 200);
            float[] data = CpuStorage.floatsToWrite(x);
            data[place - place % 3] = Float.POSITIVE_INFINITY;
            for (int i = 1; i < x.numel(); i += 3) {
                data[i] = i % 2 == 0 ? 3e38f : -1e38f;
            }
            View y = f.empty(Layout.CHANNELS_LAST, 3, 3, 100, 200);
            View mean = filled(3, 0);
            View variance = filled(3, 0);
            f.cpu.batchNormTrain(
                    x,
                    filled(3, 1),
                    filled(3, 0),
                    EPS,
                    Optional.empty(),
                    Activation.NONE,
                    y,
                    mean,
                    filled(3, 0),
                    variance);
            assertThat(Fixture.at(mean, 0)).isEqualTo(Float.POSITIVE_INFINITY);
            assertThat(Fixture.at(variance, 0)).isNaN();
            assertThat(Fixture.at(mean, 1)).isEqualTo((float) ((3e38f - (double) 1e38f) / 2));
            assertThat(Fixture.at(variance, 1)).isEqualTo(Float.POSITIVE_INFINITY);
            assertThat(Fixture.at(variance, 2)).isBetween(0.9f, 1.1f);
        }
    }

    @Test
    void aLargeMeanCostsTheGradientNoDigits() {
        int channels = 5;
        View x = f.gaussian(Layout.CHANNELS_LAST, 2, channels, 12, 13);
        float[] xs = CpuStorage.floatsToWrite(x);
        // Noise that has an exact mean among floats: its rounding is not what is measured here.
        for (int i = 0; i < x.numel() / 2; i++) {
            float noise = Math.round(512 * xs[i]) / 512f;
            xs[i] = 1e4f + noise;
            xs[i + x.numel() / 2] = 1e4f - noise;
        }
        View y = f.empty(Layout.CHANNELS_LAST, x.shape().toArray());
        View mean = filled(channels, 0);
        View inverse = filled(channels, 0);
        View gamma = filled(channels, 1.5f);
        View beta = filled(channels, 0.25f);
        f.cpu.batchNormTrain(
                x, gamma, beta, EPS, Optional.empty(), Activation.RELU, y, mean, inverse, filled(channels, 0));
        View dy = f.gaussian(Layout.CHANNELS_LAST, x.shape().toArray());
        View dx = f.empty(Layout.CHANNELS_LAST, x.shape().toArray());
        View dgamma = filled(channels, 0);
        f.cpu.batchNormTrainBackward(
                x,
                Optional.empty(),
                dy,
                gamma,
                beta,
                mean,
                inverse,
                Activation.RELU,
                dx,
                dgamma,
                filled(channels, 0),
                Optional.empty());
        float[] dys = CpuStorage.floats(dy);
        int n = x.numel() / channels;
        for (int c = 0; c < channels; c++) {
            double[] s = statistics(xs, x.numel(), channels, c);
            double scale = 1 / Math.sqrt(s[1] + EPS);
            double sum = 0;
            double products = 0;
            for (int i = c; i < x.numel(); i += channels) {
                double z = (xs[i] - s[0]) * scale;
                double d = 1.5 * z + 0.25 > 0 ? dys[i] : 0;
                sum += d;
                products += d * z;
            }
            assertThat((double) Fixture.at(dgamma, c)).as("dgamma of %d", c).isCloseTo(products, within(1e-6 * n));
            for (int i = c; i < x.numel(); i += channels) {
                double z = (xs[i] - s[0]) * scale;
                if (Math.abs(1.5 * z + 0.25) < 1e-3) {
                    continue;
                }
                double d = 1.5 * z + 0.25 > 0 ? dys[i] : 0;
                double expected = 1.5 * scale * (d - sum / n - z * products / n);
                assertThat((double) CpuStorage.floats(dx)[i])
                        .as("gradient %d", i)
                        .isCloseTo(expected, within(4e-6 * (1 + Math.abs(expected))));
            }
        }
    }
}
