package dev.graft.nn.data;

import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/** Walks one epoch: keeps a few batches loading, opens a scope for each step and closes it when the next begins. */
final class BatchIterator implements Iterator<Batch>, AutoCloseable {
    private final Dataset<Example> dataset;
    private final int[][] plan;
    private final long seed;
    private final int epoch;
    private final Optional<WorkerPool> pool;
    private final int prefetch;
    private final Optional<Device> device;
    private final Deque<PendingBatch> pending = new ArrayDeque<>();
    private int started;
    private int handedOut;
    private int firstExample;
    private Optional<Scope> step = Optional.empty();
    private boolean closed;

    BatchIterator(Dataset<Example> dataset, int[][] plan, long seed, int epoch, int firstBatch, Optional<WorkerPool> pool, int prefetch,
                  Optional<Device> device) {
        this.dataset = dataset;
        this.plan = plan;
        this.seed = seed;
        this.epoch = epoch;
        this.pool = pool;
        this.prefetch = prefetch;
        this.device = device;
        for (int b = 0; b < Math.min(firstBatch, plan.length); b++) {
            firstExample += plan[b].length;
        }
        started = Math.min(firstBatch, plan.length);
        handedOut = started;
        fill(prefetch);
    }

    private void fill(int ahead) {
        while (pool.isPresent() && pending.size() < ahead && started < plan.length) {
            PendingBatch batch = nextPlanned();
            pending.add(batch);
            for (int i = 0; i < batch.size(); i++) {
                int slot = i;
                pool.get().submit(() -> batch.load(slot));
            }
        }
    }

    private PendingBatch nextPlanned() {
        PendingBatch batch = new PendingBatch(dataset, plan[started], seed, epoch, firstExample);
        firstExample += batch.size();
        started++;
        return batch;
    }

    @Override
    public boolean hasNext() {
        if (closed || handedOut == plan.length) {
            close();
            return false;
        }
        return true;
    }

    @Override
    public Batch next() {
        if (closed && handedOut < plan.length) {
            throw new IllegalStateException("data loader: this loop has ended, because the loader was closed or another loop began");
        }
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        endStep();
        try {
            PendingBatch head = pool.isPresent() ? pending.remove() : loadHere();
            fill(prefetch);
            Batch loaded = head.await();
            handedOut++;
            return inStep(loaded);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private PendingBatch loadHere() {
        PendingBatch batch = nextPlanned();
        for (int i = 0; i < batch.size(); i++) {
            batch.load(i);
        }
        return batch;
    }

    /** Views made inside the step's scope stand in for the workers' tensors, so that the scope closes the batch too. */
    private Batch inStep(Batch loaded) {
        step = Optional.of(Scope.open());
        try (Tensor inputs = loaded.inputs(); Tensor labels = loaded.labels()) {
            return new Batch(place(inputs), place(labels), loaded.indices());
        }
    }

    private Tensor place(Tensor tensor) {
        return device.isPresent() && !device.get().equals(tensor.device()) ? tensor.to(device.get()) : tensor.detach();
    }

    private void endStep() {
        step.ifPresent(Scope::close);
        step = Optional.empty();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pending.forEach(PendingBatch::cancel);
            pending.clear();
            endStep();
        }
    }
}
