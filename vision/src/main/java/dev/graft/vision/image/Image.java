package dev.graft.vision.image;

import dev.graft.vision.image.decode.ImageDecoder;
import dev.graft.vision.image.decode.JpegLibrary;
import dev.graft.vision.image.decode.Pixels;
import dev.graft.vision.image.dicom.DicomFile;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.Window;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * An immutable 8-bit image: rows from top to bottom, pixels from left to right, with interleaved channels. It has one
 * channel (grey) or three (red, green, blue), with values from 0 to 255.
 *
 * <p>{@code read} decodes JPEG, PNG, GIF (first frame), BMP, TIFF, WebP, Netpbm's PBM, PGM and PPM, and DICOM; all but
 * the last as Pillow's {@code Image.open(f).convert("RGB")} does: transparency is dropped, not blended; palettes are
 * expanded; 16-bit samples keep their high byte unless a {@link Window} says otherwise; CMYK becomes RGB by Pillow's
 * formula; embedded colour profiles are ignored. Samples equal Pillow's to the bit, with two exceptions. Pillow clips
 * 16-bit <em>grey</em> files at 255, which turns them white, while here the high byte stays. And lossy WebP differs by
 * about one level on average, because its colour is upsampled differently. A TIFF is turned as its Orientation tag
 * says, as in Pillow. DICOM is read by the standard's own steps, see {@link Window}. In JPEG, PNG and WebP, the EXIF
 * orientation is ignored, as in torchvision's default loader.
 *
 * <p>The size in a file's header is checked before pixels are allocated (see {@link #MAX_PIXELS}). Thread-safe.
 */
public final class Image {
    /** Pixels (width times height) above which a file is refused unless the caller allows more; Pillow's own limit. */
    public static final long MAX_PIXELS = Decoding.MAX_PIXELS;

    private static final int MAX_FILE_BYTES = 1 << 30;

    private final int width;
    private final int height;
    private final int channels;
    private final byte[] data;

    private Image(int width, int height, int channels, byte[] data) {
        this.width = width;
        this.height = height;
        this.channels = channels;
        this.data = data;
    }

    /**
     * An image of the given pixels.
     *
     * @param data {@code height * width * channels} bytes (unsigned), channels interleaved; copied
     * @throws IllegalArgumentException for an empty size, channels other than 1 and 3, or a length that does not fit
     */
    public static Image of(int width, int height, int channels, byte[] data) {
        if (width < 1 || height < 1 || (channels != 1 && channels != 3)) {
            throw new IllegalArgumentException("image: size " + width + "x" + height + " with " + channels
                    + " channels is impossible. Hint: width and height from 1, channels 1 or 3.");
        }
        if ((long) width * height * channels != data.length) {
            throw new IllegalArgumentException("image: " + width + "x" + height + "x" + channels + " needs "
                    + (long) width * height * channels + " bytes, got " + data.length
                    + ". Hint: pass interleaved 8-bit samples without row padding.");
        }
        return new Image(width, height, channels, data.clone());
    }

    /** As {@link #of}, but takes over the array, which must not be written to afterwards. */
    static Image wrap(int width, int height, int channels, byte[] data) {
        return new Image(width, height, channels, data);
    }

    /**
     * Decodes a file by {@link Decoding#defaults()}; one channel if the file is grey, else three.
     *
     * @throws ImageFormatException if the content is not a complete image of a known format
     * @throws UncheckedIOException if the file cannot be read
     */
    public static Image read(Path file) {
        return read(file, Decoding.defaults());
    }

    /** As {@link #read(Path)} with other choices. */
    public static Image read(Path file, Decoding decoding) {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new ImageFormatException(
                    file.toString(),
                    Files.isDirectory(file) ? "it is a folder" : "it is a device or a pipe, not a regular file",
                    "give an image file");
        }
        try {
            long size = Files.size(file);
            if (size > MAX_FILE_BYTES) {
                throw tooLong(file.toString());
            }
            return read(Files.readAllBytes(file), file.toString(), decoding);
        } catch (NoSuchFileException e) {
            throw new UncheckedIOException("image: " + file + " does not exist. Hint: check the path.", e);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "image: " + file + " cannot be read (" + e.getMessage() + "). Hint: it must be a readable file.",
                    e);
        }
    }

    /**
     * Decodes a stream to its end (without closing it), by {@link Decoding#defaults()}.
     *
     * @param name the name of the source in errors
     */
    public static Image read(InputStream in, String name) {
        return read(in, name, Decoding.defaults());
    }

    /**
     * Decodes an encoded image by {@link Decoding#defaults()}.
     *
     * @param name the name of the source in errors
     */
    public static Image read(byte[] encoded, String name) {
        return read(encoded, name, Decoding.defaults());
    }

    /** As {@link #read(byte[], String)} with other choices. */
    public static Image read(byte[] encoded, String name, Decoding decoding) {
        Pixels pixels = new ImageDecoder(encoded, name, decoding).decode();
        return wrap(pixels.width(), pixels.height(), pixels.channels(), pixels.data());
    }

    /**
     * An image in memory, by {@link Decoding#defaults()}: grey if it has one or two bands, else its first three bands
     * as RGB. Samples are not converted: colour spaces are ignored, and transparency is left out.
     *
     * @throws ImageFormatException for samples that are not whole numbers of at most 16 bits
     */
    public static Image of(BufferedImage image) {
        return of(image, Decoding.defaults());
    }

    /** As {@link #of(BufferedImage)} with other choices. */
    public static Image of(BufferedImage image, Decoding decoding) {
        Pixels pixels = ImageDecoder.convert(image, "image", decoding);
        return wrap(pixels.width(), pixels.height(), pixels.channels(), pixels.data());
    }

    /**
     * As {@link #read(InputStream, String)} with other choices.
     *
     * @param name the name of the source in errors
     */
    public static Image read(InputStream in, String name, Decoding decoding) {
        try {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                throw tooLong(name);
            }
            return read(bytes, name, decoding);
        } catch (IOException e) {
            throw new UncheckedIOException("image: " + name + " cannot be read (" + e.getMessage() + ").", e);
        }
    }

    /**
     * The library of this JDK that decodes JPEG, with the JDK's vendor. Other libraries may differ by a level in some
     * files.
     */
    public static String jpegLibrary() {
        return JpegLibrary.name();
    }

    /**
     * Whether a file is a DICOM image by its magic number, whatever its name; not of DICOM's list of files, and false
     * where it cannot be read.
     */
    public static boolean isDicom(Path file) {
        if (file.endsWith("DICOMDIR") || !Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return DicomFile.isOne(in.readNBytes(DicomFile.MAGIC_END));
        } catch (IOException e) {
            return false;
        }
    }

    private static ImageFormatException tooLong(String name) {
        return new ImageFormatException(
                name,
                "the file is longer than " + MAX_FILE_BYTES + " bytes",
                "it is hardly a training image; leave it out");
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    /** 1 (grey) or 3 (red, green, blue). */
    public int channels() {
        return channels;
    }

    /**
     * One sample, 0 to 255.
     *
     * @throws IndexOutOfBoundsException outside the image
     */
    public int pixel(int x, int y, int channel) {
        if (x < 0 || x >= width || y < 0 || y >= height || channel < 0 || channel >= channels) {
            throw new IndexOutOfBoundsException("pixel (" + x + ", " + y + ", channel " + channel + ") of " + this);
        }
        return data[(y * width + x) * channels + channel] & 0xff;
    }

    /** This image with three channels; the value of a grey image is repeated in each. */
    public Image toRgb() {
        if (channels == 3) {
            return this;
        }
        byte[] rgb = new byte[Math.multiplyExact(data.length, 3)];
        for (int i = 0, o = 0; i < data.length; i++, o += 3) {
            byte v = data[i];
            rgb[o] = v;
            rgb[o + 1] = v;
            rgb[o + 2] = v;
        }
        return new Image(width, height, 3, rgb);
    }

    /** A copy of the samples, {@code height * width * channels} bytes, channels interleaved. */
    public byte[] toBytes() {
        return data.clone();
    }

    /** The samples themselves, which must not be written to. */
    byte[] data() {
        return data;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Image i
                && width == i.width
                && height == i.height
                && channels == i.channels
                && Arrays.equals(data, i.data);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * width + height) + Arrays.hashCode(data);
    }

    @Override
    public String toString() {
        return "Image[" + width + "x" + height + (channels == 1 ? " grey]" : " rgb]");
    }
}
