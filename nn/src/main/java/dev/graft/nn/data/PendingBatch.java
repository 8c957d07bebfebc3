package dev.graft.nn.data;

import dev.graft.message.Explained;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A batch whose examples are loaded one by one, perhaps by several threads. The thread that loads the last example
 * stacks them.
 */
final class PendingBatch {
    private final Dataset<Example> dataset;
    private final int[] indices;
    private final long seed;
    private final int epoch;
    private final int firstExample;
    private final Example[] examples;
    private final Throwable[] failures;
    private final AtomicInteger left;
    private final CompletableFuture<Batch> result = new CompletableFuture<>();
    /**
     * Set by the thread that gets the result: the one that waits for it, or the one that cancels and therefore closes
     * it.
     */
    private final AtomicBoolean taken = new AtomicBoolean();

    private volatile boolean cancelled;

    /** @param firstExample the number of examples of the epoch before this batch */
    PendingBatch(Dataset<Example> dataset, int[] indices, long seed, int epoch, int firstExample) {
        this.dataset = dataset;
        this.indices = indices;
        this.seed = seed;
        this.epoch = epoch;
        this.firstExample = firstExample;
        this.examples = new Example[indices.length];
        this.failures = new Throwable[indices.length];
        this.left = new AtomicInteger(indices.length);
    }

    int size() {
        return indices.length;
    }

    /**
     * Loads the example of one slot. Its random numbers are seeded by its position in the epoch, not by its index,
     * because a sampler that repeats an example must not repeat its augmentation.
     */
    @SuppressWarnings("try")
    void load(int slot) {
        if (!cancelled) {
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                Example example = dataset.get(
                        indices[slot], RandomStream.of(seed, "data.augmentation", epoch, (long) firstExample + slot));
                // separate views outlive the scope, which frees what the data set made but not what it keeps
                examples[slot] = new Example(
                        example.input().detach().keep(),
                        example.target().detach().keep());
            } catch (Throwable e) {
                failures[slot] = e;
            }
        }
        if (left.decrementAndGet() == 0) {
            finish();
        }
    }

    private void finish() {
        try {
            for (int slot = 0; slot < failures.length; slot++) {
                if (failures[slot] != null) {
                    throw failed(slot);
                }
            }
            if (!cancelled) {
                Batch batch = stack();
                if (!result.complete(batch)) {
                    close(batch);
                }
            }
        } catch (Throwable e) {
            result.completeExceptionally(e);
        } finally {
            for (Example example : examples) {
                if (example != null) {
                    example.input().close();
                    example.target().close();
                }
            }
        }
    }

    private RuntimeException failed(int slot) {
        Throwable cause = failures[slot];
        String what = describe(slot);
        if (cause instanceof Error error) {
            error.addSuppressed(new DataException("data loader: this happened while " + what + " was loaded"));
            throw error;
        }
        String why = cause.getMessage() == null
                ? cause.toString()
                : Explained.of(cause).marked();
        return new DataException("data loader: " + what + " could not be loaded: " + why, cause);
    }

    /** A data set that cannot load an example may also fail to name it, which must not hide the first failure. */
    private String describe(int slot) {
        try {
            return dataset.describe(indices[slot]);
        } catch (RuntimeException e) {
            return "example " + indices[slot];
        }
    }

    @SuppressWarnings("try")
    private Batch stack() {
        List<Tensor> inputs = new ArrayList<>();
        for (int slot = 0; slot < examples.length; slot++) {
            Tensor input = examples[slot].input();
            if (!input.shape().equals(examples[0].input().shape())) {
                throw new DataException(
                        "data loader: " + dataset.describe(indices[slot]) + " is " + input.shape() + ", but "
                                + dataset.describe(indices[0]) + " in the same batch is "
                                + examples[0].input().shape()
                                + ". Hint: resize or crop all examples to one shape.");
            }
            inputs.add(input);
        }
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            return new Batch(Tensor.stack(0, inputs).keep(), targets().keep(), indices);
        }
    }

    private Tensor targets() {
        Tensor first = examples[0].target();
        if (first.rank() > 0 || first.dtype() != DType.I64) {
            List<Tensor> targets = new ArrayList<>();
            for (Example example : examples) {
                targets.add(example.target());
            }
            return Tensor.stack(0, targets);
        }
        long[] labels = new long[examples.length];
        for (int slot = 0; slot < labels.length; slot++) {
            labels[slot] = examples[slot].target().itemLong();
        }
        return Tensor.of(labels, labels.length);
    }

    /** @throws CancellationException if it was cancelled */
    Batch await() {
        try {
            Batch batch = result.get();
            if (!taken.compareAndSet(false, true)) {
                throw new CancellationException();
            }
            return batch;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel();
            throw new DataException("data loader: interrupted while waiting for a batch", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) e.getCause();
        }
    }

    /** Wakes the thread that waits for the batch, and closes everything that is or will be loaded. */
    void cancel() {
        cancelled = true;
        if (taken.compareAndSet(false, true) && !result.cancel(false) && !result.isCompletedExceptionally()) {
            close(result.join());
        }
    }

    private static void close(Batch batch) {
        batch.inputs().close();
        batch.labels().close();
    }
}
