package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Lines over a common axis: ROC, precision-recall, calibration, learning and decision curves. Long lines are thinned so
 * that they look the same.
 *
 * @param lines up to {@value Svg#SERIES} can be told apart
 * @param isSquare whether both axes are as long
 * @param guide a line to compare with, such as the diagonal
 */
public record LineChart(
        String title, String description, Axis x, Axis y, List<Line> lines, boolean isSquare, Optional<Line> guide)
        implements Chart {
    private static final double LEFT = 52;
    /** Of an axis's name, which reads upwards, with the space beside it. */
    private static final double NAME = 24;

    private static final double RIGHT = 12;
    private static final double TOP = 10;
    private static final double BELOW = 52;
    private static final double LEGEND = 18;
    private static final int ROWS = 41;
    /** Lines with more points are lines only. */
    private static final int MOST_DOTS = 60;

    public LineChart {
        lines = List.copyOf(lines);
    }

    /** A wide chart without a guide. */
    public static LineChart of(String title, String description, Axis x, Axis y, List<Line> lines) {
        return new LineChart(title, description, x, y, lines, false, Optional.empty());
    }

    /** A square chart with a guide. */
    public static LineChart square(
            String title, String description, Axis x, Axis y, List<Line> lines, Optional<Line> guide) {
        return new LineChart(title, description, x, y, lines, true, guide);
    }

    /** Where the plot begins; long numbers need more room. */
    private double left() {
        Ticks up = Ticks.of(y.low(), y.high());
        double widest = 0;
        for (int i = 0; i < up.count(); i++) {
            widest = Math.max(widest, Svg.width(up.text(i)));
        }
        return Math.max(LEFT, NAME + widest + 6);
    }

    private double plotHeight() {
        return isSquare ? Svg.WIDTH - left() - RIGHT - 36 : 210;
    }

    @Override
    public double height() {
        return TOP + plotHeight() + BELOW + LEGEND * (lines.size() + (guide.isPresent() ? 1 : 0));
    }

    @Override
    public Table data() {
        boolean bands = lines.stream().anyMatch(line -> line.band().isPresent());
        List<String> columns = new ArrayList<>(List.of("Line", x.label(), y.label()));
        if (bands) {
            columns.addAll(List.of("lower end", "upper end"));
        }
        List<List<String>> rows = new ArrayList<>();
        for (Line line : lines) {
            for (int i : Thinning.evenly(line.x().length, ROWS)) {
                List<String> row =
                        new ArrayList<>(List.of(line.name(), Numbers.text(line.x()[i]), Numbers.text(line.y()[i])));
                if (bands) {
                    row.add(line.band()
                            .map(b -> Numbers.text(at(b, b.low(), line.x()[i])))
                            .orElse(""));
                    row.add(line.band()
                            .map(b -> Numbers.text(at(b, b.high(), line.x()[i])))
                            .orElse(""));
                }
                rows.add(row);
            }
        }
        return Table.ofNumbers(title, columns, rows);
    }

    /** A band's value where its x is nearest. */
    private static double at(Line.Band band, double[] values, double x) {
        int nearest = 0;
        for (int i = 1; i < band.x().length; i++) {
            nearest = Math.abs(band.x()[i] - x) < Math.abs(band.x()[nearest] - x) ? i : nearest;
        }
        return values.length == 0 ? Double.NaN : values[nearest];
    }

    @Override
    public void draw(Svg svg) {
        double right = isSquare ? left() + plotHeight() : Svg.WIDTH - RIGHT;
        double bottom = TOP + plotHeight();
        axes(svg, right, bottom);
        guide.ifPresent(
                line -> svg.path(pixels(x, line.x(), left(), right), pixels(y, line.y(), bottom, TOP), "guide"));
        for (int i = lines.size() - 1; i >= 0; i--) { // the first one on top
            draw(svg, lines.get(i), i % Svg.SERIES, right, bottom);
        }
        double at = bottom + BELOW;
        for (int i = 0; i < lines.size(); i++, at += LEGEND) {
            svg.line(left(), at, left() + 28, at, "s s" + i % Svg.SERIES);
            svg.text(
                    left() + 36,
                    at + 4,
                    Anchor.START,
                    Svg.WIDTH - left() - 40,
                    lines.get(i).name());
        }
        if (guide.isPresent()) {
            svg.line(left(), at, left() + 28, at, "guide");
            svg.text(
                    left() + 36,
                    at + 4,
                    Anchor.START,
                    Svg.WIDTH - left() - 40,
                    guide.get().name(),
                    "soft");
        }
    }

    private void axes(Svg svg, double right, double bottom) {
        Ticks across = Ticks.of(x.low(), x.high());
        for (int i = 0; i < across.count(); i++) {
            double at = x.pixel(across.at(i), left(), right);
            svg.line(at, TOP, at, bottom, "grid");
            svg.text(at, bottom + 16, Anchor.MIDDLE, 60, across.text(i), "soft");
        }
        Ticks up = Ticks.of(y.low(), y.high());
        for (int i = 0; i < up.count(); i++) {
            double at = y.pixel(up.at(i), bottom, TOP);
            svg.line(left(), at, right, at, "grid");
            svg.text(left() - 6, at + 4, Anchor.END, left() - NAME, up.text(i), "soft");
        }
        svg.line(left(), bottom, right, bottom, "axis").line(left(), TOP, left(), bottom, "axis");
        svg.text((left() + right) / 2, bottom + 33, Anchor.MIDDLE, right - left(), x.label());
        svg.upwards(12, (TOP + bottom) / 2, plotHeight(), y.label());
    }

    private void draw(Svg svg, Line line, int series, double right, double bottom) {
        line.band()
                .ifPresent(band -> svg.band(
                        pixels(x, band.x(), left(), right),
                        pixels(y, band.low(), bottom, TOP),
                        pixels(y, band.high(), bottom, TOP),
                        "band f" + series));
        double[] across = pixels(x, line.x(), left(), right);
        double[] up = pixels(y, line.y(), bottom, TOP);
        int[] kept = Thinning.of(across, up);
        svg.path(pick(across, kept), pick(up, kept), "s s" + series);
        if (line.isMarked() || across.length == 1) {
            IntStream.range(0, across.length <= MOST_DOTS ? across.length : 0)
                    .forEach(i -> svg.dot(across[i], up[i], 3, "f" + series));
        }
    }

    private static double[] pick(double[] values, int[] kept) {
        return IntStream.of(kept).mapToDouble(i -> values[i]).toArray();
    }

    private static double[] pixels(Axis axis, double[] values, double from, double to) {
        double least = Math.min(from, to);
        double most = Math.max(from, to);
        return java.util.Arrays.stream(values)
                .map(v -> Double.isFinite(v) ? Math.max(least, Math.min(most, axis.pixel(v, from, to))) : Double.NaN)
                .toArray();
    }
}
