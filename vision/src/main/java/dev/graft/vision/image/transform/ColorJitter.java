package dev.graft.vision.image.transform;

import dev.graft.random.Draw;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import java.util.random.RandomGenerator;

/**
 * Random brightness, contrast, saturation and hue in random order, torchvision's {@code ColorJitter}, by Pillow's 8-bit
 * arithmetic.
 *
 * @param brightness {@code b}: the factor is uniform in {@code [max(0, 1 - b), 1 + b]}; 0 leaves it unchanged
 * @param contrast likewise
 * @param saturation likewise
 * @param hue {@code h}, 0 to 0.5: the rotation is uniform in {@code [-h, h]} of the colour circle
 */
public record ColorJitter(double brightness, double contrast, double saturation, double hue) implements Transform {
    public ColorJitter {
        if (!(brightness >= 0 && contrast >= 0 && saturation >= 0 && hue >= 0 && hue <= 0.5)
                || !Double.isFinite(brightness + contrast + saturation)) {
            throw new IllegalArgumentException("ColorJitter: brightness " + brightness + ", contrast " + contrast
                    + ", saturation " + saturation + ", hue " + hue + ". Hint: numbers from 0, hue up to 0.5.");
        }
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        int[] order = {0, 1, 2, 3};
        Draw.shuffle(order, random);
        double byBrightness = factor(brightness, random);
        double byContrast = factor(contrast, random);
        double bySaturation = factor(saturation, random);
        double byHue = hue * (2 * random.nextDouble() - 1);
        Image result = image;
        for (int step : order) {
            result = switch (step) {
                case 0 -> ImageOps.adjustBrightness(result, byBrightness);
                case 1 -> ImageOps.adjustContrast(result, byContrast);
                case 2 -> ImageOps.adjustSaturation(result, bySaturation);
                default -> hue == 0 ? result : ImageOps.adjustHue(result, byHue);
            };
        }
        return result;
    }

    private static double factor(double spread, RandomGenerator random) {
        double low = Math.max(0, 1 - spread);
        return spread == 0 ? 1 : low + (1 + spread - low) * random.nextDouble();
    }
}
