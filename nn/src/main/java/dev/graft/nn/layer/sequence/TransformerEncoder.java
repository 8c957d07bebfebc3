package dev.graft.nn.layer.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.nn.layer.LayerNorm;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Encoder layers one after the other: {@code [N, L, E]} to {@code [N, L, E]}, batch first. Keys {@code layers.0.*} and
 * so on, and {@code norm.*} if there is a norm at the end. Unlike in PyTorch, layers begin with different weights.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html">
 *     torch.nn.TransformerEncoder</a>
 */
public final class TransformerEncoder extends Module implements MaskedLayer {
    private final ModuleList layers;
    private @Nullable Module norm; // not final, as replace may exchange it

    /** Of any layers {@code [N, L, E]} to {@code [N, L, E]}; masks go to each {@link MaskedLayer}. */
    public TransformerEncoder(List<? extends Module> layers) {
        this.layers = new ModuleList(layers);
        this.norm = null;
    }

    /** @param norm at the end */
    public TransformerEncoder(List<? extends Module> layers, Module norm) {
        this.layers = new ModuleList(layers);
        this.norm = norm;
    }

    /** Equal layers; with {@link TransformerEncoderLayer.Options#normFirst()}, and a norm at the end. */
    public static TransformerEncoder of(
            int count, int width, int heads, TransformerEncoderLayer.Options options, RandomGenerator random) {
        List<TransformerEncoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            layers.add(new TransformerEncoderLayer(width, heads, options, random));
        }
        return options.normFirst()
                ? new TransformerEncoder(layers, new LayerNorm(options.eps(), width))
                : new TransformerEncoder(layers);
    }

    /** With masks, the same for all layers. */
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
        for (Module layer : layers) {
            x = masks.forward(layer, x);
        }
        return norm == null ? x : norm.forward(x);
    }
}
