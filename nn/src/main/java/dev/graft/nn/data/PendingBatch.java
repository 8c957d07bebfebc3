package dev.graft.nn.data;

import dev.graft.message.Explained;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A batch whose examples are loaded one by one, perhaps by several threads. The thread that loads the last example
 * makes the batch of them.
 */
final class PendingBatch {
    private final Dataset<Example> dataset;
    private final Collate collate;
    private final int[] indices;
    private final long seed;
    private final int epoch;
    private final int firstExample;
    /** Whether the data set loads all examples by one call. */
    private final boolean together;

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
    PendingBatch(Dataset<Example> dataset, Collate collate, int[] indices, long seed, int epoch, int firstExample) {
        this.dataset = dataset;
        this.collate = collate;
        this.indices = indices;
        this.seed = seed;
        this.epoch = epoch;
        this.firstExample = firstExample;
        this.together = dataset.loadsBatches() && collate instanceof StackedBatches stacked && stacked.isPlain();
        this.examples = new Example[together ? 0 : indices.length];
        this.failures = new Throwable[together ? 0 : indices.length];
        this.left = new AtomicInteger(slots());
    }

    int size() {
        return indices.length;
    }

    /** How many calls of {@link #load} it takes. */
    int slots() {
        return together ? 1 : indices.length;
    }

    /**
     * Loads the example of one slot. Its random numbers are seeded by its position in the epoch, not by its index,
     * because a sampler that repeats an example must not repeat its augmentation.
     */
    @SuppressWarnings("try")
    void load(int slot) {
        if (!cancelled && !together) {
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                Example example = dataset.get(
                        indices[slot], RandomStream.of(seed, "data.augmentation", epoch, (long) firstExample + slot));
                // separate views outlive the scope, which frees what the data set made but not what it keeps
                examples[slot] = example.kept();
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
                Batch batch = collated();
                if (!result.complete(batch)) {
                    batch.close();
                }
            }
        } catch (Throwable e) {
            result.completeExceptionally(e);
        } finally {
            for (Example example : examples) {
                if (example != null) {
                    example.close();
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
    private Batch collated() {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Batch batch = together
                    ? dataset.batch(indices.clone())
                    : collate.batch(
                            List.of(examples),
                            indices.clone(),
                            RandomStream.of(seed, "data.collate", epoch, firstExample));
            if (!Arrays.equals(batch.indices(), indices)) {
                throw new IllegalArgumentException("the batch has other indices, " + Arrays.toString(batch.indices())
                        + ". Hint: pass on the indices that collate was given.");
            }
            return batch.kept();
        } catch (Misfit e) {
            throw e.told(describe(e.row()), describe(0));
        } catch (DataException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new DataException(
                    "data loader: the examples " + Arrays.toString(indices) + " could not be made a batch: "
                            + (e.getMessage() == null
                                    ? e.toString()
                                    : Explained.of(e).marked()),
                    e);
        }
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
            result.join().close();
        }
    }
}
