package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.random.RandomGenerator;

/**
 * A rotation by a uniformly drawn angle, torchvision's {@code RandomRotation} without expanding; uncovered corners are
 * black.
 *
 * @param minDegrees smallest angle, counter-clockwise
 * @param maxDegrees largest angle
 * @param interpolation nearest or bilinear
 */
public record RandomRotation(double minDegrees, double maxDegrees, Interpolation interpolation) implements Transform {
    public RandomRotation {
        if (!(minDegrees <= maxDegrees)
                || !Double.isFinite(maxDegrees - minDegrees)
                || interpolation == Interpolation.BICUBIC) {
            throw new IllegalArgumentException("RandomRotation: angles [" + minDegrees + ", " + maxDegrees + "], "
                    + interpolation.id() + ". Hint: finite angles, min <= max, nearest or bilinear.");
        }
    }

    /** Up to {@code degrees} in either direction, with nearest interpolation (torchvision's default). */
    public static RandomRotation of(double degrees) {
        return new RandomRotation(-degrees, degrees, Interpolation.NEAREST);
    }

    /** A copy with another interpolation. */
    public RandomRotation interpolation(Interpolation value) {
        return new RandomRotation(minDegrees, maxDegrees, value);
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return ImageOps.rotate(image, minDegrees + (maxDegrees - minDegrees) * random.nextDouble(), interpolation);
    }
}
