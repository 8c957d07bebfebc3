package dev.graft.nn.layer.sequence;

import dev.graft.backend.AttentionParams;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.StateKey;
import dev.graft.nn.Stochastic;
import dev.graft.nn.layer.Linear;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Attention of several heads (Vaswani et al. 2017): queries {@code [N, L, E]}, keys {@code [N, S, K]} and values
 * {@code [N, S, V]} to {@code [N, L, E]}; batch first. Keys {@code in_proj_weight [3 * E, E]} (or {@code q_proj_weight
 * [E, E]}, {@code k_proj_weight [E, K]}, {@code v_proj_weight [E, V]} where K or V differ from E), {@code in_proj_bias
 * [3 * E]}, {@code out_proj.weight}, {@code out_proj.bias}.
 *
 * <p>{@code forward(x)} is attention within {@code x}; {@code forward(List.of(query, key, value))} takes three. Within
 * one tensor, queries, keys and values come from one product and are never copied apart.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html">
 *     torch.nn.MultiheadAttention</a> with {@code batch_first=True}
 */
public final class MultiheadAttention extends Module implements MaskedLayer, Stochastic {
    @StateKey("in_proj_weight")
    private final @Nullable Parameter inputWeight;

    @StateKey("q_proj_weight")
    private final @Nullable Parameter queryWeight;

    @StateKey("k_proj_weight")
    private final @Nullable Parameter keyWeight;

    @StateKey("v_proj_weight")
    private final @Nullable Parameter valueWeight;

    @StateKey("in_proj_bias")
    private final @Nullable Parameter inputBias;

    @StateKey("out_proj")
    private Module output; // not final, as replace may exchange it

    private final int width;
    private final int keyWidth;
    private final int valueWidth;
    private final int heads;
    private final float dropout;
    private long seed;
    private long calls;

    /**
     * Settings; {@code keyWidth} and {@code valueWidth} of 0 stand for the width of queries.
     *
     * @param dropout the share of attention weights that training drops
     */
    public record Options(float dropout, boolean withBias, int keyWidth, int valueWidth) {
        public Options dropout(float share) {
            return new Options(share, withBias, keyWidth, valueWidth);
        }

        public Options withoutBias() {
            return new Options(dropout, false, keyWidth, valueWidth);
        }

        /** Widths of keys and values that differ from that of queries. */
        public Options widths(int key, int value) {
            return new Options(dropout, withBias, key, value);
        }
    }

    /**
     * An output with the weights that made it.
     *
     * @param weights {@code [N, L, S]}, the mean over the heads, after dropout
     */
    public record Weighted(Tensor output, Tensor weights) {}

    /** No dropout, with biases, one width. */
    public static Options options() {
        return new Options(0f, true, 0, 0);
    }

    public MultiheadAttention(int width, int heads, RandomGenerator random) {
        this(width, heads, options(), random);
    }

    /** @param heads which must divide {@code width} */
    public MultiheadAttention(int width, int heads, Options options, RandomGenerator random) {
        if (width < 1 || heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("multiheadAttention: the width must be a multiple of the number of heads"
                    + " (width " + width + ", heads " + heads + ").");
        }
        if (!(options.dropout() >= 0 && options.dropout() < 1)) {
            throw new IllegalArgumentException(
                    "multiheadAttention: dropout must be in [0, 1), was " + options.dropout());
        }
        keyWidth = options.keyWidth() == 0 ? width : options.keyWidth();
        valueWidth = options.valueWidth() == 0 ? width : options.valueWidth();
        boolean one = keyWidth == width && valueWidth == width;
        inputWeight = one ? Init.xavier(random, 3 * width, width) : null;
        queryWeight = one ? null : Init.xavier(random, width, width);
        keyWeight = one ? null : Init.xavier(random, width, keyWidth);
        valueWeight = one ? null : Init.xavier(random, width, valueWidth);
        inputBias = options.withBias() ? new Parameter(Tensor.zeros(3 * width)) : null;
        Linear projection = new Linear(width, width, options.withBias(), random);
        projection.bias().ifPresent(b -> Init.constant(b.value(), 0f));
        output = projection;
        this.width = width;
        this.heads = heads;
        this.dropout = options.dropout();
        this.seed = random.nextLong();
    }

    /** Attention within {@code x [N, L, E]}. */
    @Override
    public Tensor forward(Tensor x, AttentionMasks masks) {
        return asThisLayer(List.of(x), () -> attend(x, x, x, masks));
    }

    /** Attention of queries to keys, of which each has a value. */
    public Tensor forward(Tensor query, Tensor key, Tensor value, AttentionMasks masks) {
        return asThisLayer(List.of(query, key, value), () -> attend(query, key, value, masks));
    }

    /** As {@link #forward(Tensor, Tensor, Tensor, AttentionMasks)}, with the weights; holds those of all heads. */
    public Weighted forwardWithWeights(Tensor query, Tensor key, Tensor value, AttentionMasks masks) {
        List<Tensor> both = allAsThisLayer(List.of(query, key, value), () -> {
            check(query, key, value);
            Tensor keys = masks.withFinitePadding(key);
            Tensor q = heads(project(query == key ? keys : query, 0));
            Tensor k = heads(project(keys, 1));
            Tensor weights = weights(q, k, masks);
            Tensor values = value == key ? keys : masks.withFinitePadding(value);
            Tensor mixed = joined(weights.matmul(heads(project(values, 2))));
            return List.of(output.forward(mixed), weights.mean(1));
        });
        return new Weighted(both.get(0), both.get(1));
    }

    @Override
    protected List<Tensor> compute(List<Tensor> inputs) {
        if (inputs.size() == 1) {
            Tensor x = inputs.get(0);
            return List.of(attend(x, x, x, AttentionMasks.none()));
        }
        return List.of(attend(inputs.get(0), inputs.get(1), inputs.get(2), AttentionMasks.none()));
    }

    private Tensor attend(Tensor query, Tensor key, Tensor value, AttentionMasks masks) {
        check(query, key, value);
        Optional<Tensor> mask = masks.combined(query.dim(0), heads, query.dim(1), key.dim(1));
        AttentionParams params = params(masks.causal());
        Tensor keys = masks.withFinitePadding(key);
        if (query == key && key == value && inputWeight != null) {
            Tensor all = keys.linear(
                    inputWeight.value(), Optional.ofNullable(inputBias).map(Parameter::value));
            return output.forward(all.selfAttention(heads, mask, params));
        }
        Tensor values = value == key ? keys : masks.withFinitePadding(value);
        Tensor mixed = heads(project(query == key ? keys : query, 0))
                .scaledDotProductAttention(heads(project(keys, 1)), heads(project(values, 2)), mask, params);
        return output.forward(joined(mixed));
    }

    private AttentionParams params(boolean causal) {
        AttentionParams params = AttentionParams.of(width / heads).causal(causal);
        return isTraining() && dropout > 0 ? params.dropout(dropout, nextSeed()) : params;
    }

    private void check(Tensor query, Tensor key, Tensor value) {
        boolean fits = query.rank() == 3
                && key.rank() == 3
                && value.rank() == 3
                && query.dim(2) == width
                && key.dim(0) == query.dim(0)
                && value.dim(0) == query.dim(0)
                && key.dim(1) == value.dim(1)
                && key.dim(2) == keyWidth
                && value.dim(2) == valueWidth;
        if (!fits) {
            throw new IllegalArgumentException("multiheadAttention: query must be [N, L, " + width + "], key [N, S, "
                    + keyWidth + "] and value [N, S, " + valueWidth + "], batch first (query "
                    + query.shape() + ", key " + key.shape() + ", value " + value.shape() + ").");
        }
    }

    /** The projection of queries (0), keys (1) or values (2). */
    private Tensor weightOf(int part) {
        if (inputWeight != null) {
            return inputWeight.value().slice(0, part * width, (part + 1) * width);
        }
        Parameter own = part == 0 ? queryWeight : part == 1 ? keyWeight : valueWeight;
        return Objects.requireNonNull(own).value();
    }

    private Tensor project(Tensor x, int part) {
        return x.linear(
                weightOf(part),
                Optional.ofNullable(inputBias).map(b -> b.value().slice(0, part * width, (part + 1) * width)));
    }

    /** {@code [N, L, E]} as {@code [N, heads, L, E / heads]}. */
    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), heads, width / heads).transpose(1, 2);
    }

    private Tensor joined(Tensor x) {
        return x.transpose(1, 2).reshape(x.dim(0), x.dim(2), width);
    }

    private Tensor weights(Tensor q, Tensor k, AttentionMasks masks) {
        // The weights are what attention makes of the unit matrix as values.
        int keys = k.dim(2);
        float[] unit = new float[keys * keys];
        for (int i = 0; i < keys; i++) {
            unit[i * keys + i] = 1;
        }
        Tensor values = Tensor.of(q.device(), unit, 1, 1, keys, keys);
        return q.scaledDotProductAttention(
                k, values, masks.combined(q.dim(0), heads, q.dim(2), keys), params(masks.causal()));
    }

    /** A separate number for each call, in any thread. */
    private synchronized long nextSeed() {
        return RandomStream.seed(seed, "attention.call", ++calls);
    }

    @Override
    public synchronized long[] randomState() {
        return new long[] {seed, calls};
    }

    @Override
    public synchronized void restoreRandomState(long[] state) {
        if (state.length != 2) {
            throw new IllegalArgumentException(
                    "multiheadAttention: random state must hold 2 numbers, was " + state.length);
        }
        seed = state[0];
        calls = state[1];
    }

    @Override
    public String toString() {
        return "MultiheadAttention(" + width + ", " + heads + " heads)";
    }
}
