package dev.graft.cpu.pool;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.at;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.AdaptivePool2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.type.DType;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PoolingTest {
    private final Fixture f = new Fixture();

    private static View indices(Fixture f, Layout layout, int... dims) {
        View like = f.empty(layout, dims);
        return new View(
                f.cpu.allocate(DType.I32, like.storage().length()), like.offset(), like.shape(), like.strides());
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void matchTheDefinition(Layout layout) {
        for (int c : new int[] {1, 3, 32, 40}) {
            check(layout, c, 9, 11, Pool2dParams.of(3, 2, 1));
            check(layout, c, 6, 6, Pool2dParams.of(2, 2));
            check(layout, c, 7, 5, Pool2dParams.of(3, 1, 1));
            check(layout, c, 8, 6, Pool2dParams.of(3, 2, 1).ceilMode(true).countIncludePad(false));
            check(layout, c, 7, 9, new AdaptivePool2dParams(3, 2));
            check(layout, c, 7, 7, new AdaptivePool2dParams(1, 1));
            check(layout, c, 2, 3, new AdaptivePool2dParams(5, 4));
            check(layout, c, 1, 1, new AdaptivePool2dParams(1, 1));
            check(layout, c, 9, 29, Pool2dParams.of(5, 2, 2));
            check(layout, c, 1, 29, new Pool2dParams(1, 6, 1, 1, 0, 3, false, true));
        }
    }

    /** Few different values, so that most windows have several largest. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 33})
    void tiesAndSpecialValuesMatchTheDefinition(int channels) {
        float[] drawn = {0, 1, 1, 2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        Pool2dParams[] all = {Pool2dParams.of(2, 2), Pool2dParams.of(3, 1, 1), Pool2dParams.of(6, 2, 1)};
        for (int seed = 0; seed < 12; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int kinds = 1 + random.nextInt(drawn.length);
            Pool2dParams p = all[seed % all.length];
            int height = 7;
            int width = seed < 10 ? 8 : 1100 / channels; // rows of several blocks
            View x = f.empty(Layout.CHANNELS_LAST, 1, channels, height, width);
            float[] xs = new float[x.numel()];
            for (int i = 0; i < xs.length; i++) {
                xs[i] = drawn[random.nextInt(kinds)];
            }
            x.storage().write(0, xs, 0, xs.length);
            PoolAxis down = p.rows(height);
            PoolAxis across = p.columns(width);
            View y = f.empty(Layout.CHANNELS_LAST, 1, channels, down.count(), across.count());
            View index = indices(f, Layout.CHANNELS_LAST, 1, channels, down.count(), across.count());
            f.cpu.maxPool2d(x, p, y, Optional.of(index));
            double[] places = values(index);
            double[] largest = values(y);
            f.cpu.maxPool2d(x, p, y, Optional.empty());
            assertThat(values(y)).as("without positions, seed %d", seed).isEqualTo(largest);
            for (int i = 0; i < places.length; i++) {
                int c = i / (down.count() * across.count());
                int row = i / across.count() % down.count();
                int column = i % across.count();
                int first = -1;
                float best = 0;
                for (int h = down.from(row); h < down.to(row); h++) {
                    for (int w = across.from(column); w < across.to(column); w++) {
                        float v = xs[(h * width + w) * channels + c];
                        if (first < 0 || v > best || (Float.isNaN(v) && !Float.isNaN(best))) {
                            best = v;
                            first = h * width + w;
                        }
                    }
                }
                assertThat(places[i]).as("position %d, seed %d", i, seed).isEqualTo(first);
                assertThat(largest[i]).as("maximum %d, seed %d", i, seed).isEqualTo(Double.valueOf(best));
            }
        }
    }

    private void check(Layout layout, int c, int height, int width, PoolGeometry p) {
        int n = 2;
        PoolAxis down = p.rows(height);
        PoolAxis across = p.columns(width);
        int rows = down.count();
        int columns = across.count();
        View x = f.gaussian(layout, n, c, height, width);
        View y = f.empty(layout, n, c, rows, columns);
        View index = indices(f, layout, n, c, rows, columns);
        f.cpu.maxPool2d(x, p, y, Optional.of(index));
        View average = f.sameBits("avgPool2d", () -> {
            View result = f.empty(layout, n, c, rows, columns);
            f.cpu.avgPool2d(x, p, result);
            return result;
        });
        View dy = f.gaussian(layout, n, c, rows, columns);
        View dx = f.sameBits("maxPool2dBackward", () -> {
            View result = f.gaussian(layout, n, c, height, width);
            f.cpu.maxPool2dBackward(dy, index, p, result);
            return result;
        });
        View averageDx = f.sameBits("avgPool2dBackward", () -> {
            View result = f.gaussian(layout, n, c, height, width);
            f.cpu.avgPool2dBackward(dy, p, result);
            return result;
        });

        double[] largest = new double[y.numel()];
        double[] places = new double[y.numel()];
        double[] means = new double[y.numel()];
        double[] maxGradient = new double[x.numel()];
        double[] meanGradient = new double[x.numel()];
        int out = 0;
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < c; k++) {
                for (int q = 0; q < rows; q++) {
                    for (int r = 0; r < columns; r++, out++) {
                        double divisor = (double) down.divisor(q) * across.divisor(r);
                        int image = (i * c + k) * height * width;
                        largest[out] = Double.NEGATIVE_INFINITY;
                        for (int h = down.from(q); h < down.to(q); h++) {
                            for (int w = across.from(r); w < across.to(r); w++) {
                                double v = at(x, i, k, h, w);
                                means[out] += v / divisor;
                                meanGradient[image + h * width + w] += at(dy, i, k, q, r) / divisor;
                                if (v > largest[out]) {
                                    largest[out] = v;
                                    places[out] = h * width + w;
                                }
                            }
                        }
                        maxGradient[image + (int) places[out]] += at(dy, i, k, q, r);
                    }
                }
            }
        }
        assertThat(values(y)).isEqualTo(largest);
        assertThat(values(index)).isEqualTo(places);
        assertClose("avgPool2d", average, means, 1e-6);
        // Terms are as large as dy, while most elements are 0.
        assertClose("maxPool2dBackward", dx, maxGradient, 1e-6, 0.5);
        assertClose("avgPool2dBackward", averageDx, meanGradient, 1e-6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 48})
    void theFirstOfEqualsWinsAndTheFirstNanBeatsAll(int channels) {
        View x = f.empty(Layout.CHANNELS_LAST, 1, channels, 2, 2);
        View y = f.empty(Layout.CHANNELS_LAST, 1, channels, 1, 1);
        View index = indices(f, Layout.CHANNELS_LAST, 1, channels, 1, 1);
        Pool2dParams all = Pool2dParams.of(2, 2);
        x.storage().write(0, inEveryChannel(channels, 5, 5, 1, 5), 0, 4 * channels);
        f.cpu.maxPool2d(x, all, y, Optional.of(index));
        assertThat(values(index)).containsOnly(0);
        x.storage().write(0, inEveryChannel(channels, 7, Float.NaN, Float.NaN, 9), 0, 4 * channels);
        f.cpu.maxPool2d(x, all, y, Optional.of(index));
        assertThat(values(index)).containsOnly(1);
        assertThat(values(y)).containsOnly(Float.NaN);
        f.cpu.fill(x, Float.NEGATIVE_INFINITY);
        f.cpu.maxPool2d(x, all, y, Optional.of(index));
        assertThat(values(index)).containsOnly(0);
        f.cpu.maxPool2d(x, all, y, Optional.empty());
        assertThat(values(y)).containsOnly(Float.NEGATIVE_INFINITY);
    }

    private static float[] inEveryChannel(int channels, float... pixels) {
        float[] image = new float[pixels.length * channels];
        for (int i = 0; i < image.length; i++) {
            image[i] = pixels[i / channels];
        }
        return image;
    }

    @Test
    void noImages() {
        View x = f.empty(Layout.CHANNELS_LAST, 0, 3, 4, 4);
        View y = f.empty(Layout.CHANNELS_LAST, 0, 3, 2, 2);
        Pool2dParams p = Pool2dParams.of(2, 2);
        f.cpu.maxPool2d(x, p, y, Optional.of(indices(f, Layout.CHANNELS_LAST, 0, 3, 2, 2)));
        f.cpu.avgPool2d(x, p, y);
        f.cpu.avgPool2dBackward(y, p, x);
        assertThat(values(y)).isEmpty();
    }
}
