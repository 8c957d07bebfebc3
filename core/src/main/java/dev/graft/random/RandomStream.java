package dev.graft.random;

import java.util.random.RandomGenerator;

/**
 * One of many independent random streams from one seed. A stream is named by its purpose and by indices, such as the
 * epoch and the position in it. Its numbers depend only on these, never on other streams or on the thread that draws.
 *
 * <pre>{@code
 * RandomGenerator order = RandomStream.of(seed, "data.order", epoch);                    // another order each epoch
 * RandomGenerator crop = RandomStream.of(seed, "data.augmentation", epoch, position);    // unrelated to the numbers of any order
 * }</pre>
 *
 * <p>The generator is SplitMix64: number {@code n} is {@code mix(start + (n + 1) * step)}, with the finaliser
 * {@code mix} by which every input bit flips each output bit with probability one half. Seed, purpose, indices and
 * their count go through two such finalisers into the start and the odd step of a stream. So streams of neighbouring
 * seeds or indices have nothing in common. Because steps differ, no stream is a shifted copy of another, as can happen
 * with generators that share a step.
 *
 * <p>{@code nextLong()}, {@code nextInt}, {@code nextFloat()}, {@code nextDouble}, {@code nextBoolean},
 * {@code nextGaussian} and {@code nextExponential} give the same bits on every JDK; the other methods of
 * {@link RandomGenerator} are the JDK's own. Not thread-safe, except for {@link #at}.
 *
 * @see <a href="https://doi.org/10.1145/2714064.2660195">Steele, Lea and Flood 2014, Fast splittable pseudorandom
 *     number generators</a>
 */
public final class RandomStream implements RandomGenerator {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
    private static final long SILVER_GAMMA = 0x6A09E667F3BCC909L;

    private final long start;
    private final long step;
    private long drawn;

    private RandomStream(long start, long step) {
        this.start = start;
        this.step = step;
    }

    /**
     * The stream of a seed for one purpose.
     *
     * @param purpose what is drawn, such as {@code "data.order"}; a constant of the code that draws it
     * @param index which of the streams for this purpose; {@code (1)} and {@code (1, 0)} are two different streams
     */
    public static RandomStream of(long seed, String purpose, long... index) {
        long start = mix(seed + GOLDEN_GAMMA);
        long step = murmur(seed ^ SILVER_GAMMA);
        for (int i = 0; i < purpose.length(); i++) {
            start = mix((start ^ purpose.charAt(i)) + GOLDEN_GAMMA);
            step = murmur((step ^ purpose.charAt(i)) + SILVER_GAMMA);
        }
        for (long part : index) {
            start = mix((start ^ part) + GOLDEN_GAMMA);
            step = murmur((step ^ part) + SILVER_GAMMA);
        }
        // The lengths as well, so that no purpose or list of indices is a prefix of another.
        long lengths = (long) purpose.length() << 32 | index.length;
        return new RandomStream(
                mix((start ^ lengths) + GOLDEN_GAMMA), scattered(murmur((step ^ lengths) + SILVER_GAMMA)));
    }

    /** A separate seed for one purpose, for code that takes a seed: the first number of {@link #of}. */
    public static long seed(long seed, String purpose, long... index) {
        return of(seed, purpose, index).at(0);
    }

    /** Number {@code position} of the stream, from 0, whatever was drawn before. */
    public long at(long position) {
        return mix(start + (position + 1) * step);
    }

    /**
     * The numbers of {@code count} positions, {@code apart} from each other, as {@link #at} gives them; several times
     * faster than one by one.
     *
     * @param numbers to be filled from its beginning
     */
    public void fill(long position, long apart, long[] numbers, int count) {
        long state = start + (position + 1) * step;
        long further = apart * step;
        for (int i = 0; i < count; i++) {
            numbers[i] = state;
            state += further;
        }
        // A loop of its own, without a sum that runs along, because the JIT compiler makes vectors of it.
        for (int i = 0; i < count; i++) {
            numbers[i] = mix(numbers[i]);
        }
    }

    /** For devices that draw by themselves: number {@code n} is {@code mix(start + (n + 1) * step)}, see above. */
    public long start() {
        return start;
    }

    /** See {@link #start}. */
    public long step() {
        return step;
    }

    @Override
    public long nextLong() {
        return at(drawn++);
    }

    /** {@inheritDoc} The same on every JDK, see {@link Draw#below}. */
    @Override
    public int nextInt(int bound) {
        return Draw.below(this, bound);
    }

    /** {@inheritDoc} The same on every JDK, see {@link Draw#below}. */
    @Override
    public int nextInt(int origin, int bound) {
        if (origin >= bound) {
            throw new IllegalArgumentException(
                    "nextInt: bound must be greater than origin (origin " + origin + ", bound " + bound + ")");
        }
        long width = (long) bound - origin;
        if (width <= Integer.MAX_VALUE) {
            return origin + Draw.below(this, (int) width);
        }
        int value = nextInt();
        while (value < origin || value >= bound) {
            value = nextInt();
        }
        return value;
    }

    /** {@inheritDoc} The same on every JDK, see {@link Draw#uniform}. */
    @Override
    public double nextDouble(double origin, double bound) {
        return Draw.uniform(this, origin, bound);
    }

    /** {@inheritDoc} The same on every JDK, see {@link Draw#uniform}. */
    @Override
    public double nextDouble(double bound) {
        return Draw.uniform(this, 0, bound);
    }

    /** {@inheritDoc} The same on every JDK, see {@link Draw#normal}. */
    @Override
    public double nextGaussian() {
        return Draw.normal(this);
    }

    /** {@inheritDoc} The same on every JDK. */
    @Override
    public double nextExponential() {
        return -StrictMath.log(1 - nextDouble());
    }

    /** The finaliser of SplitMix64, variant 13 of David Stafford's list. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** The finaliser of MurmurHash3: as good as {@link #mix}, and unrelated to it. */
    private static long murmur(long z) {
        z = (z ^ (z >>> 33)) * 0xFF51AFD7ED558CCDL;
        z = (z ^ (z >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return z ^ (z >>> 33);
    }

    /**
     * A step must be odd, to visit every number, and change many bits at once: the rule of java.util.SplittableRandom.
     */
    private static long scattered(long z) {
        z |= 1;
        return Long.bitCount(z ^ (z >>> 1)) < 24 ? z ^ 0xAAAAAAAAAAAAAAAAL : z;
    }
}
