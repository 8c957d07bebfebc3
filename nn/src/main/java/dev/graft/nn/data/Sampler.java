package dev.graft.nn.data;

/** Chooses which examples an epoch sees, and in which order: a pure function of seed and epoch, so that a run can resume. */
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
                return Seeds.range(size);
            }
        };
    }

    /** Every example once, in another order each epoch. */
    static Sampler shuffled(int size) {
        return new Sampler() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public int[] order(long seed, int epoch) {
                int[] order = Seeds.range(size);
                Seeds.shuffle(order, Seeds.random(seed, epoch));
                return order;
            }
        };
    }
}
