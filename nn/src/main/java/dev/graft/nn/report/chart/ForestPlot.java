package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A value and its interval for each of several parts, such as subgroups.
 *
 * @param what the value is
 * @param rows the first {@value #MOST} are drawn
 */
public record ForestPlot(String title, String description, String what, List<Row> rows) implements Chart {
    private static final int MOST = 40;
    private static final double LEFT = 128;
    private static final double RIGHT = 142;
    private static final double ROW = 24;
    private static final double LETTER = 7;

    public ForestPlot {
        rows = List.copyOf(rows);
    }

    /**
     * One part.
     *
     * @param value NaN if it is not defined
     * @param low NaN without an interval
     * @param high NaN without an interval
     * @param note what to know, such as that the part is too small; else empty
     */
    public record Row(String name, String size, double value, double low, double high, String note) {
        private String interval() {
            return Numbers.score(value)
                    + (Double.isFinite(low) ? " (" + Numbers.score(low) + "\u2013" + Numbers.score(high) + ")" : "");
        }
    }

    private int drawn() {
        return Math.min(MOST, rows.size());
    }

    @Override
    public double height() {
        return 16 + drawn() * ROW + 44;
    }

    @Override
    public Table data() {
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            cells.add(List.of(
                    row.name,
                    row.size,
                    Numbers.score(row.value),
                    Numbers.score(row.low),
                    Numbers.score(row.high),
                    row.note));
        }
        return new Table(
                        title,
                        List.of("Part", "Size", what, "lower end", "upper end", "Note"),
                        List.of(false, true, true, true, true, false),
                        cells)
                .atMost(200);
    }

    @Override
    public void draw(Svg svg) {
        double right = Svg.WIDTH - RIGHT;
        double bottom = 12 + drawn() * ROW;
        double[] all = rows.stream()
                .flatMapToDouble(row -> DoubleStream.of(row.value, row.low, row.high))
                .toArray();
        Axis around = Axis.around(what, all);
        boolean areShares = DoubleStream.of(all).allMatch(value -> Double.isNaN(value) || (value >= 0 && value <= 1));
        Axis axis = areShares && around.low() > -0.2 && around.high() < 1.2
                ? new Axis(what, Math.max(0, around.low()), Math.max(0.01, Math.min(1, around.high())))
                : around;
        Ticks ticks = Ticks.of(axis.low(), axis.high());
        int longest = 0;
        for (int i = 0; i < ticks.count(); i++) {
            longest = Math.max(longest, ticks.text(i).length());
        }
        int labels = (int) Math.max(1, (right - LEFT) / (LETTER * (longest + 1)));
        int every = (ticks.count() + labels - 1) / labels;
        for (int i = 0; i < ticks.count(); i++) {
            double at = axis.pixel(ticks.at(i), LEFT, right);
            svg.line(at, 8, at, bottom, "grid");
            if (i % every == 0) {
                svg.text(at, bottom + 15, Anchor.MIDDLE, 60, ticks.text(i), "soft");
            }
        }
        svg.line(LEFT, bottom, right, bottom, "axis");
        for (int i = 0; i < drawn(); i++) {
            Row row = rows.get(i);
            double y = 12 + i * ROW + ROW / 2;
            String series = row.note.isEmpty() ? "0" : "7";
            svg.text(LEFT - 8, y + 4, Anchor.END, LEFT - 10, row.name, row.note.isEmpty() ? "" : "soft");
            svg.line(axis.pixel(row.low, LEFT, right), y, axis.pixel(row.high, LEFT, right), y, "s s" + series);
            svg.dot(axis.pixel(row.value, LEFT, right), y, 4, "f" + series);
            svg.text(right + 8, y + 4, Anchor.START, RIGHT - 8, row.interval(), row.note.isEmpty() ? "" : "soft");
        }
        svg.text((LEFT + right) / 2, bottom + 34, Anchor.MIDDLE, right - LEFT, what);
    }
}
