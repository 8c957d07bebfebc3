package dev.graft.tensor;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Scaled dot-product attention. */
sealed interface AttentionOp extends Op {
    int Q = 0;
    int K = 1;
    int V = 2;
    int MASK = 3;
    int Y = 4;
    int LOG_SUM = 5;

    /**
     * {@code softmax(scale q k^T + mask) v} for q {@code [..., L, E]}, k {@code [..., S, E]}, v {@code [..., S, F]} and
     * an optional mask {@code [..., L, S]}, whose leading dimensions broadcast.
     */
    record Attention(AttentionParams params) implements AttentionOp {
        @Override
        public String name() {
            return "scaledDotProductAttention";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape lead = lead(name(), in);
            Tensor q = matrices(in[0], lead);
            Tensor k = matrices(in[1], lead);
            Tensor v = matrices(in[2], lead);
            Optional<Tensor> mask = in.length > 3 ? Optional.of(mask(name(), in[3], lead, q, k)) : Optional.empty();
            // The gradient of v follows from the weights alone.
            boolean scores = saved.needsAny(Q, K);
            Tensor y = run(saved, scores, q, k, v, mask, emptyLike(q, v.dim(3)), params);
            return Raw.reshape(y, with(lead, q.dim(2), v.dim(3)));
        }

        /** Uninitialised results in the order of memory that queries have, so that joined heads are a view. */
        private static Tensor emptyLike(Tensor q, int width) {
            int[] dims = {q.dim(0), q.dim(1), q.dim(2), width};
            long[] strides = q.strides();
            if (strides[2] > strides[1] && strides[1] > 0 && strides[0] >= strides[2]) {
                return Raw.permute(Raw.empty(q, dims[0], dims[2], dims[1], dims[3]), 0, 2, 1, 3);
            }
            return Raw.empty(q, dims);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor q = saved.get(Q);
            Tensor k = saved.get(K);
            int width = dy.dim(-1);
            Tensor d = Raw.reshape(dy, Shape.of(q.dim(0), q.dim(1), q.dim(2), width));
            Tensor dq = Raw.empty(d, q.shape());
            Tensor dk = Raw.empty(d, k.shape());
            Tensor dv = Raw.empty(d, k.dim(0), k.dim(1), k.dim(2), width);
            AttentionOp.backward(saved, params, d, dq, dk, dv);
            Tensor[] grads = new Tensor[needs.length];
            Tensor[] full = {dq, dk, dv};
            Shape lead = lead(saved.shape(0), saved.shape(1), saved.shape(2));
            for (int i = 0; i < 3; i++) {
                if (needs[i]) {
                    Tensor g = Raw.reshape(full[i], with(lead, full[i].dim(2), full[i].dim(3)));
                    grads[i] = Raw.sumTo(g, saved.shape(i));
                }
            }
            return grads;
        }

        private static Shape lead(Shape... shapes) {
            Shape lead = Shape.of();
            for (Shape s : shapes) {
                Shape front = Shape.of(Arrays.copyOf(s.toArray(), s.rank() - 2));
                lead = Shape.broadcast("scaledDotProductAttention", lead, front);
            }
            return lead;
        }

        private static Shape lead(String name, Tensor[] in) {
            String shapes = " (query " + in[0].shape() + ", key " + in[1].shape() + ", value " + in[2].shape() + ")";
            for (int i = 0; i < 3; i++) {
                if (in[i].rank() < 2) {
                    throw new IllegalArgumentException(name
                            + ": query must be [..., L, E], key [..., S, E] and value [..., S, F]" + shapes
                            + ". Hint: unsqueeze what has no batch.");
                }
            }
            if (in[0].dim(-1) != in[1].dim(-1)) {
                throw new IllegalArgumentException(
                        name + ": the last dimensions of query and key must be equal" + shapes + ".");
            }
            if (in[1].dim(-2) != in[2].dim(-2)) {
                throw new IllegalArgumentException(name + ": key and value must have equally many rows" + shapes + ".");
            }
            Op.requireFloat(name, in[0], in[1], in[2]);
            return lead(in[0].shape(), in[1].shape(), in[2].shape());
        }

        private static Shape with(Shape lead, int rows, int columns) {
            int[] dims = Arrays.copyOf(lead.toArray(), lead.rank() + 2);
            dims[lead.rank()] = rows;
            dims[lead.rank() + 1] = columns;
            return Shape.of(dims);
        }

        /** {@code [N, H, rows, columns]}. */
        private static Tensor matrices(Tensor x, Shape lead) {
            return four(Raw.expand(x, with(lead, x.dim(-2), x.dim(-1))));
        }

        private static Tensor four(Tensor x) {
            int rank = x.rank();
            int heads = rank > 2 ? x.dim(rank - 3) : 1;
            int batch = 1;
            for (int i = 0; i < rank - 3; i++) {
                batch *= x.dim(i);
            }
            return Raw.reshape(x, Shape.of(batch, heads, x.dim(-2), x.dim(-1)));
        }

        private static Tensor mask(String name, Tensor mask, Shape lead, Tensor q, Tensor k) {
            checkType(name, mask);
            Shape whole = with(lead, q.dim(2), k.dim(2));
            boolean fits = mask.rank() <= whole.rank();
            for (int i = 1; fits && i <= mask.rank(); i++) {
                fits = mask.dim(-i) == 1 || mask.dim(-i) == whole.dim(whole.rank() - i);
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        name + ": the mask " + mask.shape() + " does not broadcast to " + whole
                                + ", the products of queries and keys. Hint: unsqueeze a mask of keys to [N, 1, 1, S].");
            }
            return four(Raw.expand(mask, whole));
        }
    }

    /**
     * Attention within sequences {@code [N, L, 3 E]} that hold queries, keys and values side by side, each of them with
     * the heads side by side: {@code [N, L, E]}. One operator, so that the three gradients are written where they
     * belong. The optional mask broadcasts to {@code [N, heads, L, L]}.
     */
    record SelfAttention(int heads, AttentionParams params) implements AttentionOp {
        @Override
        public String name() {
            return "selfAttention";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Tensor x = in[0];
            if (x.rank() != 3 || heads < 1 || x.dim(2) % (3 * heads) != 0) {
                throw new IllegalArgumentException(
                        "selfAttention: input must be [N, L, 3 * E] where E is a multiple of " + heads + " heads, got "
                                + x.shape());
            }
            Op.requireFloat(name(), x);
            Tensor source = Raw.contiguous(x);
            int width = x.dim(2) / 3 / heads;
            Optional<Tensor> mask = in.length > 1
                    ? Optional.of(Attention.mask(
                            name(), in[1], Shape.of(x.dim(0), heads), part(source, heads, 0), part(source, heads, 1)))
                    : Optional.empty();
            Tensor y = Raw.empty(x, x.dim(0), x.dim(1), heads, width);
            run(
                    saved,
                    true,
                    part(source, heads, 0),
                    part(source, heads, 1),
                    part(source, heads, 2),
                    mask,
                    Raw.permute(y, 0, 2, 1, 3),
                    params);
            return Raw.reshape(y, Shape.of(x.dim(0), x.dim(1), heads * width));
        }

        /** Queries, keys or values as {@code [N, H, L, D]}. */
        private static Tensor part(Tensor x, int heads, int index) {
            int width = x.dim(2) / 3 / heads;
            long[] s = x.strides();
            return Raw.window(
                    x,
                    x.offset() + (long) index * heads * width,
                    Shape.of(x.dim(0), heads, x.dim(1), width),
                    new long[] {s[0], width, s[1], 1});
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor source = Raw.contiguous(dy);
            int width = dy.dim(2) / heads;
            Tensor d = Raw.permute(Raw.reshape(source, Shape.of(dy.dim(0), dy.dim(1), heads, width)), 0, 2, 1, 3);
            Tensor dx = Raw.empty(dy, saved.shape(0));
            AttentionOp.backward(saved, params, d, part(dx, heads, 0), part(dx, heads, 1), part(dx, heads, 2));
            return new Tensor[] {dx, dx};
        }
    }

    private static void checkType(String name, Tensor mask) {
        if (mask.dtype() != DType.BOOL && mask.dtype() != DType.F32) {
            throw new IllegalArgumentException(
                    name + ": the mask must be BOOL (true where a key is seen) or F32 (added), got " + mask.dtype()
                            + " " + mask.shape() + ".");
        }
    }

    private static Tensor run(
            Saved saved,
            boolean scores,
            Tensor q,
            Tensor k,
            Tensor v,
            Optional<Tensor> mask,
            Tensor y,
            AttentionParams params) {
        Tensor logSum = Raw.empty(q, q.dim(0), q.dim(1), q.dim(2));
        q.backend().attention(q.view(), k.view(), v.view(), mask.map(Tensor::view), params, y.view(), logSum.view());
        saved.put(Q, q);
        saved.put(K, k);
        saved.putIf(scores, V, v);
        mask.ifPresent(m -> saved.put(MASK, m));
        saved.putIf(scores, Y, y);
        saved.put(LOG_SUM, logSum);
        return y;
    }

    private static void backward(Saved saved, AttentionParams params, Tensor dy, Tensor dq, Tensor dk, Tensor dv) {
        Optional<View> mask = saved.find(MASK).map(Tensor::view);
        dy.backend()
                .attentionBackward(
                        saved.get(Q).view(),
                        saved.get(K).view(),
                        saved.find(V).orElse(dv).view(),
                        mask,
                        params,
                        saved.find(Y).orElse(dy).view(),
                        saved.get(LOG_SUM).view(),
                        dy.view(),
                        dq.view(),
                        dk.view(),
                        dv.view());
    }
}
