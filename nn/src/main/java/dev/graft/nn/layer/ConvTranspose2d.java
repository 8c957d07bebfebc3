package dev.graft.nn.layer;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Transposed 2-d convolution: input {@code [N, C, H, W]}, output {@code [N, O, H', W']}; keys {@code weight [C,
 * O/groups, KH, KW]}, {@code bias [O]}.
 *
 * <pre>{@code new ConvTranspose2d(64, 32, 2, ConvTranspose2d.options().stride(2), random)}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html">torch.nn.ConvTranspose2d</a>
 */
public final class ConvTranspose2d extends Module {
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final ConvTranspose2dParams params;

    /** Stride 1, no padding, with bias. */
    public ConvTranspose2d(int in, int out, int kernel, RandomGenerator random) {
        this(in, out, kernel, options(), random);
    }

    public ConvTranspose2d(int in, int out, int kernel, Options options, RandomGenerator random) {
        this(in, out, kernel, kernel, options, random);
    }

    public ConvTranspose2d(
            int in, int out, int kernelHeight, int kernelWidth, Options options, RandomGenerator random) {
        int groups = options.params().geometry().groups();
        Convolutions.check("convTranspose2d", in, out, groups, kernelHeight, kernelWidth);
        params = options.params();
        int outPerGroup = out / groups;
        weight = Init.convolution(random, in, outPerGroup, kernelHeight, kernelWidth);
        // PyTorch takes the second dimension of the weight as fan-in here too.
        bias = options.bias() ? Init.bias(random, out, outPerGroup * kernelHeight * kernelWidth) : null;
    }

    public Parameter weight() {
        return weight;
    }

    public Optional<Parameter> bias() {
        return Optional.ofNullable(bias);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return compute(input, params);
    }

    private Tensor compute(Tensor input, ConvTranspose2dParams geometry) {
        return input.convTranspose2d(weight.value(), bias().map(Parameter::value), geometry);
    }

    /**
     * A result of this size, PyTorch's {@code output_size}, in place of the options' output padding.
     *
     * @throws IllegalArgumentException if no output padding makes it
     */
    public Tensor forward(Tensor input, int height, int width) {
        return asThisLayer(
                List.of(input),
                () -> input.rank() == 4
                        ? compute(
                                input,
                                params.toSize(
                                        input.dim(2),
                                        input.dim(3),
                                        weight.shape().dim(2),
                                        weight.shape().dim(3),
                                        height,
                                        width))
                        : compute(input, params));
    }

    @Override
    public String toString() {
        Conv2dParams g = params.geometry();
        return "ConvTranspose2d(" + weight.shape().dim(0) + ", "
                + weight.shape().dim(1) * g.groups() + ", "
                + weight.shape().dim(2) + "x" + weight.shape().dim(3) + ", stride " + g.strideH() + ", padding "
                + g.padTop()
                + (params.outputPadH() == 0 ? "" : ", output padding " + params.outputPadH())
                + (g.groups() == 1 ? "" : ", groups " + g.groups())
                + (g.dilationH() == 1 ? "" : ", dilation " + g.dilationH()) + (bias == null ? ", no bias)" : ")");
    }

    /** Stride 1, no padding, no dilation, one group, with bias. */
    public static Options options() {
        return new Options(ConvTranspose2dParams.of(1, 0), true);
    }

    /**
     * The optional settings of a transposed convolution.
     *
     * @param params stride, padding, output padding, dilation and groups; output padding must be set after the stride
     * @param bias whether there is a bias to add
     */
    public record Options(ConvTranspose2dParams params, boolean bias) {

        public Options stride(int stride) {
            return stride(stride, stride);
        }

        public Options stride(int vertical, int horizontal) {
            Conv2dParams g = params.geometry();
            return with(new Conv2dParams(
                    vertical,
                    horizontal,
                    g.padTop(),
                    g.padBottom(),
                    g.padLeft(),
                    g.padRight(),
                    g.dilationH(),
                    g.dilationW(),
                    g.groups()));
        }

        private Options with(Conv2dParams geometry) {
            return new Options(new ConvTranspose2dParams(geometry, params.outputPadH(), params.outputPadW()), bias);
        }

        /** What is cut off on all four sides. */
        public Options padding(int padding) {
            return padding(padding, padding);
        }

        public Options padding(int vertical, int horizontal) {
            return with(params.geometry().padding(vertical, vertical, horizontal, horizontal));
        }

        /** Rows added at the bottom, and columns at the right. */
        public Options outputPadding(int padding) {
            return outputPadding(padding, padding);
        }

        public Options outputPadding(int vertical, int horizontal) {
            return new Options(params.outputPadding(vertical, horizontal), bias);
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
