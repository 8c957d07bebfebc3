package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import java.util.random.RandomGenerator;

/**
 * One step from image to image. Random steps use only the given generator, so the same seed gives the same pixels;
 * other steps ignore it. Transforms are immutable and may be shared by threads (each thread with its own generator).
 */
@FunctionalInterface
public interface Transform {
    /** The transformed image; the argument is never changed. */
    Image apply(Image image, RandomGenerator random);

    /** This step, then {@code next}. */
    default Transform andThen(Transform next) {
        return (image, random) -> next.apply(apply(image, random), random);
    }
}
