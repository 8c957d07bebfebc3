package dev.graft.vision.image.transform;

/**
 * Where the part of an image that a network sees lies in that image, in the image's own pixels: pixel {@code (x, y)} of
 * the image covers {@code [x, x + 1) x [y, y + 1)}. A network that is given a larger square than the resized image sees
 * black around it, so the part may begin outside.
 *
 * @param left may be negative
 * @param top may be negative
 * @param width of the part, above 0
 * @param height of the part, above 0
 */
public record CropPlacement(double left, double top, double width, double height) {

    /** The middle of an image that was resized, with {@link dev.graft.vision.image.ImageOps#centerCrop}'s rounding. */
    static CropPlacement of(
            int imageWidth, int imageHeight, int resizedWidth, int resizedHeight, int cropWidth, int cropHeight) {
        double perX = (double) imageWidth / resizedWidth;
        double perY = (double) imageHeight / resizedHeight;
        return new CropPlacement(
                offset(resizedWidth, cropWidth) * perX,
                offset(resizedHeight, cropHeight) * perY,
                cropWidth * perX,
                cropHeight * perY);
    }

    private static int offset(int size, int crop) {
        return crop > size ? -((crop - size) / 2) : (int) Math.rint((size - crop) / 2.0);
    }
}
