package dev.graft.nn.layer;

import dev.graft.backend.Conv1dParams;
import dev.graft.backend.ConvTranspose1dParams;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Transposed 1-d convolution: input {@code [N, C, L]}, output {@code [N, O, L']}; keys {@code weight [C, O/groups, K]},
 * {@code bias [O]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html">torch.nn.ConvTranspose1d</a>
 */
public final class ConvTranspose1d extends Module {
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final ConvTranspose1dParams params;

    /** Stride 1, no padding, with bias. */
    public ConvTranspose1d(int in, int out, int kernel, RandomGenerator random) {
        this(in, out, kernel, options(), random);
    }

    public ConvTranspose1d(int in, int out, int kernel, Options options, RandomGenerator random) {
        int groups = options.params().geometry().groups();
        Convolutions.check("convTranspose1d", in, out, groups, kernel);
        params = options.params();
        int outPerGroup = out / groups;
        weight = Init.weight(random, in, outPerGroup, kernel);
        bias = options.bias() ? Init.bias(random, out, outPerGroup * kernel) : null;
    }

    public Parameter weight() {
        return weight;
    }

    public Optional<Parameter> bias() {
        return Optional.ofNullable(bias);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.convTranspose1d(weight.value(), bias().map(Parameter::value), params);
    }

    @Override
    public String toString() {
        Conv1dParams g = params.geometry();
        return "ConvTranspose1d(" + weight.shape().dim(0) + ", "
                + weight.shape().dim(1) * g.groups() + ", "
                + weight.shape().dim(2) + ", stride " + g.stride() + ", padding " + g.padLeft()
                + (params.outputPadding() == 0 ? "" : ", output padding " + params.outputPadding())
                + (g.groups() == 1 ? "" : ", groups " + g.groups())
                + (g.dilation() == 1 ? "" : ", dilation " + g.dilation()) + (bias == null ? ", no bias)" : ")");
    }

    /** Stride 1, no padding, no dilation, one group, with bias. */
    public static Options options() {
        return new Options(ConvTranspose1dParams.of(1, 0), true);
    }

    /**
     * The optional settings of a transposed convolution.
     *
     * @param params stride, padding, output padding, dilation and groups; output padding must be set after the stride
     * @param bias whether there is a bias to add
     */
    public record Options(ConvTranspose1dParams params, boolean bias) {

        public Options stride(int stride) {
            Conv1dParams g = params.geometry();
            return with(new Conv1dParams(stride, g.padLeft(), g.padRight(), g.dilation(), g.groups()));
        }

        private Options with(Conv1dParams geometry) {
            return new Options(new ConvTranspose1dParams(geometry, params.outputPadding()), bias);
        }

        /** What is cut off at both ends. */
        public Options padding(int padding) {
            Conv1dParams g = params.geometry();
            return with(new Conv1dParams(g.stride(), padding, padding, g.dilation(), g.groups()));
        }

        /** Places added at the end. */
        public Options outputPadding(int places) {
            return new Options(params.outputPadding(places), bias);
        }

        public Options dilation(int dilation) {
            return with(params.geometry().dilation(dilation));
        }

        public Options groups(int groups) {
            return with(params.geometry().groups(groups));
        }

        public Options withoutBias() {
            return new Options(params, false);
        }
    }
}
