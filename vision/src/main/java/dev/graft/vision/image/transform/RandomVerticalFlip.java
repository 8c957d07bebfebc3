package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import java.util.random.RandomGenerator;

/** Swaps top and bottom with the given probability, torchvision's {@code RandomVerticalFlip}. */
public record RandomVerticalFlip(double probability) implements Transform {
    public RandomVerticalFlip {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("RandomVerticalFlip: probability " + probability + ". Hint: 0 to 1.");
        }
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return random.nextDouble() < probability ? ImageOps.flipVertical(image) : image;
    }
}
