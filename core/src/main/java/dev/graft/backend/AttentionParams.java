package dev.graft.backend;

/**
 * The settings of scaled dot-product attention.
 *
 * @param scale factor of the products of queries and keys
 * @param causal whether query {@code i} sees only the keys {@code 0} to {@code i}
 * @param dropout the probability with which a weight becomes 0, in [0, 1); the others are scaled by {@code 1 / (1 -
 *     dropout)}
 * @param seed chooses the {@link DropoutMask} over the weights {@code [N, H, L, S]}
 */
public record AttentionParams(float scale, boolean causal, float dropout, long seed) {
    public AttentionParams {
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("scaledDotProductAttention: dropout must be in [0, 1), was " + dropout);
        }
    }

    /** Scaled by {@code 1 / sqrt(width)}, where {@code width} is that of queries and keys; not causal, no dropout. */
    public static AttentionParams of(int width) {
        return new AttentionParams((float) (1 / Math.sqrt(width)), false, 0f, 0);
    }

    /** With {@link #causal()} as given. */
    public AttentionParams causal(boolean on) {
        return new AttentionParams(scale, on, dropout, seed);
    }

    /** With another scale. */
    public AttentionParams scale(float factor) {
        return new AttentionParams(factor, causal, dropout, seed);
    }

    /** With dropout; any two seeds give unrelated masks. */
    public AttentionParams dropout(float probability, long maskSeed) {
        return new AttentionParams(scale, causal, probability, maskSeed);
    }
}
