package dev.graft.vision.image;

import java.util.List;

/**
 * Converts 8-bit samples to network input: {@code (sample / divisor - mean) / std} for each channel, in single
 * precision and PyTorch's order of operations, so that results equal those of torchvision's {@code ToTensor} and
 * {@code Normalize} to the bit.
 */
public final class Normalize {
    private final List<Double> mean;
    private final List<Double> std;
    private final double divisor;
    private final float[][] table;

    /**
     * @param divisor samples (0 to 255) are divided by this first: 255 in torchvision's recipes
     * @param mean then subtracted, one for each channel
     * @param std finally divided by, one for each channel
     * @throws IllegalArgumentException unless there are as many means as deviations, 1 or 3, all finite, deviations and
     *     divisor positive
     */
    public Normalize(double divisor, List<Double> mean, List<Double> std) {
        this.mean = List.copyOf(mean);
        this.std = List.copyOf(std);
        this.divisor = divisor;
        int channels = this.mean.size();
        if (channels != this.std.size()
                || (channels != 1 && channels != 3)
                || !(divisor > 0)
                || Double.isInfinite(divisor)
                || !this.mean.stream().allMatch(Double::isFinite)
                || !this.std.stream().allMatch(s -> s > 0 && Double.isFinite(s))) {
            throw new IllegalArgumentException("Normalize: divisor " + divisor + ", mean " + mean + ", std " + std
                    + ". Hint: 1 or 3 finite means, as many positive deviations, a positive divisor.");
        }
        // Samples have 256 values, so every result is computed once.
        table = new float[channels][256];
        for (int c = 0; c < channels; c++) {
            for (int v = 0; v < 256; v++) {
                table[c][v] = (v / (float) divisor - this.mean.get(c).floatValue())
                        / this.std.get(c).floatValue();
            }
        }
    }

    /**
     * torchvision's values for networks trained on ImageNet: mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225.
     */
    public static Normalize imageNet() {
        return new Normalize(255, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
    }

    /** The mean of {@link #imageNet()}'s channels, for networks that take grey images: mean 0.449, deviation 0.226. */
    public static Normalize imageNetGrey() {
        return new Normalize(255, List.of(0.449), List.of(0.226));
    }

    /** {@code (sample - 127) / 128}, as for the EfficientNet-Lite networks. */
    public static Normalize efficientNetLite() {
        return new Normalize(1, List.of(127.0, 127.0, 127.0), List.of(128.0, 128.0, 128.0));
    }

    /** {@code sample / 255}, three channels. */
    public static Normalize unit() {
        return new Normalize(255, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
    }

    /** The divisor of samples, applied first. */
    public double divisor() {
        return divisor;
    }

    /** The means, which are then subtracted, by channel. */
    public List<Double> mean() {
        return mean;
    }

    /** The deviations, which are finally divided by, by channel. */
    public List<Double> std() {
        return std;
    }

    /** 1 or 3. */
    public int channels() {
        return table.length;
    }

    /**
     * The normalised samples in the image's own order: rows, pixels, channels ({@code [height, width, channels]}).
     *
     * @throws IllegalArgumentException if the image's channels differ from {@link #channels()}
     */
    public float[] toFloats(Image image) {
        int channels = table.length;
        if (image.channels() != channels) {
            throw new IllegalArgumentException("Normalize: " + image + " has " + image.channels() + " channels, mean "
                    + mean + ". Hint: convert it with toRgb() or ImageOps.grayscale(image, 1).");
        }
        byte[] in = image.data();
        float[] out = new float[in.length];
        for (int c = 0; c < channels; c++) {
            float[] value = table[c];
            for (int i = c; i < in.length; i += channels) {
                out[i] = value[in[i] & 0xff];
            }
        }
        return out;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Normalize n && divisor == n.divisor && mean.equals(n.mean) && std.equals(n.std);
    }

    @Override
    public int hashCode() {
        return 31 * mean.hashCode() + std.hashCode();
    }

    @Override
    public String toString() {
        return "Normalize[divisor=" + divisor + ", mean=" + mean + ", std=" + std + "]";
    }
}
