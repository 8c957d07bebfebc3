package dev.graft.nn.data;

import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Iterates over one epoch: keeps a few batches loading, opens a scope for each step and closes it when the next begins.
 * One thread iterates; any thread may end the iteration.
 */
final class BatchIterator implements Iterator<Batch> {
    private final Dataset<Example> dataset;
    private final Collate collate;
    private final int[][] plan;
    private final long seed;
    private final int epoch;
    private final Optional<WorkerPool> pool;
    private final int prefetch;
    private final Optional<Device> device;

    /** The batches that are being loaded ahead, and the one that the iteration waits for. Guarded by this. */
    private final Deque<PendingBatch> pending = new ArrayDeque<>();

    private Optional<PendingBatch> awaited = Optional.empty();
    /** Why the iteration ended before its last batch; guarded by this. */
    private Optional<String> ended = Optional.empty();

    private int started;
    private int handedOut;
    private int firstExample;
    private volatile Optional<Thread> walker = Optional.empty();
    private Optional<Scope> step = Optional.empty();
    /**
     * Held so that it is not collected during a step that no longer refers to it: its memory must return to the pool.
     */
    private Optional<Batch> current = Optional.empty();

    BatchIterator(
            Dataset<Example> dataset,
            Collate collate,
            int[][] plan,
            long seed,
            int epoch,
            int firstBatch,
            Optional<WorkerPool> pool,
            int prefetch,
            Optional<Device> device) {
        this.dataset = dataset;
        this.collate = collate;
        this.plan = plan;
        this.seed = seed;
        this.epoch = epoch;
        this.pool = pool;
        this.prefetch = prefetch;
        this.device = device;
        for (int b = 0; b < firstBatch; b++) {
            firstExample += plan[b].length;
        }
        started = firstBatch;
        handedOut = firstBatch;
        fill();
    }

    private synchronized void fill() {
        while (pool.isPresent() && ended.isEmpty() && pending.size() < prefetch && started < plan.length) {
            PendingBatch batch = nextPlanned();
            pending.add(batch);
            for (int i = 0; i < batch.slots(); i++) {
                int slot = i;
                pool.get().submit(() -> batch.load(slot));
            }
        }
    }

    private PendingBatch nextPlanned() {
        PendingBatch batch = new PendingBatch(dataset, collate, plan[started], seed, epoch, firstExample);
        firstExample += batch.size();
        started++;
        return batch;
    }

    /**
     * Whether batches are left; frees the last one if not.
     *
     * @throws IllegalStateException if the loop was ended before its last batch, because continuing as if it were
     *     complete would be wrong
     */
    @Override
    public boolean hasNext() {
        checkThread();
        if (handedOut == plan.length) {
            endStep();
            return false;
        }
        checkNotEnded();
        return true;
    }

    private void checkThread() {
        if (walker.isPresent() && walker.get() != Thread.currentThread()) {
            throw new IllegalStateException(
                    "data loader: this loop runs on thread '" + walker.get().getName() + "', not on '"
                            + Thread.currentThread().getName() + "'. Hint: let each thread begin its own loop.");
        }
    }

    private void checkNotEnded() {
        Optional<String> why;
        synchronized (this) {
            why = ended;
        }
        if (why.isPresent()) {
            releaseStep();
            throw new IllegalStateException("data loader: this loop has ended after " + handedOut + " of " + plan.length
                    + " batches, because " + why.get() + ". Hint: begin another loop.");
        }
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        walker = Optional.of(Thread.currentThread());
        endStep();
        try {
            Batch loaded = load();
            handedOut++;
            return inStep(loaded);
        } catch (CancellationException e) {
            checkNotEnded();
            throw e;
        } catch (RuntimeException | Error e) {
            end("a batch could not be loaded");
            throw e;
        }
    }

    private Batch load() {
        PendingBatch head;
        synchronized (this) {
            checkNotEnded();
            head = pool.isPresent() ? pending.remove() : nextPlanned();
            awaited = Optional.of(head);
            fill();
        }
        if (pool.isEmpty()) {
            for (int i = 0; i < head.slots(); i++) {
                head.load(i);
            }
        }
        Batch loaded = head.await();
        synchronized (this) {
            awaited = Optional.empty();
        }
        return loaded;
    }

    /**
     * Views that are made inside the step's scope replace the workers' tensors, so that the scope also closes the
     * batch.
     */
    private Batch inStep(Batch loaded) {
        step = Optional.of(Scope.openWeak(this));
        try {
            Batch batch = new Batch(
                    loaded.allInputs().stream().map(this::place).toList(),
                    loaded.allTargets().stream().map(this::place).toList(),
                    loaded.indices());
            current = Optional.of(batch);
            return batch;
        } finally {
            loaded.close();
        }
    }

    private Tensor place(Tensor tensor) {
        return device.isPresent() && !device.get().equals(tensor.device()) ? tensor.to(device.get()) : tensor.detach();
    }

    private void endStep() {
        step.ifPresent(Scope::close);
        step = Optional.empty();
        current = Optional.empty();
    }

    /** After a break, tensors made since may be in use: only the batch certainly belongs to the loop. */
    private void releaseStep() {
        step.ifPresent(Scope::release);
        step = Optional.empty();
        current.ifPresent(Batch::close);
        current = Optional.empty();
    }

    /**
     * Ends the iteration before its last batch. The iterating thread also frees the batch; other threads leave that to
     * the iteration's next call.
     */
    void end(String why) {
        synchronized (this) {
            if (ended.isEmpty()) {
                ended = Optional.of(why);
            }
            awaited.ifPresent(PendingBatch::cancel);
            awaited = Optional.empty();
            pending.forEach(PendingBatch::cancel);
            pending.clear();
        }
        if (walker.isPresent() && walker.get() == Thread.currentThread()) {
            releaseStep();
        }
    }
}
