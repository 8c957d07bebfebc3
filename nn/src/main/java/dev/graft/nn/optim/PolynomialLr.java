package dev.graft.nn.optim;

/**
 * {@code (1 - step / steps)^power}, and 0 from {@code steps} on; with power 1 a straight line.
 *
 * @param steps the number of steps from 1 to 0
 * @param power positive and finite
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html">PolynomialLR</a>
 */
public record PolynomialLr(long steps, double power) implements LrSchedule {

    public PolynomialLr {
        if (steps < 1 || !(power > 0) || Double.isInfinite(power)) {
            throw new IllegalArgumentException(
                    "polynomial schedule: steps must be at least 1, and power positive and finite (steps " + steps
                            + ", power " + power + ")");
        }
    }

    @Override
    public double factor(long step) {
        return Math.pow(1 - Math.min(1, (double) step / steps), power);
    }
}
