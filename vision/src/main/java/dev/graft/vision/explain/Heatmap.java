package dev.graft.vision.explain;

import java.util.stream.Stream;

/**
 * A map over what the network saw, scaled so that its largest absolute value is 1.
 *
 * @param values {@code [height][width]}, from -1 to 1; all zero if {@code peak} is 0
 * @param peak the largest absolute value before scaling, in the method's own unit
 */
record Heatmap(float[][] values, float peak) {

    /** Scales a map, and enlarges it bilinearly as PyTorch's {@code interpolate(align_corners=False)} does. */
    static Heatmap of(float[][] map, int height, int width) {
        float[][] large = map.length == height && map[0].length == width ? map : enlarged(map, height, width);
        float peak = 0;
        for (float[] row : large) {
            for (float value : row) {
                peak = Math.max(peak, Math.abs(value));
            }
        }
        float scale = peak == 0 ? 0 : 1 / peak;
        float[][] values = Stream.of(large).map(float[]::clone).toArray(float[][]::new);
        for (float[] row : values) {
            for (int x = 0; x < row.length; x++) {
                row[x] = Float.isInfinite(scale) ? Math.signum(row[x]) : row[x] * scale;
            }
        }
        return new Heatmap(values, peak);
    }

    private static float[][] enlarged(float[][] map, int height, int width) {
        float[][] large = new float[height][width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                large[y][x] = at(map, (x + 0.5) * map[0].length / width - 0.5, (y + 0.5) * map.length / height - 0.5);
            }
        }
        return large;
    }

    /** Bilinear between the centres of the map's cells, whose coordinates are whole; constant outside them. */
    static float at(float[][] map, double x, double y) {
        double cx = Math.max(0, Math.min(map[0].length - 1, x));
        double cy = Math.max(0, Math.min(map.length - 1, y));
        int x0 = (int) cx;
        int y0 = (int) cy;
        int x1 = Math.min(map[0].length - 1, x0 + 1);
        int y1 = Math.min(map.length - 1, y0 + 1);
        double tx = cx - x0;
        double ty = cy - y0;
        double upper = map[y0][x0] + (map[y0][x1] - map[y0][x0]) * tx;
        double lower = map[y1][x0] + (map[y1][x1] - map[y1][x0]) * tx;
        return (float) (upper + (lower - upper) * ty);
    }
}
