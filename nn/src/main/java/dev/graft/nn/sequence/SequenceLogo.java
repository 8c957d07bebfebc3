package dev.graft.nn.sequence;

import java.util.Locale;

/**
 * A sequence whose letters are as tall as they are important, as SVG: upwards what speaks for the answer, downwards
 * what speaks against it. The letters are shapes, so the picture needs no font.
 */
public final class SequenceLogo {
    private static final int ADVANCE = 12;
    private static final int HALF = 90;
    private static final int TITLE = 24;
    private static final int MARGIN = 8;
    private static final int LABELS = 16;
    private static final int EVERY = 10;

    private SequenceLogo() {}

    /**
     * Draws a logo.
     *
     * @param values of each letter; what is not finite is not drawn
     * @param title stands above it
     */
    public static String draw(String letters, float[] values, String title) {
        if (letters.length() != values.length) {
            throw new IllegalArgumentException(
                    "sequence logo: " + values.length + " values for " + letters.length() + " letters");
        }
        float largest = 0;
        for (float value : values) {
            largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        int width = 2 * MARGIN + ADVANCE * letters.length();
        int axis = TITLE + HALF;
        int height = TITLE + 2 * HALF + LABELS;
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n",
                width,
                height,
                width,
                height));
        String escaped = escaped(title);
        svg.append("<title>").append(escaped).append("</title>\n");
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"16\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">%s (tallest %.3g)</text>\n",
                MARGIN,
                escaped,
                largest));
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\" stroke-width=\"0.5\"/>\n",
                MARGIN,
                axis,
                width - MARGIN,
                axis));
        for (int i = 0; i < values.length; i++) {
            double size = largest > 0 && Float.isFinite(values[i]) ? values[i] / largest * (HALF - 2) : 0;
            if (Math.abs(size) >= 0.05) {
                svg.append(letter(letters.charAt(i), MARGIN + i * ADVANCE, axis, size));
            }
            if ((i + 1) % EVERY == 0) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%d\" y=\"%d\" font-family=\"sans-serif\" font-size=\"9\" fill=\"#666\" text-anchor=\"middle\">%d</text>\n",
                        MARGIN + i * ADVANCE + ADVANCE / 2,
                        height - 4,
                        i + 1));
            }
        }
        return svg.append("</svg>\n").toString();
    }

    /** A letter whose foot stands on the axis; one that hangs below it is not turned over. */
    private static String letter(char letter, int x, int axis, double size) {
        double height = Math.abs(size);
        double top = size > 0 ? axis - height : axis;
        return String.format(
                Locale.ROOT,
                "<path transform=\"translate(%d %.2f) scale(%.3f %.4f)\" fill=\"%s\" d=\"%s\"/>\n",
                x,
                top,
                (ADVANCE - 1) / 100.0,
                height / 100,
                colour(letter),
                outline(letter));
    }

    private static String colour(char letter) {
        return switch (Character.toUpperCase(letter)) {
            case 'A' -> "#109648";
            case 'C' -> "#255c99";
            case 'G' -> "#d88800";
            case 'T', 'U' -> "#d62839";
            default -> "#888888";
        };
    }

    /** In a square of 100. */
    private static String outline(char letter) {
        return switch (Character.toUpperCase(letter)) {
            case 'A' -> "M0 100L38 0H62L100 100H78L70 76H30L22 100ZM36 58H64L50 17Z";
            case 'C' ->
                "M98 66C94 88 76 100 53 100C21 100 2 80 2 50C2 20 21 0 53 0C76 0 93 12 97 34H76C73 23 65 17 53 17C33 17 23 29 23 50C23 71 33 83 53 83C66 83 74 77 77 66Z";
            case 'G' ->
                "M98 46V88C86 96 71 100 55 100C22 100 2 81 2 50C2 20 22 0 54 0C76 0 92 11 97 31H76C72 22 65 17 54 17C34 17 23 29 23 50C23 72 34 83 56 83C64 83 71 82 78 79V62H56V46Z";
            case 'T', 'U' -> "M2 0H98V19H61V100H39V19H2Z";
            default -> "M8 0H30L72 66V0H92V100H70L28 34V100H8Z";
        };
    }

    private static String escaped(String text) {
        StringBuilder safe = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '&' -> safe.append("&amp;");
                default -> safe.append(c < ' ' ? ' ' : c);
            }
        }
        return safe.toString();
    }
}
