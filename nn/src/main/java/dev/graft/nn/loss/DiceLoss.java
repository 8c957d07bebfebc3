package dev.graft.nn.loss;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One minus the Dice coefficient: {@code 1 - (2 sum(p t) + s) / (sum(p) + sum(t) + s)}, the sums over all places of one
 * example and channel, then averaged over examples and channels. This is the definition of MONAI's {@code DiceLoss},
 * with its {@code s = 1e-5}: each example counts the same, however it is batched.
 *
 * <p>Logits are {@code [N, C, ...]}. They become probabilities by a sigmoid, for targets in [0, 1] of the same shape;
 * or, with {@link #softmax()}, by a softmax over the channels, for class indices {@code [N, ...]} or probabilities of
 * the same shape.
 *
 * @see <a href="https://arxiv.org/abs/1606.04797">Milletari, Navab and Ahmadi 2016</a>, who square: {@link #squared()}
 * @see <a href="https://docs.monai.io/en/stable/losses.html#diceloss">monai.losses.DiceLoss</a>
 */
public final class DiceLoss implements Loss {
    private static final String NAME = "dice";
    private static final float DEFAULT_SMOOTHING = 1e-5f;

    private final boolean softmax;
    private final boolean squared;
    private final boolean background;
    private final float smoothing;
    private final LossReduction reduction;

    /** With a sigmoid: each channel is a yes-or-no answer of its own. */
    public DiceLoss() {
        this(false, false, true, DEFAULT_SMOOTHING, LossReduction.MEAN);
    }

    private DiceLoss(boolean softmax, boolean squared, boolean background, float smoothing, LossReduction reduction) {
        this.softmax = softmax;
        this.squared = squared;
        this.background = background;
        this.smoothing = smoothing;
        this.reduction = reduction;
    }

    /** With a softmax: the channels exclude each other. Targets may be class indices. */
    public DiceLoss softmax() {
        return new DiceLoss(true, squared, background, smoothing, reduction);
    }

    /** With squares in the denominator, as in the paper: {@code sum(p^2) + sum(t^2) + s}. */
    public DiceLoss squared() {
        return new DiceLoss(softmax, true, background, smoothing, reduction);
    }

    /** Without the first of several channels, which is often the background and large. */
    public DiceLoss withoutBackground() {
        return new DiceLoss(softmax, squared, false, smoothing, reduction);
    }

    /**
     * This loss with another number added to both sums.
     *
     * @param newSmoothing finite, not negative; with 0, an example without the class may be NaN
     */
    public DiceLoss smoothing(float newSmoothing) {
        Settings.notNegative(NAME, "smoothing", newSmoothing);
        return new DiceLoss(softmax, squared, background, newSmoothing, reduction);
    }

    /** With NONE, the losses are {@code [N, C]}. */
    public DiceLoss reduction(LossReduction how) {
        return new DiceLoss(softmax, squared, background, smoothing, how);
    }

    @Override
    public Tensor forward(Tensor logits, Tensor targets) {
        check(logits, targets);
        try (Scope scope = Scope.open()) {
            Tensor t = isIndices(targets) ? oneHot(logits, targets) : targets.to(DType.F32);
            Tensor p = softmax ? logits.softmax(1) : logits.sigmoid();
            // of p, which is small where sigmoid(x) is near 1 and 1 - p would round
            Tensor q = softmax ? p.affine(-1, 1) : logits.neg().sigmoid();
            Tensor missed = t.mul(q); // t (1 - p)
            Tensor wrong = p.mul(t.affine(-1, 1)); // p (1 - t)
            Tensor apart = squared ? wrong.sub(missed).square() : wrong.add(missed);
            Tensor size = squared ? p.square().add(t.square()) : p.add(t);
            // 1 - (2 pt + s) / (p + t + s) is (p + t - 2 pt) / (p + t + s), without the cancellation
            Tensor losses = overPlaces(apart).div(overPlaces(size).add(smoothing));
            return scope.keep(LossParts.reduce(reduction, background ? losses : losses.slice(1, 1, losses.dim(1))));
        }
    }

    private boolean isIndices(Tensor targets) {
        return softmax && (targets.dtype() == DType.I64 || targets.dtype() == DType.I32);
    }

    private void check(Tensor logits, Tensor targets) {
        String operands = " (logits " + logits.shape() + ", targets " + targets.shape() + ")";
        if (logits.rank() < 2) {
            throw new IllegalArgumentException(
                    NAME + ": logits must be [N, C, ...]" + operands + ". Hint: unsqueeze(1) adds a channel.");
        }
        if (!background && logits.dim(1) < 2) {
            throw new IllegalArgumentException(NAME + ": without background there is no channel left" + operands
                    + ". Hint: do not call withoutBackground() for one channel.");
        }
        boolean same = logits.shape().equals(targets.shape());
        if (isIndices(targets) && !same) {
            ClassLabels.check(NAME, "logits", logits, targets);
            return;
        }
        Targets.checkFloat(NAME, logits, targets);
        if (!same) {
            throw new IllegalArgumentException(NAME + ": shapes differ" + operands + ". Hint: "
                    + (softmax
                            ? "class indices are I64 [N, ...]; probabilities have the logits' shape."
                            : "reshape one of them, or use softmax() for class indices."));
        }
    }

    private static Tensor oneHot(Tensor logits, Tensor targets) {
        if (logits.shape().equals(targets.shape())) {
            return targets.to(DType.F32); // whole numbers, 0 and 1
        }
        int classes = logits.dim(1);
        for (long label : targets.toLongArray()) {
            ClassLabels.index(NAME, label, classes);
        }
        int[] alongChannels = new int[logits.rank()];
        Arrays.fill(alongChannels, 1);
        alongChannels[1] = classes;
        Tensor index = Tensor.arange(logits.device(), classes).reshape(alongChannels);
        return index.eq(targets.to(DType.I64).unsqueeze(1)).to(DType.F32);
    }

    /** {@code [N, C, ...]} to {@code [N, C]}. */
    private static Tensor overPlaces(Tensor x) {
        return x.rank() == 2 ? x : x.sum(IntStream.range(2, x.rank()).toArray());
    }

    @Override
    public LossReduction reduction() {
        return reduction;
    }

    /** The number of examples times that of the channels that count, because the mean is over them. */
    @Override
    public double weight(Tensor logits, Tensor targets) {
        return (double) logits.dim(0) * (background ? logits.dim(1) : logits.dim(1) - 1);
    }

    /** The settings, to be read and to distinguish runs. */
    @Override
    public String toString() {
        return "DiceLoss(" + (softmax ? "softmax" : "sigmoid") + (squared ? ", squared" : "")
                + (background ? "" : ", without background") + ", smoothing " + smoothing + ", " + reduction + ")";
    }
}
