package dev.graft.nn.optim;

/**
 * What a learning rate is multiplied with, as a pure function of the number of steps (or epochs) done: resuming needs
 * nothing but that number. A {@code toString} with the settings, as a record has, tells people what a resumed run had.
 */
@FunctionalInterface
public interface LrSchedule {

    /**
     * The factor on the base learning rate in an optimizer step.
     *
     * @param step from 0
     */
    double factor(long step);

    /** Always 1. */
    static LrSchedule constant() {
        return Constant.ONE;
    }

    /** See {@link #constant()}. */
    enum Constant implements LrSchedule {
        ONE;

        @Override
        public double factor(long step) {
            return 1;
        }

        @Override
        public String toString() {
            return "constant";
        }
    }
}
