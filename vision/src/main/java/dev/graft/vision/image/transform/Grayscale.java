package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import java.util.random.RandomGenerator;

/**
 * The luma of an image, torchvision's {@code Grayscale}.
 *
 * @param channels of the result: 1, or 3 equal ones
 */
public record Grayscale(int channels) implements Transform {
    public Grayscale {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("Grayscale: " + channels + " channels. Hint: 1 or 3.");
        }
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return ImageOps.grayscale(image, channels);
    }
}
