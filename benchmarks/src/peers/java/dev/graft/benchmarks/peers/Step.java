package dev.graft.benchmarks.peers;

/** One timed piece of work: a forward pass, or a whole training step. */
interface Step extends AutoCloseable {
    void run();

    @Override
    void close();
}
