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
            backend.fill(plane(logSum, 0), 0);
            backend.fill(plane(logSum, 1), Double.POSITIVE_INFINITY);
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
        backend.copy(productOfSeen(weights, seen(q, k, mask), v), y);
        View logs = t.where(seesNothing, t.constant(Double.POSITIVE_INFINITY), t.unary(UnaryOp.LOG, divisor));
        backend.copy(Temporaries.reshape(shift, Shape.of(q.dim(0), q.dim(1), q.dim(2))), plane(logSum, 0));
        backend.copy(Temporaries.reshape(logs, Shape.of(q.dim(0), q.dim(1), q.dim(2))), plane(logSum, 1));
    }

    /** The shifts or the logarithms. */
    private static View plane(View logSum, int index) {
        Shape shape = Shape.of(logSum.dim(1), logSum.dim(2), logSum.dim(3));
        return new View(
                logSum.storage(), logSum.offset() + (long) index * shape.numel(), shape, shape.contiguousStrides());
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
        View shift = Temporaries.reshape(plane(logSum, 0), Shape.of(column));
        View logs = Temporaries.reshape(plane(logSum, 1), Shape.of(column));
        Optional<View> seen = seen(q, k, mask);
        View weights = orZero(seen, t.unary(UnaryOp.EXP, t.sub(t.sub(scores(q, k, mask), shift), logs)));
        View dweights = dropped(product(dy, transposed(v)));
        View inner = t.sum(t.mul(y, dy), -1);
        View dscores = orZero(seen, t.affine(params.scale(), t.mul(weights, t.sub(orZero(seen, dweights), inner)), 0));
        Optional<View> seers = seen.map(ComposedAttention::transposed);
        backend.copy(productOfSeen(transposed(dropped(weights)), seers, dy), dv);
        backend.copy(productOfSeen(dscores, seen, k), dq);
        backend.copy(productOfSeen(transposed(dscores), seers, q), dk);
    }

    /** Which queries see which keys, {@code [N, H, L, S]}; absent if all do. */
    private Optional<View> seen(View q, View k, Optional<View> mask) {
        Shape all = Shape.of(q.dim(0), q.dim(1), q.dim(2), k.dim(2));
        Optional<View> seen = mask.map(m ->
                m.dtype() == DType.BOOL ? m : t.binary(BinaryOp.NOT_EQUAL, m, t.constant(Double.NEGATIVE_INFINITY)));
        if (params.causal()) {
            View before = before(q, k);
            seen = Optional.of(seen.isPresent() ? t.binary(BinaryOp.AND, seen.get(), before) : before);
        }
        return seen.map(s -> Temporaries.expand(s, all));
    }

    private View orZero(Optional<View> seen, View x) {
        return seen.isPresent() ? t.where(seen.get(), x, t.constant(0)) : x;
    }

    /**
     * The product of weights, 0 where nothing is seen, and numbers: hidden ones have no influence, not even NaN, and
     * seen ones that are not finite give NaN.
     */
    private View productOfSeen(View weights, Optional<View> seen, View x) {
        if (seen.isEmpty()) {
            return product(weights, x);
        }
        View zero = t.constant(0);
        View one = t.constant(1);
        View finite = t.equal(t.affine(0, x, 0), zero);
        View sum = product(weights, t.where(finite, x, zero));
        View strange = product(t.where(seen.get(), one, zero), t.where(finite, zero, one));
        return t.where(t.equal(strange, zero), sum, t.constant(Double.NaN));
    }

    private View scores(View q, View k, Optional<View> mask) {
        View scores = t.affine(params.scale(), product(q, transposed(k)), 0);
        View none = t.constant(Double.NEGATIVE_INFINITY);
        if (mask.isPresent()) {
            View m = mask.get();
            scores = m.dtype() == DType.BOOL
                    ? t.where(m, scores, none)
                    : t.where(t.equal(m, none), none, t.add(scores, m));
        }
        if (params.causal()) {
            scores = t.where(before(q, k), scores, none);
        }
        return scores;
    }

    /** Whether a key comes no later than a query. */
    private View before(View q, View k) {
        return t.binary(
                BinaryOp.LESS_EQUAL, t.longs(numbers(k.dim(2))), Temporaries.column(t.longs(numbers(q.dim(2)))));
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
