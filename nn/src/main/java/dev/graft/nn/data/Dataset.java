package dev.graft.nn.data;

import java.util.random.RandomGenerator;

/**
 * A finite list of examples. {@link #get} runs on worker threads, several at once.
 *
 * @param <T> what an example is; a {@link DataLoader} takes {@link Example}s
 */
public interface Dataset<T> {

    /** The number of examples. */
    int size();

    /**
     * Loads one example. Tensors made here belong to the caller; tensors kept elsewhere may be returned too and stay
     * open.
     *
     * @param random for augmentation: seeded by loader, epoch and position, so results do not depend on the number of
     *     workers
     */
    T get(int index, RandomGenerator random);

    /** What to call an example in an error, such as its file name. */
    default String describe(int index) {
        return "example " + index;
    }
}
