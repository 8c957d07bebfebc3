package dev.graft.nn.data;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Makes independent random streams from a seed and what they are for. */
final class Seeds {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private Seeds() {
    }

    static RandomGenerator random(long... parts) {
        long seed = 0;
        for (long part : parts) {
            seed = mix(seed + GOLDEN_GAMMA + part);
        }
        return new SplittableRandom(seed);
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit flips each output bit with probability one half. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    static void shuffle(int[] values, RandomGenerator random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = values[i];
            values[i] = values[j];
            values[j] = swap;
        }
    }

    static int[] range(int n) {
        int[] values = new int[n];
        for (int i = 0; i < n; i++) {
            values[i] = i;
        }
        return values;
    }
}
