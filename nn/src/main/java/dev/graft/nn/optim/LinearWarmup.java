package dev.graft.nn.optim;

/**
 * Rises linearly from {@code start} at step 0 to the full rate at {@code steps}, then follows another schedule, which
 * begins there with its own step 0: {@code new LinearWarmup(500, new CosineLr(9500))}.
 *
 * @param start the first factor, such as PyTorch's default {@code 1/3}
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html">LinearLR</a>
 */
public record LinearWarmup(long steps, double start, LrSchedule then) implements LrSchedule {

    public LinearWarmup {
        if (steps < 1 || !(start >= 0 && start <= 1)) {
            throw new IllegalArgumentException("warm-up schedule: steps must be at least 1 and start in [0, 1] (steps "
                    + steps + ", start " + start + ")");
        }
    }

    /** Starts at a hundredth of the rate. */
    public LinearWarmup(long steps, LrSchedule then) {
        this(steps, 0.01, then);
    }

    @Override
    public double factor(long step) {
        return step < steps ? start + (1 - start) * step / steps : then.factor(step - steps);
    }
}
