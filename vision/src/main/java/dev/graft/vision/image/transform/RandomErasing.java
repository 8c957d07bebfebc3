package dev.graft.vision.image.transform;

import dev.graft.random.Draw;
import java.util.random.RandomGenerator;

/**
 * Erases a random rectangle of a normalised image, torchvision's {@code RandomErasing}: its share of the area is
 * uniform in {@code [minScale, maxScale]}, the logarithm of its aspect ratio uniform between those of {@code minRatio}
 * and {@code maxRatio}. A rectangle that does not fit is drawn again, up to ten times; then nothing is erased.
 *
 * @param probability that a rectangle is erased, in [0, 1]
 * @param minScale from 0
 * @param maxScale up to 1
 * @param minRatio of height to width, above 0
 * @param maxRatio finite
 * @param fill what is written
 * @see <a href="https://arxiv.org/abs/1708.04896">Zhong et al. 2017</a>
 * @see <a href="https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html">torchvision's
 *     RandomErasing</a>
 */
public record RandomErasing(
        double probability, double minScale, double maxScale, double minRatio, double maxRatio, Fill fill) {
    private static final int ATTEMPTS = 10;

    /** What is written in place of the image. */
    public enum Fill {
        /** 0: after the normalisation the mean colour. */
        ZERO,
        /** Standard normal noise, another number for each sample. */
        NOISE
    }

    /** A rectangle: rows from {@code top}, columns from {@code left}. */
    record Box(int top, int left, int height, int width) {}

    /** @throws IllegalArgumentException for shares or ratios that are none */
    public RandomErasing {
        if (!(probability >= 0 && probability <= 1)
                || !(minScale >= 0 && minScale <= maxScale && maxScale <= 1)
                || !(minRatio > 0 && minRatio <= maxRatio && maxRatio < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("RandomErasing: probability " + probability + ", scale [" + minScale
                    + ", " + maxScale + "], ratio [" + minRatio + ", " + maxRatio
                    + "]. Hint: probability and scales from 0 to 1, positive ratios, min <= max.");
        }
    }

    /** torchvision's defaults: scale 0.02 to 0.33, ratio 0.3 to 3.3, zeros. */
    public static RandomErasing of(double probability) {
        return new RandomErasing(probability, 0.02, 0.33, 0.3, 3.3, Fill.ZERO);
    }

    /** This with another fill. */
    public RandomErasing fill(Fill value) {
        return new RandomErasing(probability, minScale, maxScale, minRatio, maxRatio, value);
    }

    /**
     * Erases in place.
     *
     * @param samples of a normalised image in the order rows, pixels, channels
     */
    void apply(float[] samples, int height, int width, int channels, RandomGenerator random) {
        if (!(random.nextDouble() < probability)) {
            return;
        }
        Box box = box(height, width, random);
        for (int y = box.top; y < box.top + box.height; y++) {
            int row = y * width + box.left;
            for (int i = row * channels; i < (row + box.width) * channels; i++) {
                samples[i] = fill == Fill.ZERO ? 0 : (float) Draw.normal(random);
            }
        }
    }

    /** Empty where no rectangle fits. */
    Box box(int height, int width, RandomGenerator random) {
        double area = (double) height * width;
        double low = StrictMath.log(minRatio);
        double high = StrictMath.log(maxRatio);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double erased = area * (minScale + (maxScale - minScale) * random.nextDouble());
            double ratio = StrictMath.exp(low + (high - low) * random.nextDouble());
            int h = (int) Math.rint(Math.sqrt(erased * ratio));
            int w = (int) Math.rint(Math.sqrt(erased / ratio));
            if (h < height && w < width) {
                int top = Draw.below(random, height - h + 1);
                int left = Draw.below(random, width - w + 1);
                return new Box(top, left, h, w);
            }
        }
        return new Box(0, 0, 0, 0);
    }
}
