package dev.graft.cpu.reduce;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReductionsTest {
    private final Fixture f = new Fixture();

    private static double[] reference(Reduction op, View x, int[] kept) {
        int size = Arrays.stream(kept).reduce(1, (a, b) -> a * b);
        double[] y = new double[size];
        double[] xs = values(x);
        Arrays.fill(
                y, op == Reduction.MAX ? Double.NEGATIVE_INFINITY : op == Reduction.MIN ? Double.POSITIVE_INFINITY : 0);
        for (int i = 0; i < xs.length; i++) {
            int rest = i;
            int at = 0;
            int step = 1;
            for (int d = kept.length - 1; d >= 0; d--) {
                at += kept[d] == 1 ? 0 : rest % x.dim(d) * step;
                step *= kept[d];
                rest /= x.dim(d);
            }
            y[at] = switch (op) {
                case SUM -> y[at] + xs[i];
                case MEAN -> y[at] + xs[i] * size / xs.length;
                case MAX -> Math.max(y[at], xs[i]);
                case MIN -> Math.min(y[at], xs[i]);
            };
        }
        return y;
    }

    private void check(Reduction op, View x, int... kept) {
        View y = f.empty(Layout.ROW_MAJOR, kept);
        f.cpu.reduce(op, x, y);
        assertClose(op + " of " + x.shape() + " to " + y.shape(), y, reference(op, x, kept), 1e-6);
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void everySetOfDimensionsInEveryLayout(Reduction op) {
        int[] dims = {3, 5, 6, 7};
        for (Layout layout : Layout.values()) {
            View x = f.gaussian(layout, dims);
            for (int set = 0; set < 16; set++) {
                int[] kept = dims.clone();
                for (int d = 0; d < 4; d++) {
                    if ((set >> d & 1) == 1) {
                        kept[d] = 1;
                    }
                }
                check(op, x, kept);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void longAndWide(Reduction op) {
        check(op, f.gaussian(Layout.ROW_MAJOR, 200_003), 1);
        check(op, f.gaussian(Layout.GAPS, 70_001), 1);
        check(op, f.gaussian(Layout.ROW_MAJOR, 3, 9001), 3, 1);
        check(op, f.gaussian(Layout.ROW_MAJOR, 3001, 33), 1, 33);
        check(op, f.gaussian(Layout.ROW_MAJOR, 70, 2500), 1, 2500);
        check(op, f.gaussian(Layout.CHANNELS_LAST, 4, 40, 30, 31), 1, 40, 1, 1);
        check(op, f.gaussian(Layout.CHANNELS_LAST, 4, 40, 30, 31), 4, 40, 1, 1);
        check(op, f.gaussian(Layout.ROW_MAJOR, 1), 1);
        check(op, Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 6), new int[] {5, 6}, new int[] {0, 1}), 1, 6);
    }

    @Test
    void sumsAreAccurateAndIndependentOfThreads() {
        int n = 3_000_000;
        View x = f.empty(Layout.ROW_MAJOR, n);
        float[] data = CpuStorage.floatsToWrite(x);
        double exact = 0;
        for (int i = 0; i < n; i++) {
            data[i] = 1 + (float) f.random.nextGaussian();
            exact += data[i];
        }
        View y = f.sameBits("sum", () -> {
            View result = f.empty(Layout.ROW_MAJOR, 1);
            f.cpu.reduce(Reduction.SUM, x, result);
            return result;
        });
        assertThat(values(y)[0]).isCloseTo(exact, org.assertj.core.data.Percentage.withPercentage(1e-5));
        View columns = Fixture.viewed(x, new int[] {30_000, 100}, new int[] {100, 1});
        f.sameBits("column sums", () -> {
            View result = f.empty(Layout.ROW_MAJOR, 1, 100);
            f.cpu.reduce(Reduction.SUM, columns, result);
            return result;
        });
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (double) data[i] * data[i];
        }
        double first = f.sumOfSquares(x, x);
        f.cpu.setThreads(5);
        assertThat(f.sumOfSquares(x, x)).isEqualTo(first);
        assertThat(first).isCloseTo(2 * squares, org.assertj.core.data.Percentage.withPercentage(1e-5));
        assertThat(f.sumOfSquares()).isZero();
        assertThat(f.sumOfSquares(f.of(3f, 4f))).isEqualTo(25);
    }

    @Test
    void nothingSumsToZeroAndNanIsLargest() {
        View y = f.empty(Layout.ROW_MAJOR, 1, 3);
        f.cpu.reduce(Reduction.SUM, f.empty(Layout.ROW_MAJOR, 0, 3), y);
        assertThat(values(y)).containsOnly(0);
        View one = f.empty(Layout.ROW_MAJOR, 1);
        f.cpu.reduce(Reduction.MAX, f.of(1f, Float.NaN, 3f), one);
        assertThat(values(one)[0]).isNaN();
        f.cpu.reduce(Reduction.MAX, f.of(Float.NEGATIVE_INFINITY, -3f), one);
        assertThat(values(one)[0]).isEqualTo(-3);
    }

    @Test
    void argmaxTakesTheFirstLargestAlongAnyAxis() {
        for (Layout layout : Layout.values()) {
            View x = f.gaussian(layout, 2, 4, 3, 5);
            for (int axis = 0; axis < 4; axis++) {
                int[] kept = x.shape().toArray();
                kept[axis] = 1;
                View y = f.empty(DType.I64, kept);
                f.cpu.argmax(x, axis, y);
                double[] places = values(y);
                double[] largest = reference(Reduction.MAX, x, kept);
                for (int i = 0; i < places.length; i++) {
                    int[] index = new int[4];
                    int rest = i;
                    for (int d = 3; d >= 0; d--) {
                        index[d] = rest % kept[d];
                        rest /= kept[d];
                    }
                    index[axis] = (int) places[i];
                    assertThat((double) Fixture.at(x, index)).isEqualTo(largest[i]);
                }
            }
        }
        View y = f.empty(DType.I64, 1);
        f.cpu.argmax(f.of(1f, 7f, 7f), 0, y);
        assertThat(values(y)).containsExactly(1);
        f.cpu.argmax(f.of(1f, Float.NaN, 9f, Float.NaN), 0, y);
        assertThat(values(y)).containsExactly(1);
    }

    /** Few different values, so that many are equal, along lines side by side and lines in memory. */
    @Test
    void argmaxTakesTheFirstOfEqualsAndOfNans() {
        float[] drawn = {1, 0, 2, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN};
        for (int seed = 0; seed < 40; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int kinds = 1 + random.nextInt(drawn.length);
            int[] dims = {1 + random.nextInt(3), 1 + random.nextInt(30), 1 + random.nextInt(60)};
            View x = f.empty(Layout.ROW_MAJOR, dims);
            float[] xs = new float[x.numel()];
            for (int i = 0; i < xs.length; i++) {
                xs[i] = drawn[random.nextInt(kinds)];
            }
            x.storage().write(0, xs, 0, xs.length);
            View y = f.empty(DType.I64, dims[0], 1, dims[2]);
            f.cpu.argmax(x, 1, y);
            double[] places = values(y);
            for (int i = 0; i < places.length; i++) {
                int at = i / dims[2] * dims[1] * dims[2] + i % dims[2];
                int first = 0;
                for (int k = 1; k < dims[1]; k++) {
                    float v = xs[at + k * dims[2]];
                    float best = xs[at + first * dims[2]];
                    if (v > best || (Float.isNaN(v) && !Float.isNaN(best))) {
                        first = k;
                    }
                }
                assertThat(places[i]).as("line %d, seed %d", i, seed).isEqualTo(first);
            }
        }
    }
}
