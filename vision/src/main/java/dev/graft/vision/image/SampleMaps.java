package dev.graft.vision.image;

/** Maps of samples that depend on an image's histograms or on neighbours, by Pillow's arithmetic. */
final class SampleMaps {
    private static final int VALUES = 256;
    /** Pillow's SMOOTH: 1, and in the middle 5, by their sum 13. */
    private static final float SIDE = 1f / 13f;

    private static final float MIDDLE = 5f / 13f;

    private SampleMaps() {}

    /** A sample of a channel to another. */
    interface Rule {
        int apply(int channel, int value);
    }

    static Image mapped(Image image, Rule rule) {
        int channels = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        byte[] to = new byte[VALUES];
        for (int c = 0; c < channels; c++) {
            for (int v = 0; v < VALUES; v++) {
                to[v] = (byte) rule.apply(c, v);
            }
            for (int i = c; i < in.length; i += channels) {
                out[i] = to[in[i] & 0xff];
            }
        }
        return Image.wrap(image.width(), image.height(), channels, out);
    }

    private static int[][] counts(Image image) {
        int channels = image.channels();
        int[][] counts = new int[channels][VALUES];
        byte[] in = image.data();
        for (int c = 0; c < channels; c++) {
            for (int i = c; i < in.length; i += channels) {
                counts[c][in[i] & 0xff]++;
            }
        }
        return counts;
    }

    static Image autocontrast(Image image) {
        int[][] counts = counts(image);
        int[] low = new int[counts.length];
        int[] high = new int[counts.length];
        for (int c = 0; c < counts.length; c++) {
            while (counts[c][low[c]] == 0) {
                low[c]++;
            }
            high[c] = VALUES - 1;
            while (counts[c][high[c]] == 0) {
                high[c]--;
            }
        }
        return mapped(image, (c, v) -> {
            if (high[c] <= low[c]) {
                return v;
            }
            double scale = 255.0 / (high[c] - low[c]);
            return Math.max(0, Math.min(255, (int) (v * scale + -low[c] * scale)));
        });
    }

    static Image equalize(Image image) {
        int[][] counts = counts(image);
        int[][] tables = new int[counts.length][];
        for (int c = 0; c < counts.length; c++) {
            tables[c] = flattening(counts[c], image.width() * image.height());
        }
        return mapped(image, (c, v) -> tables[c][v]);
    }

    private static int[] flattening(int[] counts, int pixels) {
        int last = VALUES - 1;
        while (counts[last] == 0) {
            last--;
        }
        int step = (pixels - counts[last]) / 255;
        int[] table = new int[VALUES];
        int sum = step / 2;
        for (int v = 0; v < VALUES; v++) {
            table[v] = step == 0 ? v : Math.min(255, sum / step);
            sum += counts[v];
        }
        return table;
    }

    /** Each sample averaged with its neighbours, those at the border as they are. */
    static byte[] smoothed(Image image) {
        int w = image.width();
        int h = image.height();
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = in.clone();
        if (w < 3 || h < 3) {
            return out;
        }
        for (int y = 1; y < h - 1; y++) {
            for (int i = (y * w + 1) * c; i < (y * w + w - 1) * c; i++) {
                int below = i + w * c;
                int above = i - w * c;
                // in Pillow's order of sums, which decides the last bit
                float sum = 0.5f;
                sum += at(in, below - c) * SIDE + at(in, below) * SIDE + at(in, below + c) * SIDE;
                sum += at(in, i - c) * SIDE + at(in, i) * MIDDLE + at(in, i + c) * SIDE;
                sum += at(in, above - c) * SIDE + at(in, above) * SIDE + at(in, above + c) * SIDE;
                out[i] = (byte) (sum >= 255 ? 255 : (int) sum);
            }
        }
        return out;
    }

    private static float at(byte[] samples, int index) {
        return samples[index] & 0xff;
    }
}
