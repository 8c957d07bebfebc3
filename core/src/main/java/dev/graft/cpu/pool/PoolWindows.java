package dev.graft.cpu.pool;

import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;

/**
 * The windows of a {@link PoolGeometry} over images of one size, as tables for loops: output row {@code i} covers the
 * rows {@code top[i]} (inclusive) to {@code bottom[i]} (exclusive), clipped to the image.
 */
public record PoolWindows(int[] top, int[] bottom, int[] left, int[] right) {

    /** The windows over images of {@code height} x {@code width} pixels. */
    public static PoolWindows of(PoolGeometry geometry, int height, int width) {
        PoolAxis rows = geometry.rows(height);
        PoolAxis columns = geometry.columns(width);
        PoolWindows w = new PoolWindows(
                new int[rows.count()], new int[rows.count()], new int[columns.count()], new int[columns.count()]);
        fill(rows, w.top, w.bottom);
        fill(columns, w.left, w.right);
        return w;
    }

    private static void fill(PoolAxis axis, int[] from, int[] to) {
        for (int i = 0; i < from.length; i++) {
            from[i] = axis.from(i);
            to[i] = axis.to(i);
        }
    }

    /** An upper bound of the number of windows that cover one element. */
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
