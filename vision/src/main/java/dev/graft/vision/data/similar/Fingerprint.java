package dev.graft.vision.data.similar;

import dev.graft.io.file.Sha256;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.OptionalInt;

/**
 * What tells an image from others: whether its bytes, or its pixels, are the same as another's, and whether it looks
 * the same. Immutable.
 *
 * <p>What an image looks like is a thumbnail of {@value #SIDE} x {@value #SIDE} luminance values, and a perceptual hash
 * of it (see {@link PerceptualHash}). An image without contrast looks like none.
 */
public final class Fingerprint {
    /** Side of the thumbnail. */
    static final int SIDE = 32;

    /** A thumbnail with a smaller standard deviation, in grey levels, shows nothing that could be compared. */
    private static final double LEAST_CONTRAST = 2;

    private final String bytes;
    private final String pixels;
    private final byte[] thumbnail;
    private final boolean hasLook;
    private final long hash;

    private Fingerprint(String bytes, String pixels, byte[] thumbnail) {
        this.bytes = bytes;
        this.pixels = pixels;
        this.thumbnail = thumbnail;
        this.hasLook = PixelDistance.deviation(thumbnail) >= LEAST_CONTRAST;
        this.hash = hasLook ? PerceptualHash.of(thumbnail) : 0;
    }

    /**
     * Of an image.
     *
     * @param bytes the SHA-256 of the bytes that it was decoded from, in hexadecimal
     */
    public static Fingerprint of(String bytes, Image image) {
        Image small = ImageOps.resize(ImageOps.grayscale(image, 1), SIDE, SIDE, Interpolation.BILINEAR);
        return new Fingerprint(bytes, pixels(image), small.toBytes());
    }

    /** Of size and samples; a grey image has the same hash whether it is stored with one channel or with three. */
    private static String pixels(Image image) {
        byte[] samples = image.toBytes();
        byte[] hashed = image.channels() == 3 && isGrey(samples) ? ofFirstChannel(samples) : samples;
        MessageDigest digest = Sha256.digest();
        digest.update(ByteBuffer.allocate(2 * Integer.BYTES)
                .putInt(image.width())
                .putInt(image.height())
                .array());
        digest.update(hashed);
        return Sha256.hex(digest);
    }

    private static boolean isGrey(byte[] rgb) {
        for (int i = 0; i < rgb.length; i += 3) {
            if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ofFirstChannel(byte[] rgb) {
        byte[] grey = new byte[rgb.length / 3];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = rgb[3 * i];
        }
        return grey;
    }

    /** SHA-256 of the image's bytes as they are stored, in hexadecimal. */
    public String bytes() {
        return bytes;
    }

    /**
     * SHA-256 of width, height and samples, in hexadecimal: the same for an image that was stored again without loss.
     */
    public String pixels() {
        return pixels;
    }

    /** Whether there is anything on the image that others can be compared with. */
    public boolean hasLook() {
        return hasLook;
    }

    /** The perceptual hash, 64 bits; 0 for an image without contrast. */
    public long hash() {
        return hash;
    }

    /** In how many bits the perceptual hashes differ, 0 to 64; empty if one of the images has no contrast. */
    public OptionalInt hashDistance(Fingerprint other) {
        return hasLook && other.hasLook ? OptionalInt.of(Long.bitCount(hash ^ other.hash)) : OptionalInt.empty();
    }

    /**
     * How different two images look: 1 minus the correlation of their thumbnails, at the best of some crops of up to 2
     * % from each border of one of them. 0 for the same look, 1 for unrelated ones, 2 for a negative. Brightness,
     * contrast, size and compression hardly change it. It is NaN if one of the images has no contrast.
     */
    public double distance(Fingerprint other) {
        return hasLook && other.hasLook ? PixelDistance.between(thumbnail, other.thumbnail) : Double.NaN;
    }

    /** The thumbnail itself, which must not be written to. */
    byte[] thumbnail() {
        return thumbnail;
    }
}
