package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.hardtanh_;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.relu_;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A network in libtorch's functions: channels_last weights, in-place activations, and for inference batch norm folded
 * into the convolutions.
 */
abstract class TorchNet {
    private static final TensorOptional NONE = new TensorOptional();

    /** In the order of the layers; the head's weight and bias come last. */
    final List<Tensor> parameters = new ArrayList<>();

    final TorchWeights weights;
    private final boolean folded;
    private final double eps;
    private final double momentum;
    private Tensor headWeight;
    private TensorOptional headBias;

    TorchNet(TorchWeights weights, boolean folded, double eps, double momentum) {
        this.weights = weights;
        this.folded = folded;
        this.eps = eps;
        this.momentum = momentum;
    }

    static TorchNet of(Task task, TorchWeights weights) {
        return task.model().equals("resnet18")
                ? new TorchResNet18(weights, task.inference())
                : new TorchEfficientNetLite0(weights, task.inference(), task.size());
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

        ConvBn(String conv, String norm, int stride, int padding, int groups) {
            Tensor w = weights.get(conv + ".weight");
            Tensor g = weights.get(norm + ".weight");
            Tensor b = weights.get(norm + ".bias");
            Tensor m = weights.get(norm + ".running_mean");
            Tensor v = weights.get(norm + ".running_var");
            if (folded) {
                Tensor scale = g.div(v.add(new Scalar(eps)).sqrt());
                weight = parameter(w.mul(scale.view(-1, 1, 1, 1)).contiguous(MemoryFormat.ChannelsLast));
                bias = new TensorOptional(parameter(b.sub(m.mul(scale))));
                gamma = NONE;
                beta = NONE;
                mean = NONE;
                variance = NONE;
            } else {
                weight = parameter(w);
                bias = NONE;
                gamma = new TensorOptional(parameter(g));
                beta = new TensorOptional(parameter(b));
                mean = new TensorOptional(m);
                variance = new TensorOptional(v);
            }
            this.stride = new long[] {stride, stride};
            this.padding = new long[] {padding, padding};
            this.groups = groups;
        }

        Tensor apply(Tensor x, boolean training) {
            Tensor y = conv2d(x, weight, bias, stride, padding, new long[] {1, 1}, groups);
            return folded ? y : free(y, batch_norm(y, gamma, beta, mean, variance, training, momentum, eps, false));
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

    final void head(String name) {
        headWeight = parameter(weights.get(name + ".weight"));
        headBias = new TensorOptional(parameter(weights.get(name + ".bias")));
    }

    final Tensor head(Tensor features) {
        return linear(features, headWeight, headBias);
    }

    /** Lets go of the Java handle of {@code old} as soon as {@code next} exists, as reference counting in C++ would. */
    static Tensor free(Tensor old, Tensor next) {
        old.close();
        return next;
    }
}
