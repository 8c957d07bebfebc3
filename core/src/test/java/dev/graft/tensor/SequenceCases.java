package dev.graft.tensor;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Attention and recurrent layers. */
final class SequenceCases {
    private SequenceCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String variant : List.of(
                "plain",
                "one",
                "matrices",
                "three_dimensions",
                "five_dimensions",
                "heads_repeated",
                "wide",
                "truths",
                "truths_of_keys",
                "truths_of_pairs",
                "blind_rows",
                "terms",
                "terms_of_pairs",
                "no_queries")) {
            attention(cases, variant, false, 0);
        }
        attention(cases, "causal", true, 0);
        attention(cases, "causal_more_keys", true, 0);
        attention(cases, "causal_fewer_keys", true, 0);
        attention(cases, "scale", false, 0.3f);
        attention(cases, "large_scores", false, 300);
        learnt(cases, "learnt_terms", false);
        learnt(cases, "learnt_terms_causal", true);
        selfAttention(cases, "plain", 2, false);
        selfAttention(cases, "one_head", 1, false);
        selfAttention(cases, "causal", 3, true);
        selfAttention(cases, "keys", 2, false);
        selfAttention(cases, "learnt_terms", 2, false);
        for (RecurrentCell cell : RecurrentCell.values()) {
            for (String variant :
                    List.of("plain", "one", "wide", "no_bias", "lengths", "short_lengths", "by_sequence")) {
                recurrent(cases, cell, variant, false);
            }
            for (String variant : List.of("reverse", "reverse_lengths", "reverse_short_by_sequence")) {
                recurrent(cases, cell, variant, true);
            }
        }
        return cases;
    }

    private static AttentionParams params(Tensor q, boolean causal, float scale) {
        AttentionParams params = AttentionParams.of(q.dim(-1)).causal(causal);
        return scale == 0 ? params : params.scale(scale);
    }

    private static Optional<Tensor> fourth(Tensor[] in) {
        return in.length > 3 ? Optional.of(in[3]) : Optional.empty();
    }

    private static void attention(List<OpCase> cases, String variant, boolean causal, float scale) {
        cases.add(new OpCase(
                        "attention/" + variant,
                        AttentionOp.Attention.class,
                        in -> in[0].scaledDotProductAttention(in[1], in[2], fourth(in), params(in[0], causal, scale)),
                        in -> attention(in, causal, scale))
                .terms(variant.equals("large_scores") ? 4000 : 140));
    }

    /** The same function, composed because the mask has a gradient. */
    private static void learnt(List<OpCase> cases, String variant, boolean causal) {
        cases.add(new OpCase(
                        "attention/" + variant,
                        "scaledDotProductAttention",
                        in -> in[0].scaledDotProductAttention(in[1], in[2], fourth(in), params(in[0], causal, 0)),
                        in -> attention(in, causal, 0))
                .terms(140));
    }

    private static void selfAttention(List<OpCase> cases, String variant, int heads, boolean causal) {
        cases.add(new OpCase(
                        "self_attention/" + variant,
                        variant.equals("learnt_terms") ? "selfAttention" : AttentionOp.SelfAttention.class,
                        in -> in[0].selfAttention(
                                heads,
                                in.length > 1 ? Optional.of(in[1]) : Optional.empty(),
                                AttentionParams.of(in[0].dim(2) / 3 / heads).causal(causal)),
                        in -> {
                            int[] d = in[0].dims();
                            int width = d[2] / 3 / heads;
                            Nd all = in[0].reshape(d[0], d[1], 3, heads, width);
                            Nd[] parts = new Nd[in.length + 2];
                            for (int i = 0; i < 3; i++) {
                                int at = i;
                                parts[i] = Nd.fill(
                                        new int[] {d[0], heads, d[1], width}, x -> all.get(x[0], x[2], at, x[1], x[3]));
                            }
                            if (in.length > 1) {
                                parts[3] = in[1];
                            }
                            return attention(parts, causal, 0)
                                    .permute(0, 2, 1, 3)
                                    .reshape(d[0], d[1], d[2] / 3);
                        })
                .terms(140));
    }

    /** Query by query. A mask of zeros and ones alone tells what is seen; others are added. */
    static Nd attention(Nd[] in, boolean causal, float scale) {
        Nd q = in[0];
        Nd k = in[1];
        Nd v = in[2];
        int width = q.dims()[q.rank() - 1];
        int keys = k.dims()[k.rank() - 2];
        double factor = scale == 0 ? 1 / Math.sqrt(width) : scale;
        boolean truths = in.length > 3 && Arrays.stream(in[3].data()).allMatch(x -> x == 0 || x == 1);
        int[] dims = Nd.broadcast(
                Nd.with(Nd.with(q.dims(), q.rank() - 1, 1), q.rank() - 2, 1),
                Nd.broadcast(
                        Nd.with(Nd.with(k.dims(), k.rank() - 1, 1), k.rank() - 2, 1),
                        Nd.with(Nd.with(v.dims(), v.rank() - 1, 1), v.rank() - 2, 1)));
        int row = dims.length - 2;
        dims[row] = q.dims()[q.rank() - 2];
        dims[row + 1] = v.dims()[v.rank() - 1];
        return Nd.fill(dims, i -> {
            double[] scores = new double[keys];
            for (int j = 0; j < keys; j++) {
                for (int e = 0; e < width; e++) {
                    scores[j] += factor * q.spread(Nd.with(i, row + 1, e)) * k.spread(at(i, row, j, e));
                }
                double term = in.length > 3 ? in[3].spread(at(i, row, i[row], j)) : 0;
                boolean hidden = (truths && term == 0) || (causal && j > i[row]);
                scores[j] = hidden ? Double.NEGATIVE_INFINITY : scores[j] + (truths ? 0 : term);
            }
            double largest = Arrays.stream(scores).max().orElse(0);
            double sum = 0;
            double total = 0;
            for (int j = 0; j < keys && largest > Double.NEGATIVE_INFINITY; j++) {
                double weight = Math.exp(scores[j] - largest);
                sum += weight;
                total += weight * v.spread(at(i, row, j, i[row + 1]));
            }
            return sum == 0 ? 0 : total / sum;
        });
    }

    private static int[] at(int[] index, int row, int j, int e) {
        return Nd.with(Nd.with(index, row, j), row + 1, e);
    }

    private static void recurrent(List<OpCase> cases, RecurrentCell cell, String variant, boolean reverse) {
        boolean biased = !variant.equals("no_bias");
        boolean ragged = variant.contains("length") || variant.contains("short");
        boolean bySequence = variant.endsWith("by_sequence");
        int states = cell == RecurrentCell.LSTM ? 2 : 1;
        cases.add(new OpCase(
                        cell.name().toLowerCase(Locale.ROOT) + "/" + variant,
                        cell,
                        in -> {
                            Recurrent.Result result = (bySequence ? in[0].transpose(0, 1) : in[0])
                                    .recurrent(
                                            cell,
                                            reverse,
                                            new Recurrent.Weights(
                                                    in[1],
                                                    in[2],
                                                    biased ? Optional.of(in[3 + states]) : Optional.empty(),
                                                    biased ? Optional.of(in[4 + states]) : Optional.empty()),
                                            new Recurrent.State(
                                                    in[3], states == 2 ? Optional.of(in[4]) : Optional.empty()),
                                            ragged ? Optional.of(in[in.length - 1]) : Optional.empty());
                            List<Tensor> parts = new ArrayList<>();
                            parts.add(result.output().flatten(0));
                            parts.add(result.last().h().flatten(0));
                            result.last().c().ifPresent(c -> parts.add(c.flatten(0)));
                            return Tensor.concat(0, parts);
                        },
                        in -> {
                            Nd x = bySequence ? in[0].permute(1, 0, 2) : in[0];
                            return recurrent(in, x, states, biased, ragged, reverse);
                        })
                .terms(400));
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Sequence by sequence, step by step. */
    private static Nd recurrent(Nd[] in, Nd x, int states, boolean biased, boolean ragged, boolean reverse) {
        int steps = x.dims()[0];
        int batch = x.dims()[1];
        int units = in[2].dims()[1];
        double[] out = new double[(steps + states) * batch * units];
        for (int n = 0; n < batch; n++) {
            int length = ragged ? (int) in[in.length - 1].get(n) : steps;
            double[] h = new double[units];
            double[] c = new double[units];
            for (int j = 0; j < units; j++) {
                h[j] = in[3].get(n, j);
                c[j] = states == 2 ? in[4].get(n, j) : 0;
            }
            for (int i = 0; i < length; i++) {
                int t = reverse ? length - 1 - i : i;
                double[] before = h.clone();
                for (int j = 0; j < units; j++) {
                    double[] a = new double[4];
                    double[] b = new double[4];
                    for (int g = 0; g < (states == 2 ? 4 : 3); g++) {
                        int row = g * units + j;
                        a[g] = biased ? in[3 + states].get(row) : 0;
                        b[g] = biased ? in[4 + states].get(row) : 0;
                        for (int f = 0; f < x.dims()[2]; f++) {
                            a[g] += in[1].get(row, f) * x.get(t, n, f);
                        }
                        for (int k = 0; k < units; k++) {
                            b[g] += in[2].get(row, k) * before[k];
                        }
                    }
                    if (states == 2) {
                        c[j] = sigmoid(a[1] + b[1]) * c[j] + sigmoid(a[0] + b[0]) * Math.tanh(a[2] + b[2]);
                        h[j] = sigmoid(a[3] + b[3]) * Math.tanh(c[j]);
                    } else {
                        double last = Math.tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]);
                        double z = sigmoid(a[1] + b[1]);
                        h[j] = (1 - z) * last + z * before[j];
                    }
                    out[(t * batch + n) * units + j] = h[j];
                }
            }
            for (int j = 0; j < units; j++) {
                out[(steps * batch + n) * units + j] = h[j];
                if (states == 2) {
                    out[((steps + 1) * batch + n) * units + j] = c[j];
                }
            }
        }
        return new Nd(new int[] {out.length}, out);
    }

    static List<OpError> errors(On on) {
        Class<AttentionOp.Attention> attention = AttentionOp.Attention.class;
        Tensor q = on.zeros(2, 3, 5, 4);
        Tensor k = on.zeros(2, 3, 7, 4);
        AttentionParams params = AttentionParams.of(4);
        Recurrent.Weights weights =
                new Recurrent.Weights(on.zeros(8, 3), on.zeros(8, 2), Optional.empty(), Optional.empty());
        Recurrent.Weights gru =
                new Recurrent.Weights(on.zeros(6, 3), on.zeros(6, 2), Optional.empty(), Optional.empty());
        Recurrent.State state = new Recurrent.State(on.zeros(4, 2), Optional.of(on.zeros(4, 2)));
        Recurrent.State half = new Recurrent.State(on.zeros(4, 2), Optional.empty());
        Tensor x = on.zeros(5, 4, 3);
        return List.of(
                new OpError(
                        attention,
                        "scaledDotProductAttention: query must be [..., L, E], key [..., S, E] and value [..., S, F] (query "
                                + "[4], key [2, 3, 7, 4], value [2, 3, 7, 4]). Hint: unsqueeze what has no batch.",
                        () -> on.zeros(4).scaledDotProductAttention(k, k)),
                new OpError(
                        attention,
                        "scaledDotProductAttention: the last dimensions of query and key must be equal (query [2, 3, 5, 3], "
                                + "key [2, 3, 7, 4], value [2, 3, 7, 4]).",
                        () -> on.zeros(2, 3, 5, 3).scaledDotProductAttention(k, k)),
                new OpError(
                        attention,
                        "scaledDotProductAttention: key and value must have equally many rows (query [2, 3, 5, 4], key [2, "
                                + "3, 7, 4], value [2, 3, 5, 4]).",
                        () -> q.scaledDotProductAttention(k, q)),
                new OpError(
                        attention,
                        "scaledDotProductAttention: shapes [2, 3] and [2, 2] do not broadcast (sizes 3 and 2 at dimension "
                                + "-1). Hint: sizes must match or be 1, counted from the last dimension.",
                        () -> q.scaledDotProductAttention(on.zeros(2, 2, 7, 4), on.zeros(2, 2, 7, 4))),
                new OpError(
                        attention,
                        "scaledDotProductAttention: the mask [2, 7] does not broadcast to [2, 3, 5, 7], the products of "
                                + "queries and keys. Hint: unsqueeze a mask of keys to [N, 1, 1, S].",
                        () -> q.scaledDotProductAttention(
                                k, k, Optional.of(on.zeros(DType.BOOL, Shape.of(2, 7))), params)),
                new OpError(
                        attention,
                        "scaledDotProductAttention: the mask must be BOOL (true where a key is seen) or F32 (added), got "
                                + "I64 [5, 7].",
                        () -> q.scaledDotProductAttention(
                                k, k, Optional.of(on.zeros(DType.I64, Shape.of(5, 7))), params)),
                new OpError(
                        attention,
                        "scaledDotProductAttention: operands must be F32, got I64 [5, 4]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.I64, Shape.of(5, 4))
                                .scaledDotProductAttention(on.zeros(5, 4), on.zeros(5, 4))),
                new OpError(
                        attention,
                        "scaledDotProductAttention: dropout must be in [0, 1), was 1.0",
                        () -> params.dropout(1f, 7)),
                new OpError(
                        AttentionOp.SelfAttention.class,
                        "selfAttention: input must be [N, L, 3 * E] where E is a multiple of 2 heads, got [2, 5, 9]",
                        () -> on.zeros(2, 5, 9).selfAttention(2, Optional.empty(), params)),
                new OpError(
                        RecurrentCell.LSTM,
                        "lstm: input must be [T, N, F], the weights [4 * H, F] and [4 * H, H] (input [4, 3], input weight [8, "
                                + "3], hidden weight [8, 2]).",
                        () -> on.zeros(4, 3).recurrent(RecurrentCell.LSTM, false, weights, state, Optional.empty())),
                new OpError(
                        RecurrentCell.LSTM,
                        "lstm: input and weights do not fit (input [5, 4, 6], input weight [8, 3], hidden weight [8, 2]). Hint: "
                                + "the input's last dimension must be 3.",
                        () -> on.zeros(5, 4, 6).recurrent(RecurrentCell.LSTM, false, weights, state, Optional.empty())),
                new OpError(
                        RecurrentCell.LSTM,
                        "lstm: the initial state must be [N, H] = [7, 2], got [4, 2] (input [5, 7, 3], input weight [8, 3], "
                                + "hidden weight [8, 2]).",
                        () -> on.zeros(5, 7, 3).recurrent(RecurrentCell.LSTM, false, weights, state, Optional.empty())),
                new OpError(
                        RecurrentCell.LSTM,
                        "lstm: the state of an LSTM is h and c, that of a GRU h alone.",
                        () -> x.recurrent(RecurrentCell.LSTM, false, weights, half, Optional.empty())),
                new OpError(
                        RecurrentCell.LSTM,
                        "lstm: length 0 of sequence 1 is not from 1 to the number of steps, 5. Hint: leave out sequences "
                                + "without steps.",
                        () -> x.recurrent(
                                RecurrentCell.LSTM,
                                false,
                                weights,
                                state,
                                Optional.of(on.of(new long[] {5, 0, 1, 2}, 4)))),
                new OpError(
                        RecurrentCell.GRU,
                        "gru: length 6 of sequence 2 is not from 1 to the number of steps, 5. Hint: leave out sequences "
                                + "without steps.",
                        () -> x.recurrent(
                                RecurrentCell.GRU, true, gru, half, Optional.of(on.of(new long[] {5, 1, 6, 2}, 4)))),
                new OpError(
                        RecurrentCell.GRU,
                        "gru: lengths must be I64 or I32 [N] = [4], got F32 [4] (input [5, 4, 3], input weight [6, 3], hidden "
                                + "weight [6, 2]).",
                        () -> x.recurrent(RecurrentCell.GRU, true, gru, half, Optional.of(on.zeros(4)))),
                new OpError(
                        RecurrentCell.GRU,
                        "gru: a sequence needs at least one step (input [0, 4, 3], input weight [6, 3], hidden weight [6, 2]).",
                        () -> on.zeros(0, 4, 3).recurrent(RecurrentCell.GRU, true, gru, half, Optional.empty())));
    }
}
