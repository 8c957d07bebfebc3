package dev.graft.nn.optim;

/**
 * {@code gamma^step}.
 *
 * @param gamma the factor of each step, positive and finite
 * @see <a
 *     href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html">ExponentialLR</a>
 */
public record ExponentialLr(double gamma) implements LrSchedule {

    public ExponentialLr {
        if (!(gamma > 0) || Double.isInfinite(gamma)) {
            throw new IllegalArgumentException("exponential schedule: gamma must be positive and finite, was " + gamma);
        }
    }

    @Override
    public double factor(long step) {
        return Math.pow(gamma, (double) step);
    }
}
