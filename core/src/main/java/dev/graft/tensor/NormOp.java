package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.type.Shape;
import java.util.Optional;

/** Normalisation operators. Inputs: x, gamma, beta, and for batch norm an optional residual. */
sealed interface NormOp extends Op {

    /**
     * Batch norm of {@code [N, C]}, {@code [N, C, L]} or {@code [N, C, H, W]} with the batch's own statistics (Ioffe
     * and Szegedy 2015), then the addition of a residual (an optional fourth input), then the activation. It moves the
     * running estimates towards the statistics, with the unbiased variance, as <a
     * href="https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html">PyTorch</a> does.
     */
    record BatchNormTrain(float eps, Tensor runningMean, Tensor runningVariance, float momentum, Activation activation)
            implements NormOp {
        @Override
        public String name() {
            return "batchNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            checkChannels(in, runningMean, runningVariance);
            int channels = in[0].dim(1);
            int count = channels == 0 ? 0 : in[0].numel() / channels;
            if (count < 2) {
                throw new IllegalArgumentException(
                        "batchNorm: training needs more than one value per channel, got input " + in[0].shape()
                                + ". Hint: use a batch of at least 2, drop the last single example, or freeze the layer.");
            }
            InPlace.check(name(), runningMean);
            InPlace.check(name(), runningVariance);
            InPlace.checkApart(name(), runningMean, runningVariance);
            Tensor x = Raw.images(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor beta = Raw.contiguous(in[2]);
            Tensor y = Raw.emptyImages(x, x.shape());
            Tensor mean = Raw.empty(x, channels);
            Tensor inverseStd = Raw.empty(x, channels);
            Tensor variance = Raw.empty(x, channels);
            x.backend()
                    .batchNormTrain(
                            x.view(),
                            gamma.view(),
                            beta.view(),
                            eps,
                            residual(in).map(Tensor::view),
                            activation,
                            y.view(),
                            mean.view(),
                            inverseStd.view(),
                            variance.view());
            move(runningMean, mean, 1);
            move(runningVariance, variance, count / (count - 1f));
            boolean statistics = saved.needsAny(0, 1);
            boolean fromArgument = statistics && in.length == 3 && activation != Activation.NONE;
            saved.putIf(statistics, X, x);
            saved.putIf(saved.needs(0) || fromArgument, GAMMA, gamma);
            saved.putIf(fromArgument, BETA, beta);
            saved.putIf(statistics, MEAN, mean);
            saved.putIf(statistics, INVERSE_STD, inverseStd);
            saved.putIf(activation != Activation.NONE && !fromArgument, Y, y);
            return Raw.reshape(y, in[0].shape());
        }

        private void move(Tensor running, Tensor batch, float factor) {
            running.mulInPlace(1 - momentum);
            running.addInPlace(batch, momentum * factor);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor d = Raw.images(image(dy));
            if (!needs[0] && !needs[1]) {
                return shiftsAlone(saved, d, activation);
            }
            View inverseStd = saved.get(INVERSE_STD).view();
            Gradients out = new Gradients(d, activation, needs);
            d.backend()
                    .batchNormTrainBackward(
                            saved.get(X).view(),
                            saved.find(Y).map(Tensor::view),
                            d.view(),
                            orUnread(saved, GAMMA),
                            orUnread(saved, BETA),
                            saved.get(MEAN).view(),
                            inverseStd,
                            activation,
                            out.dx.view(),
                            out.dgamma.view(),
                            out.dbeta.view(),
                            out.dresidual.map(Tensor::view));
            return out.inputs(saved);
        }
    }

    /** As {@link BatchNormTrain} with given statistics, which are constants: what evaluation and frozen layers use. */
    record BatchNormEval(float eps, Tensor mean, Tensor variance, Activation activation) implements NormOp {
        @Override
        public String name() {
            return "batchNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            checkChannels(in, mean, variance);
            if (Autograd.isEnabled() && (mean.requiresGrad() || variance.requiresGrad())) {
                throw new IllegalStateException("batchNorm: given statistics are constants and get no gradient (mean "
                        + mean.shape() + ", variance " + variance.shape()
                        + "). Hint: pass mean.detach() and variance.detach().");
            }
            Tensor x = Raw.images(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor beta = Raw.contiguous(in[2]);
            Tensor center = Raw.contiguous(mean);
            Tensor y = Raw.emptyImages(x, x.shape());
            Tensor inverseStd = inverseStd();
            x.backend()
                    .batchNormEval(
                            x.view(),
                            gamma.view(),
                            beta.view(),
                            center.view(),
                            inverseStd.view(),
                            residual(in).map(Tensor::view),
                            activation,
                            y.view());
            saved.putIf(saved.needs(1), X, x);
            saved.putIf(saved.needs(0), GAMMA, gamma);
            saved.putIf(saved.needs(1), MEAN, center);
            saved.putIf(saved.needsAny(0, 1), INVERSE_STD, inverseStd);
            saved.putIf(activation != Activation.NONE, Y, y);
            return Raw.reshape(y, in[0].shape());
        }

        private Tensor inverseStd() {
            return Raw.contiguous(variance).add(eps).sqrt().reciprocal();
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor d = Raw.images(image(dy));
            if (!needs[0] && !needs[1]) {
                return shiftsAlone(saved, d, activation);
            }
            Gradients out = new Gradients(d, activation, needs);
            d.backend()
                    .batchNormEvalBackward(
                            saved.find(X).map(Tensor::view),
                            saved.find(Y).map(Tensor::view),
                            d.view(),
                            orUnread(saved, GAMMA),
                            orUnread(saved, BETA),
                            orUnread(saved, MEAN),
                            saved.get(INVERSE_STD).view(),
                            activation,
                            out.dx.view(),
                            out.dgamma.view(),
                            out.dbeta.view(),
                            out.dresidual.map(Tensor::view));
            return out.inputs(saved);
        }
    }

    /** Where batch norm saves each tensor: all are [C] except X and Y. */
    int X = 0;

    int GAMMA = 1;
    int BETA = 2;
    int MEAN = 3;
    int INVERSE_STD = 4;
    int Y = 5;

    /** What was saved, or, if no requested gradient reads it, any values of its size. */
    private static View orUnread(Saved saved, int slot) {
        return saved.find(slot).orElseGet(() -> saved.get(INVERSE_STD)).view();
    }

    /**
     * The gradients of beta and the residual, which are those before the activation. They need neither the input nor
     * its statistics.
     */
    private static Tensor[] shiftsAlone(Saved saved, Tensor dy, Activation activation) {
        Tensor d =
                switch (activation) {
                    case NONE -> dy;
                    case RELU -> Raw.unaryBackward(UnaryOp.RELU, 0, 0, saved.get(Y), dy);
                    case RELU6 -> Raw.unaryBackward(UnaryOp.RELU6, 0, 0, saved.get(Y), dy);
                };
        Tensor dbeta = Raw.sumToChannels(d, saved.shape(2));
        return new Tensor[] {d, dbeta, dbeta, Raw.reshape(d, saved.shape(0))};
    }

    /** What the backward of batch norm writes. */
    final class Gradients {
        private final Tensor dy;
        private final Tensor dx;
        private final Tensor dgamma;
        private final Tensor dbeta;
        private final Optional<Tensor> dresidual;

        private Gradients(Tensor dy, Activation activation, boolean[] needs) {
            this.dy = dy;
            dx = Raw.emptyLike(dy);
            dgamma = Raw.empty(dy, dy.dim(1));
            dbeta = Raw.empty(dy, dy.dim(1));
            // Without an activation the residual's gradient is dy itself.
            dresidual = needs.length > 3 && needs[3] && activation != Activation.NONE
                    ? Optional.of(Raw.emptyLike(dy))
                    : Optional.empty();
        }

        private Tensor[] inputs(Saved saved) {
            Shape shape = saved.shape(0);
            return new Tensor[] {Raw.reshape(dx, shape), dgamma, dbeta, Raw.reshape(dresidual.orElse(dy), shape)};
        }
    }

    /** Layer norm over the trailing dimensions of gamma's shape (Ba, Kiros and Hinton 2016). */
    record LayerNorm(float eps) implements NormOp {
        @Override
        public String name() {
            return "layerNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape x = in[0].shape();
            Shape gamma = in[1].shape();
            int lead = x.rank() - gamma.rank();
            boolean fits = lead >= 0 && gamma.rank() > 0 && gamma.equals(in[2].shape());
            for (int i = 0; fits && i < gamma.rank(); i++) {
                fits = x.dim(lead + i) == gamma.dim(i);
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        "layerNorm: gamma and beta must have the shape of the input's last dimensions (input " + x
                                + ", gamma " + gamma + ", beta " + in[2].shape() + ")");
            }
            Op.requireFloat(name(), in);
            Tensor rows = rows(in[0], gamma.numel());
            Tensor y = Raw.emptyLike(rows);
            Tensor mean = Raw.empty(rows, rows.dim(0));
            Tensor inverseStd = Raw.empty(rows, rows.dim(0));
            Tensor flatGamma = Raw.reshape(Raw.contiguous(in[1]), Shape.of(gamma.numel()));
            rows.backend()
                    .layerNorm(
                            rows.view(),
                            flatGamma.view(),
                            Raw.reshape(Raw.contiguous(in[2]), flatGamma.shape())
                                    .view(),
                            eps,
                            y.view(),
                            mean.view(),
                            inverseStd.view());
            boolean statistics = saved.needsAny(0, 1);
            saved.putIf(statistics, X, rows);
            saved.putIf(saved.needs(0), GAMMA, flatGamma);
            saved.putIf(statistics, MEAN, mean);
            saved.putIf(statistics, INVERSE_STD, inverseStd);
            return Raw.reshape(y, x);
        }

        private static Tensor rows(Tensor x, int width) {
            return Raw.reshape(Raw.contiguous(x), Shape.of(width == 0 ? 0 : x.numel() / width, width));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            int width = saved.shape(1).numel();
            Tensor d = rows(dy, width);
            if (!needs[0] && !needs[1]) {
                Tensor sum = Raw.reshape(Raw.reduce(Reduction.SUM, d, new boolean[] {true, false}), saved.shape(2));
                return new Tensor[] {sum, sum, sum};
            }
            Tensor x = saved.get(X);
            Tensor dx = Raw.emptyLike(x);
            Tensor dgamma = Raw.empty(x, width);
            Tensor dbeta = Raw.empty(x, width);
            // Without dx, no requested gradient reads gamma.
            Tensor gamma = saved.find(GAMMA).orElseGet(() -> Raw.empty(x, width));
            x.backend()
                    .layerNormBackward(
                            x.view(),
                            d.view(),
                            gamma.view(),
                            saved.get(MEAN).view(),
                            saved.get(INVERSE_STD).view(),
                            dx.view(),
                            dgamma.view(),
                            dbeta.view());
            return new Tensor[] {
                Raw.reshape(dx, saved.shape(0)), Raw.reshape(dgamma, saved.shape(1)), Raw.reshape(dbeta, saved.shape(2))
            };
        }
    }

    /** Group norm of {@code [N, C, ...]} (Wu and He 2018); instance norm has as many groups as channels. */
    record GroupNorm(int groups, float eps) implements NormOp {
        @Override
        public String name() {
            return "groupNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            check(in);
            Tensor x = Raw.images(flat(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor y = Raw.emptyImages(x, x.shape());
            Tensor mean = Raw.empty(x, x.dim(0), groups);
            Tensor inverseStd = Raw.empty(x, x.dim(0), groups);
            x.backend()
                    .groupNorm(
                            x.view(),
                            gamma.view(),
                            Raw.contiguous(in[2]).view(),
                            groups,
                            eps,
                            y.view(),
                            mean.view(),
                            inverseStd.view());
            boolean statistics = saved.needsAny(0, 1);
            saved.putIf(statistics, X, x);
            saved.putIf(saved.needs(0), GAMMA, gamma);
            saved.putIf(statistics, MEAN, mean);
            saved.putIf(statistics, INVERSE_STD, inverseStd);
            return Raw.reshape(y, in[0].shape());
        }

        private void check(Tensor[] in) {
            Shape x = in[0].shape();
            if (x.rank() < 2) {
                throw new IllegalArgumentException("groupNorm: input must be [N, C, ...], got " + x);
            }
            int channels = x.dim(1);
            if (groups < 1 || channels % groups != 0) {
                throw new IllegalArgumentException("groupNorm: " + groups + " groups do not divide " + channels
                        + " channels (input " + x + "). Hint: use a divisor of the channels.");
            }
            if (!in[1].shape().equals(Shape.of(channels)) || !in[2].shape().equals(Shape.of(channels))) {
                throw new IllegalArgumentException(
                        "groupNorm: gamma and beta must be [" + channels + "], one value a channel (input " + x
                                + ", gamma " + in[1].shape() + ", beta " + in[2].shape() + ")");
            }
            Op.requireFloat(name(), in);
        }

        /** Beyond images, all positions in one row. */
        private static Tensor flat(Tensor x) {
            return x.rank() <= 4
                    ? image(x)
                    : Raw.reshape(
                            x,
                            Shape.of(
                                    x.dim(0),
                                    x.dim(1),
                                    1,
                                    x.shape().with(0, 1).with(1, 1).numel()));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor d = Raw.images(flat(dy));
            if (!needs[0] && !needs[1]) {
                return shiftsAlone(saved, d, Activation.NONE);
            }
            Tensor x = saved.get(X);
            Tensor dx = Raw.emptyLike(x);
            Tensor dgamma = Raw.empty(x, x.dim(1));
            Tensor dbeta = Raw.empty(x, x.dim(1));
            // Without dx, no requested gradient reads gamma.
            Tensor gamma = saved.find(GAMMA).orElseGet(() -> Raw.zeros(x, dgamma.shape()));
            x.backend()
                    .groupNormBackward(
                            x.view(),
                            d.view(),
                            gamma.view(),
                            groups,
                            saved.get(MEAN).view(),
                            saved.get(INVERSE_STD).view(),
                            dx.view(),
                            dgamma.view(),
                            dbeta.view());
            return new Tensor[] {Raw.reshape(dx, saved.shape(0)), dgamma, dbeta};
        }
    }

    /** Root-mean-square norm over the trailing dimensions of gamma's shape (Zhang and Sennrich 2019). */
    record RmsNorm(float eps) implements NormOp {
        @Override
        public String name() {
            return "rmsNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape x = in[0].shape();
            Shape gamma = in[1].shape();
            int lead = x.rank() - gamma.rank();
            boolean fits = lead >= 0 && gamma.rank() > 0;
            for (int i = 0; fits && i < gamma.rank(); i++) {
                fits = x.dim(lead + i) == gamma.dim(i);
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        "rmsNorm: gamma must have the shape of the input's last dimensions (input " + x + ", gamma "
                                + gamma + ")");
            }
            Op.requireFloat(name(), in);
            Tensor rows = LayerNorm.rows(in[0], gamma.numel());
            Tensor y = Raw.emptyLike(rows);
            Tensor inverse = Raw.empty(rows, rows.dim(0));
            Tensor flatGamma = Raw.reshape(Raw.contiguous(in[1]), Shape.of(gamma.numel()));
            rows.backend().rmsNorm(rows.view(), flatGamma.view(), eps, y.view(), inverse.view());
            saved.put(X, rows);
            saved.putIf(saved.needs(0), GAMMA, flatGamma);
            saved.put(INVERSE_STD, inverse);
            return Raw.reshape(y, x);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            int width = saved.shape(1).numel();
            Tensor x = saved.get(X);
            Tensor dx = Raw.emptyLike(x);
            Tensor dgamma = Raw.empty(x, width);
            Tensor gamma = saved.find(GAMMA).orElseGet(() -> Raw.zeros(x, dgamma.shape()));
            x.backend()
                    .rmsNormBackward(
                            x.view(),
                            LayerNorm.rows(dy, width).view(),
                            gamma.view(),
                            saved.get(INVERSE_STD).view(),
                            dx.view(),
                            dgamma.view());
            return new Tensor[] {Raw.reshape(dx, saved.shape(0)), Raw.reshape(dgamma, saved.shape(1))};
        }
    }

    private static Tensor image(Tensor x) {
        return switch (x.rank()) {
            case 2 -> Raw.reshape(x, Shape.of(x.dim(0), x.dim(1), 1, 1));
            case 3 -> Raw.reshape(x, Shape.of(x.dim(0), x.dim(1), 1, x.dim(2)));
            default -> x;
        };
    }

    private static Optional<Tensor> residual(Tensor[] in) {
        return in.length > 3 ? Optional.of(Raw.images(image(in[3]))) : Optional.empty();
    }

    private static void checkChannels(Tensor[] in, Tensor mean, Tensor variance) {
        if (in[0].rank() < 2 || in[0].rank() > 4) {
            throw new IllegalArgumentException(
                    "batchNorm: input must be [N, C], [N, C, L] or [N, C, H, W], got " + in[0].shape());
        }
        in[0].checkUsable("batchNorm", mean);
        in[0].checkUsable("batchNorm", variance);
        Op.requireFloat("batchNorm", in);
        Op.requireFloat("batchNorm", mean, variance);
        if (in.length > 3 && !in[3].shape().equals(in[0].shape())) {
            throw new IllegalArgumentException("batchNorm: the residual must have the input's shape (input "
                    + in[0].shape() + ", residual " + in[3].shape() + "). Hint: project it, or add it apart.");
        }
        Shape expected = Shape.of(in[0].dim(1));
        for (Tensor t : new Tensor[] {in[1], in[2], mean, variance}) {
            if (!t.shape().equals(expected)) {
                throw new IllegalArgumentException(
                        "batchNorm: gamma, beta, mean and variance must be [C] for an input [N, C, ...] (input "
                                + in[0].shape() + ", gamma " + in[1].shape() + ", beta " + in[2].shape() + ", mean "
                                + mean.shape() + ", variance " + variance.shape() + ")");
            }
        }
    }
}
