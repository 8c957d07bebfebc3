package dev.graft.nn.layer;

import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x W^T + b}: input {@code [..., in]}, output {@code [..., out]}; keys {@code weight [out, in]}, {@code bias
 * [out]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Linear.html">torch.nn.Linear</a>
 */
public final class Linear extends Module {
    private final Parameter weight;
    private final @Nullable Parameter bias;

    public Linear(int in, int out, RandomGenerator random) {
        this(in, out, true, random);
    }

    /** @param withBias whether there is a bias to add */
    public Linear(int in, int out, boolean withBias, RandomGenerator random) {
        if (in < 1 || out < 1) {
            throw new IllegalArgumentException("linear: sizes must be at least 1 (in " + in + ", out " + out + ")");
        }
        weight = Init.weight(random, out, in);
        bias = withBias ? Init.bias(random, out, in) : null;
    }

    public Parameter weight() {
        return weight;
    }

    public Optional<Parameter> bias() {
        return Optional.ofNullable(bias);
    }

    public int inputs() {
        return weight.shape().dim(1);
    }

    public int outputs() {
        return weight.shape().dim(0);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.linear(weight.value(), bias().map(Parameter::value));
    }

    @Override
    public String toString() {
        return "Linear(" + inputs() + ", " + outputs() + (bias == null ? ", no bias)" : ")");
    }
}
