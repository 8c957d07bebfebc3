package dev.graft.backend;

/**
 * The input rows and columns each output element of a 2-d pooling looks at, already clipped to the input: output row {@code i}
 * covers rows {@code top[i]} (inclusive) to {@code bottom[i]} (exclusive). One table serves plain, ceil-mode and adaptive pooling.
 *
 * @param rowDivisor    per output row, the height that an average divides by
 * @param columnDivisor per output column, the width that an average divides by
 */
public record PoolWindows(int[] top, int[] bottom, int[] left, int[] right, int[] rowDivisor, int[] columnDivisor) {

    public int outputHeight() {
        return top.length;
    }

    public int outputWidth() {
        return left.length;
    }
}
