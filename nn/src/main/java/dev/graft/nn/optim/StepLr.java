package dev.graft.nn.optim;

/**
 * {@code gamma^floor(step / size)}.
 *
 * @param size steps between two reductions
 * @param gamma the factor of each reduction; PyTorch's default is 0.1
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html">StepLR</a>
 */
public record StepLr(long size, double gamma) implements LrSchedule {

    public StepLr {
        if (size < 1 || !(gamma > 0) || Double.isInfinite(gamma)) {
            throw new IllegalArgumentException(
                    "step schedule: size must be at least 1 and gamma positive and finite (size " + size + ", gamma "
                            + gamma + ")");
        }
    }

    @Override
    public double factor(long step) {
        return Math.pow(gamma, (double) Math.floorDiv(step, size));
    }
}
