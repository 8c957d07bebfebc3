package dev.graft.nn.report.page;

import java.util.Locale;

/**
 * A drawing of a chart. Colours are classes of the page's style sheet, so that they suit light, dark and paper: series
 * {@code s0} to {@code s7} (lines), {@code f0} to {@code f7} (areas). Coordinates that are not finite draw nothing.
 */
public final class Svg {
    /** All drawings have this width; a page scales them to its own. */
    public static final double WIDTH = 440;

    /** How many series can be told apart. */
    public static final int SERIES = 8;

    /** The mean width of a character of 12 pixels. */
    private static final double CHARACTER = 6.4;

    private final Markup out;

    Svg(Markup out) {
        this.out = out;
    }

    /** Where a text's position is. */
    public enum Anchor {
        START,
        MIDDLE,
        END
    }

    /** A straight line. */
    public Svg line(double x1, double y1, double x2, double y2, String style) {
        if (areFinite(x1, y1, x2, y2)) {
            out.empty("line", "x1", n(x1), "y1", n(y1), "x2", n(x2), "y2", n(y2), "class", style);
        }
        return this;
    }

    /** A filled rectangle. */
    public Svg rectangle(double x, double y, double width, double height, String style) {
        if (areFinite(x, y, width, height)) {
            out.empty(
                    "rect",
                    "x",
                    n(x),
                    "y",
                    n(y),
                    "width",
                    n(Math.max(0, width)),
                    "height",
                    n(Math.max(0, height)),
                    "class",
                    style);
        }
        return this;
    }

    /**
     * A rectangle that is the stronger the larger a share is.
     *
     * @param share in [0, 1]
     */
    public Svg shade(double x, double y, double width, double height, double share) {
        out.empty(
                "rect",
                "x",
                n(x),
                "y",
                n(y),
                "width",
                n(width),
                "height",
                n(height),
                "class",
                "f0",
                "fill-opacity",
                String.format(Locale.ROOT, "%.2f", Double.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0));
        return this;
    }

    /** A dot. */
    public Svg dot(double x, double y, double radius, String style) {
        if (areFinite(x, y)) {
            out.empty("circle", "cx", n(x), "cy", n(y), "r", n(radius), "class", style);
        }
        return this;
    }

    /** A line through points; it is broken where one is not finite. */
    public Svg path(double[] x, double[] y, String style) {
        StringBuilder path = new StringBuilder();
        boolean drawing = false;
        for (int i = 0; i < x.length; i++) {
            boolean known = areFinite(x[i], y[i]);
            if (known) {
                path.append(drawing ? 'L' : 'M').append(n(x[i])).append(' ').append(n(y[i]));
            }
            drawing = known;
        }
        if (path.length() > 0) {
            out.empty("path", "d", path, "class", style);
        }
        return this;
    }

    /** The area between two lines; points where one is not finite are left out. */
    public Svg band(double[] x, double[] low, double[] high, String style) {
        StringBuilder there = new StringBuilder();
        StringBuilder back = new StringBuilder();
        for (int i = 0; i < x.length; i++) {
            if (areFinite(x[i], low[i], high[i])) {
                there.append(there.length() == 0 ? 'M' : 'L')
                        .append(n(x[i]))
                        .append(' ')
                        .append(n(high[i]));
                back.insert(0, "L" + n(x[i]) + ' ' + n(low[i]));
            }
        }
        if (there.length() > 0) {
            out.empty("path", "d", there.append(back).append('Z'), "class", style);
        }
        return this;
    }

    /** A text; it is shortened to {@code most} pixels. */
    public Svg text(double x, double y, Anchor anchor, double most, String text) {
        return text(x, y, anchor, most, text, "");
    }

    /** A text in a style. */
    public Svg text(double x, double y, Anchor anchor, double most, String text, String style) {
        out.element(
                "text",
                shortened(text, most),
                "x",
                n(x),
                "y",
                n(y),
                "text-anchor",
                anchor.name().toLowerCase(Locale.ROOT),
                "class",
                style);
        return this;
    }

    /** A text that reads upwards. */
    public Svg upwards(double x, double y, double most, String text) {
        out.element(
                "text",
                shortened(text, most),
                "transform",
                "translate(" + n(x) + " " + n(y) + ") rotate(-90)",
                "text-anchor",
                "middle");
        return this;
    }

    /** A text that rises to the right from a point. */
    public Svg rising(double x, double y, double most, String text) {
        out.element(
                "text",
                shortened(text, most),
                "transform",
                "translate(" + n(x) + " " + n(y) + ") rotate(-35)",
                "text-anchor",
                "start");
        return this;
    }

    /** A text as long as fits into so many pixels. */
    public static String shortened(String text, double pixels) {
        int most = (int) Math.max(2, pixels / CHARACTER);
        int length = text.codePointCount(0, text.length());
        return length <= most ? text : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "\u2026";
    }

    /** How wide a text is, about. */
    public static double width(String text) {
        return CHARACTER * text.codePointCount(0, text.length());
    }

    private static boolean areFinite(double... values) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private static String n(double value) {
        long tenths = Math.round(value * 10);
        return tenths % 10 == 0 ? Long.toString(tenths / 10) : String.format(Locale.ROOT, "%.1f", tenths / 10.0);
    }
}
