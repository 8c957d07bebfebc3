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
        static final String NAME = "scaledDotProductAttention";

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape lead = check(in);
            Tensor q = matrices(in[0], lead);
            Tensor k = matrices(in[1], lead);
            Tensor v = matrices(in[2], lead);
            Optional<Tensor> mask = in.length > 3
                    ? Optional.of(four(Raw.expand(in[3], with(lead, q.dim(2), k.dim(2)))))
                    : Optional.empty();
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
                lead = Shape.broadcast(NAME, lead, front);
            }
            return lead;
        }

        /** Refuses what does not fit; gives the leading dimensions of the result. */
        static Shape check(Tensor... in) {
            String shapes = " (query " + in[0].shape() + ", key " + in[1].shape() + ", value " + in[2].shape() + ")";
            for (int i = 0; i < 3; i++) {
                if (in[i].rank() < 2) {
                    throw new IllegalArgumentException(NAME
                            + ": query must be [..., L, E], key [..., S, E] and value [..., S, F]" + shapes
                            + ". Hint: unsqueeze what has no batch.");
                }
            }
            if (in[0].dim(-1) != in[1].dim(-1)) {
                throw new IllegalArgumentException(
                        NAME + ": the last dimensions of query and key must be equal" + shapes + ".");
            }
            if (in[1].dim(-2) != in[2].dim(-2)) {
                throw new IllegalArgumentException(NAME + ": key and value must have equally many rows" + shapes + ".");
            }
            Op.requireFloat(NAME, in[0], in[1], in[2]);
            Shape lead = lead(in[0].shape(), in[1].shape(), in[2].shape());
            if (in.length > 3) {
                checkMask(NAME, in[3], with(lead, in[0].dim(-2), in[1].dim(-2)));
            }
            return lead;
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
            check(in);
            Tensor source = Raw.contiguous(x);
            int width = x.dim(2) / 3 / heads;
            Optional<Tensor> mask = in.length > 1 ? Optional.of(Raw.expand(in[1], scores(x))) : Optional.empty();
            Tensor y = Raw.empty(x, x.dim(0), x.dim(1), heads, width);
            Tensor q = part(source, heads, 0);
            Tensor k = part(source, heads, 1);
            Tensor v = part(source, heads, 2);
            run(saved, true, q, k, v, mask, Raw.permute(y, 0, 2, 1, 3), params);
            return Raw.reshape(y, Shape.of(x.dim(0), x.dim(1), heads * width));
        }

        /** Refuses what does not fit. */
        void check(Tensor... in) {
            Tensor x = in[0];
            if (x.rank() != 3 || heads < 1 || x.dim(2) % (3L * heads) != 0) {
                throw new IllegalArgumentException(
                        "selfAttention: input must be [N, L, 3 * E] where E is a multiple of " + heads + " heads, got "
                                + x.shape());
            }
            Op.requireFloat(name(), x);
            if (in.length > 1) {
                checkMask(name(), in[1], scores(x));
            }
        }

        /** What a mask broadcasts to; without one, nothing needs to be so large. */
        private Shape scores(Tensor x) {
            return Shape.of(x.dim(0), heads, x.dim(1), x.dim(1));
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

    /** Refuses a mask that does not broadcast to the scores' shape. */
    private static void checkMask(String name, Tensor mask, Shape scores) {
        if (mask.dtype() != DType.BOOL && mask.dtype() != DType.F32) {
            throw new IllegalArgumentException(
                    name + ": the mask must be BOOL (true where a key is seen) or F32 (added), got " + mask.dtype()
                            + " " + mask.shape() + ".");
        }
        boolean fits = mask.rank() <= scores.rank();
        for (int i = 1; fits && i <= mask.rank(); i++) {
            fits = mask.dim(-i) == 1 || mask.dim(-i) == scores.dim(scores.rank() - i);
        }
        if (!fits) {
            throw new IllegalArgumentException(name + ": the mask " + mask.shape() + " does not broadcast to " + scores
                    + ", the products of queries and keys. Hint: unsqueeze a mask of keys to [N, 1, 1, S].");
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
        Tensor logSum = Raw.empty(q, 2, q.dim(0), q.dim(1), q.dim(2));
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
