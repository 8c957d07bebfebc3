package dev.graft.random;

import java.util.random.RandomGenerator;

/**
 * Draws from the usual distributions, by arithmetic that is the same on every JDK. It calls only {@code nextLong} and
 * {@code nextFloat()} of a generator, whose results are specified. {@code RandomGenerator.nextGaussian} gives different
 * bits on JDK 17 and JDK 25. It also takes a different number of draws, so everything drawn afterwards differs too.
 */
public final class Draw {
    private Draw() {}

    /**
     * A standard normal value: the inverse of the distribution function at a uniform value, so that each takes exactly
     * one {@code nextLong}; within about 1e-15 of the exact inverse, from -8.21 to 8.21.
     */
    public static double normal(RandomGenerator random) {
        // The midpoints of 2^52 equal parts of (0, 1), all exact; never an end, where the inverse is infinite.
        return NormalQuantile.of(((random.nextLong() >>> 12) + 0.5) * 0x1.0p-52);
    }

    /**
     * Uniform in {@code [low, high)}.
     *
     * @throws IllegalArgumentException unless both are finite and {@code low < high}
     */
    public static double uniform(RandomGenerator random, double low, double high) {
        if (!(low < high && high - low < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "uniform: low must be less than high, and both finite (low " + low + ", high " + high + ")");
        }
        double value = low + (high - low) * ((random.nextLong() >>> 11) * 0x1.0p-53);
        return value < high ? value : Math.nextDown(high);
    }

    /** Uniform in {@code [low, high)}, and {@code low} if both are equal; 24 random bits. */
    public static float uniform(RandomGenerator random, float low, float high) {
        float value = low + (high - low) * random.nextFloat();
        // Rounding can reach the excluded bound.
        return value < high || low == high ? value : Math.nextDown(high);
    }

    /**
     * Uniform in {@code [0, bound)}, from exactly one {@code nextLong} whatever the bound, so that later draws do not
     * depend on it. Probabilities differ by less than one part in 2<sup>33</sup>, which no sample can show.
     */
    public static int below(RandomGenerator random, int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("below: bound must be at least 1, was " + bound);
        }
        // The upper 32 of the product's 96 bits; as a real number, bound times a value uniform in [0, 1).
        long bits = random.nextLong();
        return (int) (((bits >>> 32) * bound + (((bits & 0xffffffffL) * bound) >>> 32)) >>> 32);
    }

    /** Shuffles values: every order has the same probability (Fisher and Yates). */
    public static void shuffle(int[] values, RandomGenerator random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = below(random, i + 1);
            int swap = values[i];
            values[i] = values[j];
            values[j] = swap;
        }
    }
}
