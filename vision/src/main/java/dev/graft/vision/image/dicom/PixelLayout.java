package dev.graft.vision.image.dicom;

import java.util.Locale;
import java.util.Optional;

/**
 * How the pixels of a frame are stored (<a
 * href="https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.7.6.3.html">PS3.3 C.7.6.3</a>).
 *
 * @param rows pixels from top to bottom
 * @param columns pixels from left to right
 * @param samples 1, or 3 for colours
 * @param colour their meaning
 * @param allocated bits of a sample's cell: 1, 8 or 16
 * @param stored bits that are used of each cell, from 1 to {@code allocated}
 * @param highBit the position of the highest one
 * @param signed whether samples are two's complement
 * @param planar whether colours are stored one after another rather than interleaved
 */
public record PixelLayout(
        int rows,
        int columns,
        int samples,
        Colour colour,
        int allocated,
        int stored,
        int highBit,
        boolean signed,
        boolean planar) {

    /** What samples mean. */
    public enum Colour {
        MONOCHROME1,
        MONOCHROME2,
        PALETTE_COLOR,
        RGB,
        YBR_FULL,
        YBR_FULL_422
    }

    public PixelLayout {
        if (allocated != 1 && allocated != 8 && allocated != 16) {
            throw new DicomFault("samples of " + allocated + " allocated bits are not read", "convert them to 16 bits");
        }
        if (stored < 1 || stored > allocated || highBit >= allocated || highBit < stored - 1) {
            throw DicomFault.corrupt(
                    "bits allocated " + allocated + ", bits stored " + stored + ", high bit " + highBit);
        }
        if (samples != (isColour(colour) ? 3 : 1)) {
            throw DicomFault.corrupt(samples + " samples a pixel, photometric interpretation " + colour);
        }
    }

    static PixelLayout of(DataSet set) {
        int samples = set.number(Tag.SAMPLES_PER_PIXEL).orElse(1);
        int allocated = set.required(Tag.BITS_ALLOCATED, "Bits Allocated");
        int stored = set.number(Tag.BITS_STORED).orElse(allocated);
        return new PixelLayout(
                set.required(Tag.ROWS, "Rows"),
                set.required(Tag.COLUMNS, "Columns"),
                samples,
                colour(set.text(Tag.PHOTOMETRIC)),
                allocated,
                stored,
                set.number(Tag.HIGH_BIT).orElse(stored - 1),
                set.number(Tag.SIGNED).orElse(0) == 1,
                samples > 1 && set.number(Tag.PLANAR).orElse(0) == 1);
    }

    private static Colour colour(String text) {
        Optional<Colour> known =
                switch (text.toUpperCase(Locale.ROOT)) {
                    case "MONOCHROME1" -> Optional.of(Colour.MONOCHROME1);
                    case "MONOCHROME2" -> Optional.of(Colour.MONOCHROME2);
                    case "PALETTE COLOR" -> Optional.of(Colour.PALETTE_COLOR);
                    case "RGB" -> Optional.of(Colour.RGB);
                    case "YBR_FULL" -> Optional.of(Colour.YBR_FULL);
                    case "YBR_FULL_422" -> Optional.of(Colour.YBR_FULL_422);
                    default -> Optional.empty();
                };
        return known.orElseThrow(() -> {
            String name =
                    switch (text) {
                        case "HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB" ->
                            text;
                        case "" -> "none";
                        default -> "an unknown one"; // which may be anything, a name among it
                    };
            return new DicomFault(
                    "DICOM's photometric interpretation " + name + " is not read", "convert it to RGB or MONOCHROME2");
        });
    }

    private static boolean isColour(Colour colour) {
        return colour == Colour.RGB || colour == Colour.YBR_FULL || colour == Colour.YBR_FULL_422;
    }

    /** Whether pixels have three samples. */
    public boolean isColour() {
        return isColour(colour);
    }

    /** Whether samples are grey levels, which go through tables. */
    public boolean isGrey() {
        return colour == Colour.MONOCHROME1 || colour == Colour.MONOCHROME2;
    }

    /** Bits of an uncompressed frame. */
    long frameBits() {
        // of two pixels, four samples are stored
        long perPixel = colour == Colour.YBR_FULL_422 ? 2 : samples;
        return (long) rows * columns * perPixel * allocated;
    }

    /** A pixel's stored value in the lowest bits, without those beside it. */
    int bits(short cell) {
        return (cell & 0xffff) >>> (highBit - stored + 1) & mask();
    }

    int mask() {
        return (1 << stored) - 1;
    }

    /** The value of {@link #bits}. */
    int value(int bits) {
        return signed ? bits << (Integer.SIZE - stored) >> (Integer.SIZE - stored) : bits;
    }

    /** The lowest value that can be stored. */
    int lowest() {
        return signed ? -(1 << (stored - 1)) : 0;
    }
}
