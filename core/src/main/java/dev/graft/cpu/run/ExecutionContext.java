package dev.graft.cpu.run;

import dev.graft.cpu.memory.MemoryAccount;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** What all kernels use: threads, element loops, matrix products and scratch memory. */
public final class ExecutionContext {
    private final ElementLoops elementLoops;
    private final Runnable ready;
    private final Supplier<Blas> blasSource;
    private final MemoryAccount memory = new MemoryAccount();
    private volatile Parallel parallel;
    private volatile Blas blas;
    private final Workspaces workspaces = new Workspaces(this::blas, memory);

    /**
     * @param ready returns when {@code elementLoops} and the kernels that were chosen with them are ready for use
     * @param blas makes the library for matrix products, once, on first use
     */
    public ExecutionContext(int threads, ElementLoops elementLoops, Runnable ready, Supplier<Blas> blas) {
        this.parallel = new Parallel(threads);
        this.elementLoops = elementLoops;
        this.ready = ready;
        this.blasSource = blas;
        memory.register(workspaces);
    }

    /** Waits until kernels are ready. To be called when an operator runs, not before. */
    public void awaitKernels() {
        ready.run();
    }

    /** Ready for use (see {@link #awaitKernels}). */
    public ElementLoops elementLoops() {
        awaitKernels();
        return elementLoops;
    }

    /** Loaded on the first product, so that programs without one start fast. */
    public Blas blas() {
        Blas b = blas;
        if (b == null) {
            synchronized (this) {
                if (blas == null) {
                    blas = blasSource.get();
                }
                b = blas;
            }
        }
        return b;
    }

    /** Who holds memory, and how to free it. */
    public MemoryAccount memory() {
        return memory;
    }

    public Workspace workspace() {
        return workspaces.get();
    }

    public int threads() {
        return parallel.threads();
    }

    public void setThreads(int threads) {
        Parallel old = parallel;
        parallel = new Parallel(threads);
        old.close();
    }

    /** Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; see {@link Parallel#forRange}. */
    public void forRange(int n, int grain, Parallel.Body body) {
        parallel.forRange(n, grain, body);
    }

    /** Runs {@code task} for each index below {@code n}, one piece each. */
    public void forEach(int n, IntConsumer task) {
        parallel.forRange(n, 1, (from, to) -> task.accept(from));
    }
}
