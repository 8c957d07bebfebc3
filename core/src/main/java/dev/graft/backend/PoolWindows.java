package dev.graft.backend;

/**
 * The input rows and columns each output element of a 2-d pooling looks at, already clipped to the input: output row
 * {@code i} covers rows {@code top[i]} (inclusive) to {@code bottom[i]} (exclusive). One table serves plain, ceil-mode
 * and adaptive pooling.
 *
 * @param rowDivisor per output row, the height that an average divides by
 * @param columnDivisor per output column, the width that an average divides by
 */
public record PoolWindows(int[] top, int[] bottom, int[] left, int[] right, int[] rowDivisor, int[] columnDivisor) {

    /** An upper bound of the number of windows that look at one element. */
    public long mostOverlapping() {
        return (long) mostOverlapping(top, bottom) * mostOverlapping(left, right);
    }

    // Both ends ascend.
    private static int mostOverlapping(int[] first, int[] end) {
        int most = 0;
        int closed = 0;
        for (int i = 0; i < first.length; i++) {
            while (end[closed] <= first[i] && closed < i) {
                closed++;
            }
            most = Math.max(most, i + 1 - closed);
        }
        return most;
    }

    public int outputHeight() {
        return top.length;
    }

    public int outputWidth() {
        return left.length;
    }
}
