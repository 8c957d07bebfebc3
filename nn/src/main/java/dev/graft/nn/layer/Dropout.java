package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * In training, zeroes each value with probability {@code p} and scales the others by {@code 1 / (1 - p)}; otherwise
 * passes its input on. What the n-th call drops follows from the layer's seed, n and the place in the input's shape
 * alone: bits reproduce, whatever the memory layout and the number of threads, and no call's mask has to do with
 * another's.
 *
 * @see <a href="https://jmlr.org/papers/v15/srivastava14a.html">Srivastava et al. 2014</a>
 */
public final class Dropout extends Module implements Stochastic {
    private final float p;
    private long seed;
    private long calls;

    /**
     * Takes one number from {@code random}: layers that share a generator drop independently, those of two generators
     * with one seed alike.
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

    /** Of its own for each call, in whatever thread. */
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
