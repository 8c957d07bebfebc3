package dev.graft.backend;

/**
 * What surrounds a padded image or sequence, as <a
 * href="https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html">torch.nn.functional.pad</a>.
 */
public enum PaddingMode {
    /** 0. */
    ZEROS,
    /** The inside mirrored at the edge, without the edge itself: padding must be less than the size. */
    REFLECT,
    /** The nearest value inside. */
    REPLICATE,
    /** The inside again, as if it were tiled: padding must not exceed the size. */
    CIRCULAR;

    /**
     * The map along one dimension, except for {@link #ZEROS}.
     *
     * @throws IllegalArgumentException if the padding is negative or too large for the size
     */
    public AxisTaps taps(int size, int before, int after) {
        int most = this == REFLECT ? size - 1 : this == CIRCULAR ? size : Integer.MAX_VALUE;
        if (before < 0 || after < 0 || before > most || after > most || size < 1) {
            throw new IllegalArgumentException("pad: " + before + " before and " + after + " after a dimension of size "
                    + size + " is not possible"
                    + (before < 0 || after < 0
                            ? ": padding must not be negative. Hint: use slice to crop."
                            : switch (this) {
                                case REFLECT -> ". Hint: to reflect, padding must be less than the size.";
                                case CIRCULAR -> ". Hint: to repeat, padding must not exceed the size.";
                                default -> ". Hint: there must be something to repeat.";
                            }));
        }
        long count = (long) size + before + after;
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("pad: the padded size " + count + " does not fit. Hint: pad less.");
        }
        return AxisTaps.of(size, (int) count, (i, taps) -> taps.add(source(i - before, size), 1));
    }

    private int source(int i, int size) {
        return switch (this) {
            case ZEROS -> throw new IllegalStateException("pad: zeros are nowhere inside");
            case REFLECT -> i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
            case REPLICATE -> Math.min(Math.max(i, 0), size - 1);
            case CIRCULAR -> Math.floorMod(i, size);
        };
    }
}
