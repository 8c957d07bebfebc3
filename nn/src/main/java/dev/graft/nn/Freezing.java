package dev.graft.nn;

/** How much of a module {@link Module#freeze(Freezing)} stops. */
public enum Freezing {
    /** Nothing is frozen. */
    NONE,
    /**
     * As in other frameworks: parameters do not change, but dropout and running statistics follow
     * {@link Module#train()}.
     */
    PARAMETERS_ONLY,
    /**
     * No gradient, no weight decay, no running-statistics update, no dropout; {@link Module#train()} does not undo it.
     */
    EVERYTHING
}
