package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.hardtanh_;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu_;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A network in libtorch's fastest CPU form: channels_last weights, in-place activations, and for inference batch norm folded
 * into the convolutions.
 */
abstract class TorchNet {
    private static final TensorOptional NONE = new TensorOptional();

    final List<Tensor> parameters = new ArrayList<>();
    private final boolean folded;

    TorchNet(boolean folded) {
        this.folded = folded;
    }

    abstract Tensor forward(Tensor x, boolean training);

    /** Convolution, batch norm and activation of one layer. */
    final class ConvBn {
        private final Tensor weight;
        private final TensorOptional bias;
        private final TensorOptional gamma;
        private final TensorOptional beta;
        private final TensorOptional mean;
        private final TensorOptional variance;
        private final long[] stride;
        private final long[] padding;
        private final long groups;

        ConvBn(int in, int out, int kernel, int stride, int padding, int groups) {
            int fanIn = in / groups * kernel * kernel;
            weight = parameter(randn(new long[] {out, in / groups, kernel, kernel}, new TensorOptions()).mul_(new Scalar((float) Math.sqrt(2.0 / fanIn)))
                    .contiguous(MemoryFormat.ChannelsLast));
            bias = folded ? new TensorOptional(zeros(new long[] {out}, new TensorOptions())) : NONE;
            gamma = folded ? NONE : new TensorOptional(parameter(ones(new long[] {out}, new TensorOptions())));
            beta = folded ? NONE : new TensorOptional(parameter(zeros(new long[] {out}, new TensorOptions())));
            mean = folded ? NONE : new TensorOptional(zeros(new long[] {out}, new TensorOptions()));
            variance = folded ? NONE : new TensorOptional(ones(new long[] {out}, new TensorOptions()));
            this.stride = new long[] {stride, stride};
            this.padding = new long[] {padding, padding};
            this.groups = groups;
        }

        Tensor apply(Tensor x, boolean training) {
            Tensor y = conv2d(x, weight, bias, stride, padding, new long[] {1, 1}, groups);
            return folded ? y : free(y, batch_norm(y, gamma, beta, mean, variance, training, 0.1, 1e-5, false));
        }

        Tensor relu(Tensor x, boolean training) {
            return relu_(apply(x, training));
        }

        Tensor relu6(Tensor x, boolean training) {
            return hardtanh_(apply(x, training), new Scalar(0f), new Scalar(6f));
        }
    }

    final Tensor parameter(Tensor t) {
        parameters.add(t);
        return t;
    }

    final Tensor head(Tensor features, Tensor weight, Tensor bias) {
        return linear(features, weight, new TensorOptional(bias));
    }

    /** Lets go of the Java handle of {@code old} as soon as {@code next} exists, as reference counting in C++ would. */
    static Tensor free(Tensor old, Tensor next) {
        old.close();
        return next;
    }
}
