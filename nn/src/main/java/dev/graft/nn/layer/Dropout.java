package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * In training, zeroes each value with probability {@code p} and scales the others by {@code 1 / (1 - p)}; otherwise
 * passes its input on. What the n-th call drops depends only on the layer's seed, on n, and on the position in the
 * input. Results are therefore reproducible to the bit, whatever the memory layout and the number of threads, and the
 * masks of different calls are unrelated.
 *
 * @see <a href="https://jmlr.org/papers/v15/srivastava14a.html">Srivastava et al. 2014</a>
 */
public final class Dropout extends Module implements Stochastic {
    private final float p;
    private long seed;
    private long calls;

    /**
     * Takes one number from {@code random}. Layers that share a generator drop independently; layers with two
     * generators of the same seed drop the same.
     *
     * @param p the share of values to drop, in [0, 1)
     */
    public Dropout(float p, RandomGenerator random) {
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout: probability must be in [0, 1), was " + p);
        }
        this.p = p;
        this.seed = random.nextLong();
    }

    @Override
    protected Tensor compute(Tensor input) {
        return isTraining() && p > 0 ? input.dropout(p, nextSeed()) : input;
    }

    /** A separate number for each call, in any thread. */
    private synchronized long nextSeed() {
        return RandomStream.seed(seed, "dropout.call", ++calls);
    }

    @Override
    public synchronized long[] randomState() {
        return new long[] {seed, calls};
    }

    @Override
    public synchronized void restoreRandomState(long[] state) {
        if (state.length != 2) {
            throw new IllegalArgumentException("dropout: random state must hold 2 numbers, was " + state.length);
        }
        seed = state[0];
        calls = state[1];
    }

    @Override
    public String toString() {
        return "Dropout(" + p + ")";
    }
}
