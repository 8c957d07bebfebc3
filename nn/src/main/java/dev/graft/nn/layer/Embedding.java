package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * Looks rows up in a table: input I64 or I32 indices of any shape, output {@code [..., width]}; key {@code weight
 * [entries, width]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>
 */
public final class Embedding extends Module {
    private final Parameter weight;

    /** Initial values are standard normal, as in PyTorch. */
    public Embedding(int entries, int width, RandomGenerator random) {
        weight = new Parameter(Tensor.randn(random, entries, width));
    }

    public Parameter weight() {
        return weight;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return weight.value().embedding(input);
    }

    @Override
    public String toString() {
        return "Embedding(" + weight.shape().dim(0) + ", " + weight.shape().dim(1) + ")";
    }
}
