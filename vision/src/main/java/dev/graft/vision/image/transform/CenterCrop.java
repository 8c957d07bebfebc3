package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import java.util.random.RandomGenerator;

/** The middle of an image, torchvision's {@code CenterCrop}; an image that is smaller is centred on black. */
public record CenterCrop(int height, int width) implements Transform {
    public CenterCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("CenterCrop: size " + height + "x" + width + ". Hint: a size from 1.");
        }
    }

    /** A square of side {@code size}. */
    public CenterCrop(int size) {
        this(size, size);
    }

    /** The cropped image. */
    public Image apply(Image image) {
        return ImageOps.centerCrop(image, width, height);
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return apply(image);
    }
}
