package dev.graft.nn;

/** How much of a module {@link Module#freeze(Freezing)} stops. */
public enum Freezing {
    /** Nothing is frozen. */
    NONE,
    /** What other frameworks do: parameters stay, but dropout and running statistics follow {@link Module#train()}. */
    PARAMETERS_ONLY,
    /**
     * No gradient, no weight decay, no running-statistics update, no dropout; {@link Module#train()} does not undo it.
     */
    EVERYTHING
}
