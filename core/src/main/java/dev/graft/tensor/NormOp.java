package dev.graft.tensor;

/** Normalisation operators. Inputs: x, gamma, beta. */
sealed interface NormOp extends Op {

    /**
     * Batch norm of {@code [N, C]}, {@code [N, C, L]} or {@code [N, C, H, W]} with the batch's own statistics (Ioffe and Szegedy 2015); moves the
     * running estimates towards them, the variance unbiased, as <a href="https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html">PyTorch</a> does.
     */
    record BatchNormTrain(float eps, Tensor runningMean, Tensor runningVariance, float momentum) implements NormOp {
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
            Tensor x = Raw.channelsLast(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor y = Raw.emptyChannelsLast(x, x.shape());
            Tensor mean = Raw.empty(x, channels);
            Tensor inverseStd = Raw.empty(x, channels);
            Tensor variance = Raw.empty(x, channels);
            x.backend().batchNormTrain(x.view(), gamma.view(), Raw.contiguous(in[2]).view(), eps, y.view(), mean.view(), inverseStd.view(), variance.view());
            move(runningMean, mean, 1);
            move(runningVariance, variance, count / (count - 1f));
            saved.put(x);
            saved.put(gamma);
            saved.put(mean);
            saved.put(inverseStd);
            return Raw.reshape(y, in[0].shape());
        }

        private void move(Tensor running, Tensor batch, float factor) {
            running.mulInPlace(1 - momentum);
            running.addInPlace(batch, momentum * factor);
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor x = saved.get(0);
            Tensor dx = Raw.emptyLike(x);
            Tensor dgamma = Raw.empty(x, x.dim(1));
            Tensor dbeta = Raw.empty(x, x.dim(1));
            x.backend().batchNormTrainBackward(x.view(), Raw.channelsLast(image(dy)).view(), saved.get(1).view(), saved.get(2).view(),
                    saved.get(3).view(), dx.view(), dgamma.view(), dbeta.view());
            return new Tensor[] {Raw.reshape(dx, saved.shape(0)), dgamma, dbeta};
        }
    }

    /** Batch norm with given statistics, which are constants: what evaluation and frozen layers use. */
    record BatchNormEval(float eps, Tensor mean, Tensor variance) implements NormOp {
        @Override
        public String name() {
            return "batchNorm";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            checkChannels(in, mean, variance);
            Tensor x = Raw.channelsLast(image(in[0]));
            Tensor gamma = Raw.contiguous(in[1]);
            Tensor center = Raw.contiguous(mean);
            Tensor y = Raw.emptyChannelsLast(x, x.shape());
            Tensor inverseStd = inverseStd();
            x.backend().batchNormEval(x.view(), gamma.view(), Raw.contiguous(in[2]).view(), center.view(), inverseStd.view(), y.view());
            saved.put(gamma);
            saved.put(center);
            saved.put(inverseStd);
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
            Tensor d = Raw.channelsLast(image(dy));
            Tensor gamma = saved.get(0);
            Tensor dbeta = Raw.empty(d, gamma.shape());
            Tensor dgamma = Raw.empty(d, gamma.shape());
            Tensor dx = Raw.emptyLike(d);
            if (needs[1]) {
                d.backend().batchNormEvalBackward(saved.get(3).view(), d.view(), gamma.view(), saved.get(1).view(), saved.get(2).view(),
                        dx.view(), dgamma.view(), dbeta.view());
                return new Tensor[] {Raw.reshape(dx, saved.shape(0)), dgamma, dbeta};
            }
            // Without dgamma the input is not needed, so it was not kept: dx = dy * (gamma * inverseStd).
            Tensor slope = Raw.reshape(Raw.mul(gamma, saved.get(2)), Shape.of(1, gamma.numel(), 1, 1));
            return new Tensor[] {Raw.reshape(Raw.mul(d, slope), saved.shape(0)), dgamma, needs[2] ? Raw.sumTo(d, Shape.of(1, gamma.numel(), 1, 1)).reshape(gamma.numel()) : dbeta};
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

    private static void checkChannels(Tensor[] in, Tensor mean, Tensor variance) {
        if (in[0].rank() < 2 || in[0].rank() > 4) {
            throw new IllegalArgumentException("batchNorm: input must be [N, C], [N, C, L] or [N, C, H, W], got " + in[0].shape());
        }
        Op.requireFloat("batchNorm", in[0], in[1], in[2], mean, variance);
        Shape expected = Shape.of(in[0].dim(1));
        for (Tensor t : new Tensor[] {in[1], in[2], mean, variance}) {
            if (!t.shape().equals(expected)) {
                throw new IllegalArgumentException("batchNorm: gamma, beta, mean and variance must be [C] for an input [N, C, ...] (input " + in[0].shape()
                        + ", gamma " + in[1].shape() + ", beta " + in[2].shape() + ", mean " + mean.shape() + ", variance " + variance.shape() + ")");
            }
        }
    }
}
