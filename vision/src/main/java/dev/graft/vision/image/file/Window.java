package dev.graft.vision.image.file;

import java.math.BigDecimal;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which range of an image's samples becomes 0 to 255, if they have more than 8 bits: scans and X-rays often use only a
 * part of their 16 bits. Images of at most 8 bits per sample do not change.
 *
 * <p>In grey DICOM files, of whatever depth, a window counts values after the file's modality table or slope and
 * intercept, such as Hounsfield units, and comes before the inversion of MONOCHROME1. There, {@link #full()} stands for
 * what the file itself names, the first VOI table or else the first window; only without one for the whole range.
 * Padding is black, and not counted.
 *
 * <ul>
 *   <li>{@link #full()}: the whole range of the file's own bit depth {@code b}, {@code v >> (b - 8)}, so that 16-bit
 *       samples keep their high byte. Netpbm files state their largest value {@code m} themselves: {@code 255 v / m},
 *       rounded half to even as in Pillow.
 *   <li>{@link #percentile()}: from the image's own 0.5th to its 99.5th percentile. Of {@code n} samples (all channels
 *       together, without transparency), {@code lo} is the smallest value that at least {@code 0.005 n} samples do not
 *       exceed, {@code hi} the smallest that at least {@code 0.995 n} do not exceed; the result is {@code round(255 (v
 *       - lo) / (hi - lo))}, clipped to 0 to 255. If {@code lo = hi}, the smallest and the largest value are used
 *       instead, and an image of a single value is black.
 *   <li>{@link #of(double, double) CENTRE:WIDTH}: the same range for every image, in stored values, by DICOM's linear
 *       function (<a href="https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.11.2.html">PS3.3
 *       C.11.2.1.2.1</a>): 0 for {@code v <= c - 0.5 - (w - 1) / 2}, 255 for {@code v > c - 0.5 + (w - 1) / 2}, and
 *       between them {@code round(255 ((v - (c - 0.5)) / (w - 1) + 0.5))}.
 * </ul>
 *
 * <p>In all other cases, halves are rounded up. Immutable; two windows are equal if their texts are.
 */
public final class Window {
    /** The share of samples below and above the window of {@link #percentile()}. */
    public static final double TAIL = 0.005;

    private static final Pattern CENTRE_WIDTH =
            Pattern.compile("([+-]?\\d{1,9}(?:\\.\\d{1,9})?)[:,](\\d{1,9}(?:\\.\\d{1,9})?)");
    private static final Window FULL = new Window(Kind.FULL, 0, 1);
    private static final Window PERCENTILE = new Window(Kind.PERCENTILE, 0, 1);

    /** Which rule finds the range. */
    public enum Kind {
        FULL,
        PERCENTILE,
        CENTRE_WIDTH
    }

    private final Kind kind;
    private final double centre;
    private final double width;

    private Window(Kind kind, double centre, double width) {
        this.kind = kind;
        this.centre = centre;
        this.width = width;
    }

    /** The whole range of the file's bit depth. */
    public static Window full() {
        return FULL;
    }

    /** From the image's own 0.5th to its 99.5th percentile. */
    public static Window percentile() {
        return PERCENTILE;
    }

    /**
     * DICOM's linear window.
     *
     * @param centre its middle in stored values; may be negative for signed samples
     * @param width its width in stored values, at least 1
     * @throws IllegalArgumentException for a width below 1 or a non-finite number
     */
    public static Window of(double centre, double width) {
        if (!Double.isFinite(centre) || !Double.isFinite(width) || width < 1) {
            throw new IllegalArgumentException(
                    "window: centre " + centre + ", width " + width + ". Hint: finite numbers, the width at least 1.");
        }
        return new Window(Kind.CENTRE_WIDTH, centre + 0.0, width);
    }

    /**
     * The inverse of {@link #toString}.
     *
     * @param text {@code full}, {@code percentile}, or {@code CENTRE:WIDTH} such as {@code 600:1500} or
     *     {@code -40.5:400}; a comma in place of the colon will do
     * @throws IllegalArgumentException for any other text
     */
    public static Window parse(String text) {
        if (text.equalsIgnoreCase("full")) {
            return FULL;
        }
        if (text.equalsIgnoreCase("percentile")) {
            return PERCENTILE;
        }
        Matcher numbers = CENTRE_WIDTH.matcher(text);
        if (!numbers.matches()) {
            throw new IllegalArgumentException("window: '" + text
                    + "' is not a window. Hint: full, percentile or CENTRE:WIDTH, such as 600:1500.");
        }
        return of(Double.parseDouble(numbers.group(1)), Double.parseDouble(numbers.group(2)));
    }

    /** Which rule finds the range. */
    public Kind kind() {
        return kind;
    }

    /** The middle of the range, in the file's own units; 0 if the rule is not {@code CENTRE:WIDTH}. */
    public double centre() {
        return centre;
    }

    /** The width of the range, in the file's own units. */
    public double width() {
        return width;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Window w && kind == w.kind && centre == w.centre && width == w.width;
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, centre, width);
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() {
        return switch (kind) {
            case FULL -> "full";
            case PERCENTILE -> "percentile";
            case CENTRE_WIDTH -> plain(centre) + ":" + plain(width);
        };
    }

    private static String plain(double value) {
        return value == 0 ? "0" : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
