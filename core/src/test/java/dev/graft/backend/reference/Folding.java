package dev.graft.backend.reference;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;

/** Reductions, softmax, rows and losses: one loop a formula. */
final class Folding {
    private Folding() {}

    static void reduce(Reduction op, View from, View to) {
        if (from.dtype() == DType.I64) {
            Ordering.reduce(op, from, to);
            return;
        }
        Elements x = Elements.of(from);
        Elements y = Elements.of(to);
        int[] dims = from.shape().toArray();
        int[] inner = dims.clone();
        double count = 1;
        for (int axis = 0; axis < dims.length; axis++) {
            if (to.dim(axis) == dims[axis]) {
                inner[axis] = 1;
            }
            count *= inner[axis];
        }
        double n = count;
        y.each(i -> {
            double[] total = {
                switch (op) {
                    case SUM, MEAN -> 0;
                    case MAX -> Double.NEGATIVE_INFINITY;
                    case MIN -> Double.POSITIVE_INFINITY;
                }
            };
            Elements.each(inner, j -> {
                int[] at = i.clone();
                for (int axis = 0; axis < at.length; axis++) {
                    at[axis] += j[axis];
                }
                double v = x.get(at);
                total[0] = switch (op) {
                    case SUM, MEAN -> total[0] + v;
                    case MAX -> Math.max(total[0], v);
                    case MIN -> Math.min(total[0], v);
                };
            });
            y.set(op == Reduction.MEAN ? total[0] / n : total[0], i);
        });
    }

    static void argmax(View from, int axis, View to) {
        Elements x = Elements.of(from);
        Elements y = Elements.of(to);
        y.each(i -> {
            int best = 0;
            double largest = Double.NaN;
            for (int k = 0; k < x.dim(axis); k++) {
                int[] at = i.clone();
                at[axis] = k;
                double v = x.get(at);
                if (k == 0 || v > largest || (Double.isNaN(v) && !Double.isNaN(largest))) {
                    largest = v;
                    best = k;
                }
            }
            y.setLong(best, i);
        });
    }

    private static int[] last(int[] index, int value) {
        int[] at = index.clone();
        at[at.length - 1] = value;
        return at;
    }

    static void softmax(boolean log, Elements x, Elements y) {
        y.each(i -> {
            int n = y.dim(i.length - 1);
            double largest = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < n; k++) {
                largest = Math.max(largest, x.get(last(i, k)));
            }
            double total = 0;
            for (int k = 0; k < n; k++) {
                total += Math.exp(x.get(last(i, k)) - largest);
            }
            double v = x.get(i) - largest - Math.log(total);
            y.set(log ? v : Math.exp(v), i);
        });
    }

    static void softmaxBackward(boolean log, Elements y, Elements dy, Elements dx) {
        dx.each(i -> {
            int n = y.dim(i.length - 1);
            double total = 0;
            for (int k = 0; k < n; k++) {
                total += log ? dy.get(last(i, k)) : dy.get(last(i, k)) * y.get(last(i, k));
            }
            dx.set(log ? dy.get(i) - Math.exp(y.get(i)) * total : y.get(i) * (dy.get(i) - total), i);
        });
    }

    static void gatherRows(Elements table, Elements rows, Elements y) {
        y.each(i -> y.set(table.get((int) rows.getLong(i[0]), i[1]), i));
    }

    static void gatherRowsBackward(Elements dy, Elements rows, Elements dtable) {
        dtable.each(i -> {
            double total = 0;
            for (int r = 0; r < rows.dim(0); r++) {
                total += rows.getLong(r) == i[0] ? dy.get(r, i[1]) : 0;
            }
            dtable.set(total, i);
        });
    }

    static void crossEntropy(
            Elements logits,
            Elements target,
            Elements classWeight,
            float smoothing,
            long ignoreIndex,
            Elements loss,
            Elements rowWeight,
            Elements logProbabilities) {
        softmax(true, logits, logProbabilities);
        int classes = logits.dim(1);
        loss.each(i -> {
            int r = i[0];
            long t = target.getLong(r);
            double total = 0;
            for (int c = 0; c < classes && t != ignoreIndex; c++) {
                double share = (c == t ? 1 - smoothing : 0) + smoothing / classes;
                total -= share == 0 ? 0 : share * weight(classWeight, c) * logProbabilities.get(r, c);
            }
            loss.set(total, r);
            rowWeight.set(t == ignoreIndex ? 0 : weight(classWeight, t), r);
        });
    }

    static void crossEntropyBackward(
            Elements logProbabilities,
            Elements target,
            Elements classWeight,
            float smoothing,
            long ignoreIndex,
            Elements dloss,
            Elements dlogits) {
        int classes = dlogits.dim(1);
        // loss = -sum_k share(k) weight(k) lp(k), and d lp(k) / d x(c) = [k = c] - p(c).
        dlogits.each(i -> {
            long t = target.getLong(i[0]);
            double p = Math.exp(logProbabilities.get(i));
            double total = 0;
            for (int k = 0; k < classes && t != ignoreIndex; k++) {
                double share = (k == t ? 1 - smoothing : 0) + smoothing / classes;
                total -= share * weight(classWeight, k) * ((k == i[1] ? 1 : 0) - p);
            }
            dlogits.set(t == ignoreIndex ? 0 : dloss.get(i[0]) * total, i);
        });
    }

    /** 1 where there are no class weights. */
    private static double weight(Elements classWeight, long c) {
        return classWeight == null ? 1 : classWeight.get((int) c);
    }
}
