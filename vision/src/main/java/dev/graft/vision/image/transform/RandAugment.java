package dev.graft.vision.image.transform;

import dev.graft.random.Draw;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.random.RandomGenerator;

/**
 * A few randomly drawn operations of one strength, torchvision's {@code RandAugment}: shears, translations, rotation,
 * brightness, colour, contrast, sharpness, posterize, solarize, autocontrast, equalize, or nothing. What is uncovered
 * is black.
 *
 * @param operations how many, one after another, at least 1; the same one may be drawn again
 * @param magnitude their strength, from 0 to {@code bins - 1}
 * @param bins the number of strengths, at least 2
 * @param interpolation of shears, translations and rotations: nearest or bilinear
 * @see <a href="https://arxiv.org/abs/1909.13719">Cubuk et al. 2019</a>
 * @see <a href="https://pytorch.org/vision/stable/generated/torchvision.transforms.RandAugment.html">torchvision's
 *     RandAugment</a>
 */
public record RandAugment(int operations, int magnitude, int bins, Interpolation interpolation) implements Transform {
    /** torchvision's number of strengths. */
    public static final int BINS = 31;

    /** @throws IllegalArgumentException for a magnitude that is no bin, or bicubic interpolation */
    public RandAugment {
        if (operations < 1
                || bins < 2
                || magnitude < 0
                || magnitude >= bins
                || interpolation == Interpolation.BICUBIC) {
            throw new IllegalArgumentException("RandAugment: operations " + operations + ", magnitude " + magnitude
                    + " of " + bins + ", " + interpolation.id()
                    + ". Hint: at least one operation, a magnitude from 0 and below the bins, nearest or bilinear.");
        }
    }

    /** Two operations of this magnitude of 31, nearest: torchvision's defaults, whose magnitude is 9. */
    public static RandAugment of(int magnitude) {
        return new RandAugment(2, magnitude, BINS, Interpolation.NEAREST);
    }

    /** The operations, in torchvision's order. */
    enum Operation {
        IDENTITY,
        SHEAR_X,
        SHEAR_Y,
        TRANSLATE_X,
        TRANSLATE_Y,
        ROTATE,
        BRIGHTNESS,
        COLOR,
        CONTRAST,
        SHARPNESS,
        POSTERIZE,
        SOLARIZE,
        AUTO_CONTRAST,
        EQUALIZE;

        /** Whether the magnitude may be negative. */
        boolean isSigned() {
            return compareTo(SHEAR_X) >= 0 && compareTo(SHARPNESS) <= 0;
        }
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        Image result = image;
        for (int i = 0; i < operations; i++) {
            Operation operation = Operation.values()[Draw.below(random, Operation.values().length)];
            // drawn whether it counts or not, so that later draws do not depend on it
            boolean negative = Draw.below(random, 2) == 1;
            double strength = strength(operation, result.width(), result.height());
            result = apply(result, operation, operation.isSigned() && negative ? -strength : strength);
        }
        return result;
    }

    /** The magnitude in the operation's own unit, in the single precision of torchvision's table. */
    double strength(Operation operation, int width, int height) {
        return switch (operation) {
            case SHEAR_X, SHEAR_Y -> evenly(0, 0.3);
            case TRANSLATE_X -> evenly(0, 150.0 / 331.0 * width);
            case TRANSLATE_Y -> evenly(0, 150.0 / 331.0 * height);
            case ROTATE -> evenly(0, 30);
            case BRIGHTNESS, COLOR, CONTRAST, SHARPNESS -> evenly(0, 0.9);
            case POSTERIZE -> 8 - (int) Math.rint(magnitude / ((bins - 1) / 4.0));
            case SOLARIZE -> evenly(255, 0);
            case IDENTITY, AUTO_CONTRAST, EQUALIZE -> 0;
        };
    }

    /** {@code torch.linspace(from, to, bins)[magnitude]}, which counts from the nearer end. */
    private double evenly(double from, double to) {
        float first = (float) from;
        float last = (float) to;
        float step = (last - first) / (bins - 1);
        return magnitude < bins / 2 ? first + step * magnitude : last - step * (bins - magnitude - 1);
    }

    Image apply(Image image, Operation operation, double strength) {
        return switch (operation) {
            case IDENTITY -> image;
            case SHEAR_X -> ImageOps.affine(image, 0, 0, shear(strength), 0, false, interpolation);
            case SHEAR_Y -> ImageOps.affine(image, 0, 0, 0, shear(strength), false, interpolation);
            case TRANSLATE_X -> ImageOps.affine(image, (int) strength, 0, 0, 0, true, interpolation);
            case TRANSLATE_Y -> ImageOps.affine(image, 0, (int) strength, 0, 0, true, interpolation);
            case ROTATE -> ImageOps.rotate(image, strength, interpolation);
            case BRIGHTNESS -> ImageOps.adjustBrightness(image, 1 + strength);
            case COLOR -> ImageOps.adjustSaturation(image, 1 + strength);
            case CONTRAST -> ImageOps.adjustContrast(image, 1 + strength);
            case SHARPNESS -> ImageOps.adjustSharpness(image, 1 + strength);
            case POSTERIZE -> ImageOps.posterize(image, (int) strength);
            case SOLARIZE -> ImageOps.solarize(image, strength);
            case AUTO_CONTRAST -> ImageOps.autocontrast(image);
            case EQUALIZE -> ImageOps.equalize(image);
        };
    }

    /** The angle whose tangent is the strength. */
    private static double shear(double strength) {
        return Math.toDegrees(StrictMath.atan(strength));
    }
}
