package dev.graft.vision.data.similar;

/**
 * How different two thumbnails are: 1 minus Pearson's correlation of their luminance values, the least for one of them
 * as it is and the other as it is, or cropped by 0.5, 1, 1.5 or 2 % from each border and stretched by linear
 * interpolation.
 *
 * <p>A correlation does not see brightness and contrast; the crops are what copies from papers and screens have lost.
 */
final class PixelDistance {
    private static final int SIDE = Fingerprint.SIDE;
    private static final double[] CROPS = {0.005, 0.01, 0.015, 0.02};

    /**
     * Uncropped, a copy that lost 2 % has at most half of this distance; others need not be cropped to be told apart.
     */
    private static final double FAR = 0.15;

    private PixelDistance() {}

    static double deviation(byte[] thumbnail) {
        double sum = 0;
        double squares = 0;
        for (byte value : thumbnail) {
            double level = value & 0xff;
            sum += level;
            squares += level * level;
        }
        double mean = sum / thumbnail.length;
        return Math.sqrt(Math.max(0, squares / thumbnail.length - mean * mean));
    }

    static double between(byte[] one, byte[] other) {
        float[] a = levels(one);
        float[] b = levels(other);
        double least = plain(a, b);
        if (least > FAR) {
            return least;
        }
        for (double crop : CROPS) {
            least = Math.min(least, plain(cropped(a, crop), b));
            least = Math.min(least, plain(a, cropped(b, crop)));
        }
        return Math.max(0, least);
    }

    private static float[] levels(byte[] thumbnail) {
        float[] levels = new float[thumbnail.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = thumbnail[i] & 0xff;
        }
        return levels;
    }

    private static double plain(float[] a, float[] b) {
        double sumA = 0;
        double sumB = 0;
        double sumAa = 0;
        double sumBb = 0;
        double sumAb = 0;
        for (int i = 0; i < a.length; i++) {
            double x = a[i];
            double y = b[i];
            sumA += x;
            sumB += y;
            sumAa += x * x;
            sumBb += y * y;
            sumAb += x * y;
        }
        double n = a.length;
        double covariance = sumAb - sumA * sumB / n;
        double variances = (sumAa - sumA * sumA / n) * (sumBb - sumB * sumB / n);
        return 1 - covariance / Math.sqrt(variances);
    }

    private static float[] cropped(float[] image, double crop) {
        int[] low = new int[SIDE];
        float[] share = new float[SIDE];
        for (int i = 0; i < SIDE; i++) {
            double place = (i + 0.5) * (1 - 2 * crop) + crop * SIDE - 0.5;
            low[i] = Math.max(0, Math.min(SIDE - 2, (int) Math.floor(place)));
            share[i] = (float) Math.max(0, Math.min(1, place - low[i]));
        }
        float[] rows = new float[image.length];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int at = y * SIDE + low[x];
                rows[y * SIDE + x] = image[at] + share[x] * (image[at + 1] - image[at]);
            }
        }
        float[] out = new float[image.length];
        for (int y = 0; y < SIDE; y++) {
            int at = low[y] * SIDE;
            for (int x = 0; x < SIDE; x++) {
                out[y * SIDE + x] = rows[at + x] + share[y] * (rows[at + SIDE + x] - rows[at + x]);
            }
        }
        return out;
    }
}
