package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.random.RandomGenerator;

/**
 * Antialiased resizing, torchvision's {@code Resize} on Pillow images, equal to Pillow's result to the bit.
 *
 * @param height target height, or the length of the shorter side if {@code width} is 0
 * @param width target width, or 0 to keep the aspect ratio: the longer side becomes {@code (int) (height * longer /
 *     shorter)}
 * @param interpolation bilinear or bicubic
 */
public record Resize(int height, int width, Interpolation interpolation) implements Transform {
    public Resize {
        if (height < 1 || width < 0 || interpolation == Interpolation.NEAREST) {
            throw new IllegalArgumentException("Resize: size " + height + (width == 0 ? "" : "x" + width) + ", "
                    + interpolation.id() + ". Hint: a size from 1, bilinear or bicubic.");
        }
    }

    /** The shorter side to {@code size}, bilinear. */
    public static Resize shorterSide(int size) {
        return shorterSide(size, Interpolation.BILINEAR);
    }

    /** The shorter side to {@code size}, keeping the aspect ratio. */
    public static Resize shorterSide(int size, Interpolation interpolation) {
        return new Resize(size, 0, interpolation);
    }

    /** To exactly this size, whatever the aspect ratio. */
    public static Resize exact(int height, int width, Interpolation interpolation) {
        if (width < 1) {
            throw new IllegalArgumentException("Resize: width " + width + ". Hint: a size from 1.");
        }
        return new Resize(height, width, interpolation);
    }

    /** The resized image. */
    public Image apply(Image image) {
        return ImageOps.resize(image, widthOf(image), heightOf(image), interpolation);
    }

    /** The same pixels as {@code crop.apply(apply(image))}, but faster, because cropped pixels are not computed. */
    public Image applyAndCrop(Image image, CenterCrop crop) {
        return ImageOps.resizeAndCenterCrop(
                image, widthOf(image), heightOf(image), crop.width(), crop.height(), interpolation);
    }

    private int widthOf(Image image) {
        return widthOf(image.width(), image.height());
    }

    private int heightOf(Image image) {
        return heightOf(image.width(), image.height());
    }

    int widthOf(int imageWidth, int imageHeight) {
        return width > 0 ? width : imageWidth < imageHeight ? height : longer(imageWidth, imageHeight);
    }

    int heightOf(int imageWidth, int imageHeight) {
        return width > 0 || imageHeight <= imageWidth ? height : longer(imageHeight, imageWidth);
    }

    private int longer(int longSide, int shortSide) {
        return (int) ((double) ((long) height * longSide) / shortSide);
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        return apply(image);
    }
}
