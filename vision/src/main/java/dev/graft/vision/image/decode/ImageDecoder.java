package dev.graft.vision.image.decode;

import com.twelvemonkeys.imageio.plugins.bmp.BMPImageReaderSpi;
import dev.graft.vision.image.dicom.DicomFile;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.ImageNote;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.imageio.ImageReader;
import javax.imageio.spi.ImageReaderSpi;

/**
 * Recognises the format by the first bytes (never by the file's name), checks the announced size, and calls that
 * format's decoder.
 */
public final class ImageDecoder {
    /**
     * Deflate cannot compress by more than a factor of 1032; a PNG that announces more pixels is truncated or forged.
     */
    static final int DEFLATE_RATIO = 1032;

    /** How TwelveMonkeys' messages about unsupported files begin. */
    private static final Pattern UNSUPPORTED = Pattern.compile("(?i)^unsupported|^unknown|not supported");

    private final byte[] bytes;
    private final String name;
    private final Decoding decoding;

    public ImageDecoder(byte[] bytes, String name, Decoding decoding) {
        this.bytes = bytes;
        this.name = name;
        this.decoding = decoding;
    }

    public Pixels decode() {
        if (bytes.length == 0) {
            throw error("the file is empty", "copy it again from its source");
        }
        String format = format();
        try {
            return switch (format) {
                case "JPEG" -> new JpegDecoder(this, bytes).decode();
                case "PNG" -> new PngDecoder(this, bytes).decode();
                case "GIF" -> new GifDecoder(this, bytes).decode();
                case "BMP" -> readBmp();
                case "TIFF" -> new TiffDecoder(this, bytes).decode(false);
                case "BigTIFF" -> new TiffDecoder(this, bytes).decode(true);
                case "PNM" -> new PnmDecoder(this, bytes).decode();
                case "WebP" -> new WebpDecoder(this, bytes).decode();
                case "DICOM" -> new DicomDecoder(this, bytes).decode();
                default ->
                    throw error(
                            "it is none of JPEG, PNG, GIF, BMP, TIFF, WebP, DICOM, PBM/PGM/PPM (" + foreign()
                                    + "it starts with " + start() + ")",
                            "convert it, or remove it from the folder");
            };
        } catch (IOException | RuntimeException e) {
            if (e instanceof ImageFormatException typed) {
                throw typed;
            }
            if (UNSUPPORTED.matcher(reason(e)).find()) {
                throw new ImageFormatException(
                        name,
                        "this kind of " + format + " is not read (" + reason(e) + ")",
                        "convert it to 8 bits grey or RGB",
                        e);
            }
            // Decoders answer damaged files with many exceptions, index errors among them; to the caller they all mean
            // this.
            throw new ImageFormatException(
                    name,
                    "the " + format + " data is corrupt or truncated (" + reason(e) + ")",
                    "copy the file again from its source, or leave it out",
                    e);
        }
    }

    /**
     * An image in memory, by the rules for files.
     *
     * @param name what to call it in errors
     */
    public static Pixels convert(BufferedImage image, String name, Decoding decoding) {
        ImageDecoder owner = new ImageDecoder(new byte[0], name, decoding);
        return new RasterConverter(owner, RasterConverter.Meaning.PLAIN).convert(image);
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private String format() {
        if (DicomFile.isOne(bytes)) { // its preamble may be the start of a TIFF
            return "DICOM";
        } else if (starts("FFD8FF")) {
            return "JPEG";
        } else if (starts("89504E470D0A1A0A")) {
            return "PNG";
        } else if (starts("474946383761") || starts("474946383961")) {
            return "GIF";
        } else if (starts("424D")) {
            return "BMP";
        } else if (starts("49492A00") || starts("4D4D002A")) {
            return "TIFF";
        } else if (starts("49492B00") || starts("4D4D002B")) {
            return "BigTIFF";
        } else if (starts("52494646")
                && bytes.length >= 12
                && bytes[8] == 'W'
                && bytes[9] == 'E'
                && bytes[10] == 'B'
                && bytes[11] == 'P') {
            return "WebP";
        } else if (PnmDecoder.isOne(bytes)) {
            return "PNM";
        }
        return "unknown";
    }

    /** The actual format, if it is known. */
    private String foreign() {
        String name = "";
        if (bytes.length >= 12 && bytes[4] == 'f' && bytes[5] == 't' && bytes[6] == 'y' && bytes[7] == 'p') {
            name = "HEIF, AVIF or another file of the MPEG family";
        } else if (starts("0000000C6A502020") || starts("FF4FFF51")) {
            name = "JPEG 2000";
        } else if (starts("0000000C4A584C20") || starts("FF0A")) {
            name = "JPEG XL";
        } else if (starts("FFD8")) {
            name = "a damaged JPEG";
        } else if (starts("25504446")) {
            name = "PDF";
        } else if (starts("38425053")) {
            name = "Photoshop's";
        }
        return name.isEmpty() ? "" : "it is " + name + "; ";
    }

    private boolean starts(String hex) {
        int n = hex.length() / 2;
        return bytes.length >= n
                && HexFormat.of().withUpperCase().formatHex(bytes, 0, n).equals(hex);
    }

    private String start() {
        return HexFormat.ofDelimiter(" ")
                .formatHex(bytes, 0, Math.min(8, bytes.length))
                .toUpperCase(Locale.ROOT);
    }

    /** The plug-in would allocate as many palette entries as the header announces. */
    private Pixels readBmp() throws IOException {
        int coloursUsed = 46;
        if (bytes.length >= coloursUsed + 4) {
            ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (header.getInt(14) >= 40
                    && (header.getInt(coloursUsed) < 0 || header.getInt(coloursUsed) > bytes.length / 4)) {
                throw error(
                        "the BMP data is corrupt (a palette of " + Integer.toUnsignedString(header.getInt(coloursUsed))
                                + " colours)",
                        "copy the file again from its source");
            }
        }
        checkBmpSize();
        return read(
                new BMPImageReaderSpi(),
                new ByteArrayImageStream(bytes, false),
                new RasterConverter(this, RasterConverter.Meaning.PLAIN));
    }

    /** Without run-length coding, all rows must be present. */
    private void checkBmpSize() {
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length >= 34 && header.getInt(14) >= 40 && (header.getInt(30) == 0 || header.getInt(30) == 3)) {
            long width = header.getInt(18);
            long height = Math.abs((long) header.getInt(22));
            checkSize(width, height);
            checkPlausible(width, height, header.getShort(28) & 0xffff, 1);
        }
    }

    /**
     * Decodes by a plug-in that is named here and not looked up, because the result must not depend on the class path.
     */
    Pixels read(ImageReaderSpi provider, ByteArrayImageStream input, RasterConverter converter) throws IOException {
        ImageReader reader = provider.createReaderInstance();
        try {
            reader.setInput(input, true, true);
            checkSize(reader.getWidth(0), reader.getHeight(0));
            return converter.convert(reader.read(0));
        } finally {
            reader.dispose();
        }
    }

    /** @throws ImageFormatException if the size is empty, above the limit, or more than an array holds */
    void checkSize(long width, long height) {
        if (width < 1 || height < 1) {
            throw error(
                    "its header announces " + width + "x" + height + " pixels", "copy the file again from its source");
        }
        if (width * height > decoding.maxPixels() || width * height * 3 > Integer.MAX_VALUE - 16) {
            throw error(
                    "its header announces " + width + "x" + height + " pixels, the limit is " + decoding.maxPixels(),
                    "scale the image down, or allow more with Decoding.maxPixels");
        }
    }

    /** @throws ImageFormatException if the file is too short for the pixels it announces, whatever its content */
    void checkPlausible(long width, long height, long bitsPerPixel, int maxRatio) {
        if (width * height * bitsPerPixel / 8 > (long) bytes.length * maxRatio) {
            throw error(
                    "truncated: " + bytes.length + " bytes cannot hold the " + width + "x" + height
                            + " pixels its header announces",
                    "copy the file again from its source");
        }
    }

    void checkDeflate(long width, long height, long bitsPerPixel) {
        checkPlausible(width, height, bitsPerPixel, DEFLATE_RATIO);
    }

    Decoding decoding() {
        return decoding;
    }

    void note(ImageNote.Kind kind, String detail) {
        decoding.notes().accept(new ImageNote(kind, name, detail));
    }

    /** Another image inside of this one, in errors the same. */
    ImageDecoder inside(byte[] other) {
        return new ImageDecoder(other, name, decoding);
    }

    ImageFormatException error(String problem, String hint) {
        return new ImageFormatException(name, problem, hint);
    }

    ImageFormatException truncated(String what) {
        return error("truncated: " + what, "copy the file again from its source, or leave it out");
    }
}
