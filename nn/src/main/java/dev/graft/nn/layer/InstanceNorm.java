package dev.graft.nn.layer;

import dev.graft.nn.Buffer;
import dev.graft.nn.Counter;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.StateKey;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalises each channel of each example by itself (Ulyanov et al. 2016). With running statistics, training moves them
 * by the means of the examples' statistics, and evaluation normalises by them; otherwise both do the same.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html">torch.nn.InstanceNorm2d</a>
 */
public abstract sealed class InstanceNorm extends Module permits InstanceNorm1d, InstanceNorm2d {
    private final int channels;
    private final Options options;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    @StateKey("running_mean")
    private final @Nullable Buffer runningMean;

    @StateKey("running_var")
    private final @Nullable Buffer runningVar;

    /** PyTorch's instance norm keeps this number, and never changes it: part of the state dict, which reads it. */
    @SuppressWarnings("UnusedVariable")
    @StateKey("num_batches_tracked")
    private final @Nullable Counter batches;

    InstanceNorm(int channels, Options options) {
        if (channels < 1) {
            throw new IllegalArgumentException("instanceNorm: channels must be at least 1, was " + channels);
        }
        this.channels = channels;
        this.options = options;
        weight = options.affine() ? new Parameter(Tensor.ones(channels)) : null;
        bias = options.affine() ? new Parameter(Tensor.zeros(channels)) : null;
        runningMean = options.tracking() ? new Buffer(Tensor.zeros(channels)) : null;
        runningVar = options.tracking() ? new Buffer(Tensor.ones(channels)) : null;
        batches = options.tracking() ? new Counter() : null;
    }

    /**
     * The optional settings of instance norm.
     *
     * @param eps added to the variance; PyTorch's default is 1e-5
     * @param momentum the share of the newest batch in the running statistics; PyTorch's default is 0.1
     * @param affine whether there are a scale and a shift to learn: keys {@code weight} and {@code bias}
     * @param tracking whether there are running statistics: keys {@code running_mean}, {@code running_var},
     *     {@code num_batches_tracked}
     */
    public record Options(float eps, float momentum, boolean affine, boolean tracking) {

        public Options {
            if (!(eps > 0) || Float.isInfinite(eps) || !(momentum >= 0 && momentum <= 1)) {
                throw new IllegalArgumentException(
                        "instanceNorm: eps must be positive and finite and momentum in [0, 1] (eps " + eps
                                + ", momentum " + momentum + ")");
            }
        }

        public Options eps(float newEps) {
            return new Options(newEps, momentum, affine, tracking);
        }

        public Options momentum(float newMomentum) {
            return new Options(eps, newMomentum, affine, tracking);
        }

        public Options affine(boolean on) {
            return new Options(eps, momentum, on, tracking);
        }

        public Options tracking(boolean on) {
            return new Options(eps, momentum, affine, on);
        }
    }

    /** PyTorch's defaults: eps 1e-5, momentum 0.1, no scale and shift, no running statistics. */
    public static Options options() {
        return new Options(1e-5f, 0.1f, false, false);
    }

    @Override
    protected final Tensor compute(Tensor input) {
        checkRank(input.shape());
        if (input.dim(1) != channels) {
            throw new IllegalArgumentException(
                    "instanceNorm: input " + input.shape() + " has " + input.dim(1) + " channels, not " + channels);
        }
        if (runningMean != null && runningVar != null) {
            if (!isTraining()) {
                return input.batchNormEval(
                        weight == null ? Tensor.ones(input.device(), channels) : weight.value(),
                        bias == null ? Tensor.zeros(input.device(), channels) : bias.value(),
                        runningMean.value(),
                        runningVar.value(),
                        options.eps());
            }
            if (input.numel() > 0) {
                move(input, runningMean, runningVar);
            }
        }
        return weight == null || bias == null
                ? input.instanceNorm(options.eps())
                : input.instanceNorm(weight.value(), bias.value(), options.eps());
    }

    @SuppressWarnings("try")
    private void move(Tensor input, Buffer mean, Buffer variance) {
        int[] positions = IntStream.range(2, input.rank()).toArray();
        int count = input.shape().with(0, 1).with(1, 1).numel();
        if (count < 2) {
            return; // the norm refuses it
        }
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor center = input.mean(true, positions);
            Tensor spread = input.sub(center).square().mean(positions).mean(0).mul(count / (count - 1f));
            Tensor average = center.reshape(input.dim(0), channels).mean(0);
            synchronized (mean) {
                move(mean.value(), average);
                move(variance.value(), spread);
            }
        }
    }

    private void move(Tensor running, Tensor newest) {
        running.mulInPlace(1 - options.momentum()).addInPlace(newest, options.momentum());
    }

    @Override
    protected final Map<String, Buffer> runningStatistics() {
        if (runningMean == null || runningVar == null) {
            return Map.of();
        }
        synchronized (runningMean) {
            Map<String, Buffer> inOrder = new LinkedHashMap<>();
            inOrder.put("running_mean", runningMean);
            inOrder.put("running_var", runningVar);
            return inOrder;
        }
    }

    abstract void checkRank(Shape input);

    @Override
    public final String toString() {
        Options o = options;
        return getClass().getSimpleName() + "(" + channels + (o.affine() ? ", affine" : "")
                + (o.tracking() ? ", tracking" : "") + (o.eps() == options().eps() ? "" : ", eps " + o.eps()) + ")";
    }
}
