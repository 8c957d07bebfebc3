package dev.graft.vision.image;

import dev.graft.vision.image.decode.ColourConversion;
import java.util.Arrays;

/**
 * Antialiased resizing as Pillow does it on 8-bit images: first each row, then each column, is a weighted sum of the
 * source pixels within the filter's radius (widened by the shrinking factor); weights are rounded to 22 fractional
 * bits, and the row pass rounds to 8 bits before the column pass. Equal to Pillow's result to the bit.
 */
final class Resampler {
    private static final int PRECISION_BITS = 32 - 8 - 2;
    private static final int HALF = 1 << (PRECISION_BITS - 1);

    /**
     * Weights of one pass.
     *
     * @param first index of the first source pixel for each output pixel
     * @param count how many source pixels
     * @param weights {@code taps} slots for each output pixel
     */
    private record Kernel(int taps, int[] first, int[] count, int[] weights) {
        /** Weights of the output pixels {@code from} to {@code from + n} of {@code out}. */
        static Kernel of(int in, int out, int from, int n, Interpolation filter) {
            double scale = (double) in / out;
            double widen = Math.max(scale, 1.0);
            double support = filter.radius() * widen;
            int taps = Math.min((int) Math.ceil(support) * 2 + 1, in);
            int[] first = new int[n];
            int[] count = new int[n];
            int[] weights = new int[Math.multiplyExact(n, taps)];
            double[] w = new double[taps];
            double inverse = 1.0 / widen;
            for (int i = 0; i < n; i++) {
                double centre = (i + from + 0.5) * scale;
                int low = Math.max((int) (centre - support + 0.5), 0);
                int size = Math.min((int) (centre + support + 0.5), in) - low;
                double sum = 0;
                for (int k = 0; k < size; k++) {
                    w[k] = filter.weight((k + low - centre + 0.5) * inverse);
                    sum += w[k];
                }
                for (int k = 0; k < size; k++) {
                    double normalised = sum == 0 ? w[k] : w[k] / sum;
                    double fixed = normalised * (1 << PRECISION_BITS);
                    weights[i * taps + k] = (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
                }
                first[i] = low;
                count[i] = size;
            }
            return new Kernel(taps, first, count, weights);
        }
    }

    private Resampler() {}

    /**
     * The part at ({@code left}, {@code top}) of size {@code width} x {@code height} of {@code image} resized to
     * {@code fullWidth} x {@code fullHeight}; nothing outside that part is computed.
     */
    static Image resize(
            Image image,
            int fullWidth,
            int fullHeight,
            int left,
            int top,
            int width,
            int height,
            Interpolation filter) {
        Kernel horizontal =
                fullWidth == image.width() ? null : Kernel.of(image.width(), fullWidth, left, width, filter);
        Kernel vertical =
                fullHeight == image.height() ? null : Kernel.of(image.height(), fullHeight, top, height, filter);
        int firstRow = vertical == null ? top : vertical.first[0];
        int rows = vertical == null ? height : vertical.first[height - 1] + vertical.count[height - 1] - firstRow;
        int channels = image.channels();
        byte[] data;
        if (horizontal == null) {
            data = ImageOps.crop(image, left, firstRow, width, rows).data();
        } else {
            data = channels == 3
                    ? rows3(image, firstRow, rows, width, horizontal)
                    : rows1(image, firstRow, rows, width, horizontal);
        }
        if (vertical != null) {
            data = columns(data, width * channels, firstRow, height, vertical);
        }
        return Image.wrap(width, height, channels, data);
    }

    private static byte[] rows3(Image image, int firstRow, int rows, int width, Kernel kernel) {
        byte[] in = image.data();
        byte[] out = new byte[Math.multiplyExact(width * 3, rows)];
        int[] weights = kernel.weights;
        for (int y = 0, o = 0; y < rows; y++) {
            int row = (firstRow + y) * image.width() * 3;
            for (int x = 0; x < width; x++, o += 3) {
                int r = HALF;
                int g = HALF;
                int b = HALF;
                int w = x * kernel.taps;
                int i = row + kernel.first[x] * 3;
                for (int end = w + kernel.count[x]; w < end; w++, i += 3) {
                    int weight = weights[w];
                    r += (in[i] & 0xff) * weight;
                    g += (in[i + 1] & 0xff) * weight;
                    b += (in[i + 2] & 0xff) * weight;
                }
                out[o] = (byte) ColourConversion.clip8(r >> PRECISION_BITS);
                out[o + 1] = (byte) ColourConversion.clip8(g >> PRECISION_BITS);
                out[o + 2] = (byte) ColourConversion.clip8(b >> PRECISION_BITS);
            }
        }
        return out;
    }

    private static byte[] rows1(Image image, int firstRow, int rows, int width, Kernel kernel) {
        byte[] in = image.data();
        byte[] out = new byte[Math.multiplyExact(width, rows)];
        int[] weights = kernel.weights;
        for (int y = 0, o = 0; y < rows; y++) {
            int row = (firstRow + y) * image.width();
            for (int x = 0; x < width; x++, o++) {
                int sum = HALF;
                int w = x * kernel.taps;
                int i = row + kernel.first[x];
                for (int end = w + kernel.count[x]; w < end; w++, i++) {
                    sum += (in[i] & 0xff) * weights[w];
                }
                out[o] = (byte) ColourConversion.clip8(sum >> PRECISION_BITS);
            }
        }
        return out;
    }

    /**
     * Row by row rather than pixel by pixel, so that the inner loops run along memory and the compiler can vectorize
     * them.
     */
    private static byte[] columns(byte[] in, int rowBytes, int firstRow, int height, Kernel kernel) {
        byte[] out = new byte[Math.multiplyExact(rowBytes, height)];
        int[] sums = new int[rowBytes];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
            int w = y * kernel.taps;
            int source = (kernel.first[y] - firstRow) * rowBytes;
            for (int end = w + kernel.count[y]; w < end; w++, source += rowBytes) {
                accumulate(sums, in, source, kernel.weights[w]);
            }
            store(sums, out, y * rowBytes);
        }
        return out;
    }

    private static void accumulate(int[] sums, byte[] in, int offset, int weight) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += (in[offset + i] & 0xff) * weight;
        }
    }

    private static void store(int[] sums, byte[] out, int offset) {
        for (int i = 0; i < sums.length; i++) {
            out[offset + i] = (byte) ColourConversion.clip8(sums[i] >> PRECISION_BITS);
        }
    }
}
