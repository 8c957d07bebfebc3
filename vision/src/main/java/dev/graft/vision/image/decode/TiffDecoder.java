package dev.graft.vision.image.decode;

import com.twelvemonkeys.imageio.plugins.tiff.BigTIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * TIFF and BigTIFF by TwelveMonkeys, with what it leaves to its caller. Samples of 10, 12 or 14 bits are scaled by
 * their own depth. Unsupported kinds are refused by name. The image is turned as its Orientation says (as in Pillow; a
 * scanner writes rows in the order in which it reads them).
 */
final class TiffDecoder {
    private static final Set<Integer> COMPRESSIONS = Set.of(1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32946);
    private static final Map<Integer, String> OTHER_COMPRESSIONS = Map.ofEntries(
            Map.entry(9, "JBIG"),
            Map.entry(10, "JBIG"),
            Map.entry(22610, "JPEG XR"),
            Map.entry(32766, "NeXT"),
            Map.entry(32809, "ThunderScan"),
            Map.entry(32908, "PixarFilm"),
            Map.entry(32909, "PixarLog"),
            Map.entry(33003, "JPEG 2000"),
            Map.entry(33004, "JPEG 2000"),
            Map.entry(33005, "JPEG 2000"),
            Map.entry(33007, "JPEG 2000"),
            Map.entry(34661, "JBIG"),
            Map.entry(34676, "SGILog"),
            Map.entry(34677, "SGILog24"),
            Map.entry(34712, "JPEG 2000"),
            Map.entry(34887, "LERC"),
            Map.entry(34892, "lossy JPEG of DNG"),
            Map.entry(34925, "LZMA"),
            Map.entry(34926, "Zstandard"),
            Map.entry(34927, "WebP"),
            Map.entry(34933, "PNG"),
            Map.entry(34934, "JPEG XR"),
            Map.entry(50000, "Zstandard"),
            Map.entry(50001, "WebP"),
            Map.entry(50002, "JPEG XL"),
            Map.entry(52546, "JPEG XL"));
    private static final int WHITE_IS_ZERO = 0;
    private static final int RGB = 2;
    private static final Set<Integer> PHOTOMETRICS = Set.of(WHITE_IS_ZERO, 1, RGB, 3, 5, 6);
    private static final Map<Integer, String> OTHER_PHOTOMETRICS = Map.of(
            4,
            "a transparency mask",
            8,
            "CIE L*a*b* colours",
            9,
            "ICC L*a*b* colours",
            10,
            "ITU L*a*b* colours",
            32803,
            "the raw colour filter array of a camera",
            32844,
            "LogL",
            32845,
            "LogLuv",
            34892,
            "raw camera data");
    private static final int JPEG = 7;
    private static final int OLD_JPEG = 6;
    private static final int LZW = 5;
    private static final int PACK_BITS = 32773;
    private static final int ADOBE_DEFLATE = 32946;
    private static final int SIGNED = 2;
    private static final int MAX_SAMPLES = 65535;

    private final ImageDecoder owner;
    private final byte[] bytes;

    TiffDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Pixels decode(boolean big) throws IOException {
        TiffHeader header = TiffHeader.parse(owner, bytes);
        check(header);
        owner.checkSize(header.width(), header.height());
        owner.checkPlausible(
                header.width(), header.height(), (long) header.bits() * header.samples(), ratio(header.compression()));
        Pixels image = owner.read(
                big ? new BigTIFFImageReaderSpi() : new TIFFImageReaderSpi(),
                new ByteArrayImageStream(bytes, false),
                new RasterConverter(owner, meaning(header)));
        return turned(image, header.orientation());
    }

    /** TwelveMonkeys inverts white-is-zero within the 8 or 16 bits of its raster, whatever the depth of the samples. */
    private static RasterConverter.Meaning meaning(TiffHeader header) {
        int room = header.bits() > 8 ? 16 : 8;
        int surplus = header.photometric() == WHITE_IS_ZERO ? (1 << room) - (1 << header.bits()) : 0;
        return new RasterConverter.Meaning(
                header.bits(), header.bits() > 8 && header.sampleFormat() == SIGNED, surplus);
    }

    private void check(TiffHeader header) {
        int compression = header.compression();
        if (!COMPRESSIONS.contains(compression)) {
            String name = OTHER_COMPRESSIONS.containsKey(compression)
                    ? OTHER_COMPRESSIONS.get(compression) + " compression (" + compression + ")"
                    : "compression " + compression;
            throw owner.error("a TIFF with " + name + " is not read", "save it with LZW or Deflate compression");
        }
        if (!PHOTOMETRICS.contains(header.photometric())) {
            throw owner.error(
                    "a TIFF that holds "
                            + OTHER_PHOTOMETRICS.getOrDefault(
                                    header.photometric(),
                                    "samples of an unknown meaning (tag 262 is " + header.photometric() + ")")
                            + " is not read",
                    "convert it to grey or RGB");
        }
        if (header.sampleFormat() > SIGNED && header.sampleFormat() != 4) {
            throw owner.error(
                    "a TIFF with " + (header.sampleFormat() == 3 ? "floating-point" : "complex or undefined")
                            + " samples is not read",
                    "scale it to whole numbers of 16 bits");
        }
        if (header.bits() < 1 || header.samples() < 1 || header.samples() > MAX_SAMPLES) {
            throw owner.error(
                    "the TIFF data is corrupt (" + header.samples() + " samples of " + header.bits() + " bits a pixel)",
                    "copy the file again from its source");
        }
        if (header.bits() > 16) {
            throw owner.error(
                    "a TIFF with " + header.bits() + " bits a sample is not read", "scale it to 8 or 16 bits");
        }
        boolean jpeg = compression == JPEG || compression == OLD_JPEG;
        if ((header.photometric() == RGB && header.bits() < 8) || (jpeg && header.bits() != 8)) {
            throw owner.error(
                    "a TIFF with " + (jpeg ? "JPEG compression and " : "RGB samples of ") + header.bits() + " bits"
                            + (jpeg ? " a sample" : "") + " is not read",
                    "scale it to 8 or 16 bits");
        }
    }

    /** The largest possible compression factor: raw, PackBits, Deflate, LZW; other compressions have no such limit. */
    private static int ratio(int compression) {
        return switch (compression) {
            case 1 -> 1;
            case PACK_BITS -> 64;
            case 8, ADOBE_DEFLATE -> ImageDecoder.DEFLATE_RATIO;
            case LZW -> 4096;
            default -> Integer.MAX_VALUE;
        };
    }

    /** The image turned by its Orientation (tag 274); an unknown value counts as 1. */
    static Pixels turned(Pixels image, int orientation) {
        if (orientation < 2 || orientation > 8) {
            return image;
        }
        int w = image.width();
        int h = image.height();
        int n = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        boolean transposed = orientation >= 5;
        int width = transposed ? h : w;
        int height = transposed ? w : h;
        // from which end of the stored image the first column and the first row of the result come
        boolean fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        for (int y = 0, o = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int column = transposed ? y : x;
                int row = transposed ? x : y;
                int from = ((fromBottom ? h - 1 - row : row) * w + (fromRight ? w - 1 - column : column)) * n;
                for (int c = 0; c < n; c++) {
                    out[o++] = in[from + c];
                }
            }
        }
        return new Pixels(width, height, n, out);
    }
}
