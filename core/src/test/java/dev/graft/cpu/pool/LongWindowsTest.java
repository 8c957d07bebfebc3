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
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Pooling of random shapes whose windows overlap much, beside loops over the windows. */
class LongWindowsTest {
    private static final int CASES = 120;
    private static final int[] CHANNELS = {1, 2, 7, 8, 16, 17, 40};
    private static final float[] STRANGE = {
        Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f, -1e30f, 0f, -0f
    };

    private final Fixture f = new Fixture();

    private static Layout layout(Random random) {
        return Layout.values()[random.nextInt(Layout.values().length)];
    }

    private View places(Layout layout, int... dims) {
        View like = f.empty(layout, dims);
        return new View(
                f.cpu.allocate(DType.I32, like.storage().length()), like.offset(), like.shape(), like.strides());
    }

    private static PoolGeometry geometry(Random random, int height, int width) {
        if (random.nextInt(5) == 0) {
            return new AdaptivePool2dParams(1 + random.nextInt(height + 2), 1 + random.nextInt(width + 2));
        }
        int kernelH = 1 + random.nextInt(height);
        int kernelW = 1 + random.nextInt(width);
        int padH = random.nextInt(kernelH / 2 + 1);
        int padW = random.nextInt(kernelW / 2 + 1);
        int strideH = 1 + random.nextInt(3);
        int strideW = 1 + random.nextInt(3);
        return new Pool2dParams(
                kernelH, kernelW, strideH, strideW, padH, padW, random.nextBoolean(), random.nextBoolean());
    }

    @Test
    void poolingIsThatOfALoop() {
        int taken = 0;
        for (int seed = 0; seed < CASES; seed++) {
            Random random = new Random(seed);
            f.random.setSeed(seed);
            int channels = CHANNELS[random.nextInt(CHANNELS.length)];
            int height = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(40);
            int width = height == 1 ? 1 + random.nextInt(300) : 1 + random.nextInt(40);
            PoolGeometry p = geometry(random, height, width);
            View x = f.gaussian(layout(random), 2, channels, height, width);
            boolean strange = random.nextInt(3) == 0;
            float[] data = CpuStorage.floatsToWrite(x);
            for (int i = 0; i < data.length && strange; i++) {
                data[i] = random.nextInt(60) == 0 ? STRANGE[random.nextInt(STRANGE.length)] : random.nextInt(4);
            }
            PoolAxis rows = p.rows(height);
            PoolAxis columns = p.columns(width);
            taken += LongWindows.of(columns).overlap(4) || LongWindows.of(rows).overlap(16) ? 1 : 0;
            check(seed, random, x, p, rows, columns);
        }
        assertThat(taken).as("cases of long windows").isGreaterThan(CASES / 4);
    }

    private void check(int seed, Random random, View x, PoolGeometry p, PoolAxis rows, PoolAxis columns) {
        int channels = x.dim(1);
        int[] dims = {2, channels, rows.count(), columns.count()};
        String what = "seed " + seed + ": " + x.shape() + " " + p;
        Layout layout = layout(random);
        View means = f.sameBits(what, () -> {
            View y = f.empty(layout, dims);
            f.cpu.avgPool2d(x, p, y);
            return y;
        });
        View index = places(layout, dims);
        View maxima = f.sameBits(what, () -> {
            View y = f.empty(layout, dims);
            f.cpu.maxPool2d(x, p, y, Optional.of(index));
            return y;
        });
        View withoutPlaces = f.empty(layout, dims);
        f.cpu.maxPool2d(x, p, withoutPlaces, Optional.empty());
        assertThat(Arrays.equals(noSigns(values(withoutPlaces)), noSigns(values(maxima))))
                .as(what)
                .isTrue();
        View dy = f.gaussian(layout, dims);
        View dx = f.sameBits(what, () -> {
            View result = f.gaussian(
                    x.isChannelsLast() ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR,
                    x.shape().toArray());
            f.cpu.avgPool2dBackward(dy, p, result);
            return result;
        });
        double[] largest = values(maxima);
        double[] places = values(index);
        double[] averages = values(means);
        double[] gradient = new double[x.numel()];
        double[] sizes = new double[x.numel()];
        int out = 0;
        for (int i = 0; i < 2 * channels; i++) {
            for (int q = 0; q < rows.count(); q++) {
                for (int r = 0; r < columns.count(); r++, out++) {
                    double divisor = (double) rows.divisor(q) * columns.divisor(r);
                    double sum = 0;
                    double size = 0;
                    float best = 0;
                    int place = -1;
                    for (int h = rows.from(q); h < rows.to(q); h++) {
                        for (int w = columns.from(r); w < columns.to(r); w++) {
                            float v = at(x, i / channels, i % channels, h, w);
                            sum += v / divisor;
                            size += Math.abs(v) / divisor;
                            int pixel = (i * x.dim(2) + h) * x.dim(3) + w;
                            double share = at(dy, i / channels, i % channels, q, r) / divisor;
                            gradient[pixel] += share;
                            sizes[pixel] += Math.abs(share);
                            if (place < 0 || v > best || (Float.isNaN(v) && !Float.isNaN(best))) {
                                best = v;
                                place = h * x.dim(3) + w;
                            }
                        }
                    }
                    assertThat(largest[out] + 0.0)
                            .as("%s maximum %d", what, out)
                            .isEqualTo(Double.valueOf(best + 0.0));
                    assertThat(places[out]).as("%s place %d", what, out).isEqualTo(place);
                    if (Double.isFinite(sum)) {
                        // of the window's own elements only: no sum of others takes part
                        assertThat(Math.abs(averages[out] - sum))
                                .as("%s mean %d: %s, expected %s", what, out, averages[out], sum)
                                .isLessThanOrEqualTo(4e-7 * size);
                    } else {
                        assertThat(averages[out]).as("%s mean %d", what, out).isEqualTo(Double.valueOf(sum));
                    }
                }
            }
        }
        double[] dxs = values(dx);
        for (int i = 0; i < dxs.length; i++) {
            assertThat(Math.abs(dxs[i] - gradient[i]))
                    .as("%s gradient %d: %s, expected %s", what, i, dxs[i], gradient[i])
                    .isLessThanOrEqualTo(1e-6 * sizes[i]);
        }
        assertClose(what, dx, gradient, 1e-5);
    }

    /** The positions of maxima do not tell which zero is meant. */
    private static double[] noSigns(double[] values) {
        double[] plain = values.clone();
        for (int i = 0; i < plain.length; i++) {
            plain[i] += 0.0;
        }
        return plain;
    }
}
