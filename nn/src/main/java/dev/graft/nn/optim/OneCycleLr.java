package dev.graft.nn.optim;

/**
 * One cycle, to be asked for each optimizer step: from {@code 1 / division} up to 1 in the first {@code warmupShare} of
 * the steps, then down to {@code 1 / (division * finalDivision)}. The optimizer's learning rate is PyTorch's
 * {@code max_lr}. Momentum does not cycle: that is PyTorch with {@code cycle_momentum=False}.
 *
 * <pre>{@code trainer.schedulePerStep(new OneCycleLr(Trainer.steps(...)))}</pre>
 *
 * @param steps the number of steps; the rate stays at its last value afterwards
 * @param warmupShare the share of steps with a rising rate, in [0, 1]
 * @param division the largest rate divided by the first, at least 1
 * @param finalDivision the first rate divided by the last, at least 1
 * @param linear whether the rate changes linearly instead of by half a cosine
 * @param threePhases whether the rate first returns to its first value as fast as it rose, then falls further
 * @see <a href="https://arxiv.org/abs/1708.07120">Smith and Topin 2018</a>
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html">OneCycleLR</a>
 */
public record OneCycleLr(
        long steps, double warmupShare, double division, double finalDivision, boolean linear, boolean threePhases)
        implements LrSchedule {

    public OneCycleLr {
        if (steps < 1
                || !(warmupShare >= 0 && warmupShare <= 1)
                || !(division >= 1 && finalDivision >= 1)
                || Double.isInfinite(division * finalDivision)) {
            throw new IllegalArgumentException("one-cycle schedule: steps must be at least 1, the warm-up's share in"
                    + " [0, 1], and the divisions finite and at least 1 (steps " + steps + ", share " + warmupShare
                    + ", divisions " + division + " and " + finalDivision + ")");
        }
        if (threePhases && warmupShare > 0.5) {
            throw new IllegalArgumentException("one-cycle schedule: with three phases the rate rises and returns in "
                    + warmupShare + " of the steps each. Hint: use a share of at most 0.5.");
        }
    }

    /** PyTorch's defaults: a warm-up of 0.3, divisions by 25 and 10,000, cosines, two phases. */
    public OneCycleLr(long steps) {
        this(steps, 0.3, 25, 1e4, false, false);
    }

    public OneCycleLr warmupShare(double share) {
        return new OneCycleLr(steps, share, division, finalDivision, linear, threePhases);
    }

    public OneCycleLr divisions(double first, double last) {
        return new OneCycleLr(steps, warmupShare, first, last, linear, threePhases);
    }

    public OneCycleLr linear(boolean on) {
        return new OneCycleLr(steps, warmupShare, division, finalDivision, on, threePhases);
    }

    public OneCycleLr threePhases(boolean on) {
        return new OneCycleLr(steps, warmupShare, division, finalDivision, linear, on);
    }

    @Override
    public double factor(long step) {
        double first = 1 / division;
        double last = first / finalDivision;
        double at = Math.min(step, steps - 1);
        double peak = warmupShare * steps - 1;
        double returned = threePhases ? 2 * warmupShare * steps - 2 : peak;
        if (at <= peak) {
            return between(first, 1, at, 0, peak);
        }
        if (at <= returned) {
            return between(1, first, at, peak, returned);
        }
        return between(threePhases ? first : 1, last, at, returned, (double) (steps - 1));
    }

    private double between(double start, double end, double at, double from, double to) {
        double done = to == from ? 1 : (at - from) / (to - from);
        return linear ? (end - start) * done + start : end + (start - end) / 2 * (Math.cos(Math.PI * done) + 1);
    }
}
