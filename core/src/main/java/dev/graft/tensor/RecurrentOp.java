package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Locale;
import java.util.Optional;

/** Recurrent layers. */
sealed interface RecurrentOp extends Op {
    int X = 0;
    int INPUT_WEIGHT = 1;
    int HIDDEN_WEIGHT = 2;
    int H0 = 3;
    /** Of an LSTM; a GRU's inputs move up by one. */
    int C0 = 4;

    int GATES = 5;
    int MEMORY = 6;
    int RESULT = 7;
    int LENGTHS = 8;

    /**
     * All steps of one direction. Inputs: x {@code [T, N, F]}, the weights {@code [G * H, F]} and {@code [G * H, H]},
     * h0 {@code [N, H]}, for an LSTM c0 {@code [N, H]}; if there are biases, both {@code [G * H]}; lengths if there are
     * any. Gives one row of all results: the outputs, in x's order of memory, the last h, and the last c.
     */
    record Steps(RecurrentCell cell, boolean reverse, boolean biased, boolean ragged) implements RecurrentOp {
        @Override
        public String name() {
            return cell.name().toLowerCase(Locale.ROOT);
        }

        private boolean lstm() {
            return cell == RecurrentCell.LSTM;
        }

        /** Where the biases begin among the inputs. */
        private int bias() {
            return lstm() ? C0 + 1 : C0;
        }

        private int lengths() {
            return bias() + (biased ? 2 : 0);
        }

        /** Whether sequences follow one another in memory, so that the work does so too. */
        static boolean bySequence(Tensor x) {
            return x.dim(0) > 1 && x.dim(1) > 1 && x.strides()[1] > x.strides()[0];
        }

        /** {@code [T, N, ...]} of an array whose first two dimensions may be exchanged. */
        private static Tensor byStep(Tensor x, boolean bySequence) {
            return bySequence ? Raw.permute(x, 1, 0, 2) : x;
        }

        private static Tensor rows(Tensor x) {
            return Raw.reshape(x, Shape.of(x.dim(0) * x.dim(1), x.dim(2)));
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            check(in);
            Tensor x = in[X];
            int units = in[HIDDEN_WEIGHT].dim(1);
            int width = cell.gates() * units;
            int steps = x.dim(0);
            int batch = x.dim(1);
            boolean bySequence = bySequence(x);
            Tensor source = Raw.contiguous(byStep(x, bySequence));
            int outer = source.dim(0);
            int inner = source.dim(1);
            Tensor result = Raw.empty(x, steps * batch * units + (lstm() ? 2 : 1) * batch * units);
            Tensor hidden = Raw.contiguous(in[HIDDEN_WEIGHT]);
            Tensor h0 = Raw.contiguous(in[H0]);
            Optional<Tensor> c0 = lstm() ? Optional.of(Raw.contiguous(in[C0])) : Optional.empty();
            Optional<Tensor> lengths = ragged ? Optional.of(checked(in[lengths()], steps)) : Optional.empty();
            Optional<View> inputBias =
                    biased ? Optional.of(Raw.contiguous(in[bias()]).view()) : Optional.empty();
            Optional<View> hiddenBias =
                    biased ? Optional.of(Raw.contiguous(in[bias() + 1]).view()) : Optional.empty();
            View y = outputs(result, outer, inner, units, bySequence).view();
            View hn = state(result, steps, batch, units, 0).view();
            Optional<View> cn =
                    lstm() ? Optional.of(state(result, steps, batch, units, 1).view()) : Optional.empty();
            if (!saved.recording()) {
                x.backend()
                        .recurrentOutputs(
                                cell,
                                reverse,
                                byStep(source, bySequence).view(),
                                in[INPUT_WEIGHT].view(),
                                hidden.view(),
                                inputBias,
                                hiddenBias,
                                h0.view(),
                                c0.map(Tensor::view),
                                lengths.map(Tensor::view),
                                y,
                                hn,
                                cn);
                return result;
            }
            Tensor gates = Raw.empty(x, outer, inner, width);
            x.backend()
                    .matmul(
                            rows(source).view(),
                            Raw.permute(in[INPUT_WEIGHT], 1, 0).view(),
                            rows(gates).view());
            Tensor memory = Raw.empty(x, outer, inner, units);
            x.backend()
                    .recurrent(
                            cell,
                            reverse,
                            byStep(gates, bySequence).view(),
                            hidden.view(),
                            inputBias,
                            hiddenBias,
                            h0.view(),
                            c0.map(Tensor::view),
                            lengths.map(Tensor::view),
                            y,
                            Optional.of(byStep(memory, bySequence).view()),
                            hn,
                            cn);
            saved.putIf(saved.needs(INPUT_WEIGHT), X, source);
            saved.putIf(saved.needs(X), INPUT_WEIGHT, in[INPUT_WEIGHT]);
            saved.put(HIDDEN_WEIGHT, hidden);
            // An LSTM's gradients read outputs only for the hidden weight, and no gate but those of the first step c0.
            boolean outputs = !lstm() || saved.needs(HIDDEN_WEIGHT);
            saved.putIf(outputs, H0, h0);
            boolean more = !lstm() || needsMoreThanCells(saved, in.length);
            c0.ifPresent(c -> saved.putIf(more, C0, c));
            saved.put(GATES, gates);
            saved.put(MEMORY, memory);
            saved.putIf(outputs, RESULT, result);
            lengths.ifPresent(l -> saved.put(LENGTHS, l));
            saved.layout(new long[] {bySequence ? 1 : 0});
            return result;
        }

        private static boolean needsMoreThanCells(Saved saved, int inputs) {
            boolean more = false;
            for (int i = 0; i < inputs; i++) {
                more |= i != C0 && saved.needs(i);
            }
            return more;
        }

        /** The outputs {@code [T, N, H]} within a row of all results. */
        static Tensor outputs(Tensor result, int outer, int inner, int units, boolean bySequence) {
            Shape shape = Shape.of(outer, inner, units);
            return byStep(Raw.window(result, result.offset(), shape, shape.contiguousStrides()), bySequence);
        }

        private static Tensor state(Tensor result, int steps, int batch, int units, int index) {
            return Raw.window(
                    result,
                    result.offset() + (long) (steps + index) * batch * units,
                    Shape.of(batch, units),
                    new long[] {units, 1});
        }

        private Tensor checked(Tensor lengths, int steps) {
            Tensor whole = Raw.contiguous(lengths.dtype() == DType.I64 ? lengths : lengths.to(DType.I64));
            long[] values = whole.toLongArray();
            for (int i = 0; i < values.length; i++) {
                if (values[i] < 1 || values[i] > steps) {
                    throw new IllegalArgumentException(name() + ": length " + values[i] + " of sequence " + i
                            + " is not from 1 to the number of steps, " + steps
                            + ". Hint: leave out sequences without steps.");
                }
            }
            return whole;
        }

        private void check(Tensor[] in) {
            Tensor x = in[X];
            Shape w = in[INPUT_WEIGHT].shape();
            Shape u = in[HIDDEN_WEIGHT].shape();
            int gates = cell.gates();
            String shapes = " (input " + x.shape() + ", input weight " + w + ", hidden weight " + u + ")";
            if (x.rank() != 3 || w.rank() != 2 || u.rank() != 2 || u.dim(0) != gates * u.dim(1)) {
                throw new IllegalArgumentException(name() + ": input must be [T, N, F], the weights [" + gates
                        + " * H, F] and [" + gates + " * H, H]" + shapes + ".");
            }
            if (w.dim(0) != u.dim(0) || w.dim(1) != x.dim(2)) {
                throw new IllegalArgumentException(name() + ": input and weights do not fit" + shapes
                        + ". Hint: the input's last dimension must be " + w.dim(1) + ".");
            }
            if (x.dim(0) < 1) {
                throw new IllegalArgumentException(name() + ": a sequence needs at least one step" + shapes + ".");
            }
            Shape state = Shape.of(x.dim(1), u.dim(1));
            for (int i = H0; i < bias(); i++) {
                if (!in[i].shape().equals(state)) {
                    throw new IllegalArgumentException(name() + ": the initial state must be [N, H] = " + state
                            + ", got " + in[i].shape() + shapes + ".");
                }
            }
            for (int i = bias(); i < lengths(); i++) {
                if (!in[i].shape().equals(Shape.of(u.dim(0)))) {
                    throw new IllegalArgumentException(
                            name() + ": a bias must be [" + u.dim(0) + "], got " + in[i].shape() + shapes + ".");
                }
            }
            for (int i = 0; i < lengths(); i++) {
                Op.requireFloat(name(), in[i]);
            }
            if (ragged) {
                Tensor lengths = in[lengths()];
                if (!lengths.shape().equals(Shape.of(x.dim(1)))
                        || (lengths.dtype() != DType.I64 && lengths.dtype() != DType.I32)) {
                    throw new IllegalArgumentException(name() + ": lengths must be I64 or I32 [N] = [" + x.dim(1)
                            + "], got " + lengths.dtype() + " " + lengths.shape() + shapes + ".");
                }
            }
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            boolean bySequence = saved.layout()[0] == 1;
            Tensor d = Raw.contiguous(dy);
            Tensor gates = saved.get(GATES);
            Tensor hidden = saved.get(HIDDEN_WEIGHT);
            int outer = gates.dim(0);
            int inner = gates.dim(1);
            int units = hidden.dim(1);
            int steps = saved.shape(X).dim(0);
            int batch = saved.shape(X).dim(1);
            // What no wanted gradient reads may hold anything.
            Tensor outputs = outputs(saved.find(RESULT).orElse(d), outer, inner, units, bySequence);
            Tensor dgates = Raw.empty(d, gates.shape());
            Optional<Tensor> dhidden = lstm() ? Optional.empty() : Optional.of(Raw.empty(d, gates.shape()));
            Tensor dh0 = Raw.empty(d, batch, units);
            Optional<Tensor> dc0 = lstm() ? Optional.of(Raw.empty(d, batch, units)) : Optional.empty();
            Optional<View> lengths = saved.find(LENGTHS).map(Tensor::view);
            d.backend()
                    .recurrentBackward(
                            cell,
                            reverse,
                            byStep(gates, bySequence).view(),
                            byStep(saved.get(MEMORY), bySequence).view(),
                            outputs.view(),
                            hidden.view(),
                            saved.find(H0).orElse(dh0).view(),
                            saved.find(C0).or(() -> dc0).map(Tensor::view),
                            lengths,
                            outputs(d, outer, inner, units, bySequence).view(),
                            Optional.of(state(d, steps, batch, units, 0).view()),
                            lstm()
                                    ? Optional.of(
                                            state(d, steps, batch, units, 1).view())
                                    : Optional.empty(),
                            byStep(dgates, bySequence).view(),
                            dhidden.map(g -> byStep(g, bySequence).view()),
                            dh0.view(),
                            dc0.map(Tensor::view));
            Tensor[] grads = new Tensor[needs.length];
            Tensor rows = rows(dgates);
            Tensor hiddenRows = rows(dhidden.orElse(dgates));
            if (needs[X]) {
                Tensor dx = Raw.empty(d, outer, inner, saved.shape(X).dim(2));
                d.backend().matmul(rows.view(), saved.get(INPUT_WEIGHT).view(), rows(dx).view());
                grads[X] = byStep(counted(saved, dx, bySequence), bySequence);
            }
            if (needs[INPUT_WEIGHT]) {
                grads[INPUT_WEIGHT] = transposedProduct(rows, rows(counted(saved, saved.get(X), bySequence)));
            }
            if (needs[HIDDEN_WEIGHT]) {
                grads[HIDDEN_WEIGHT] = transposedProduct(hiddenRows, rows(before(saved, outputs, bySequence)));
            }
            grads[H0] = dh0;
            if (lstm()) {
                grads[C0] = dc0.orElseThrow();
            }
            if (biased) {
                int at = bias();
                boolean[] folded = {true, false};
                if (needs[at] || (lstm() && needs[at + 1])) {
                    grads[at] = Raw.reshape(Raw.reduce(Reduction.SUM, rows, folded), saved.shape(at));
                    grads[at + 1] = grads[at];
                }
                if (!lstm() && needs[at + 1]) {
                    grads[at + 1] = Raw.reshape(Raw.reduce(Reduction.SUM, hiddenRows, folded), saved.shape(at));
                }
            }
            return grads;
        }

        private static Tensor transposedProduct(Tensor p, Tensor q) {
            Tensor y = Raw.empty(p, p.dim(1), q.dim(1));
            p.backend().matmul(Raw.permute(p, 1, 0).view(), q.view(), y.view());
            return y;
        }

        /** The output before each step, in the order of memory: {@code [T, N, H]} or {@code [N, T, H]}. */
        private Tensor before(Saved saved, Tensor outputs, boolean bySequence) {
            int steps = outputs.dim(0);
            int batch = outputs.dim(1);
            int units = outputs.dim(2);
            Tensor h0 = saved.get(H0);
            Tensor all = bySequence ? Raw.empty(h0, batch, steps, units) : Raw.empty(h0, steps, batch, units);
            Tensor byStep = byStep(all, bySequence);
            int first = reverse ? steps - 1 : 0;
            Raw.copyInto(h0, Raw.reshape(part(byStep, first, 1), h0.shape()));
            if (steps > 1) {
                Raw.copyInto(part(outputs, reverse ? 1 : 0, steps - 1), part(byStep, reverse ? 0 : 1, steps - 1));
            }
            if (!reverse || !ragged) {
                return all;
            }
            // Backwards, a shorter sequence begins at its own end.
            Tensor begins = compare(saved, BinaryOp.EQUAL, steps, batch);
            return choose(begins, Raw.reshape(h0, Shape.of(1, batch, units)), all, bySequence);
        }

        /**
         * The steps that count, and zeros for the others: padding may hold NaN, which 0 times a gradient keeps, and the
         * product of no gradient and an infinite weight is no gradient either.
         */
        private Tensor counted(Saved saved, Tensor x, boolean bySequence) {
            if (!ragged) {
                return x;
            }
            Tensor byStep = byStep(x, bySequence);
            Tensor ended = compare(saved, BinaryOp.GREATER, byStep.dim(0), byStep.dim(1));
            return choose(ended, Tensor.zeros(x.device(), 1, 1, 1), x, bySequence);
        }

        /**
         * How the number of steps up to each one, itself included, compares to each sequence's length: {@code [T, N]}.
         */
        private static Tensor compare(Saved saved, BinaryOp op, int steps, int batch) {
            Tensor lengths = saved.get(LENGTHS);
            long[] numbers = new long[steps];
            for (int t = 0; t < steps; t++) {
                numbers[t] = t + 1L;
            }
            Shape shape = Shape.of(steps, batch);
            Tensor result = Raw.empty(lengths.backend(), DType.BOOL, shape);
            lengths.backend()
                    .binary(
                            op,
                            Raw.expand(Tensor.of(lengths.device(), numbers, steps, 1), shape)
                                    .view(),
                            Raw.expand(lengths, shape).view(),
                            result.view());
            return result;
        }

        /** {@code condition [T, N] ? yes : no}, where {@code yes} broadcasts to {@code no}, in no's order of memory. */
        private static Tensor choose(Tensor condition, Tensor yes, Tensor no, boolean bySequence) {
            Tensor y = Raw.empty(no, no.shape());
            Tensor byStep = byStep(no, bySequence);
            Shape column = Shape.of(condition.dim(0), condition.dim(1), 1);
            no.backend()
                    .where(
                            Raw.expand(Raw.reshape(condition, column), byStep.shape())
                                    .view(),
                            Raw.expand(yes, byStep.shape()).view(),
                            byStep.view(),
                            byStep(y, bySequence).view());
            return y;
        }

        private static Tensor part(Tensor x, int from, int count) {
            return Raw.window(x, x.offset() + from * x.strides()[0], Shape.of(count, x.dim(1), x.dim(2)), x.strides());
        }
    }
}
