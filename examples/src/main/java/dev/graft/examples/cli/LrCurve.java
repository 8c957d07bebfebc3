package dev.graft.examples.cli;

import dev.graft.nn.train.LrFinder;
import java.util.Arrays;
import java.util.Locale;

/** The curve of a learning-rate test, as characters for a terminal and as an SVG file. */
final class LrCurve {
    private static final int COLUMNS = 64;
    private static final int ROWS = 14;
    private static final int WIDTH = 720;
    private static final int HEIGHT = 420;
    private static final int MARGIN = 60;

    private final double[] rates;
    private final double[] losses;
    private final double low;
    private final double high;

    /** @param found whose last loss may be non-finite, which is not drawn */
    LrCurve(LrFinder.Result found) {
        int drawn = 0;
        while (drawn < found.smoothed().length && Double.isFinite(found.smoothed()[drawn])) {
            drawn++;
        }
        rates = Arrays.copyOf(found.rates(), drawn);
        losses = Arrays.copyOf(found.smoothed(), drawn);
        low = Arrays.stream(losses).min().orElse(0);
        double most = Arrays.stream(losses).max().orElse(1);
        high = most > low ? most : low + 1;
    }

    private double across(double rate) {
        double first = Math.log(rates[0]);
        double last = Math.log(rates[rates.length - 1]);
        return last > first ? (Math.log(rate) - first) / (last - first) : 0;
    }

    private double up(double loss) {
        return (loss - low) / (high - low);
    }

    /** The smoothed loss over the logarithm of the rate; {@code |} is the suggestion. */
    String text(double suggestion) {
        char[][] cells = new char[ROWS][COLUMNS];
        for (char[] row : cells) {
            Arrays.fill(row, ' ');
        }
        if (suggestion > 0) {
            for (char[] row : cells) {
                row[column(suggestion)] = '|';
            }
        }
        for (int i = 0; i < rates.length; i++) {
            cells[ROWS - 1 - (int) Math.round(up(losses[i]) * (ROWS - 1))][column(rates[i])] = '*';
        }
        StringBuilder text = new StringBuilder();
        for (int y = 0; y < ROWS; y++) {
            String label = y == 0 ? number(high) : y == ROWS - 1 ? number(low) : "";
            text.append(String.format(Locale.ROOT, "%9s ", label))
                    .append(new String(cells[y]).stripTrailing())
                    .append('\n');
        }
        String first = number(rates[0]);
        String last = number(rates[rates.length - 1]);
        return text.append(" ".repeat(10))
                .append(first)
                .append(" ".repeat(Math.max(1, COLUMNS - first.length() - last.length())))
                .append(last)
                .append("  learning rate\n")
                .toString();
    }

    private int column(double rate) {
        return (int) Math.round(Math.max(0, Math.min(1, across(rate))) * (COLUMNS - 1));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }

    /** A drawing of its own, with both axes. */
    String svg(double suggestion) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < rates.length; i++) {
            line.append(String.format(Locale.ROOT, "%s%.1f,%.1f", i == 0 ? "" : " ", x(rates[i]), y(losses[i])));
        }
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                        + "<title>Loss over learning rate</title>%n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n",
                WIDTH,
                HEIGHT,
                WIDTH,
                HEIGHT));
        for (double power = Math.ceil(Math.log10(rates[0]) - 1e-9);
                power <= Math.log10(rates[rates.length - 1]) + 1e-9;
                power++) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">1e%.0f</text>%n",
                    x(Math.pow(10, power)),
                    MARGIN / 2,
                    x(Math.pow(10, power)),
                    HEIGHT - MARGIN,
                    x(Math.pow(10, power)),
                    HEIGHT - MARGIN + 18,
                    power));
        }
        for (int tick = 0; tick <= 4; tick++) {
            double loss = low + (high - low) * tick / 4;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                    MARGIN - 6,
                    y(loss) + 4,
                    number(loss)));
        }
        if (suggestion > 0) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c33\" stroke-dasharray=\"4\"/>"
                            + "<text x=\"%.1f\" y=\"%d\" fill=\"#c33\">%s</text>%n",
                    x(suggestion),
                    MARGIN / 2,
                    x(suggestion),
                    HEIGHT - MARGIN,
                    x(suggestion) + 4,
                    MARGIN / 2 + 12,
                    number(suggestion)));
        }
        return svg.append("<polyline fill=\"none\" stroke=\"#247\" stroke-width=\"2\" points=\"")
                .append(line)
                .append("\"/>\n")
                .append(String.format(
                        Locale.ROOT,
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">learning rate</text>%n<text x=\"14\" y=\"%d\" transform=\"rotate(-90 14 %d)\""
                                + " text-anchor=\"middle\">smoothed loss</text>%n</svg>%n",
                        WIDTH / 2,
                        HEIGHT - 16,
                        HEIGHT / 2,
                        HEIGHT / 2))
                .toString();
    }

    private double x(double rate) {
        return MARGIN + across(rate) * (WIDTH - 1.5 * MARGIN);
    }

    private double y(double loss) {
        return HEIGHT - MARGIN - up(loss) * (HEIGHT - 1.5 * MARGIN);
    }
}
