package dev.graft.backend;

import dev.graft.random.RandomStream;

/**
 * Which elements dropout keeps, on every device: the element at row-major position {@code i} stays if the upper 24 bits
 * of number {@code i} of the stream {@code RandomStream.of(seed, "dropout.mask")} are at least {@code round(p * 2^24)}.
 */
public final class DropoutMask {
    private static final int BITS = 24;

    private final RandomStream stream;
    private final int threshold;
    private final float scale;

    private DropoutMask(RandomStream stream, int threshold, float scale) {
        this.stream = stream;
        this.threshold = threshold;
        this.scale = scale;
    }

    /**
     * The mask that {@code seed} stands for.
     *
     * @param p the probability of dropping an element, in [0, 1]
     */
    public static DropoutMask of(float p, long seed) {
        return new DropoutMask(
                RandomStream.of(seed, "dropout.mask"),
                (int) Math.round(p * (double) (1 << BITS)),
                p < 1f ? 1f / (1f - p) : 0f);
    }

    /** Whether the element at a row-major position stays. */
    public boolean keeps(long position) {
        return (int) (stream.at(position) >>> (Long.SIZE - BITS)) >= threshold;
    }

    /**
     * For {@code count} elements, {@code apart} positions from each other, 1 if the element stays, else 0; several
     * times faster than {@link #keeps} one by one.
     *
     * @param kept to be filled from its beginning
     */
    public void fill(long position, long apart, long[] kept, int count) {
        stream.fill(position, apart, kept, count);
        long last = threshold - 1L;
        for (int i = 0; i < count; i++) {
            kept[i] = (last - (kept[i] >>> (Long.SIZE - BITS))) >>> (Long.SIZE - 1);
        }
    }

    /** The stream whose numbers decide, for devices that draw by themselves. */
    public RandomStream stream() {
        return stream;
    }

    /** What the upper 24 bits of a number are compared with. */
    public int threshold() {
        return threshold;
    }

    /** The factor of the elements that stay. */
    public float scale() {
        return scale;
    }
}
