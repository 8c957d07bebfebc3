package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import java.util.random.RandomGenerator;

/** Swaps left and right with the given probability, torchvision's {@code RandomHorizontalFlip}. */
public record RandomHorizontalFlip(double probability) implements Transform {
    public RandomHorizontalFlip {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("RandomHorizontalFlip: probability " + probability + ". Hint: 0 to 1.");
        }
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return random.nextDouble() < probability ? ImageOps.flipHorizontal(image) : image;
    }
}
