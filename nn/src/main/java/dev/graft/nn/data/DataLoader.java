package dev.graft.nn.data;

import dev.graft.tensor.Device;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.random.RandomGenerator;

/**
 * Loads examples on worker threads and hands them out in batches.
 *
 * <pre>{@code
 * try (DataLoader loader = DataLoader.of(dataset, 32).shuffled(seed)) {
 *     for (int epoch = 1; epoch <= 10; epoch++) {
 *         for (Batch batch : loader) {
 *             ...                                   // tensors made here are closed when the loop advances
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Each step opens a {@link dev.graft.tensor.Scope} on the thread that loops. The examples, their order and their
 * augmentation depend only on seed and epoch, not on the number of workers. Every loop over the loader is the next
 * epoch, starting at 1.
 *
 * <p>Loops are independent of each other, whether nested, interleaved (two loaders may be zipped) or on several
 * threads. Each thread begins its own loop; all loops share the workers. If several loops are open, a tensor belongs to
 * the step that began last, and lives until that loop advances. After a {@code break} or an exception, tensors made by
 * the loop's body stay open; a {@link #pass(int) pass} frees its batch when it is closed. Closing the loader ends its
 * open loops, which then throw when they advance. Settings return a new loader.
 */
public final class DataLoader implements Iterable<Batch>, AutoCloseable {
    private final Dataset<Example> dataset;
    private final int batchSize;
    private final Settings settings;
    // Guarded by this. A loop without references was left by a break, and may be collected.
    private final Set<BatchIterator> loops = Collections.newSetFromMap(new WeakHashMap<>());
    private Optional<WorkerPool> pool = Optional.empty();
    private int nextEpoch = 1;

    private record Settings(
            Sampler sampler,
            long seed,
            int workers,
            int prefetch,
            LastBatch lastBatch,
            Optional<Device> device,
            Collate collate) {

        Settings sampler(Sampler other) {
            return new Settings(other, seed, workers, prefetch, lastBatch, device, collate);
        }

        Settings seed(long other) {
            return new Settings(sampler, other, workers, prefetch, lastBatch, device, collate);
        }

        Settings workers(int other) {
            return new Settings(sampler, seed, other, prefetch, lastBatch, device, collate);
        }

        Settings prefetch(int other) {
            return new Settings(sampler, seed, workers, other, lastBatch, device, collate);
        }

        Settings lastBatch(LastBatch other) {
            return new Settings(sampler, seed, workers, prefetch, other, device, collate);
        }

        Settings device(Device other) {
            return new Settings(sampler, seed, workers, prefetch, lastBatch, Optional.of(other), collate);
        }

        Settings collate(Collate other) {
            return new Settings(sampler, seed, workers, prefetch, lastBatch, device, other);
        }
    }

    private DataLoader(Dataset<Example> dataset, int batchSize, Settings settings) {
        this.dataset = dataset;
        this.batchSize = batchSize;
        this.settings = settings;
    }

    /**
     * Batches in the data set's order, of which the last may be smaller, loaded two batches ahead by one worker for
     * each processor (at most 8).
     */
    public static DataLoader of(Dataset<Example> dataset, int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("data loader: batch size must be at least 1, was " + batchSize);
        }
        if (dataset.size() < 1) {
            throw new IllegalArgumentException("data loader: the data set is empty. Hint: check its folder or file.");
        }
        int workers = Math.min(8, Runtime.getRuntime().availableProcessors());
        return new DataLoader(
                dataset,
                batchSize,
                new Settings(
                        Sampler.sequential(dataset.size()),
                        0,
                        workers,
                        2,
                        LastBatch.KEEP,
                        Optional.empty(),
                        Collate.stacked()));
    }

    /** A different order in each epoch. */
    public DataLoader shuffled(long seed) {
        return sampler(Sampler.shuffled(dataset.size())).seed(seed);
    }

    /** Another order each epoch; takes one number from {@code random} as the seed. */
    public DataLoader shuffled(RandomGenerator random) {
        return shuffled(random.nextLong());
    }

    /** Seeds the sampler and each example's augmentation; 0 if not set. */
    public DataLoader seed(long seed) {
        return with(settings.seed(seed));
    }

    public DataLoader sampler(Sampler sampler) {
        return with(settings.sampler(sampler));
    }

    /** The number of loading threads; with 0, the looping thread loads. */
    public DataLoader workers(int workers) {
        if (workers < 0) {
            throw new IllegalArgumentException("data loader: workers must not be negative, was " + workers);
        }
        return with(settings.workers(workers));
    }

    /** How many batches are loaded ahead of the one in use, at least 1; each takes memory. */
    public DataLoader prefetch(int batches) {
        if (batches < 1) {
            throw new IllegalArgumentException("data loader: prefetch must be at least 1, was " + batches);
        }
        return with(settings.prefetch(batches));
    }

    public DataLoader lastBatch(LastBatch rule) {
        return with(settings.lastBatch(rule));
    }

    /** Returns batches on a device. */
    public DataLoader on(Device device) {
        return with(settings.device(device));
    }

    /** How examples become a batch; {@link Collate#stacked()} unless set. */
    public DataLoader collate(Collate rule) {
        return with(settings.collate(rule));
    }

    private DataLoader with(Settings changed) {
        return new DataLoader(dataset, batchSize, changed);
    }

    public Dataset<Example> dataset() {
        return dataset;
    }

    /** The number of examples in an epoch, before {@link LastBatch} drops any. */
    public int examples() {
        int size = settings.sampler.size();
        return settings.lastBatch == LastBatch.DROP ? size - size % batchSize : size;
    }

    /** The number of batches in an epoch. */
    public int batches() {
        int size = settings.sampler.size();
        int full = size / batchSize;
        int rest = size % batchSize;
        boolean joins = settings.lastBatch == LastBatch.DROP
                || (settings.lastBatch == LastBatch.MERGE_SINGLE && rest == 1 && full > 0);
        return rest == 0 || joins ? full : full + 1;
    }

    /** The number of examples in a batch, except perhaps the last. */
    public int batchSize() {
        return batchSize;
    }

    /**
     * A number that identifies an epoch's batches. It depends on which examples come, in what order, and how they are
     * divided into batches: on the sampler, the seed, the batch size and the last batch. It does not depend on the
     * content of the examples.
     */
    public long fingerprint(int epoch) {
        checkEpoch(epoch);
        long hash = 1;
        for (int[] batch : plan(settings.sampler.order(settings.seed, epoch))) {
            hash = 31 * hash + batch.length;
            for (int index : batch) {
                hash = 0x9E3779B97F4A7C15L * (hash ^ index);
            }
        }
        return hash ^ hash >>> 32;
    }

    /** The seed of shuffling and augmentation. */
    public long seed() {
        return settings.seed;
    }

    /** Sets the epoch that the next loop runs, from 1. */
    public synchronized void epoch(int epoch) {
        checkEpoch(epoch);
        nextEpoch = epoch;
    }

    /** Starts the next epoch. Other loops over this loader continue. */
    @Override
    public Iterator<Batch> iterator() {
        synchronized (this) {
            return startCounted(nextEpoch, 0);
        }
    }

    /**
     * One epoch without its first batches, where an interrupted run continues. The next loop runs the epoch after it.
     *
     * @param firstBatch from 0 to {@link #batches()}
     */
    public Iterable<Batch> at(int epoch, int firstBatch) {
        checkEpoch(epoch);
        checkFirstBatch(firstBatch);
        return () -> startCounted(epoch, firstBatch);
    }

    /** {@link #pass(int, int)} from the first batch on. */
    public LoaderPass pass(int epoch) {
        return pass(epoch, 0);
    }

    /**
     * One pass over an epoch that does not count as an epoch of this loader: the next loop runs the epoch that it would
     * have run anyway. So evaluating on the training data does not change the training.
     *
     * @param epoch from 1: it decides order and augmentation
     * @param firstBatch from 0 to {@link #batches()}
     */
    public LoaderPass pass(int epoch, int firstBatch) {
        checkEpoch(epoch);
        checkFirstBatch(firstBatch);
        return new LoaderPass(() -> start(epoch, firstBatch));
    }

    private static void checkEpoch(int epoch) {
        if (epoch < 1) {
            throw new IllegalArgumentException("data loader: epochs count from 1, was " + epoch);
        }
    }

    private void checkFirstBatch(int firstBatch) {
        if (firstBatch < 0 || firstBatch > batches()) {
            throw new IllegalArgumentException(
                    "data loader: the first batch must be in [0, " + batches() + "], was " + firstBatch);
        }
    }

    private synchronized BatchIterator startCounted(int epoch, int firstBatch) {
        BatchIterator loop = start(epoch, firstBatch);
        nextEpoch = epoch + 1;
        return loop;
    }

    private synchronized BatchIterator start(int epoch, int firstBatch) {
        if (batches() == 0) {
            throw new IllegalArgumentException("data loader: an epoch of " + settings.sampler.size()
                    + " examples has no batch of " + batchSize + ". Hint: use a smaller batch, or LastBatch.KEEP.");
        }
        if (settings.workers > 0 && pool.isEmpty()) {
            pool = Optional.of(new WorkerPool(settings.workers));
        }
        BatchIterator loop = new BatchIterator(
                dataset,
                settings.collate,
                plan(settings.sampler.order(settings.seed, epoch)),
                settings.seed,
                epoch,
                firstBatch,
                pool,
                settings.prefetch,
                settings.device);
        loops.add(loop);
        return loop;
    }

    private int[][] plan(int[] order) {
        int[][] plan = new int[batches()][];
        for (int b = 0; b < plan.length; b++) {
            boolean last = b == plan.length - 1 && settings.lastBatch != LastBatch.DROP;
            plan[b] = Arrays.copyOfRange(order, b * batchSize, last ? order.length : (b + 1) * batchSize);
        }
        return plan;
    }

    /**
     * Ends open loops, frees the batches of this thread's loops, and stops the workers. A loop of another thread throws
     * when it advances, and then frees its batch. The loader can be iterated again.
     */
    @Override
    public void close() {
        Optional<WorkerPool> workers;
        synchronized (this) {
            loops.forEach(loop -> loop.end("its loader was closed"));
            loops.clear();
            workers = pool;
            pool = Optional.empty();
        }
        workers.ifPresent(WorkerPool::close);
    }
}
