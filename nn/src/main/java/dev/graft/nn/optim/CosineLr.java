package dev.graft.nn.optim;

/**
 * Half a cosine from 1 down to {@code floor}, constant afterwards: {@code floor + (1 - floor) * (1 + cos(pi * step /
 * steps)) / 2}.
 *
 * @param steps the number of steps from 1 to {@code floor}
 * @param floor the last factor: PyTorch's {@code eta_min} divided by the learning rate
 * @see <a
 *     href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html">CosineAnnealingLR</a>
 */
public record CosineLr(long steps, double floor) implements LrSchedule {

    public CosineLr {
        if (steps < 1 || !(floor >= 0 && floor <= 1)) {
            throw new IllegalArgumentException("cosine schedule: steps must be at least 1 and floor in [0, 1] (steps "
                    + steps + ", floor " + floor + ")");
        }
    }

    /** Down to 0. */
    public CosineLr(long steps) {
        this(steps, 0);
    }

    @Override
    public double factor(long step) {
        double done = Math.min(1, (double) step / steps);
        return floor + (1 - floor) * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
