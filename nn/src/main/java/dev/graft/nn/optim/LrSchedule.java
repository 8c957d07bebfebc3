package dev.graft.nn.optim;

/**
 * The factor of a learning rate, as a pure function of the number of steps (or epochs) done, so that resuming needs
 * only that number. A {@code toString} with the settings, as a record has, shows the settings of a resumed run.
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
