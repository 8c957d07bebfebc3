package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.PaddingMode;
import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Init;
import dev.graft.nn.Parameter;
import dev.graft.tensor.FrozenBatchNorm;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * 2-d convolution: input {@code [N, C, H, W]}, output {@code [N, O, H', W']}; keys {@code weight [O, C/groups, KH,
 * KW]}, {@code bias [O]}.
 *
 * <pre>{@code new Conv2d(3, 64, 7, Conv2d.options().stride(2).padding(3).withoutBias(), random)}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html">torch.nn.Conv2d</a>
 */
public final class Conv2d extends FusedConvolution {
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final Options options;

    /** Stride 1, no padding, with bias. */
    public Conv2d(int in, int out, int kernel, RandomGenerator random) {
        this(in, out, kernel, options(), random);
    }

    public Conv2d(int in, int out, int kernel, Options options, RandomGenerator random) {
        this(in, out, kernel, kernel, options, random);
    }

    public Conv2d(int in, int out, int kernelHeight, int kernelWidth, Options options, RandomGenerator random) {
        Convolutions.check("conv2d", in, out, options.geometry().groups(), kernelHeight, kernelWidth);
        this.options = options;
        int inPerGroup = in / options.geometry().groups();
        weight = Init.convolution(random, out, inPerGroup, kernelHeight, kernelWidth);
        bias = options.bias() ? Init.bias(random, out, inPerGroup * kernelHeight * kernelWidth) : null;
    }

    public Parameter weight() {
        return weight;
    }

    public Optional<Parameter> bias() {
        return Optional.ofNullable(bias);
    }

    /** The options of the constructor. */
    public Options settings() {
        return options;
    }

    @Override
    boolean suits(BatchNorm norm) {
        return norm instanceof BatchNorm2d;
    }

    @Override
    int outputs() {
        return weight.shape().dim(0);
    }

    @Override
    protected Tensor compute(Tensor input) {
        Conv2dParams g = geometry(input);
        return padded(input, g).conv2d(weight.value(), bias().map(Parameter::value), inner(g));
    }

    @Override
    Tensor forward(Tensor input, Optional<FrozenBatchNorm> norm, Optional<Tensor> residual, Activation activation) {
        return forward(input, norm, residual, activation, Optional.empty());
    }

    /** The same, then maxima. */
    Tensor forward(
            Tensor input,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        return asThisLayer(() -> {
            Conv2dParams g = geometry(input);
            return padded(input, g)
                    .conv2d(
                            weight.value(),
                            bias().map(Parameter::value),
                            inner(g),
                            norm,
                            residual,
                            activation,
                            maxPool);
        });
    }

    /** With what surrounds the image, unless these are zeros, which the convolution itself adds. */
    private Tensor padded(Tensor input, Conv2dParams g) {
        return padsItself(g) && input.rank() == 4
                ? input.pad2d(options.paddingMode(), g.padTop(), g.padBottom(), g.padLeft(), g.padRight())
                : input;
    }

    /** The convolution of a padded image. */
    private Conv2dParams inner(Conv2dParams g) {
        return padsItself(g) ? g.padding(0, 0, 0, 0) : g;
    }

    private boolean padsItself(Conv2dParams g) {
        return options.paddingMode() != PaddingMode.ZEROS
                && g.padTop() + (long) g.padBottom() + g.padLeft() + g.padRight() > 0;
    }

    @Override
    Optional<Shape> resultShape(Tensor input) {
        return input.rank() == 4
                ? Optional.of(geometry(input).outputShape(input.shape(), weight.shape()))
                : Optional.empty();
    }

    private Conv2dParams geometry(Tensor input) {
        return options.same() ? samePadding(input) : options.geometry();
    }

    private Conv2dParams samePadding(Tensor input) {
        Conv2dParams g = options.geometry();
        if (input.rank() != 4) {
            return g;
        }
        int vertical = Convolutions.samePadding(input.dim(2), weight.shape().dim(2), g.strideH(), g.dilationH());
        int horizontal = Convolutions.samePadding(input.dim(3), weight.shape().dim(3), g.strideW(), g.dilationW());
        return g.padding(vertical / 2, vertical - vertical / 2, horizontal / 2, horizontal - horizontal / 2);
    }

    @Override
    public String toString() {
        Conv2dParams g = options.geometry();
        int groups = g.groups();
        String padding = options.same()
                ? "same"
                : g.padTop() == g.padBottom() && g.padTop() == g.padLeft() && g.padTop() == g.padRight()
                        ? Integer.toString(g.padTop())
                        : "[" + g.padTop() + " " + g.padBottom() + " " + g.padLeft() + " " + g.padRight() + "]";
        return "Conv2d(" + weight.shape().dim(1) * groups + ", "
                + weight.shape().dim(0) + ", " + weight.shape().dim(2) + "x"
                + weight.shape().dim(3) + ", stride " + g.strideH() + ", padding " + padding
                + (options.paddingMode() == PaddingMode.ZEROS ? "" : ", " + options.paddingMode())
                + (groups == 1 ? "" : ", groups " + groups)
                + (g.dilationH() == 1 ? "" : ", dilation " + g.dilationH()) + (bias == null ? ", no bias)" : ")");
    }

    /** Stride 1, no padding, no dilation, one group, with bias. */
    public static Options options() {
        return new Options(Conv2dParams.of(1, 0), false, true, PaddingMode.ZEROS);
    }

    /**
     * The optional settings of a convolution.
     *
     * @param geometry stride, padding, dilation and groups
     * @param same TensorFlow's SAME padding, which depends on the input's size, in place of the geometry's
     * @param bias whether there is a bias to add
     * @param paddingMode what the padding consists of
     */
    public record Options(Conv2dParams geometry, boolean same, boolean bias, PaddingMode paddingMode) {

        public Options stride(int stride) {
            return stride(stride, stride);
        }

        public Options stride(int vertical, int horizontal) {
            return new Options(
                    new Conv2dParams(
                            vertical,
                            horizontal,
                            geometry.padTop(),
                            geometry.padBottom(),
                            geometry.padLeft(),
                            geometry.padRight(),
                            geometry.dilationH(),
                            geometry.dilationW(),
                            geometry.groups()),
                    same,
                    bias,
                    paddingMode);
        }

        /** On all four sides: zeros, unless {@link #paddingMode} says otherwise. */
        public Options padding(int padding) {
            return padding(padding, padding, padding, padding);
        }

        public Options padding(int vertical, int horizontal) {
            return padding(vertical, vertical, horizontal, horizontal);
        }

        public Options padding(int top, int bottom, int left, int right) {
            return new Options(geometry.padding(top, bottom, left, right), false, bias, paddingMode);
        }

        /** TensorFlow's SAME: output size {@code ceil(size / stride)}; an odd zero goes to the bottom and the right. */
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
