package dev.graft.vision.image.transform;

import dev.graft.random.Draw;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.random.RandomGenerator;

/**
 * A random part of the image resized to a square, torchvision's {@code RandomResizedCrop}: its share of the area is
 * uniform in {@code [minScale, maxScale]}, the logarithm of its aspect ratio uniform between those of {@code minRatio}
 * and {@code maxRatio}; after ten draws that do not fit, the largest central crop of an allowed ratio is taken.
 */
public record RandomResizedCrop(
        int size, double minScale, double maxScale, double minRatio, double maxRatio, Interpolation interpolation)
        implements Transform {
    private static final int ATTEMPTS = 10;

    /** The rectangle to crop. */
    record Box(int left, int top, int width, int height) {}

    public RandomResizedCrop {
        if (size < 1
                || !(minScale > 0 && minScale <= maxScale && maxScale <= 1)
                || !(minRatio > 0 && minRatio <= maxRatio)
                || !Double.isFinite(maxRatio)
                || interpolation == Interpolation.NEAREST) {
            throw new IllegalArgumentException(
                    "RandomResizedCrop: size " + size + ", scale [" + minScale + ", " + maxScale + "], ratio ["
                            + minRatio + ", " + maxRatio + "], " + interpolation.id()
                            + ". Hint: size from 1, 0 < min <= max, scale up to 1, bilinear or bicubic.");
        }
    }

    /** Aspect ratios 3/4 to 4/3, bilinear. */
    public static RandomResizedCrop of(int size, double minScale, double maxScale) {
        return new RandomResizedCrop(size, minScale, maxScale, 3.0 / 4.0, 4.0 / 3.0, Interpolation.BILINEAR);
    }

    /** A copy with another interpolation. */
    public RandomResizedCrop interpolation(Interpolation value) {
        return new RandomResizedCrop(size, minScale, maxScale, minRatio, maxRatio, value);
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        Box b = box(image.width(), image.height(), random);
        return ImageOps.resize(ImageOps.crop(image, b.left, b.top, b.width, b.height), size, size, interpolation);
    }

    Box box(int width, int height, RandomGenerator random) {
        double area = (double) width * height;
        double logMin = StrictMath.log(minRatio);
        double logMax = StrictMath.log(maxRatio);
        for (int i = 0; i < ATTEMPTS; i++) {
            double target = area * (minScale + (maxScale - minScale) * random.nextDouble());
            double ratio = StrictMath.exp(logMin + (logMax - logMin) * random.nextDouble());
            int w = (int) Math.rint(Math.sqrt(target * ratio));
            int h = (int) Math.rint(Math.sqrt(target / ratio));
            if (w > 0 && w <= width && h > 0 && h <= height) {
                int top = Draw.below(random, height - h + 1);
                int left = Draw.below(random, width - w + 1);
                return new Box(left, top, w, h);
            }
        }
        return centralBox(width, height);
    }

    Box centralBox(int width, int height) {
        double ratio = (double) width / height;
        int w = width;
        int h = height;
        if (ratio < minRatio) {
            h = Math.max(1, (int) Math.rint(width / minRatio));
        } else if (ratio > maxRatio) {
            w = Math.max(1, (int) Math.rint(height * maxRatio));
        }
        return new Box((width - w) / 2, (height - h) / 2, w, h);
    }
}
