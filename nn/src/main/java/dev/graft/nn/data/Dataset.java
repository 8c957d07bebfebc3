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
}
