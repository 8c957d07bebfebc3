package dev.graft.backend;

import java.util.Arrays;

/**
 * A linear map of the positions along one axis: result {@code i} of {@code count()} is the sum of {@code weight(k) *
 * x[position(k)]} for {@code k} from {@code from(i)} (inclusive) to {@code to(i)} (exclusive), in this order.
 * Interpolation, and padding by what is inside, are such a map along the rows and one along the columns.
 */
public final class AxisTaps {
    private final int size;
    private final int[] starts;
    private final int[] positions;
    private final float[] weights;

    private AxisTaps(int size, int[] starts, int[] positions, float[] weights) {
        this.size = size;
        this.starts = starts;
        this.positions = positions;
        this.weights = weights;
    }

    /** What adds the taps of result {@code i}. */
    @FunctionalInterface
    public interface Rule {
        void add(int i, Builder taps);
    }

    /** Takes the taps of one result after another. */
    public static final class Builder {
        private final int size;
        private final int[] starts;
        private int[] positions = new int[16];
        private float[] weights = new float[16];
        private int first;
        private int largest;
        private int taps;

        private Builder(int size, int count) {
            this.size = size;
            this.starts = new int[count + 1];
        }

        /** Adds {@code weight * x[position]}; a weight of 0 adds nothing, and one position counts once. */
        public Builder add(int position, double weight) {
            if (position < 0 || position >= size) {
                throw new IllegalArgumentException("taps: position " + position + " is outside [0, " + size + ")");
            }
            if (weight == 0) {
                return this;
            }
            // Ascending positions, as of most maps, are new.
            boolean isNew = first == taps || position > largest;
            largest = first == taps ? position : Math.max(largest, position);
            for (int k = first; !isNew && k < taps; k++) {
                if (positions[k] == position) {
                    weights[k] += (float) weight;
                    return this;
                }
            }
            if (taps == positions.length) {
                positions = Arrays.copyOf(positions, 2 * taps);
                weights = Arrays.copyOf(weights, 2 * taps);
            }
            positions[taps] = position;
            weights[taps++] = (float) weight;
            return this;
        }
    }

    /** The map from {@code size} positions to {@code count} results whose taps {@code rule} adds. */
    public static AxisTaps of(int size, int count, Rule rule) {
        Builder builder = new Builder(size, count);
        for (int i = 0; i < count; i++) {
            builder.first = builder.taps;
            rule.add(i, builder);
            builder.starts[i + 1] = builder.taps;
        }
        return new AxisTaps(
                size,
                builder.starts,
                Arrays.copyOf(builder.positions, builder.taps),
                Arrays.copyOf(builder.weights, builder.taps));
    }

    /** The number of positions that the map reads. */
    public int size() {
        return size;
    }

    /** The number of results. */
    public int count() {
        return starts.length - 1;
    }

    public int from(int i) {
        return starts[i];
    }

    public int to(int i) {
        return starts[i + 1];
    }

    public int position(int tap) {
        return positions[tap];
    }

    public float weight(int tap) {
        return weights[tap];
    }

    /** Whether result {@code i} is one position as it is. */
    public boolean isCopy(int i) {
        return starts[i + 1] - starts[i] == 1 && weights[starts[i]] == 1;
    }

    /** Whether each result is the position of the same number. */
    public boolean isIdentity() {
        boolean same = size == count();
        for (int i = 0; same && i < size; i++) {
            same = isCopy(i) && positions[starts[i]] == i;
        }
        return same;
    }

    /** The most taps of a result. */
    public int most() {
        int most = 0;
        for (int i = 0; i < count(); i++) {
            most = Math.max(most, to(i) - from(i));
        }
        return most;
    }

    /** The adjoint, which takes gradients of results to gradients of positions: results in ascending order. */
    public AxisTaps transposed() {
        int[] at = new int[size + 1];
        for (int position : positions) {
            at[position + 1]++;
        }
        for (int i = 0; i < size; i++) {
            at[i + 1] += at[i];
        }
        int[] next = at.clone();
        int[] results = new int[positions.length];
        float[] factors = new float[positions.length];
        for (int i = 0; i < count(); i++) {
            for (int k = from(i); k < to(i); k++) {
                int to = next[positions[k]]++;
                results[to] = i;
                factors[to] = weights[k];
            }
        }
        return new AxisTaps(count(), at, results, factors);
    }
}
