package dev.graft.vision;

import dev.graft.vision.image.Image;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is measured of an image as it was decoded, before it is resized, to tell images that are unlike the training
 * images: size, brightness, contrast, colour.
 */
final class ImageQuantities {
    /** Differences that mean nothing: sizes in pixels, grey levels. */
    static final Map<String, Double> LEAST_MARGINS = Map.of(
            "width",
            0.5,
            "height",
            0.5,
            "aspect",
            0.02,
            "mean",
            4.0,
            "contrast",
            2.0,
            "dark",
            4.0,
            "bright",
            4.0,
            "colour",
            2.0,
            "edge",
            8.0,
            "red",
            4.0);

    private static final int LEVELS = 256;
    /** Of width and height, what counts as the edge on each side. */
    private static final int EDGE = 8;

    private ImageQuantities() {}

    /**
     * Measures an image: {@code width} and {@code height} in pixels; {@code aspect}, the first by the second; of the
     * grey levels, 0 to 255, {@code mean}, {@code contrast} (standard deviation), {@code dark} and {@code bright} (5th
     * and 95th percentile), {@code edge} (the mean of the outer eighth less that of the rest); {@code colour}, the mean
     * difference between the largest and the smallest channel; of images that are not grey {@code red}, {@code green}
     * and {@code blue}, the channels' means.
     */
    static Map<String, Double> of(Image image) {
        byte[] samples = image.toBytes();
        int width = image.width();
        int height = image.height();
        int channels = image.channels();
        long[] counts = new long[LEVELS];
        long[] sums = new long[3];
        long colour = 0;
        long edgeSum = 0;
        long edgeCount = 0;
        for (int y = 0; y < height; y++) {
            boolean edgeRow = y < height / EDGE || y >= height - height / EDGE;
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * channels;
                int r = samples[at] & 0xff;
                int g = channels < 3 ? r : samples[at + 1] & 0xff;
                int b = channels < 3 ? r : samples[at + 2] & 0xff;
                int grey = (299 * r + 587 * g + 114 * b + 500) / 1000;
                counts[grey]++;
                sums[0] += r;
                sums[1] += g;
                sums[2] += b;
                colour += Math.max(r, Math.max(g, b)) - Math.min(r, Math.min(g, b));
                if (edgeRow || x < width / EDGE || x >= width - width / EDGE) {
                    edgeSum += grey;
                    edgeCount++;
                }
            }
        }
        double pixels = (double) width * height;
        double sum = 0;
        double squares = 0;
        for (int level = 0; level < LEVELS; level++) {
            sum += (double) level * counts[level];
            squares += (double) level * level * counts[level];
        }
        double mean = sum / pixels;
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("width", (double) width);
        values.put("height", (double) height);
        values.put("aspect", (double) width / height);
        values.put("mean", mean);
        values.put("contrast", Math.sqrt(Math.max(0, squares / pixels - mean * mean)));
        values.put("dark", level(counts, 0.05 * pixels));
        values.put("bright", level(counts, 0.95 * pixels));
        if (edgeCount > 0 && edgeCount < pixels) {
            values.put("edge", edgeSum / (double) edgeCount - (sum - edgeSum) / (pixels - edgeCount));
        }
        values.put("colour", colour / pixels);
        if (colour > 0) {
            values.put("red", sums[0] / pixels);
            values.put("green", sums[1] / pixels);
            values.put("blue", sums[2] / pixels);
        }
        return values;
    }

    /** The first grey level up to which there are so many pixels. */
    private static double level(long[] counts, double pixels) {
        long below = 0;
        int level = 0;
        while (level < LEVELS - 1 && below + counts[level] < pixels) {
            below += counts[level];
            level++;
        }
        return level;
    }
}
