package dev.graft.nn.layer.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.StateKey;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.GELU;
import dev.graft.nn.layer.LayerNorm;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Self-attention and two linear layers, each with a residual and a layer norm: {@code [N, L, E]} to {@code [N, L, E]},
 * batch first. Every part may be replaced, also {@code activation}. Keys {@code self_attn.*}, {@code linear1.*},
 * {@code linear2.*}, {@code norm1.*}, {@code norm2.*}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html">
 *     torch.nn.TransformerEncoderLayer</a> with {@code batch_first=True}
 */
public final class TransformerEncoderLayer extends Module implements MaskedLayer {
    // Not final, as replace may exchange them.
    @StateKey("self_attn")
    private Module attention;

    private Module linear1;
    private Module activation;
    private Module dropout;
    private Module linear2;
    private Module norm1;
    private Module norm2;
    private Module dropout1;
    private Module dropout2;
    private final int width;
    private final Options options;

    /** The function between the linear layers. */
    public enum Activation {
        RELU,
        GELU
    }

    /**
     * Settings.
     *
     * @param hidden the width between the linear layers
     * @param dropout of attention weights, and of what each part adds
     * @param normFirst whether a norm stands before its part, or behind the residual's addition
     */
    public record Options(int hidden, float dropout, Activation activation, float eps, boolean normFirst) {
        public Options hidden(int width) {
            return new Options(width, dropout, activation, eps, normFirst);
        }

        public Options dropout(float share) {
            return new Options(hidden, share, activation, eps, normFirst);
        }

        public Options activation(Activation function) {
            return new Options(hidden, dropout, function, eps, normFirst);
        }

        public Options eps(float added) {
            return new Options(hidden, dropout, activation, added, normFirst);
        }

        public Options normFirst(boolean first) {
            return new Options(hidden, dropout, activation, eps, first);
        }
    }

    /** PyTorch's defaults: 2048 wide, dropout of 0.1, ReLU, norms last. */
    public static Options options() {
        return new Options(2048, 0.1f, Activation.RELU, 1e-5f, false);
    }

    public TransformerEncoderLayer(int width, int heads, RandomGenerator random) {
        this(width, heads, options(), random);
    }

    public TransformerEncoderLayer(int width, int heads, Options options, RandomGenerator random) {
        this.options = options;
        this.width = width;
        activation = options.activation() == Activation.GELU ? new GELU() : new ReLU();
        attention = new MultiheadAttention(
                width, heads, MultiheadAttention.options().dropout(options.dropout()), random);
        linear1 = new Linear(width, options.hidden(), random);
        dropout = new Dropout(options.dropout(), random);
        linear2 = new Linear(options.hidden(), width, random);
        norm1 = new LayerNorm(options.eps(), width);
        norm2 = new LayerNorm(options.eps(), width);
        dropout1 = new Dropout(options.dropout(), random);
        dropout2 = new Dropout(options.dropout(), random);
    }

    /** With masks. */
    @Override
    public Tensor forward(Tensor input, AttentionMasks masks) {
        return asThisLayer(List.of(input), () -> encode(input, masks));
    }

    @Override
    protected Tensor compute(Tensor input) {
        return encode(input, AttentionMasks.none());
    }

    private Tensor encode(Tensor input, AttentionMasks masks) {
        Tensor x = masks.withFinitePadding(input);
        if (options.normFirst()) {
            Tensor y = x.add(dropout1.forward(masks.forward(attention, norm1.forward(x))));
            return y.add(dropout2.forward(expand(norm2.forward(y))));
        }
        Tensor y = norm1.forward(x.add(dropout1.forward(masks.forward(attention, x))));
        return norm2.forward(y.add(dropout2.forward(expand(y))));
    }

    private Tensor expand(Tensor x) {
        return linear2.forward(dropout.forward(activation.forward(linear1.forward(x))));
    }

    @Override
    public String toString() {
        return "TransformerEncoderLayer(" + width + ", hidden " + options.hidden() + ", " + options.activation()
                + (options.normFirst() ? ", norm first)" : ")");
    }
}
