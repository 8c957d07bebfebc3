package dev.graft.backend.reference;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Order, running sums and choice by index along one dimension, and reductions of integers. */
final class Ordering {
    private Ordering() {}

    private static int[] with(int[] index, int axis, long value) {
        int[] at = index.clone();
        at[axis] = Math.toIntExact(value);
        return at;
    }

    static void argsort(View from, int axis, boolean descending, View to) {
        Elements x = Elements.of(from);
        Elements y = Elements.of(to);
        Elements.each(from.shape().with(axis, 1).toArray(), i -> {
            List<Integer> places = new ArrayList<>();
            for (int k = 0; k < x.dim(axis); k++) {
                places.add(k);
            }
            // Adding 0 makes -0 equal to 0, which Double.compare tells apart.
            Comparator<Integer> order = from.dtype() == DType.F32
                    ? Comparator.comparing(k -> x.get(with(i, axis, k)) + 0.0)
                    : Comparator.comparing(k -> x.getLong(with(i, axis, k)));
            places.sort(descending ? order.reversed() : order);
            for (int k = 0; k < y.dim(axis); k++) {
                y.setLong(places.get(k), with(i, axis, k));
            }
        });
    }

    static void cumsum(View from, int axis, boolean reverse, View to) {
        Elements x = Elements.of(from);
        Elements y = Elements.of(to);
        y.each(i -> {
            double sum = 0;
            long whole = 0;
            int first = reverse ? i[axis] : 0;
            int last = reverse ? x.dim(axis) - 1 : i[axis];
            for (int k = first; k <= last; k++) {
                if (from.dtype() == DType.F32) {
                    sum += x.get(with(i, axis, k));
                } else {
                    whole += x.getLong(with(i, axis, k));
                }
            }
            if (from.dtype() == DType.F32) {
                y.set(sum, i);
            } else {
                y.setLong(whole, i);
            }
        });
    }

    static void gather(Elements x, int axis, Elements index, Elements y) {
        y.each(i -> y.setRaw(x.raw(with(i, axis, index.getLong(i))), i));
    }

    static void scatter(Elements x, int axis, Elements index, boolean add, View to) {
        Elements y = Elements.of(to);
        if (!add) {
            x.each(i -> y.setRaw(x.raw(i), with(i, axis, index.getLong(i))));
            return;
        }
        y.each(i -> {
            double sum = to.dtype() == DType.F32 ? y.get(i) : 0;
            long whole = to.dtype() == DType.F32 ? 0 : y.getLong(i);
            for (int k = 0; k < x.dim(axis); k++) {
                int[] at = with(i, axis, k);
                if (index.getLong(at) != i[axis]) {
                    continue;
                }
                if (to.dtype() == DType.F32) {
                    sum += x.get(at);
                } else {
                    whole += x.getLong(at);
                }
            }
            if (to.dtype() == DType.F32) {
                y.set(sum, i);
            } else {
                y.setLong(whole, i);
            }
        });
    }

    static void reduce(Reduction op, View from, View to) {
        Elements x = Elements.of(from);
        Elements y = Elements.of(to);
        y.each(i -> {
            long[] total = {op == Reduction.SUM ? 0 : op == Reduction.MAX ? Long.MIN_VALUE : Long.MAX_VALUE};
            x.each(j -> {
                for (int axis = 0; axis < i.length; axis++) {
                    if (to.dim(axis) != 1 && i[axis] != j[axis]) {
                        return;
                    }
                }
                long v = x.getLong(j);
                total[0] = op == Reduction.SUM
                        ? total[0] + v
                        : op == Reduction.MAX ? Math.max(total[0], v) : Math.min(total[0], v);
            });
            y.setLong(total[0], i);
        });
    }
}
