package dev.graft.nn.optim;

/**
 * What a learning rate is multiplied with, as a pure function of the number of steps (or epochs) done: resuming needs
 * nothing but that number.
 */
@FunctionalInterface
public interface LrSchedule {

    /** @param step from 0 */
    double factor(long step);

    /** Always 1. */
    static LrSchedule constant() {
        return step -> 1;
    }
}
