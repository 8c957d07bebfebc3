package dev.graft.nn;

/** A module that draws random numbers. A checkpoint keeps its state, so that a resumed run draws the same ones. */
public interface Stochastic {

    /** Everything that decides the next draws. */
    long[] randomState();

    /** Continues from where {@link #randomState()} was taken. */
    void restoreRandomState(long[] state);
}
