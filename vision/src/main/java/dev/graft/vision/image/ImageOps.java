package dev.graft.vision.image;

import dev.graft.vision.image.decode.ColourConversion;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * The deterministic steps behind the transforms, as torchvision's {@code functional} does them on Pillow images; all
 * results equal Pillow's to the bit. Every method returns a new image (or its argument if nothing changes).
 */
public final class ImageOps {
    private ImageOps() {}

    /** Resizes to exactly {@code width} x {@code height}, antialiased, bilinear or bicubic. */
    public static Image resize(Image image, int width, int height, Interpolation interpolation) {
        requireSize("resize", width, height);
        if (interpolation == Interpolation.NEAREST) {
            throw new IllegalArgumentException(
                    "resize: nearest is not offered (image " + image + "). Hint: use bilinear or bicubic.");
        }
        if ((long) width * height * image.channels() > Integer.MAX_VALUE - 16) {
            throw new IllegalArgumentException(
                    "resize: " + image + " to " + width + "x" + height
                            + " is more than one array holds. Hint: its aspect ratio is extreme; crop it first or leave it out.");
        }
        if (width == image.width() && height == image.height()) {
            return image;
        }
        return Resampler.resize(image, width, height, 0, 0, width, height, interpolation);
    }

    /**
     * The middle {@code cropWidth} x {@code cropHeight} of the image resized to {@code width} x {@code height}: the
     * same pixels as {@link #resize} and {@link #centerCrop}, without computing those that are cropped.
     */
    public static Image resizeAndCenterCrop(
            Image image, int width, int height, int cropWidth, int cropHeight, Interpolation interpolation) {
        if (cropWidth > width || cropHeight > height) {
            return centerCrop(resize(image, width, height, interpolation), cropWidth, cropHeight);
        }
        return Resampler.resize(
                image,
                width,
                height,
                (int) Math.rint((width - cropWidth) / 2.0),
                (int) Math.rint((height - cropHeight) / 2.0),
                cropWidth,
                cropHeight,
                interpolation);
    }

    /** Crops a rectangle; pixels outside the image are black. */
    public static Image crop(Image image, int left, int top, int width, int height) {
        requireSize("crop", width, height);
        if (left == 0 && top == 0 && width == image.width() && height == image.height()) {
            return image;
        }
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(width, height), c)];
        int x0 = Math.max(left, 0);
        int x1 = (int) Math.min((long) left + width, image.width());
        for (int y = Math.max(top, 0); y < Math.min((long) top + height, image.height()) && x0 < x1; y++) {
            System.arraycopy(in, (y * image.width() + x0) * c, out, ((y - top) * width + x0 - left) * c, (x1 - x0) * c);
        }
        return Image.wrap(width, height, c, out);
    }

    /** The middle {@code width} x {@code height}; a smaller image is centred on black, as torchvision does. */
    public static Image centerCrop(Image image, int width, int height) {
        requireSize("centerCrop", width, height);
        // torchvision pads first, then crops the rest; Math.rint rounds halves to even as Python's round does.
        int left =
                width > image.width() ? -((width - image.width()) / 2) : (int) Math.rint((image.width() - width) / 2.0);
        int top = height > image.height()
                ? -((height - image.height()) / 2)
                : (int) Math.rint((image.height() - height) / 2.0);
        return crop(image, left, top, width, height);
    }

    /** Swaps left and right. */
    public static Image flipHorizontal(Image image) {
        int w = image.width();
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < w; x++) {
                int i = (y * w + x) * c;
                int o = (y * w + w - 1 - x) * c;
                for (int k = 0; k < c; k++) {
                    out[o + k] = in[i + k];
                }
            }
        }
        return Image.wrap(w, image.height(), c, out);
    }

    /** Swaps top and bottom. */
    public static Image flipVertical(Image image) {
        int rowBytes = image.width() * image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        for (int y = 0; y < image.height(); y++) {
            System.arraycopy(in, y * rowBytes, out, (image.height() - 1 - y) * rowBytes, rowBytes);
        }
        return Image.wrap(image.width(), image.height(), image.channels(), out);
    }

    /**
     * Rotates counter-clockwise about the centre, keeping the size; uncovered corners are black.
     *
     * @param degrees any angle
     * @param interpolation nearest or bilinear
     */
    public static Image rotate(Image image, double degrees, Interpolation interpolation) {
        if (interpolation == Interpolation.BICUBIC || !Double.isFinite(degrees)) {
            throw new IllegalArgumentException("rotate: angle " + degrees + ", interpolation " + interpolation.id()
                    + " (image " + image + "). Hint: a finite angle, nearest or bilinear.");
        }
        double angle = degrees - 360 * Math.floor(degrees / 360);
        int w = image.width();
        int h = image.height();
        if (angle == 0) {
            return image;
        } else if (angle == 180) {
            return flipVertical(flipHorizontal(image));
        } else if ((angle == 90 || angle == 270) && w == h) {
            return quarterTurn(image, angle == 90);
        }
        double radians = -Math.toRadians(angle);
        double cos = round15(StrictMath.cos(radians));
        double sin = round15(StrictMath.sin(radians));
        double nsin = round15(-StrictMath.sin(radians));
        double cx = w / 2.0;
        double cy = h / 2.0;
        double[] m = {cos, sin, cos * -cx + sin * -cy + 0.0 + cx, nsin, cos, nsin * -cx + cos * -cy + 0.0 + cy};
        return interpolation == Interpolation.NEAREST ? Affine.nearest(image, m) : Affine.bilinear(image, m);
    }

    /**
     * Moves and shears, keeping the size; what is uncovered is black. torchvision's {@code affine} without rotation and
     * scale.
     *
     * @param translateX pixels to the right
     * @param translateY pixels down
     * @param shearX degrees, parallel to the x axis
     * @param shearY degrees, parallel to the y axis
     * @param centred whether the shear leaves the middle in place, or else the upper left corner
     * @param interpolation nearest or bilinear
     */
    public static Image affine(
            Image image,
            int translateX,
            int translateY,
            double shearX,
            double shearY,
            boolean centred,
            Interpolation interpolation) {
        if (interpolation == Interpolation.BICUBIC || !(Math.abs(shearX) < 90 && Math.abs(shearY) < 90)) {
            throw new IllegalArgumentException(
                    "affine: shears " + shearX + ", " + shearY + ", interpolation " + interpolation.id() + " (image "
                            + image + "). Hint: degrees between -90 and 90, nearest or bilinear.");
        }
        double cx = centred ? image.width() * 0.5 : 0;
        double cy = centred ? image.height() * 0.5 : 0;
        double[] m = Affine.sheared(cx, cy, translateX, translateY, Math.toRadians(shearX), Math.toRadians(shearY));
        return interpolation == Interpolation.NEAREST ? Affine.nearest(image, m) : Affine.bilinear(image, m);
    }

    /** Pillow rounds the matrix to 15 decimals, so right angles give exact zeros. */
    private static double round15(double v) {
        return new BigDecimal(v).setScale(15, RoundingMode.HALF_EVEN).doubleValue();
    }

    private static Image quarterTurn(Image image, boolean counterClockwise) {
        int n = image.width();
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        for (int y = 0; y < n; y++) {
            for (int x = 0; x < n; x++) {
                int source = counterClockwise ? x * n + n - 1 - y : (n - 1 - x) * n + y;
                System.arraycopy(in, source * c, out, (y * n + x) * c, c);
            }
        }
        return Image.wrap(n, n, c, out);
    }

    /** At factor 0 black, at 1 the image itself, above 1 brighter (clipped). */
    public static Image adjustBrightness(Image image, double factor) {
        return blend("adjustBrightness", image, i -> 0, factor);
    }

    /** At factor 0 the mean luma everywhere, at 1 the image itself, above 1 more contrast. */
    public static Image adjustContrast(Image image, double factor) {
        byte[] d = image.data();
        int c = image.channels();
        long sum = 0;
        for (int i = 0; i < d.length; i += c) {
            sum += luma(d, i, c);
        }
        int pixels = d.length / c;
        int mean = (int) ((double) sum / pixels + 0.5);
        return blend("adjustContrast", image, i -> mean, factor);
    }

    /** At factor 0 grey, at 1 the image itself, above 1 stronger colours. */
    public static Image adjustSaturation(Image image, double factor) {
        byte[] d = image.data();
        int c = image.channels();
        return blend("adjustSaturation", image, i -> luma(d, i, c), factor);
    }

    /**
     * Rotates the hue by {@code factor} of the colour circle; grey images do not change.
     *
     * @param factor -0.5 to 0.5
     */
    public static Image adjustHue(Image image, double factor) {
        if (!(factor >= -0.5 && factor <= 0.5)) {
            throw new IllegalArgumentException("adjustHue: factor " + factor + " is outside [-0.5, 0.5] (image " + image
                    + "). Hint: half a turn of the colour circle is the most.");
        }
        if (image.channels() == 1) {
            return image;
        }
        byte[] out = image.toBytes();
        ColourConversion.shiftHue(out, (int) (factor * 255));
        return Image.wrap(image.width(), image.height(), 3, out);
    }

    /**
     * The luma (ITU-R 601-2).
     *
     * @param channels of the result: 1, or 3 equal ones
     */
    public static Image grayscale(Image image, int channels) {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("grayscale: " + channels + " channels. Hint: 1 or 3.");
        }
        Image grey = image;
        if (image.channels() == 3) {
            byte[] d = image.data();
            byte[] out = new byte[d.length / 3];
            for (int i = 0; i < out.length; i++) {
                out[i] = (byte) luma(d, 3 * i, 3);
            }
            grey = Image.wrap(image.width(), image.height(), 1, out);
        }
        return channels == 3 ? grey.toRgb() : grey;
    }

    /** At factor 0 smoothed by Pillow's {@code SMOOTH} filter, at 1 the image itself, above 1 sharper. */
    public static Image adjustSharpness(Image image, double factor) {
        float alpha = checked("adjustSharpness", image, factor);
        byte[] smooth = SampleMaps.smoothed(image);
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i++) {
            out[i] = blended(smooth[i] & 0xff, in[i] & 0xff, alpha);
        }
        return Image.wrap(image.width(), image.height(), image.channels(), out);
    }

    /**
     * Keeps the high bits of each sample.
     *
     * @param bits to keep, 0 to 8
     */
    public static Image posterize(Image image, int bits) {
        if (bits < 0 || bits > 8) {
            throw new IllegalArgumentException(
                    "posterize: " + bits + " bits (image " + image + "). Hint: from 0 to 8.");
        }
        int mask = 0xff << (8 - bits);
        return SampleMaps.mapped(image, (channel, value) -> value & mask);
    }

    /** Inverts the samples from {@code threshold} on. */
    public static Image solarize(Image image, double threshold) {
        return SampleMaps.mapped(image, (channel, value) -> value < threshold ? value : 255 - value);
    }

    /** Inverts all samples. */
    public static Image invert(Image image) {
        return SampleMaps.mapped(image, (channel, value) -> 255 - value);
    }

    /** Stretches the samples of each channel to the range from 0 to 255. */
    public static Image autocontrast(Image image) {
        return SampleMaps.autocontrast(image);
    }

    /** Maps the samples of each channel such that their histogram becomes about flat. */
    public static Image equalize(Image image) {
        return SampleMaps.equalize(image);
    }

    private static int luma(byte[] d, int i, int channels) {
        return channels == 1 ? d[i] & 0xff : ColourConversion.luma(d[i] & 0xff, d[i + 1] & 0xff, d[i + 2] & 0xff);
    }

    private interface Base {
        /** The sample to blend with, for the pixel whose samples start at {@code index}. */
        int at(int index);
    }

    /**
     * {@code base + factor * (image - base)} in single precision, truncated (not rounded) to 8 bits, as in Pillow's
     * {@code blend}.
     */
    private static Image blend(String op, Image image, Base base, double factor) {
        float alpha = checked(op, image, factor);
        if (alpha == 1) {
            return image;
        }
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        int c = image.channels();
        for (int i = 0; i < in.length; i += c) {
            int b = base.at(i);
            for (int k = i; k < i + c; k++) {
                out[k] = blended(b, in[k] & 0xff, alpha);
            }
        }
        return Image.wrap(image.width(), image.height(), c, out);
    }

    private static float checked(String op, Image image, double factor) {
        if (!(factor >= 0) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException(op + ": factor " + factor + " is not a number from 0 (image " + image
                    + "). Hint: 1 changes nothing.");
        }
        return (float) factor;
    }

    private static byte blended(int base, int sample, float alpha) {
        float v = base + alpha * (sample - base);
        return (byte) (v <= 0 ? 0 : v >= 255 ? 255 : (int) v);
    }

    private static void requireSize(String op, int width, int height) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException(
                    op + ": the size " + width + "x" + height + " is empty. Hint: width and height from 1.");
        }
    }
}
