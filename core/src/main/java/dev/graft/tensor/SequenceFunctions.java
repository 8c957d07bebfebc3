package dev.graft.tensor;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Functions of {@link Tensor} on sequences. */
final class SequenceFunctions {
    private SequenceFunctions() {}

    static Tensor attention(Tensor q, Tensor k, Tensor v, Optional<Tensor> mask, AttentionParams params) {
        if (mask.isEmpty()) {
            return Op.apply(new AttentionOp.Attention(params), q, k, v);
        }
        Tensor m = mask.get();
        return Autograd.isEnabled() && m.requiresGrad()
                ? withLearntMask(q, k, v, m, params)
                : Op.apply(new AttentionOp.Attention(params), q, k, v, m);
    }

    /** Composed, because the gradient of the mask is as large as what the kernel avoids to keep. */
    private static Tensor withLearntMask(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionParams params) {
        String name = AttentionOp.Attention.NAME;
        for (Tensor operand : List.of(k, v, mask)) {
            q.checkUsable(name, operand);
        }
        return Composite.under(name, () -> {
            AttentionOp.Attention.check(q, k, v, mask);
            Tensor products = q.matmul(k.mul(params.scale()).transpose(-1, -2));
            boolean strange = !(isFinite(products) && isFinite(v));
            Tensor scores = (strange ? productsOfStrange(q, k, params.scale()) : products).add(mask);
            Tensor hidden = mask.detach().eq(Float.NEGATIVE_INFINITY);
            if (params.causal()) {
                Tensor rows = Tensor.arange(q.device(), scores.dim(-2)).unsqueeze(1);
                Tensor columns = Tensor.arange(q.device(), scores.dim(-1));
                Tensor later = columns.gt(rows);
                scores = scores.maskedFill(later, Float.NEGATIVE_INFINITY);
                hidden = hidden.logicalOr(later);
            }
            if (scores.dim(-1) == 0) {
                return scores.matmul(v);
            }
            // A hidden key's score may be NaN.
            scores = strange ? scores.maskedFill(hidden, Float.NEGATIVE_INFINITY) : scores;
            Tensor seesNothing = scores.detach().amax(true, -1).eq(Float.NEGATIVE_INFINITY);
            Tensor all = scores.maskedFill(seesNothing, 0).softmax(-1).maskedFill(seesNothing, 0);
            all = strange ? all.maskedFill(hidden, 0) : all;
            Tensor weights = params.dropout() > 0 ? all.dropout(params.dropout(), params.seed()) : all;
            if (!strange) {
                return weights.matmul(v);
            }
            Tensor seen =
                    number(hidden.logicalNot(), 1, 0).expand(scores.shape().toArray());
            Tensor met = seen.matmul(number(v.detach().isFinite(), 0, 1));
            return weights.matmul(finite(v)).mul(number(met.eq(0f), 1, Float.NaN));
        });
    }

    private static boolean isFinite(Tensor x) {
        return x.numel() == 0 || x.detach().mul(0f).sum().item() == 0;
    }

    private static Tensor number(Tensor condition, float yes, float no) {
        return Tensor.where(condition, Tensor.full(condition.device(), yes), Tensor.full(condition.device(), no));
    }

    private static Tensor finite(Tensor x) {
        return x.maskedFill(x.detach().isFinite().logicalNot(), 0);
    }

    /** Products of queries and keys: NaN where one of both holds NaN or an infinity, whose gradients go no further. */
    private static Tensor productsOfStrange(Tensor q, Tensor k, float scale) {
        Tensor scores = finite(q).matmul(finite(k).mul(scale).transpose(-1, -2));
        Tensor ofQueries = q.detach().mul(0f).sum(true, -1);
        Tensor ofKeys = k.detach().mul(0f).sum(true, -1).transpose(-1, -2);
        return scores.add(ofQueries).add(ofKeys);
    }

    static Tensor selfAttention(Tensor x, int heads, Optional<Tensor> mask, AttentionParams params) {
        AttentionOp.SelfAttention op = new AttentionOp.SelfAttention(heads, params);
        if (mask.isEmpty()) {
            return Op.apply(op, x);
        }
        if (!Autograd.isEnabled() || !mask.get().requiresGrad()) {
            return Op.apply(op, x, mask.get());
        }
        x.checkUsable(op.name(), mask.get());
        return Composite.under(op.name(), () -> {
            op.check(x, mask.get());
            int width = x.dim(2) / 3;
            List<Tensor> parts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                parts.add(x.slice(2, i * width, (i + 1) * width)
                        .reshape(x.dim(0), x.dim(1), heads, width / heads)
                        .transpose(1, 2));
            }
            return attention(parts.get(0), parts.get(1), parts.get(2), mask, params)
                    .transpose(1, 2)
                    .reshape(x.dim(0), x.dim(1), width);
        });
    }

    static Recurrent.Result recurrent(
            Tensor x,
            RecurrentCell cell,
            boolean reverse,
            Recurrent.Weights weights,
            Recurrent.State initial,
            Optional<Tensor> lengths) {
        boolean lstm = cell == RecurrentCell.LSTM;
        boolean biased = weights.inputBias().isPresent();
        RecurrentOp.Steps op = new RecurrentOp.Steps(cell, reverse, biased, lengths.isPresent());
        if (biased != weights.hiddenBias().isPresent() || lstm != initial.c().isPresent()) {
            throw new IllegalArgumentException(op.name() + ": "
                    + (lstm == initial.c().isPresent()
                            ? "there must be two biases or none."
                            : "the state of an LSTM is h and c, that of a GRU h alone."));
        }
        List<Tensor> in = new ArrayList<>(List.of(x, weights.input(), weights.hidden(), initial.h()));
        initial.c().ifPresent(in::add);
        weights.inputBias().ifPresent(in::add);
        weights.hiddenBias().ifPresent(in::add);
        lengths.ifPresent(in::add);
        try (Scope scope = Scope.open()) {
            Tensor all = Op.apply(op, in.toArray(Tensor[]::new));
            int steps = x.dim(0);
            int batch = x.dim(1);
            int units = weights.hidden().dim(1);
            boolean bySequence = RecurrentOp.Steps.bySequence(x);
            int state = batch * units;
            Tensor y = all.slice(0, 0, steps * state);
            y = bySequence ? y.reshape(batch, steps, units).transpose(0, 1) : y.reshape(steps, batch, units);
            Tensor h = all.slice(0, steps * state, (steps + 1) * state).reshape(batch, units);
            Optional<Tensor> c = lstm
                    ? Optional.of(all.slice(0, (steps + 1) * state, (steps + 2) * state)
                            .reshape(batch, units))
                    : Optional.empty();
            return new Recurrent.Result(
                    Composite.kept(scope, op.name(), y),
                    new Recurrent.State(
                            Composite.kept(scope, op.name(), h), c.map(t -> Composite.kept(scope, op.name(), t))));
        }
    }
}
