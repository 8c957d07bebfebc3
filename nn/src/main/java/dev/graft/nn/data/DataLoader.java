package dev.graft.nn.data;

import dev.graft.tensor.Device;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Loads examples on worker threads and hands them out in batches.
 *
 * <pre>{@code
 * try (DataLoader loader = DataLoader.of(dataset, 32).shuffled(seed)) {
 *     for (int epoch = 1; epoch <= 10; epoch++) {
 *         for (Batch batch : loader) {
 *             ...                                   // what is made here is closed when the loop advances
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Each step opens a {@link dev.graft.tensor.Scope} on the thread that loops. Which examples come, in what order and how they
 * are augmented depends on seed and epoch alone, not on the number of workers. Every loop over the loader is the next epoch,
 * from 1. Settings
 * return a new loader; iterate and close it on one thread.
 */
public final class DataLoader implements Iterable<Batch>, AutoCloseable {
    private final Dataset<Example> dataset;
    private final int batchSize;
    private final Settings settings;
    private Optional<WorkerPool> pool = Optional.empty();
    private Optional<BatchIterator> active = Optional.empty();
    private int nextEpoch = 1;

    private record Settings(Sampler sampler, long seed, int workers, int prefetch, LastBatch lastBatch, Optional<Device> device) {
    }

    private DataLoader(Dataset<Example> dataset, int batchSize, Settings settings) {
        this.dataset = dataset;
        this.batchSize = batchSize;
        this.settings = settings;
    }

    /**
     * Batches in the data set's order, the last one perhaps smaller, loaded by one worker per processor (at most 8) two batches
     * ahead.
     */
    public static DataLoader of(Dataset<Example> dataset, int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("data loader: batch size must be at least 1, was " + batchSize);
        }
        if (dataset.size() < 1) {
            throw new IllegalArgumentException("data loader: the data set is empty. Hint: check its folder or file.");
        }
        int workers = Math.min(8, Runtime.getRuntime().availableProcessors());
        return new DataLoader(dataset, batchSize,
                new Settings(Sampler.sequential(dataset.size()), 0, workers, 2, LastBatch.KEEP, Optional.empty()));
    }

    /** Another order each epoch. */
    public DataLoader shuffled(long seed) {
        return sampler(Sampler.shuffled(dataset.size())).seed(seed);
    }

    /** Another order each epoch; takes one number from {@code random} as the seed. */
    public DataLoader shuffled(RandomGenerator random) {
        return shuffled(random.nextLong());
    }

    /** Seeds the sampler and each example's augmentation; 0 if not set. */
    public DataLoader seed(long seed) {
        return with(new Settings(settings.sampler, seed, settings.workers, settings.prefetch, settings.lastBatch, settings.device));
    }

    public DataLoader sampler(Sampler sampler) {
        return with(new Settings(sampler, settings.seed, settings.workers, settings.prefetch, settings.lastBatch, settings.device));
    }

    /** The number of loading threads; with 0 the looping thread loads by itself. */
    public DataLoader workers(int workers) {
        if (workers < 0) {
            throw new IllegalArgumentException("data loader: workers must not be negative, was " + workers);
        }
        return with(new Settings(settings.sampler, settings.seed, workers, settings.prefetch, settings.lastBatch, settings.device));
    }

    /** How many batches are loaded ahead of the one in use, at least 1; each takes memory. */
    public DataLoader prefetch(int batches) {
        if (batches < 1) {
            throw new IllegalArgumentException("data loader: prefetch must be at least 1, was " + batches);
        }
        return with(new Settings(settings.sampler, settings.seed, settings.workers, batches, settings.lastBatch, settings.device));
    }

    public DataLoader lastBatch(LastBatch rule) {
        return with(new Settings(settings.sampler, settings.seed, settings.workers, settings.prefetch, rule, settings.device));
    }

    /** Hands batches out on a device. */
    public DataLoader on(Device device) {
        return with(new Settings(settings.sampler, settings.seed, settings.workers, settings.prefetch, settings.lastBatch,
                Optional.of(device)));
    }

    private DataLoader with(Settings changed) {
        return new DataLoader(dataset, batchSize, changed);
    }

    public Dataset<Example> dataset() {
        return dataset;
    }

    /** The number of examples in an epoch, as far as {@link LastBatch} does not drop some. */
    public int examples() {
        int size = settings.sampler.size();
        return settings.lastBatch == LastBatch.DROP ? size - size % batchSize : size;
    }

    /** The number of batches in an epoch. */
    public int batches() {
        int size = settings.sampler.size();
        int full = size / batchSize;
        int rest = size % batchSize;
        boolean joins = settings.lastBatch == LastBatch.DROP || (settings.lastBatch == LastBatch.MERGE_SINGLE && rest == 1 && full > 0);
        return rest == 0 || joins ? full : full + 1;
    }

    /** What shuffles and augments. */
    public long seed() {
        return settings.seed;
    }

    /** Sets the epoch that the next loop runs, from 1. */
    public void epoch(int epoch) {
        nextEpoch = epoch;
    }

    /** Starts the next epoch; a loop still open over this loader ends. */
    @Override
    public Iterator<Batch> iterator() {
        return start(nextEpoch, 0);
    }

    /** One epoch without its first batches: where an interrupted run goes on. The next loop runs the epoch after it. */
    public Iterable<Batch> at(int epoch, int firstBatch) {
        return () -> start(epoch, firstBatch);
    }

    private Iterator<Batch> start(int epoch, int firstBatch) {
        active.ifPresent(BatchIterator::close);
        if (batches() == 0) {
            throw new IllegalArgumentException("data loader: an epoch of " + settings.sampler.size() + " examples has no batch of "
                    + batchSize + ". Hint: use a smaller batch, or LastBatch.KEEP.");
        }
        nextEpoch = epoch + 1;
        if (settings.workers > 0 && pool.isEmpty()) {
            pool = Optional.of(new WorkerPool(settings.workers));
        }
        BatchIterator iterator = new BatchIterator(dataset, plan(settings.sampler.order(settings.seed, epoch)), settings.seed, epoch,
                firstBatch, pool, settings.prefetch, settings.device);
        active = Optional.of(iterator);
        return iterator;
    }

    /** Ends a loop that was left early, freeing its batch; a finished loop has done so by itself. */
    public void endLoop() {
        active.ifPresent(BatchIterator::close);
        active = Optional.empty();
    }

    private int[][] plan(int[] order) {
        int[][] plan = new int[batches()][];
        for (int b = 0; b < plan.length; b++) {
            boolean last = b == plan.length - 1 && settings.lastBatch != LastBatch.DROP;
            plan[b] = Arrays.copyOfRange(order, b * batchSize, last ? order.length : (b + 1) * batchSize);
        }
        return plan;
    }

    /** Ends an open loop, freeing its batch, and stops the workers. */
    @Override
    public void close() {
        endLoop();
        pool.ifPresent(WorkerPool::close);
        pool = Optional.empty();
    }
}
