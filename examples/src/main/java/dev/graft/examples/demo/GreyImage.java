package dev.graft.examples.demo;

/** A square grey picture being painted: brightness in [0, 1], points in unit coordinates from the top left corner. */
final class GreyImage {
    private final int size;
    private final float[] values;

    GreyImage(int size) {
        this(size, new float[size * size]);
    }

    private GreyImage(int size, float[] values) {
        this.size = size;
        this.values = values;
    }

    /** A brightness for each point. */
    interface Field {
        double at(double x, double y);
    }

    /** Another brightness at a point, from the one there. */
    interface Paint {
        double over(double below, double x, double y);
    }

    int size() {
        return size;
    }

    /** Repaints every pixel from its value and its centre. */
    GreyImage paint(Paint paint) {
        for (int row = 0; row < size; row++) {
            for (int column = 0; column < size; column++) {
                int i = row * size + column;
                values[i] = (float) paint.over(values[i], (column + 0.5) / size, (row + 0.5) / size);
            }
        }
        return this;
    }

    /** This at half the size: the mean of each 2x2 block. */
    GreyImage halved() {
        int half = size / 2;
        float[] mean = new float[half * half];
        for (int row = 0; row < half; row++) {
            for (int column = 0; column < half; column++) {
                int i = 2 * row * size + 2 * column;
                mean[row * half + column] = (values[i] + values[i + 1] + values[i + size] + values[i + size + 1]) / 4;
            }
        }
        return new GreyImage(half, mean);
    }

    /** The pixels as 8-bit samples, row by row. */
    byte[] toBytes() {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * clamp(values[i]));
        }
        return bytes;
    }

    static double clamp(double value) {
        return Math.max(0, Math.min(1, value));
    }

    /** 0 below {@code from}, 1 above {@code to}, smooth between; {@code from} may be the larger. */
    static double step(double from, double to, double value) {
        double t = clamp((value - from) / (to - from));
        return t * t * (3 - 2 * t);
    }
}
