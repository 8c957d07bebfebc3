package dev.graft.nn.optim;

import java.util.List;

/**
 * {@code gamma^(number of milestones reached)}.
 *
 * @param milestones the steps at which the rate falls, not negative, in any order; one that is listed twice counts
 *     twice
 * @param gamma the factor of each reduction; PyTorch's default is 0.1
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html">MultiStepLR</a>
 */
public record MultiStepLr(List<Long> milestones, double gamma) implements LrSchedule {

    public MultiStepLr {
        milestones = milestones.stream().sorted().toList();
        if (milestones.stream().anyMatch(step -> step < 0) || !(gamma > 0) || Double.isInfinite(gamma)) {
            throw new IllegalArgumentException(
                    "multi-step schedule: milestones must not be negative, and gamma positive"
                            + " and finite (milestones " + milestones + ", gamma " + gamma + ")");
        }
    }

    @Override
    public double factor(long step) {
        return Math.pow(gamma, (double)
                milestones.stream().filter(milestone -> milestone <= step).count());
    }
}
