package dev.graft.backend.reference;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.RecurrentCell;
import java.util.Optional;

/** Attention and recurrent layers, sequence by sequence and number by number. */
final class Sequences {
    private Sequences() {}

    /** Scaled and masked product of a query and a key; minus infinity if it is not seen. */
    private static double score(
            Elements q, Elements k, Optional<Elements> mask, AttentionParams params, int n, int h, int i, int j) {
        double sum = 0;
        for (int e = 0; e < q.dim(3); e++) {
            sum += q.get(n, h, i, e) * k.get(n, h, j, e);
        }
        double score = params.scale() * sum;
        if (mask.isPresent() && mask.get().isTruth()) {
            score = mask.get().getLong(n, h, i, j) == 0 ? Double.NEGATIVE_INFINITY : score;
        } else if (mask.isPresent()) {
            double term = mask.get().get(n, h, i, j);
            score = term == Double.NEGATIVE_INFINITY ? term : score + term;
        }
        return params.causal() && j > i ? Double.NEGATIVE_INFINITY : score;
    }

    /** Whether a query sees a key at all. */
    private static boolean sees(Optional<Elements> mask, AttentionParams params, int n, int h, int i, int j) {
        boolean hidden = mask.isPresent()
                && (mask.get().isTruth()
                        ? mask.get().getLong(n, h, i, j) == 0
                        : mask.get().get(n, h, i, j) == Double.NEGATIVE_INFINITY);
        return !hidden && !(params.causal() && j > i);
    }

    private static double kept(AttentionParams params, Elements q, Elements k, int n, int h, int i, int j) {
        if (params.dropout() == 0) {
            return 1;
        }
        DropoutMask mask = DropoutMask.of(params.dropout(), params.seed());
        long position = (((long) n * q.dim(1) + h) * q.dim(2) + i) * k.dim(2) + j;
        return mask.keeps(position) ? mask.scale() : 0;
    }

    static void attention(
            Elements q,
            Elements k,
            Elements v,
            Optional<Elements> mask,
            AttentionParams params,
            Elements y,
            Elements logSum) {
        logSum.each(at -> {
            if (at[0] > 0) {
                return;
            }
            int n = at[1];
            int h = at[2];
            int i = at[3];
            int keys = k.dim(2);
            double[] scores = new double[keys];
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < keys; j++) {
                scores[j] = score(q, k, mask, params, n, h, i, j);
                largest = Math.max(largest, scores[j]);
            }
            boolean blind = largest == Double.NEGATIVE_INFINITY;
            double sum = 0;
            double[] total = new double[v.dim(3)];
            for (int j = 0; j < keys && !blind; j++) {
                if (!sees(mask, params, n, h, i, j)) {
                    continue;
                }
                double weight = Math.exp(scores[j] - largest);
                sum += weight;
                for (int f = 0; f < total.length; f++) {
                    total[f] += weight * kept(params, q, k, n, h, i, j) * v.get(n, h, j, f);
                }
            }
            for (int f = 0; f < total.length; f++) {
                y.set(blind ? 0 : total[f] / sum, n, h, i, f);
            }
            logSum.set(blind ? 0 : largest, 0, n, h, i);
            logSum.set(blind ? Double.POSITIVE_INFINITY : Math.log(sum), 1, n, h, i);
        });
    }

    static void attentionBackward(
            Elements q,
            Elements k,
            Elements v,
            Optional<Elements> mask,
            AttentionParams params,
            Elements logSum,
            Elements dy,
            Elements dq,
            Elements dk,
            Elements dv) {
        int keys = k.dim(2);
        double[] gq = new double[dq.numel()];
        double[] gk = new double[dk.numel()];
        double[] gv = new double[dv.numel()];
        logSum.each(at -> {
            if (at[0] > 0) {
                return;
            }
            int n = at[1];
            int h = at[2];
            int i = at[3];
            int head = n * q.dim(1) + h;
            double[] p = new double[keys];
            double[] dp = new double[keys];
            double inner = 0;
            for (int j = 0; j < keys; j++) {
                if (!sees(mask, params, n, h, i, j)) {
                    continue;
                }
                p[j] = Math.exp(
                        score(q, k, mask, params, n, h, i, j) - logSum.get(0, n, h, i) - logSum.get(1, n, h, i));
                double kept = kept(params, q, k, n, h, i, j);
                for (int f = 0; f < v.dim(3); f++) {
                    dp[j] += kept * dy.get(n, h, i, f) * v.get(n, h, j, f);
                    gv[(head * keys + j) * v.dim(3) + f] += p[j] * kept * dy.get(n, h, i, f);
                }
                inner += p[j] * dp[j];
            }
            for (int j = 0; j < keys; j++) {
                if (!sees(mask, params, n, h, i, j)) {
                    continue;
                }
                double ds = params.scale() * p[j] * (dp[j] - inner);
                for (int e = 0; e < q.dim(3); e++) {
                    gq[(head * q.dim(2) + i) * q.dim(3) + e] += ds * k.get(n, h, j, e);
                    gk[(head * keys + j) * q.dim(3) + e] += ds * q.get(n, h, i, e);
                }
            }
        });
        store(gq, dq);
        store(gk, dk);
        store(gv, dv);
    }

    private static void store(double[] values, Elements to) {
        int[] at = {0};
        to.each(i -> to.set(values[at[0]++], i));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static int length(Optional<Elements> lengths, int n, int steps) {
        return lengths.map(l -> (int) l.getLong(n)).orElse(steps);
    }

    static void recurrent(
            RecurrentCell cell,
            boolean reverse,
            Elements gates,
            Elements weight,
            Optional<Elements> inputBias,
            Optional<Elements> hiddenBias,
            Elements h0,
            Optional<Elements> c0,
            Optional<Elements> lengths,
            Elements y,
            Optional<Elements> memory,
            Elements hn,
            Optional<Elements> cn) {
        run(
                cell,
                reverse,
                (t, n, row) -> gates.get(t, n, row),
                Optional.of(gates),
                weight,
                inputBias,
                hiddenBias,
                h0,
                c0,
                lengths,
                y,
                memory,
                hn,
                cn);
    }

    static void recurrentOutputs(
            RecurrentCell cell,
            boolean reverse,
            Elements x,
            Elements inputWeight,
            Elements weight,
            Optional<Elements> inputBias,
            Optional<Elements> hiddenBias,
            Elements h0,
            Optional<Elements> c0,
            Optional<Elements> lengths,
            Elements y,
            Elements hn,
            Optional<Elements> cn) {
        Inputs inputs = (t, n, row) -> {
            double sum = 0;
            for (int i = 0; i < x.dim(2); i++) {
                sum += x.get(t, n, i) * inputWeight.get(row, i);
            }
            return sum;
        };
        run(
                cell,
                reverse,
                inputs,
                Optional.empty(),
                weight,
                inputBias,
                hiddenBias,
                h0,
                c0,
                lengths,
                y,
                Optional.empty(),
                hn,
                cn);
    }

    /** The input part of a gate. */
    private interface Inputs {
        double get(int t, int n, int row);
    }

    private static void run(
            RecurrentCell cell,
            boolean reverse,
            Inputs inputs,
            Optional<Elements> gates,
            Elements weight,
            Optional<Elements> inputBias,
            Optional<Elements> hiddenBias,
            Elements h0,
            Optional<Elements> c0,
            Optional<Elements> lengths,
            Elements y,
            Optional<Elements> memory,
            Elements hn,
            Optional<Elements> cn) {
        int steps = y.dim(0);
        int units = weight.dim(1);
        y.each(i -> y.set(0, i));
        for (int n = 0; n < y.dim(1); n++) {
            int length = length(lengths, n, steps);
            double[] h = new double[units];
            double[] c = new double[units];
            for (int j = 0; j < units; j++) {
                h[j] = h0.get(n, j);
                c[j] = c0.isPresent() ? c0.get().get(n, j) : 0;
            }
            for (int i = 0; i < length; i++) {
                int t = reverse ? length - 1 - i : i;
                double[] before = h.clone();
                for (int j = 0; j < units; j++) {
                    double[] x = new double[cell.gates()];
                    double[] z = new double[cell.gates()];
                    for (int g = 0; g < x.length; g++) {
                        int row = g * units + j;
                        x[g] = inputs.get(t, n, row)
                                + (inputBias.isPresent() ? inputBias.get().get(row) : 0);
                        z[g] = hiddenBias.isPresent() ? hiddenBias.get().get(row) : 0;
                        for (int u = 0; u < units; u++) {
                            z[g] += weight.get(row, u) * before[u];
                        }
                    }
                    double kept;
                    double[] active;
                    if (cell == RecurrentCell.LSTM) {
                        active = new double[] {
                            sigmoid(x[0] + z[0]), sigmoid(x[1] + z[1]), Math.tanh(x[2] + z[2]), sigmoid(x[3] + z[3])
                        };
                        c[j] = active[1] * c[j] + active[0] * active[2];
                        h[j] = active[3] * Math.tanh(c[j]);
                        kept = c[j];
                    } else {
                        double r = sigmoid(x[0] + z[0]);
                        active = new double[] {r, sigmoid(x[1] + z[1]), Math.tanh(x[2] + r * z[2])};
                        h[j] = (1 - active[1]) * active[2] + active[1] * before[j];
                        kept = z[2];
                    }
                    for (int g = 0; g < active.length && gates.isPresent(); g++) {
                        gates.get().set(active[g], t, n, g * units + j);
                    }
                    if (memory.isPresent()) {
                        memory.get().set(kept, t, n, j);
                    }
                    y.set(h[j], t, n, j);
                }
            }
            for (int j = 0; j < units; j++) {
                hn.set(h[j], n, j);
                if (cn.isPresent()) {
                    cn.get().set(c[j], n, j);
                }
            }
        }
    }

    static void recurrentBackward(
            RecurrentCell cell,
            boolean reverse,
            Elements gates,
            Elements memory,
            Elements y,
            Elements weight,
            Elements h0,
            Optional<Elements> c0,
            Optional<Elements> lengths,
            Elements dy,
            Optional<Elements> dhn,
            Optional<Elements> dcn,
            Elements dgates,
            Optional<Elements> dhidden,
            Elements dh0,
            Optional<Elements> dc0) {
        int steps = y.dim(0);
        int units = weight.dim(1);
        dgates.each(i -> dgates.set(0, i));
        dhidden.ifPresent(d -> d.each(i -> d.set(0, i)));
        for (int n = 0; n < y.dim(1); n++) {
            int length = length(lengths, n, steps);
            double[] dh = new double[units];
            double[] dc = new double[units];
            for (int j = 0; j < units; j++) {
                dh[j] = dhn.isPresent() ? dhn.get().get(n, j) : 0;
                dc[j] = dcn.isPresent() ? dcn.get().get(n, j) : 0;
            }
            for (int i = length - 1; i >= 0; i--) {
                int t = reverse ? length - 1 - i : i;
                double[] next = new double[units];
                for (int j = 0; j < units; j++) {
                    double d = dh[j] + dy.get(t, n, j);
                    double a = gates.get(t, n, j);
                    double b = gates.get(t, n, units + j);
                    double g = gates.get(t, n, 2 * units + j);
                    double kept = memory.get(t, n, j);
                    Elements first = cell == RecurrentCell.LSTM ? c0.orElseThrow() : h0;
                    Elements states = cell == RecurrentCell.LSTM ? memory : y;
                    double before = i == 0 ? first.get(n, j) : states.get(reverse ? t + 1 : t - 1, n, j);
                    double[] input;
                    double[] hidden;
                    if (cell == RecurrentCell.LSTM) {
                        double o = gates.get(t, n, 3 * units + j);
                        double tanh = Math.tanh(kept);
                        double dcell = dc[j] + d * o * (1 - tanh * tanh);
                        dc[j] = dcell * b;
                        input = new double[] {
                            dcell * g * a * (1 - a),
                            dcell * before * b * (1 - b),
                            dcell * a * (1 - g * g),
                            d * tanh * o * (1 - o)
                        };
                        hidden = input;
                    } else {
                        double dn = d * (1 - b) * (1 - g * g);
                        input = new double[] {dn * kept * a * (1 - a), d * (before - g) * b * (1 - b), dn};
                        hidden = new double[] {input[0], input[1], dn * a};
                        next[j] += d * b;
                    }
                    for (int row = 0; row < input.length; row++) {
                        dgates.set(input[row], t, n, row * units + j);
                        if (dhidden.isPresent()) {
                            dhidden.get().set(hidden[row], t, n, row * units + j);
                        }
                        for (int u = 0; u < units; u++) {
                            next[u] += hidden[row] * weight.get(row * units + j, u);
                        }
                    }
                }
                dh = next;
            }
            for (int j = 0; j < units; j++) {
                dh0.set(dh[j], n, j);
                if (dc0.isPresent()) {
                    dc0.get().set(dc[j], n, j);
                }
            }
        }
    }
}
