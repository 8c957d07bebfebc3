package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv1dParams;
import dev.graft.backend.PaddingMode;
import dev.graft.nn.Init;
import dev.graft.nn.Parameter;
import dev.graft.tensor.FrozenBatchNorm;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * 1-d convolution: input {@code [N, C, L]}, output {@code [N, O, L']}; keys {@code weight [O, C/groups, K]},
 * {@code bias [O]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html">torch.nn.Conv1d</a>
 */
public final class Conv1d extends FusedConvolution {
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final Options options;

    /** Stride 1, no padding, with bias. */
    public Conv1d(int in, int out, int kernel, RandomGenerator random) {
        this(in, out, kernel, options(), random);
    }

    public Conv1d(int in, int out, int kernel, Options options, RandomGenerator random) {
        Convolutions.check("conv1d", in, out, options.geometry().groups(), kernel);
        this.options = options;
        int inPerGroup = in / options.geometry().groups();
        weight = Init.weight(random, out, inPerGroup, kernel);
        bias = options.bias() ? Init.bias(random, out, inPerGroup * kernel) : null;
    }

    public Parameter weight() {
        return weight;
    }

    public Optional<Parameter> bias() {
        return Optional.ofNullable(bias);
    }

    @Override
    boolean suits(BatchNorm norm) {
        return norm instanceof BatchNorm1d;
    }

    @Override
    int outputs() {
        return weight.shape().dim(0);
    }

    @Override
    protected Tensor compute(Tensor input) {
        Conv1dParams g = geometry(input);
        return padded(input, g).conv1d(weight.value(), bias().map(Parameter::value), inner(g));
    }

    @Override
    Tensor forward(Tensor input, Optional<FrozenBatchNorm> norm, Optional<Tensor> residual, Activation activation) {
        return asThisLayer(() -> {
            Conv1dParams g = geometry(input);
            return padded(input, g)
                    .conv1d(weight.value(), bias().map(Parameter::value), inner(g), norm, residual, activation);
        });
    }

    @Override
    Optional<Shape> resultShape(Tensor input) {
        if (input.rank() != 3) {
            return Optional.empty();
        }
        Shape row = Shape.of(input.dim(0), input.dim(1), 1, input.dim(2));
        Shape weights =
                Shape.of(outputs(), weight.shape().dim(1), 1, weight.shape().dim(2));
        Shape result = geometry(input).asConv2d().outputShape(row, weights);
        return Optional.of(Shape.of(result.dim(0), result.dim(1), result.dim(3)));
    }

    private Conv1dParams geometry(Tensor input) {
        Conv1dParams g = options.geometry();
        if (!options.same() || input.rank() != 3) {
            return g;
        }
        int padding = Convolutions.samePadding(input.dim(2), weight.shape().dim(2), g.stride(), g.dilation());
        return new Conv1dParams(g.stride(), padding / 2, padding - padding / 2, g.dilation(), g.groups());
    }

    /** With what surrounds the sequence, unless these are zeros, which the convolution itself adds. */
    private Tensor padded(Tensor input, Conv1dParams g) {
        return padsItself(g) ? input.pad1d(options.paddingMode(), g.padLeft(), g.padRight()) : input;
    }

    /** The convolution of a padded sequence. */
    private Conv1dParams inner(Conv1dParams g) {
        return padsItself(g) ? new Conv1dParams(g.stride(), 0, 0, g.dilation(), g.groups()) : g;
    }

    private boolean padsItself(Conv1dParams g) {
        return options.paddingMode() != PaddingMode.ZEROS && g.padLeft() + (long) g.padRight() > 0;
    }

    @Override
    public String toString() {
        Conv1dParams g = options.geometry();
        String padding = options.same()
                ? "same"
                : g.padLeft() == g.padRight() ? "" + g.padLeft() : g.padLeft() + "+" + g.padRight();
        return "Conv1d(" + weight.shape().dim(1) * g.groups() + ", "
                + weight.shape().dim(0) + ", " + weight.shape().dim(2) + ", stride "
                + g.stride() + ", padding " + padding
                + (options.paddingMode() == PaddingMode.ZEROS ? "" : ", " + options.paddingMode())
                + (g.groups() == 1 ? "" : ", groups " + g.groups())
                + (g.dilation() == 1 ? "" : ", dilation " + g.dilation()) + (bias == null ? ", no bias)" : ")");
    }

    /** Stride 1, no padding, no dilation, one group, with bias. */
    public static Options options() {
        return new Options(Conv1dParams.of(1, 0), false, true, PaddingMode.ZEROS);
    }

    /**
     * The optional settings of a convolution.
     *
     * @param geometry stride, padding, dilation and groups
     * @param same output size {@code ceil(length / stride)}, in place of the geometry's padding
     * @param bias whether there is a bias to add
     * @param paddingMode what the padding consists of
     */
    public record Options(Conv1dParams geometry, boolean same, boolean bias, PaddingMode paddingMode) {

        public Options stride(int stride) {
            return new Options(
                    new Conv1dParams(
                            stride, geometry.padLeft(), geometry.padRight(), geometry.dilation(), geometry.groups()),
                    same,
                    bias,
                    paddingMode);
        }

        /** On both sides: zeros, unless {@link #paddingMode} says otherwise. */
        public Options padding(int padding) {
            return padding(padding, padding);
        }

        public Options padding(int left, int right) {
            return new Options(
                    new Conv1dParams(geometry.stride(), left, right, geometry.dilation(), geometry.groups()),
                    false,
                    bias,
                    paddingMode);
        }

        /** Keeps the length at stride 1; an odd zero goes to the right. */
        public Options paddingSame() {
            return new Options(geometry, true, bias, paddingMode);
        }

        public Options dilation(int dilation) {
            return new Options(geometry.dilation(dilation), same, bias, paddingMode);
        }

        public Options groups(int groups) {
            return new Options(geometry.groups(groups), same, bias, paddingMode);
        }

        public Options withoutBias() {
            return new Options(geometry, same, false, paddingMode);
        }

        /** PyTorch's {@code padding_mode}. */
        public Options paddingMode(PaddingMode mode) {
            return new Options(geometry, same, bias, mode);
        }
    }
}
