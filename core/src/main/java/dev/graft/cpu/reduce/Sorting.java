package dev.graft.cpu.reduce;

import dev.graft.backend.View;
import dev.graft.cpu.layout.ElementAccess;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Stable order along one dimension. A value and its place are sorted as one {@code long}: the value, made an integer of
 * the same order, above the place. So equal values keep their places' order, and no two numbers are equal.
 */
public final class Sorting {
    private static final int TASK = 1 << 13;

    private final ExecutionContext context;

    public Sorting(ExecutionContext context) {
        this.context = context;
    }

    /** The first {@code y.dim(axis)} places of the order; NaN counts as largest. */
    public void argsort(View x, int axis, boolean descending, View y) {
        StridedWalk walk = StridedWalk.of(1, StridedWalk.first(x, axis), StridedWalk.first(y, axis));
        int n = x.dim(axis);
        int kept = y.dim(axis);
        int xStep = CpuStorage.stride(x, axis);
        int yStep = CpuStorage.stride(y, axis);
        CpuStorage target = CpuStorage.of(y);
        target.changed();
        long[] ys = target.array(long[].class);
        float[] floats = x.dtype() == DType.F32 ? CpuStorage.floats(x) : null;
        ElementAccess integers = floats == null ? ElementAccess.of(x) : null;
        context.forRange(walk.total(), Math.max(1, TASK / Math.max(1, n)), (from, to) -> {
            boolean few = kept < n && (kept == 1 || kept < n / 8);
            long[] keys = new long[few && floats != null ? 0 : n];
            long[] best = few ? new long[kept] : keys;
            for (int line = from; line < to; line++) {
                int at = walk.at(0, line);
                int result = walk.at(1, line);
                if (few && floats != null) {
                    smallest(floats, at, xStep, n, descending, best);
                    store(best, kept, ys, result, yStep);
                    continue;
                }
                boolean packed = floats != null
                        ? packFloats(floats, at, xStep, descending, keys)
                        : packIntegers(integers, at, xStep, descending, keys);
                if (!packed) {
                    Integer[] order = wideOrder(keys, descending);
                    for (int i = 0; i < kept; i++) {
                        ys[result + i * yStep] = order[i];
                    }
                    continue;
                }
                if (best == keys) {
                    Arrays.sort(keys);
                } else {
                    smallest(keys, best);
                }
                store(best, kept, ys, result, yStep);
            }
        });
    }

    private static void store(long[] keys, int count, long[] y, int at, int step) {
        for (int i = 0; i < count; i++) {
            y[at + i * step] = keys[i] & 0xffffffffL;
        }
    }

    private static boolean packFloats(float[] x, int at, int step, boolean descending, long[] keys) {
        int reverse = descending ? -1 : 0;
        for (int i = 0; i < keys.length; i++) {
            keys[i] = key(x[at + i * step], i, reverse);
        }
        return true;
    }

    private static long key(float value, int place, int reverse) {
        // Adding 0 makes -0 equal to 0; all NaNs have the same bits, which are above infinity's.
        int bits = Float.floatToIntBits(value + 0f);
        int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE) ^ reverse;
        return (long) ordered << 32 | place;
    }

    /** False if the values differ by more than 32 bits can say; the keys are then the values. */
    private static boolean packIntegers(ElementAccess x, int at, int step, boolean descending, long[] keys) {
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (int i = 0; i < keys.length; i++) {
            keys[i] = x.getLong(at + i * step);
            low = Math.min(low, keys[i]);
            high = Math.max(high, keys[i]);
        }
        if (Long.compareUnsigned(high - low, Integer.MAX_VALUE) > 0) {
            return keys.length == 0;
        }
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (descending ? high - keys[i] : keys[i] - low) << 32 | i;
        }
        return true;
    }

    private static Integer[] wideOrder(long[] values, boolean descending) {
        Integer[] order = new Integer[values.length];
        Arrays.setAll(order, i -> i);
        Comparator<Integer> byValue = Comparator.comparingLong(i -> values[i]);
        Arrays.sort(order, descending ? byValue.reversed() : byValue);
        return order;
    }

    /** The smallest keys in order, by a heap with the largest of them on top. */
    private static void smallest(long[] keys, long[] best) {
        int size = best.length;
        if (size == 0) {
            return;
        }
        System.arraycopy(keys, 0, best, 0, size);
        heap(best);
        for (int i = size; i < keys.length; i++) {
            if (keys[i] < best[0]) {
                best[0] = keys[i];
                sink(best, 0);
            }
        }
        Arrays.sort(best);
    }

    /** The same of the keys of {@code n} floats, which are not kept. */
    private static void smallest(float[] x, int at, int step, int n, boolean descending, long[] best) {
        int size = best.length;
        if (size == 0) {
            return;
        }
        int reverse = descending ? -1 : 0;
        for (int i = 0; i < size; i++) {
            best[i] = key(x[at + i * step], i, reverse);
        }
        heap(best);
        long largest = best[0];
        for (int i = size; i < n; i++) {
            long key = key(x[at + i * step], i, reverse);
            if (key < largest) {
                best[0] = key;
                sink(best, 0);
                largest = best[0];
            }
        }
        Arrays.sort(best);
    }

    private static void heap(long[] keys) {
        for (int i = keys.length / 2 - 1; i >= 0; i--) {
            sink(keys, i);
        }
    }

    private static void sink(long[] heap, int from) {
        int at = from;
        long value = heap[at];
        while (2 * at + 1 < heap.length) {
            int child = 2 * at + 1;
            if (child + 1 < heap.length && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= value) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = value;
    }
}
