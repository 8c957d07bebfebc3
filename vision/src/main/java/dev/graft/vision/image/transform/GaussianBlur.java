package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;

/** Blur by a Gaussian that is cut off at three deviations; beyond the edge, the image is mirrored. */
final class GaussianBlur {
    private GaussianBlur() {}

    static Image of(Image image, double sigma) {
        int radius = (int) Math.ceil(3 * sigma);
        double[] kernel = new double[2 * radius + 1];
        double sum = 0;
        for (int i = 0; i < kernel.length; i++) {
            double x = (i - radius) / sigma;
            kernel[i] = Math.exp(-x * x / 2);
            sum += kernel[i];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= sum;
        }
        int channels = image.channels();
        int width = image.width();
        int height = image.height();
        byte[] samples = image.toBytes();
        float[] rows = new float[samples.length];
        byte[] blurred = new byte[samples.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < channels; c++) {
                    double value = 0;
                    for (int k = -radius; k <= radius; k++) {
                        value += kernel[k + radius]
                                * (samples[(y * width + mirrored(x + k, width)) * channels + c] & 255);
                    }
                    rows[(y * width + x) * channels + c] = (float) value;
                }
            }
        }
        for (int y = 0; y < height; y++) {
            for (int i = 0; i < width * channels; i++) {
                double value = 0;
                for (int k = -radius; k <= radius; k++) {
                    value += kernel[k + radius] * rows[mirrored(y + k, height) * width * channels + i];
                }
                blurred[y * width * channels + i] = (byte) Math.max(0, Math.min(255, Math.round(value)));
            }
        }
        return Image.of(width, height, channels, blurred);
    }

    /** The edge itself is repeated: -1 is 0. */
    private static int mirrored(int at, int size) {
        int period = Math.floorMod(at, 2 * size);
        return period < size ? period : 2 * size - 1 - period;
    }
}
