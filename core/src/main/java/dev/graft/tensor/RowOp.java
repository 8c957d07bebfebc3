package dev.graft.tensor;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Operators on rows that are selected or scored by integer indices. */
sealed interface RowOp extends Op {

    /**
     * Rows of a table {@code [V, D]} for indices of any shape: {@code [..., D]}. Inputs: table, indices (I64 or I32).
     * The padding row, if there is one, gets no gradient.
     */
    record Embedding(OptionalInt paddingRow) implements RowOp {
        @Override
        public String name() {
            return "embedding";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor table = in[0];
            if (table.rank() != 2) {
                throw new IllegalArgumentException("embedding: the table must be [V, D], got " + table.shape()
                        + " (indices " + in[1].shape() + ")");
            }
            if (paddingRow.isPresent() && (paddingRow.getAsInt() < 0 || paddingRow.getAsInt() >= table.dim(0))) {
                throw new IllegalArgumentException("embedding: the padding row " + paddingRow.getAsInt()
                        + " is not among the rows of the table " + table.shape() + ".");
            }
            Op.requireFloat(name(), "the table", table);
            Tensor rows = list(
                    name(),
                    in[1],
                    table.dim(0),
                    OptionalLong.empty(),
                    () -> "the table " + table.shape() + " has rows");
            Tensor y = Raw.empty(table, rows.numel(), table.dim(1));
            table.backend().gatherRows(Raw.contiguous(table).view(), rows.view(), y.view());
            saved.put(0, rows);
            int[] dims = Arrays.copyOf(in[1].shape().toArray(), in[1].rank() + 1);
            dims[in[1].rank()] = table.dim(1);
            return Raw.reshape(y, Shape.of(dims));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor rows = saved.get(0);
            Tensor dtable = Raw.empty(dy, saved.shape(0));
            Tensor lines = Raw.reshape(dy, Shape.of(rows.numel(), dtable.dim(1)));
            dy.backend().gatherRowsBackward(lines.view(), rows.view(), dtable.view());
            paddingRow.ifPresent(row -> dy.backend()
                    .fill(
                            Raw.window(
                                            dtable,
                                            dtable.offset() + (long) row * dtable.dim(1),
                                            Shape.of(1, dtable.dim(1)),
                                            dtable.strides())
                                    .view(),
                            0));
            return new Tensor[] {dtable, dtable};
        }
    }

    /**
     * Cross-entropy of logits {@code [N, C, ...]} against class indices {@code [N, ...]}, with optional class weights
     * {@code [C]} as third input. See <a
     * href="https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html">torch.nn.CrossEntropyLoss</a>.
     */
    record CrossEntropy(float labelSmoothing, long ignoreIndex, LossReduction reduction) implements RowOp {
        public CrossEntropy {
            if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
                throw new IllegalArgumentException(
                        "crossEntropy: label smoothing must be from 0 to 1, got " + labelSmoothing);
            }
        }

        @Override
        public String name() {
            return "crossEntropy";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor logits = in[0];
            checkShapes(in);
            Op.requireFloat(name(), "logits", logits);
            if (in.length > 2) {
                Op.requireFloat(name(), "class weights", in[2]);
                if (saved.needs(2)) {
                    throw new IllegalArgumentException(
                            "crossEntropy: class weights are constants and get no gradient. Hint: pass weights.detach().");
                }
            }
            int classes = logits.dim(1);
            Tensor rows = toRows(logits);
            Tensor target = indices(
                    name(),
                    in[1],
                    classes,
                    OptionalLong.of(ignoreIndex),
                    () -> "logits " + logits.shape() + " have classes");
            Optional<View> weight =
                    in.length > 2 ? Optional.of(Raw.contiguous(in[2]).view()) : Optional.empty();
            Tensor loss = Raw.empty(logits, rows.dim(0));
            Tensor rowWeight = Raw.empty(logits, rows.dim(0));
            Tensor logProbabilities = Raw.emptyLike(rows);
            logits.backend()
                    .crossEntropy(
                            rows.view(),
                            target.view(),
                            weight,
                            labelSmoothing,
                            ignoreIndex,
                            loss.view(),
                            rowWeight.view(),
                            logProbabilities.view());
            saved.put(0, logProbabilities);
            saved.put(1, target);
            boolean[] all = {true};
            Tensor total = Raw.reduce(Reduction.SUM, rowWeight, all);
            saved.putIf(reduction == LossReduction.MEAN, 2, total);
            if (in.length > 2) {
                saved.put(3, Raw.contiguous(in[2]));
            }
            return switch (reduction) {
                case NONE -> Raw.reshape(loss, in[1].shape());
                case SUM -> Raw.reshape(Raw.reduce(Reduction.SUM, loss, all), Shape.of());
                case MEAN -> Raw.reshape(Raw.reduce(Reduction.SUM, loss, all).div(total), Shape.of());
            };
        }

        private static void checkShapes(Tensor[] in) {
            Shape x = in[0].shape();
            Shape t = in[1].shape();
            boolean fits = x.rank() >= 2 && t.rank() == x.rank() - 1 && t.dim(0) == x.dim(0);
            for (int i = 2; fits && i < x.rank(); i++) {
                fits = x.dim(i) == t.dim(i - 1);
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        "crossEntropy: target must be [N, ...] for logits [N, C, ...] (logits " + x + ", target " + t
                                + "). Hint: targets are class indices, not one-hot rows.");
            }
            if (in.length > 2 && !in[2].shape().equals(Shape.of(x.dim(1)))) {
                throw new IllegalArgumentException(
                        "crossEntropy: class weights must be [C] (logits " + x + ", weights " + in[2].shape() + ")");
            }
        }

        /** {@code [N, C, ...]} to {@code [N * ..., C]}. */
        private static Tensor toRows(Tensor logits) {
            int[] order = new int[logits.rank()];
            for (int i = 1; i < order.length - 1; i++) {
                order[i] = i + 1;
            }
            order[order.length - 1] = 1;
            int classes = logits.dim(1);
            return Raw.contiguous(Raw.reshape(
                    Raw.permute(logits, order), Shape.of(classes == 0 ? 0 : logits.numel() / classes, classes)));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor logProbabilities = saved.get(0);
            int rows = logProbabilities.dim(0);
            Tensor dloss =
                    switch (reduction) {
                        case NONE -> Raw.reshape(dy, Shape.of(rows));
                        case SUM -> Raw.expand(Raw.reshape(dy, Shape.of(1)), Shape.of(rows));
                        case MEAN -> Raw.expand(Raw.reshape(dy, Shape.of(1)).div(saved.get(2)), Shape.of(rows));
                    };
            Tensor dlogits = Raw.emptyLike(logProbabilities);
            dy.backend()
                    .crossEntropyBackward(
                            logProbabilities.view(),
                            saved.get(1).view(),
                            saved.find(3).map(Tensor::view),
                            labelSmoothing,
                            ignoreIndex,
                            Raw.contiguous(dloss).view(),
                            dlogits.view());
            return new Tensor[] {fromRows(dlogits, saved.shape(0)), dy, dy};
        }

        private static Tensor fromRows(Tensor rows, Shape logits) {
            int[] dims = new int[logits.rank()];
            int[] order = new int[logits.rank()];
            dims[0] = logits.dim(0);
            for (int i = 1; i < dims.length - 1; i++) {
                dims[i] = logits.dim(i + 1);
                order[i + 1] = i;
            }
            dims[dims.length - 1] = logits.dim(1);
            order[1] = dims.length - 1;
            return Raw.permute(Raw.reshape(rows, Shape.of(dims)), order);
        }
    }

    /**
     * Indices as contiguous I64 rows, each checked to be in {@code [0, size)} or {@code ignored}.
     *
     * @param what has them, in a message
     */
    static Tensor indices(String op, Tensor indices, int size, OptionalLong ignored, Supplier<String> what) {
        return Raw.contiguous(list(op, indices, size, ignored, what));
    }

    /** As {@link #indices}, of any stride: indices that are one column of a table are not copied. */
    private static Tensor list(String op, Tensor indices, int size, OptionalLong ignored, Supplier<String> what) {
        if (indices.dtype() != DType.I64 && indices.dtype() != DType.I32) {
            throw new IllegalArgumentException(
                    op + ": indices must be I64 or I32, got " + indices.dtype() + " " + indices.shape());
        }
        Tensor rows =
                Raw.reshape(indices.dtype() == DType.I64 ? indices : indices.to(DType.I64), Shape.of(indices.numel()));
        Shape shape = indices.shape();
        rows.backend()
                .checkIndices(
                        rows.view(),
                        size,
                        ignored,
                        (position, index) ->
                                new IllegalArgumentException(op + ": index " + index + " at position " + position
                                        + " of " + shape + " is out of range; " + what.get() + " 0 to " + (size - 1)));
        return rows;
    }
}
