package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** Embedding and the classification losses. */
final class RowCases {
    private static final long NONE_IGNORED = -100;

    private RowCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String variant : List.of("vector", "matrix", "scalar", "repeated", "i32", "none")) {
            cases.add(new OpCase(
                            "embedding/" + variant,
                            RowOp.Embedding.class,
                            in -> in[0].embedding(in[1]),
                            RowCases::embedding)
                    .terms(20));
        }
        for (int row : new int[] {2, -3}) {
            cases.add(new OpCase(
                            "embedding/padding_" + row,
                            "embedding",
                            in -> in[0].embedding(in[1], OptionalInt.of(row)),
                            RowCases::embedding)
                    .terms(20)
                    .atKink());
        }
        for (LossReduction r : LossReduction.values()) {
            String suffix = r.name().toLowerCase(Locale.ROOT);
            crossEntropy(cases, suffix, 0, NONE_IGNORED, r);
            crossEntropy(cases, "smoothed_" + suffix, 0.1f, NONE_IGNORED, r);
            crossEntropy(cases, "weighted_" + suffix, 0, NONE_IGNORED, r);
            crossEntropy(cases, "all_options_" + suffix, 0.2f, 2, r);
            crossEntropy(cases, "ignored_" + suffix, 0, NONE_IGNORED, r);
            crossEntropy(cases, "pixels_" + suffix, 0.1f, 1, r);
            bce(cases, suffix, r);
            bce(cases, "weighted_" + suffix, r);
        }
        crossEntropy(cases, "sequence", 0, NONE_IGNORED, LossReduction.MEAN);
        crossEntropy(cases, "far", 0, NONE_IGNORED, LossReduction.NONE);
        crossEntropy(cases, "i32", 0, NONE_IGNORED, LossReduction.MEAN);
        crossEntropy(cases, "one_class", 0, NONE_IGNORED, LossReduction.MEAN);
        bce(cases, "far", LossReduction.NONE);
        return cases;
    }

    private static Nd embedding(Nd[] in) {
        Nd rows = in[1];
        int[] dims = Nd.inserted(rows.dims(), rows.rank(), in[0].dims()[1]);
        return Nd.fill(dims, i -> in[0].get((int) rows.get(Nd.without(i, rows.rank())), i[rows.rank()]));
    }

    private static void crossEntropy(
            List<OpCase> cases, String variant, float smoothing, long ignore, LossReduction reduction) {
        cases.add(new OpCase(
                        "cross_entropy/" + variant,
                        RowOp.CrossEntropy.class,
                        in -> in[0].crossEntropy(
                                in[1],
                                in.length > 2 ? Optional.of(in[2]) : Optional.empty(),
                                smoothing,
                                ignore,
                                reduction),
                        in -> crossEntropy(in, smoothing, ignore, reduction))
                .terms(50));
    }

    /**
     * {@code -sum over classes q(c) w(c) log p(c)} with {@code q = (1 - s) onehot + s / C}; the mean divides by the sum
     * of the targets' weights.
     */
    private static Nd crossEntropy(Nd[] in, float smoothing, long ignore, LossReduction reduction) {
        Nd log = ReductionCases.softmax(in[0], true, 1);
        int classes = in[0].dims()[1];
        double[] weights = {0};
        Nd loss = Nd.fill(in[1].dims(), i -> {
            int target = (int) in[1].get(i);
            if (target == ignore) {
                return 0;
            }
            weights[0] += in.length > 2 ? in[2].get(target) : 1;
            double total = 0;
            for (int c = 0; c < classes; c++) {
                double share = (c == target ? 1 - smoothing : 0) + smoothing / classes;
                total -= share == 0 ? 0 : share * (in.length > 2 ? in[2].get(c) : 1) * log.get(Nd.inserted(i, 1, c));
            }
            return total;
        });
        return switch (reduction) {
            case NONE -> loss;
            case SUM -> Nd.scalar(loss.sum());
            case MEAN -> Nd.scalar(loss.sum() / weights[0]);
        };
    }

    private static void bce(List<OpCase> cases, String variant, LossReduction reduction) {
        cases.add(new OpCase(
                        "bce/" + variant,
                        "bceWithLogits",
                        in -> in[0].bceWithLogits(
                                in[1], in.length > 2 ? Optional.of(in[2]) : Optional.empty(), reduction),
                        in -> {
                            // -w t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x))
                            Nd loss = Nd.fill(
                                    in[0].dims(),
                                    i -> (in.length > 2 ? in[2].spread(i) : 1)
                                                    * in[1].get(i)
                                                    * UnaryCases.softplus(-in[0].get(i))
                                            + (1 - in[1].get(i)) * UnaryCases.softplus(in[0].get(i)));
                            return switch (reduction) {
                                case NONE -> loss;
                                case SUM -> Nd.scalar(loss.sum());
                                case MEAN -> Nd.scalar(loss.sum() / loss.size());
                            };
                        })
                .terms(30));
    }

    static List<OpError> errors(On on) {
        Class<RowOp.Embedding> embedding = RowOp.Embedding.class;
        Class<RowOp.CrossEntropy> loss = RowOp.CrossEntropy.class;
        Tensor table = on.zeros(4, 3);
        Tensor targets = on.of(new long[] {0, 1, 2, 0}, 4);
        return List.of(
                new OpError(
                        embedding,
                        "embedding: index 4 at position 1 of [2] is out of range; the table [4, 3] has rows 0 to 3",
                        () -> table.embedding(on.of(new long[] {0, 4}, 2))),
                new OpError(
                        embedding,
                        "embedding: index -9223372036854775808 at position 0 of [1] is out of range; "
                                + "the table [4, 3] has rows 0 to 3",
                        () -> table.embedding(on.of(new long[] {Long.MIN_VALUE}, 1))),
                new OpError(
                        embedding,
                        "embedding: indices must be I64 or I32, got F32 [2]",
                        () -> table.embedding(on.zeros(2))),
                new OpError(
                        embedding,
                        "embedding: the table must be [V, D], got [4] (indices [2])",
                        () -> on.zeros(4).embedding(on.of(new long[] {0, 1}, 2))),
                new OpError(
                        embedding,
                        "embedding: the table must be F32, got I64 [4, 3]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.I64, Shape.of(4, 3)).embedding(on.of(new long[] {0, 1}, 2))),
                new OpError(
                        embedding,
                        "embedding: the padding row 4 is not among the rows of the table [4, 3].",
                        () -> table.embedding(targets, OptionalInt.of(4))),
                new OpError(
                        loss,
                        "crossEntropy: index 3 at position 2 of [4] is out of range; logits [4, 3] have classes 0 to 2",
                        () -> crossEntropy(table, on.of(new long[] {0, 1, 3, 2}, 4))),
                new OpError(
                        loss,
                        "crossEntropy: indices must be I64 or I32, got F32 [4]",
                        () -> crossEntropy(table, on.zeros(4))),
                new OpError(
                        loss,
                        "crossEntropy: target must be [N, ...] for logits [N, C, ...] (logits [4, 3], target [4, 3]). "
                                + "Hint: targets are class indices, not one-hot rows.",
                        () -> crossEntropy(table, table)),
                new OpError(
                        loss,
                        "crossEntropy: class weights must be [C] (logits [4, 3], weights [4])",
                        () -> table.crossEntropy(
                                targets, Optional.of(on.ones(4)), 0, NONE_IGNORED, LossReduction.MEAN)),
                new OpError(
                        loss,
                        "crossEntropy: class weights are constants and get no gradient. Hint: pass weights.detach().",
                        () -> table.crossEntropy(
                                targets,
                                Optional.of(on.ones(3).requireGrad(true)),
                                0,
                                NONE_IGNORED,
                                LossReduction.MEAN)),
                new OpError(
                        loss,
                        "crossEntropy: label smoothing must be from 0 to 1, got 1.1",
                        () -> table.crossEntropy(targets, Optional.empty(), 1.1f, NONE_IGNORED, LossReduction.MEAN)),
                new OpError(
                        loss,
                        "crossEntropy: logits must be F32, got I64 [4, 3]. Hint: call to(DType.F32).",
                        () -> crossEntropy(on.zeros(DType.I64, Shape.of(4, 3)), targets)),
                new OpError(
                        "bceWithLogits",
                        "bceWithLogits: target must have the logits' shape (logits [4, 3], target [4])",
                        () -> table.bceWithLogits(on.zeros(4), Optional.empty(), LossReduction.MEAN)));
    }

    private static Tensor crossEntropy(Tensor logits, Tensor target) {
        return logits.crossEntropy(target, Optional.empty(), 0, NONE_IGNORED, LossReduction.MEAN);
    }
}
