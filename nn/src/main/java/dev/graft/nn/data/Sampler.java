package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.stream.IntStream;

/**
 * Chooses which examples an epoch sees, and in which order: a pure function of seed and epoch, so that a run can
 * resume.
 */
public interface Sampler {

    /** The number of examples in an epoch. */
    int size();

    /** The indices of an epoch's examples in order; a new array. */
    int[] order(long seed, int epoch);

    /** Every example once, in the data set's order. */
    static Sampler sequential(int size) {
        return new Sampler() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public int[] order(long seed, int epoch) {
                return IntStream.range(0, size).toArray();
            }
        };
    }

    /** Every example once, in a different order in each epoch. */
    static Sampler shuffled(int size) {
        return new Sampler() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public int[] order(long seed, int epoch) {
                int[] order = IntStream.range(0, size).toArray();
                Draw.shuffle(order, RandomStream.of(seed, "data.order", epoch));
                return order;
            }
        };
    }
}
