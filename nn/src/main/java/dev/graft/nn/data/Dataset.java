package dev.graft.nn.data;

import java.util.random.RandomGenerator;

/**
 * A finite list of examples. {@link #get} runs on several worker threads at once.
 *
 * @param <T> what an example is; a {@link DataLoader} takes {@link Example}s
 */
public interface Dataset<T> {

    /** The number of examples. */
    int size();

    /**
     * Loads one example. Tensors made here belong to the caller. Tensors that are kept elsewhere may be returned too,
     * and stay open.
     *
     * @param random for augmentation; seeded by loader, epoch and position, so results do not depend on the number of
     *     workers
     */
    T get(int index, RandomGenerator random);

    /** The name of an example in errors, such as its file name. */
    default String describe(int index) {
        return "example " + index;
    }

    /**
     * Whether {@link #batch} loads many examples faster than one after the other. A {@link DataLoader} that stacks its
     * examples then asks for whole batches.
     */
    default boolean loadsBatches() {
        return false;
    }

    /**
     * Loads examples together, with the same values as if each were loaded by itself and all stacked.
     *
     * @throws UnsupportedOperationException unless it {@linkplain #loadsBatches loads batches}
     */
    default Batch batch(int... indices) {
        throw new UnsupportedOperationException(
                "data set: examples are loaded one by one. Hint: ask loadsBatches() first.");
    }
}
