package dev.graft.nn;

/** A module that draws random numbers. A checkpoint keeps its state, so that a resumed run draws the same ones. */
public interface Stochastic {

    /** All that decides the next draws. */
    long[] randomState();

    /** Continues where {@link #randomState()} was taken. */
    void restoreRandomState(long[] state);
}
