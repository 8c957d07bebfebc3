package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import java.util.Optional;

/** Normalisation operators. Inputs: x, gamma, beta, and for batch norm an optional residual. */
sealed interface NormOp extends Op {

    /**
     * Batch norm of {@code [N, C]}, {@code [N, C, L]} or {@code [N, C, H, W]} with the batch's own statistics (Ioffe and Szegedy 2015), then the
     * addition of a residual, an optional fourth input, then the activation; moves the running estimates towards the statistics, the variance
     * unbiased, as <a href="https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html">PyTorch</a> does.
     */
    record BatchNormTrain(float eps, Tensor runningMean, Tensor runningVariance, float momentum, Activation activation) implements NormOp {
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
                throw new IllegalArgumentException("batchNorm: training needs more than one value per channel, got input " + in[0].shape()
                        + ". Hint: use a batch of at least 2, drop the last single example, or freeze the layer.");
            }
            InPlace.check(name(), runningMean);
            InPlace.check(name(), runningVariance);
            InPlace.checkApart(name(), runningMean, runningVariance);
            Tensor x = Raw.channelsLast(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor beta = Raw.contiguous(in[2]);
            Tensor y = Raw.emptyChannelsLast(x, x.shape());
            Tensor mean = Raw.empty(x, channels);
            Tensor inverseStd = Raw.empty(x, channels);
            Tensor variance = Raw.empty(x, channels);
            x.backend().batchNormTrain(x.view(), gamma.view(), beta.view(), eps, residual(in).map(Tensor::view), activation, y.view(), mean.view(),
                    inverseStd.view(), variance.view());
            move(runningMean, mean, 1);
            move(runningVariance, variance, count / (count - 1f));
            saved.put(x);
            saved.put(gamma);
            saved.put(beta);
            saved.put(mean);
            saved.put(inverseStd);
            if (in.length > 3 && activation != Activation.NONE) {
                saved.put(y);
            }
            return Raw.reshape(y, in[0].shape());
        }

        private void move(Tensor running, Tensor batch, float factor) {
            running.mulInPlace(1 - momentum);
            running.addInPlace(batch, momentum * factor);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor x = saved.get(0);
            Gradients out = new Gradients(Raw.channelsLast(image(dy)), activation, needs);
            x.backend().batchNormTrainBackward(x.view(), saved.size() > 5 ? Optional.of(saved.get(5).view()) : Optional.empty(), out.dy.view(),
                    saved.get(1).view(), saved.get(2).view(), saved.get(3).view(), saved.get(4).view(), activation, out.dx.view(),
                    out.dgamma.view(), out.dbeta.view(), out.dresidual.map(Tensor::view));
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
            Tensor x = Raw.channelsLast(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor beta = Raw.contiguous(in[2]);
            Tensor center = Raw.contiguous(mean);
            Tensor y = Raw.emptyChannelsLast(x, x.shape());
            Tensor inverseStd = inverseStd();
            x.backend().batchNormEval(x.view(), gamma.view(), beta.view(), center.view(), inverseStd.view(), residual(in).map(Tensor::view),
                    activation, y.view());
            saved.put(gamma);
            saved.put(beta);
            saved.put(center);
            saved.put(inverseStd);
            if (activation != Activation.NONE) {
                saved.put(y);
            }
            if (saved.needs(1)) {
                saved.put(x);
            }
            return Raw.reshape(y, in[0].shape());
        }

        private Tensor inverseStd() {
            return Raw.contiguous(variance).add(eps).sqrt().reciprocal();
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Optional<View> y = activation == Activation.NONE ? Optional.empty() : Optional.of(saved.get(4).view());
            // Without dgamma the input is not needed, so it was not kept.
            Optional<View> x = needs[1] ? Optional.of(saved.get(saved.size() - 1).view()) : Optional.empty();
            Gradients out = new Gradients(Raw.channelsLast(image(dy)), activation, needs);
            dy.backend().batchNormEvalBackward(x, y, out.dy.view(), saved.get(0).view(), saved.get(1).view(), saved.get(2).view(),
                    saved.get(3).view(), activation, out.dx.view(), out.dgamma.view(), out.dbeta.view(), out.dresidual.map(Tensor::view));
            return out.inputs(saved);
        }
    }

    /** What a batch norm's backward writes. */
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
            dresidual = needs.length > 3 && needs[3] && activation != Activation.NONE ? Optional.of(Raw.emptyLike(dy)) : Optional.empty();
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
                throw new IllegalArgumentException("layerNorm: gamma and beta must have the shape of the input's last dimensions (input " + x
                        + ", gamma " + gamma + ", beta " + in[2].shape() + ")");
            }
            Op.requireFloat(name(), in);
            Tensor rows = rows(in[0], gamma.numel());
            Tensor y = Raw.emptyLike(rows);
            Tensor mean = Raw.empty(rows, rows.dim(0));
            Tensor inverseStd = Raw.empty(rows, rows.dim(0));
            Tensor flatGamma = Raw.reshape(Raw.contiguous(in[1]), Shape.of(gamma.numel()));
            rows.backend().layerNorm(rows.view(), flatGamma.view(), Raw.reshape(Raw.contiguous(in[2]), flatGamma.shape()).view(), eps, y.view(),
                    mean.view(), inverseStd.view());
            saved.put(rows);
            saved.put(flatGamma);
            saved.put(mean);
            saved.put(inverseStd);
            return Raw.reshape(y, x);
        }

        private static Tensor rows(Tensor x, int width) {
            return Raw.reshape(Raw.contiguous(x), Shape.of(width == 0 ? 0 : x.numel() / width, width));
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor x = saved.get(0);
            Tensor gamma = saved.get(1);
            Tensor dx = Raw.emptyLike(x);
            Tensor dgamma = Raw.empty(x, gamma.shape());
            Tensor dbeta = Raw.empty(x, gamma.shape());
            x.backend().layerNormBackward(x.view(), rows(dy, gamma.numel()).view(), gamma.view(), saved.get(2).view(), saved.get(3).view(),
                    dx.view(), dgamma.view(), dbeta.view());
            return new Tensor[] {Raw.reshape(dx, saved.shape(0)), Raw.reshape(dgamma, saved.shape(1)), Raw.reshape(dbeta, saved.shape(2))};
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
        return in.length > 3 ? Optional.of(Raw.channelsLast(image(in[3]))) : Optional.empty();
    }

    private static void checkChannels(Tensor[] in, Tensor mean, Tensor variance) {
        if (in[0].rank() < 2 || in[0].rank() > 4) {
            throw new IllegalArgumentException("batchNorm: input must be [N, C], [N, C, L] or [N, C, H, W], got " + in[0].shape());
        }
        Op.requireFloat("batchNorm", in);
        Op.requireFloat("batchNorm", mean, variance);
        if (in.length > 3 && !in[3].shape().equals(in[0].shape())) {
            throw new IllegalArgumentException("batchNorm: the residual must have the input's shape (input " + in[0].shape() + ", residual "
                    + in[3].shape() + "). Hint: project it, or add it apart.");
        }
        Shape expected = Shape.of(in[0].dim(1));
        for (Tensor t : new Tensor[] {in[1], in[2], mean, variance}) {
            if (!t.shape().equals(expected)) {
                throw new IllegalArgumentException("batchNorm: gamma, beta, mean and variance must be [C] for an input [N, C, ...] (input " + in[0].shape()
                        + ", gamma " + in[1].shape() + ", beta " + in[2].shape() + ", mean " + mean.shape() + ", variance " + variance.shape() + ")");
            }
        }
    }
}
