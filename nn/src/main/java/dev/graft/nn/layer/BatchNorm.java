package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.nn.Buffer;
import dev.graft.nn.Counter;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.StateKey;
import dev.graft.tensor.FrozenBatchNorm;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Normalises each channel (dimension 1) to mean 0 and variance 1 over the batch and all positions, then scales and
 * shifts it. In training, the batch's own statistics are used, and the running statistics are updated: {@code running =
 * (1 - momentum) * running + momentum * batch}. In evaluation mode, and if frozen, the running statistics are used.
 *
 * @see <a href="https://arxiv.org/abs/1502.03167">Ioffe and Szegedy 2015</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html">torch.nn.BatchNorm2d</a>
 */
public abstract sealed class BatchNorm extends Module permits BatchNorm1d, BatchNorm2d {
    private final Parameter weight;
    private final Parameter bias;

    @StateKey("running_mean")
    private final Buffer runningMean;

    @StateKey("running_var")
    private final Buffer runningVar;

    @StateKey("num_batches_tracked")
    private final Counter batches = new Counter();

    private final Options options;

    BatchNorm(int channels, Options options) {
        if (channels < 1) {
            throw new IllegalArgumentException("batchNorm: channels must be at least 1, was " + channels);
        }
        this.options = options;
        weight = new Parameter(Tensor.ones(channels));
        bias = new Parameter(Tensor.zeros(channels));
        runningMean = new Buffer(Tensor.zeros(channels));
        runningVar = new Buffer(Tensor.ones(channels));
    }

    /**
     * The optional settings of batch norm.
     *
     * @param eps added to the variance; PyTorch's default is 1e-5
     * @param momentum the share of the newest batch in the running statistics; PyTorch's default is 0.1
     */
    public record Options(float eps, float momentum) {

        public Options {
            if (!(eps > 0) || Float.isInfinite(eps) || !(momentum >= 0 && momentum <= 1)) {
                throw new IllegalArgumentException(
                        "batchNorm: eps must be positive and finite and momentum in [0, 1] (eps " + eps + ", momentum "
                                + momentum + ")");
            }
        }

        public Options eps(float newEps) {
            return new Options(newEps, momentum);
        }

        public Options momentum(float newMomentum) {
            return new Options(eps, newMomentum);
        }
    }

    /** PyTorch's defaults: eps 1e-5, momentum 0.1. */
    public static Options options() {
        return new Options(1e-5f, 0.1f);
    }

    /** The scale of each channel. */
    public final Parameter weight() {
        return weight;
    }

    /** The shift of each channel. */
    public final Parameter bias() {
        return bias;
    }

    public final Buffer runningMean() {
        return runningMean;
    }

    public final Buffer runningVar() {
        return runningVar;
    }

    public final float eps() {
        return options.eps();
    }

    public final int channels() {
        return weight.shape().numel();
    }

    @Override
    protected final Tensor compute(Tensor input) {
        return compute(input, Optional.empty(), Activation.NONE);
    }

    /** {@link #forward} and what follows it (see {@link Fused}). */
    final Tensor forward(Tensor input, Optional<Tensor> residual, Activation activation) {
        return asThisLayer(() -> compute(input, residual, activation));
    }

    private Tensor compute(Tensor input, Optional<Tensor> residual, Activation activation) {
        checkRank(input.shape());
        if (!isTraining()) {
            return input.batchNormEval(
                    weight.value(),
                    bias.value(),
                    runningMean.value(),
                    runningVar.value(),
                    options.eps(),
                    residual,
                    activation);
        }
        if (input.dim(1) == channels() && input.numel() == input.dim(1)) {
            throw new IllegalArgumentException(
                    "batchNorm: training needs more than one value per channel (input " + input.shape()
                            + "). Hint: use DataLoader.lastBatch(LastBatch.MERGE_SINGLE), a larger batch, or eval().");
        }
        // The running statistics are read, moved and counted in one step, so that no update of another thread is lost.
        synchronized (batches) {
            Tensor output = input.batchNormTrain(
                    weight.value(),
                    bias.value(),
                    options.eps(),
                    runningMean.value(),
                    runningVar.value(),
                    options.momentum(),
                    residual,
                    activation);
            batches.increment();
            return output;
        }
    }

    @Override
    protected final Map<String, Buffer> runningStatistics() {
        synchronized (batches) {
            Map<String, Buffer> inOrder = new LinkedHashMap<>();
            inOrder.put("running_mean", runningMean);
            inOrder.put("running_var", runningVar);
            return inOrder;
        }
    }

    /** What a convolution's kernel applies in place of this layer. */
    private FrozenBatchNorm fixed() {
        return asPart(() -> new FrozenBatchNorm(
                weight.value(), bias.value(), runningMean.value(), runningVar.value(), options.eps()));
    }

    /** A formula in which a convolution's kernel applies this layer. */
    final Tensor inKernel(Function<FrozenBatchNorm, Tensor> formula) {
        return inUse(() -> formula.apply(fixed()));
    }

    abstract void checkRank(Shape input);

    @Override
    public final String toString() {
        Options o = options;
        String settings = o.equals(options()) ? "" : ", eps " + o.eps() + ", momentum " + o.momentum();
        return getClass().getSimpleName() + "(" + channels() + settings + ")";
    }
}
