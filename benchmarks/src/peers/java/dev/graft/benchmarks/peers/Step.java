package dev.graft.benchmarks.peers;

/** One timed piece of work: a forward pass, or a whole training step. */
interface Step extends AutoCloseable {
    /** Returns a number that tells whether two sides do the same work: the first logit, or the loss. */
    float run();

    @Override
    void close();
}
