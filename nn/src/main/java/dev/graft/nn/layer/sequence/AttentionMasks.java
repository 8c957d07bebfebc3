package dev.graft.nn.layer.sequence;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.Optional;

/**
 * What queries may not see, in the words of PyTorch's attention layers: BOOL masks are <em>true where a key is
 * hidden</em> (the opposite of {@link Tensor#scaledDotProductAttention}'s), F32 masks are added to the scores.
 *
 * @param keyPadding {@code [N, S]}: keys that are padding
 * @param attention {@code [L, S]} for all, or {@code [N * heads, L, S]}
 * @param causal whether query {@code i} sees only the keys 0 to {@code i}
 */
public record AttentionMasks(Optional<Tensor> keyPadding, Optional<Tensor> attention, boolean causal) {
    private static final AttentionMasks NONE = new AttentionMasks(Optional.empty(), Optional.empty(), false);

    /** Everything is seen. */
    public static AttentionMasks none() {
        return NONE;
    }

    /** With {@link #keyPadding()} as given. */
    public AttentionMasks keyPadding(Tensor mask) {
        return new AttentionMasks(Optional.of(mask), attention, causal);
    }

    /** With {@link #attention()} as given. */
    public AttentionMasks attention(Tensor mask) {
        return new AttentionMasks(keyPadding, Optional.of(mask), causal);
    }

    /** With {@link #causal()} as given. */
    public AttentionMasks causal(boolean on) {
        return new AttentionMasks(keyPadding, attention, on);
    }

    /** Calls a layer with these masks; one that takes none is called if there are none. */
    Tensor forward(Module layer, Tensor x) {
        if (layer instanceof MaskedLayer masked) {
            return masked.forward(x, this);
        }
        if (!equals(NONE)) {
            throw new IllegalArgumentException("attention masks: the layer " + layer + ", which stands in the place of"
                    + " one with masks, takes none. Hint: let it implement MaskedLayer, or call the network without"
                    + " masks.");
        }
        return layer.forward(x);
    }

    /**
     * Rows {@code [N, S, E]} where padding holds no NaN and no infinity: 0 times such a number would not be 0, in the
     * weights' gradients too. Finite padding stays as it is, as its own rows of the output depend on it.
     */
    Tensor withFinitePadding(Tensor x) {
        boolean fits = keyPadding.isPresent()
                && x.rank() == 3
                && keyPadding.get().rank() == 2
                && keyPadding.get().dim(0) == x.dim(0)
                && keyPadding.get().dim(1) == x.dim(1);
        // A sum is not finite if one of its terms is not.
        if (!fits || x.numel() == 0 || Float.isFinite(x.detach().sum().item())) {
            return x;
        }
        Tensor mask = keyPadding.get();
        Tensor hidden = mask.dtype() == DType.BOOL ? mask : mask.detach().eq(Float.NEGATIVE_INFINITY);
        return x.maskedFill(hidden.unsqueeze(2).logicalAnd(x.detach().isFinite().logicalNot()), 0);
    }

    /** The mask {@code [N or 1, heads or 1, L or 1, S]} that attention takes, true where a key is seen, or added. */
    Optional<Tensor> combined(int batch, int heads, int queries, int keys) {
        Tensor padding = keyPadding
                .map(m -> {
                    check("key padding mask", m, m.rank() == 2 && m.dim(0) == batch && m.dim(1) == keys, batch, keys);
                    return m.reshape(batch, 1, 1, keys);
                })
                .orElse(null);
        Tensor pairs = attention
                .map(m -> {
                    boolean all = m.rank() == 2;
                    boolean each = m.rank() == 3 && m.dim(0) == batch * heads;
                    boolean fits = (all || each) && m.dim(-2) == queries && m.dim(-1) == keys;
                    check("attention mask", m, fits, queries, keys);
                    return all ? m.reshape(1, 1, queries, keys) : m.reshape(batch, heads, queries, keys);
                })
                .orElse(null);
        if (padding == null || pairs == null) {
            return Optional.ofNullable(padding == null ? pairs : padding)
                    .map(m -> m.dtype() == DType.BOOL ? m.logicalNot() : m);
        }
        return Optional.of(
                padding.dtype() == DType.BOOL && pairs.dtype() == DType.BOOL
                        ? padding.logicalOr(pairs).logicalNot()
                        : added(padding).add(added(pairs)));
    }

    private static Tensor added(Tensor mask) {
        return mask.dtype() == DType.BOOL
                ? Tensor.zeros(mask.device(), mask.shape().toArray()).maskedFill(mask, Float.NEGATIVE_INFINITY)
                : mask;
    }

    private static void check(String what, Tensor mask, boolean fits, int rows, int columns) {
        boolean type = mask.dtype() == DType.BOOL || mask.dtype() == DType.F32;
        if (!fits || !type) {
            throw new IllegalArgumentException("multiheadAttention: the " + what + " must be "
                    + (what.startsWith("key") ? "[N, S]" : "[L, S] or [N * heads, L, S]") + " = [" + rows + ", "
                    + columns + "], BOOL or F32, got " + mask.dtype() + " " + mask.shape() + ".");
        }
    }
}
