package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** Attention composed of products and element-wise kernels; holds all weights {@code [N, H, L, S]} at once. */
final class ComposedAttention {
    private final Backend backend;
    private final Temporaries t;
    private final AttentionParams params;

    ComposedAttention(Backend backend, Temporaries temporaries, AttentionParams params) {
        this.backend = backend;
        this.t = temporaries;
        this.params = params;
    }

    void forward(View q, View k, View v, Optional<View> mask, View y, View logSum) {
        if (q.dim(2) == 0 || k.dim(2) == 0 || y.numel() == 0) {
            backend.fill(y, 0);
            backend.fill(logSum, Double.POSITIVE_INFINITY);
            if (k.dim(2) == 0 || q.dim(2) == 0) {
                return;
            }
        }
        View none = t.constant(Double.NEGATIVE_INFINITY);
        View scores = scores(q, k, mask);
        View largest = t.reduce(Reduction.MAX, scores, -1);
        View shift = t.where(t.equal(largest, none), t.constant(0), largest);
        View powers = t.unary(UnaryOp.EXP, t.sub(scores, shift));
        View sum = t.sum(powers, -1);
        View seesNothing = t.equal(sum, t.constant(0));
        View divisor = t.where(seesNothing, t.constant(1), sum);
        View weights = dropped(t.div(powers, divisor));
        backend.copy(product(weights, v), y);
        View sums = t.add(shift, t.unary(UnaryOp.LOG, divisor));
        View limit = t.where(seesNothing, t.constant(Double.POSITIVE_INFINITY), sums);
        backend.copy(Temporaries.reshape(limit, logSum.shape()), logSum);
    }

    void backward(
            View q, View k, View v, Optional<View> mask, View y, View logSum, View dy, View dq, View dk, View dv) {
        if (q.dim(2) == 0 || k.dim(2) == 0) {
            backend.fill(dq, 0);
            backend.fill(dk, 0);
            backend.fill(dv, 0);
            return;
        }
        int[] column = {q.dim(0), q.dim(1), q.dim(2), 1};
        View sums = Temporaries.reshape(logSum, Shape.of(column));
        View weights = t.unary(UnaryOp.EXP, t.sub(scores(q, k, mask), sums));
        View dweights = dropped(product(dy, transposed(v)));
        View inner = t.sum(t.mul(y, dy), -1);
        View dscores = t.affine(params.scale(), t.mul(weights, t.sub(dweights, inner)), 0);
        backend.copy(product(transposed(dropped(weights)), dy), dv);
        backend.copy(product(dscores, k), dq);
        backend.copy(product(transposed(dscores), q), dk);
    }

    private View scores(View q, View k, Optional<View> mask) {
        View scores = t.affine(params.scale(), product(q, transposed(k)), 0);
        View none = t.constant(Double.NEGATIVE_INFINITY);
        if (mask.isPresent()) {
            scores = mask.get().dtype() == DType.BOOL ? t.where(mask.get(), scores, none) : t.add(scores, mask.get());
        }
        if (params.causal()) {
            View seen = t.binary(
                    BinaryOp.LESS_EQUAL, t.longs(numbers(k.dim(2))), Temporaries.column(t.longs(numbers(q.dim(2)))));
            scores = t.where(seen, scores, none);
        }
        return scores;
    }

    private static long[] numbers(int count) {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = i;
        }
        return numbers;
    }

    private View dropped(View x) {
        if (params.dropout() == 0) {
            return x;
        }
        View y = t.empty(DType.F32, x.shape().toArray());
        backend.dropout(params.dropout(), params.seed(), x, y);
        return y;
    }

    private View product(View p, View q) {
        View y = t.empty(DType.F32, p.dim(0), p.dim(1), p.dim(2), q.dim(3));
        backend.matmul(p, q, y);
        return y;
    }

    private static View transposed(View x) {
        long[] s = x.strides();
        return new View(x.storage(), x.offset(), Shape.of(x.dim(0), x.dim(1), x.dim(3), x.dim(2)), new long[] {
            s[0], s[1], s[3], s[2]
        });
    }
}
