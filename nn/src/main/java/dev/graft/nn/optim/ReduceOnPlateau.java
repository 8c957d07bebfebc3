package dev.graft.nn.optim;

/**
 * Lowers the learning rate when a score stops improving. The factor is a pure function of the scores so far, so that
 * resuming needs only them; a {@code Trainer} takes them from its history:
 *
 * <pre>{@code Trainer.builder(model, loss, optimizer).reduceOnPlateau(new ReduceOnPlateau().patience(5))}</pre>
 *
 * @param gamma the factor of each reduction, in (0, 1)
 * @param patience how many epochs without improvement are still accepted
 * @param threshold how much better a score must be to count as an improvement: a share of the best score so far, or an
 *     amount if {@code absolute}; not negative
 * @param absolute whether the threshold is an amount
 * @param cooldown the number of epochs after a reduction in which none is counted as bad
 * @param floor the smallest factor: PyTorch's {@code min_lr} divided by the learning rate; in [0, 1]
 * @see <a
 *     href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html">ReduceLROnPlateau</a>
 */
public record ReduceOnPlateau(
        double gamma, int patience, double threshold, boolean absolute, int cooldown, double floor) {

    public ReduceOnPlateau {
        if (!(gamma > 0 && gamma < 1)
                || patience < 0
                || !(threshold >= 0)
                || Double.isInfinite(threshold)
                || cooldown < 0
                || !(floor >= 0 && floor <= 1)) {
            throw new IllegalArgumentException("plateau schedule: gamma must be in (0, 1), patience and cooldown not"
                    + " negative, the threshold finite and not negative, and the floor in [0, 1] (gamma " + gamma
                    + ", patience " + patience + ", threshold " + threshold + ", cooldown " + cooldown + ", floor "
                    + floor + ")");
        }
    }

    /** PyTorch's defaults: a tenth after more than 10 epochs without an improvement by 1/10,000 of the best score. */
    public ReduceOnPlateau() {
        this(0.1, 10, 1e-4, false, 0, 0);
    }

    public ReduceOnPlateau gamma(double newGamma) {
        return new ReduceOnPlateau(newGamma, patience, threshold, absolute, cooldown, floor);
    }

    public ReduceOnPlateau patience(int epochs) {
        return new ReduceOnPlateau(gamma, epochs, threshold, absolute, cooldown, floor);
    }

    /** An improvement as a share of the best score so far. */
    public ReduceOnPlateau relativeThreshold(double share) {
        return new ReduceOnPlateau(gamma, patience, share, false, cooldown, floor);
    }

    /** An improvement as an amount. */
    public ReduceOnPlateau absoluteThreshold(double amount) {
        return new ReduceOnPlateau(gamma, patience, amount, true, cooldown, floor);
    }

    public ReduceOnPlateau cooldown(int epochs) {
        return new ReduceOnPlateau(gamma, patience, threshold, absolute, epochs, floor);
    }

    public ReduceOnPlateau floor(double smallest) {
        return new ReduceOnPlateau(gamma, patience, threshold, absolute, cooldown, smallest);
    }

    /**
     * The factor on the learning rate after these scores.
     *
     * @param higherIsBetter as for an accuracy; false for a loss
     * @param scores one for each epoch that is done; NaN is never an improvement
     */
    public double factor(boolean higherIsBetter, double... scores) {
        double factor = 1;
        double best = higherIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        int bad = 0;
        int cooling = 0;
        for (double score : scores) {
            if (isBetter(higherIsBetter, score, best)) {
                best = score;
                bad = 0;
            } else {
                bad++;
            }
            if (cooling > 0) {
                cooling--;
                bad = 0;
            }
            if (bad > patience) {
                factor = Math.max(factor * gamma, floor);
                cooling = cooldown;
                bad = 0;
            }
        }
        return factor;
    }

    private boolean isBetter(boolean higherIsBetter, double score, double best) {
        if (higherIsBetter) {
            return score > (absolute ? best + threshold : best * (1 + threshold));
        }
        return score < (absolute ? best - threshold : best * (1 - threshold));
    }
}
