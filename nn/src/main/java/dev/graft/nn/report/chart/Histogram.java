package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How values are spread, each series as shares of its own.
 *
 * @param bins equal parts of the axis
 */
public record Histogram(String title, String description, Axis x, int bins, List<Values> series) implements Chart {
    private static final double LEFT = 62;
    private static final double BOTTOM = 200;
    private static final double TOP = 10;

    public Histogram {
        series = List.copyOf(series);
    }

    /** Values of one kind; those that are not finite are left out. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Values(String name, double[] values) {
        private double[] shares(Axis x, int bins) {
            double[] shares = new double[bins];
            int count = 0;
            for (double value : values) {
                if (value >= x.low() && value <= x.high()) {
                    shares[(int) Math.min(bins - 1, (value - x.low()) / (x.high() - x.low()) * bins)]++;
                    count++;
                }
            }
            for (int b = 0; b < bins; b++) {
                shares[b] /= Math.max(1, count);
            }
            return shares;
        }
    }

    @Override
    public double height() {
        return BOTTOM + 46 + 18 * series.size();
    }

    private double edge(int bin) {
        return x.low() + bin * (x.high() - x.low()) / bins;
    }

    @Override
    public Table data() {
        List<String> columns = new ArrayList<>(List.of(x.label()));
        List<double[]> shares = new ArrayList<>();
        for (Values one : series) {
            columns.add(one.name + ", share");
            shares.add(one.shares(x, bins));
        }
        List<List<String>> rows = new ArrayList<>();
        for (int b = 0; b < bins; b++) {
            List<String> row = new ArrayList<>(List.of(Numbers.score(edge(b)) + " to " + Numbers.score(edge(b + 1))));
            for (double[] own : shares) {
                row.add(Numbers.score(own[b]));
            }
            rows.add(row);
        }
        return Table.ofNumbers(title, columns, rows);
    }

    @Override
    public void draw(Svg svg) {
        double right = Svg.WIDTH - 12;
        List<double[]> shares = series.stream().map(one -> one.shares(x, bins)).toList();
        double most = shares.stream().flatMapToDouble(Arrays::stream).max().orElse(1);
        Axis y = new Axis("share of the class", 0, most > 0 ? most * 1.05 : 1);
        Ticks up = Ticks.of(0, y.high());
        for (int i = 0; i < up.count(); i++) {
            double at = y.pixel(up.at(i), BOTTOM, TOP);
            svg.line(LEFT, at, right, at, "grid");
            svg.text(LEFT - 6, at + 4, Anchor.END, LEFT - 16, up.text(i), "soft");
        }
        Ticks across = Ticks.of(x.low(), x.high());
        for (int i = 0; i < across.count(); i++) {
            svg.text(x.pixel(across.at(i), LEFT, right), BOTTOM + 16, Anchor.MIDDLE, 60, across.text(i), "soft");
        }
        for (int s = 0; s < series.size(); s++) {
            double[] steps = new double[2 * bins + 2];
            double[] heights = new double[steps.length];
            double[] floor = new double[steps.length];
            for (int i = 0; i < steps.length; i++) {
                steps[i] = x.pixel(edge(i / 2), LEFT, right);
                int bin = (i + 1) / 2 - 1;
                heights[i] = y.pixel(bin < 0 || bin >= bins ? 0 : shares.get(s)[bin], BOTTOM, TOP);
                floor[i] = BOTTOM;
            }
            svg.band(steps, floor, heights, "area f" + s % Svg.SERIES);
            svg.path(steps, heights, "s s" + s % Svg.SERIES);
        }
        svg.line(LEFT, BOTTOM, right, BOTTOM, "axis");
        svg.text((LEFT + right) / 2, BOTTOM + 33, Anchor.MIDDLE, right - LEFT, x.label());
        svg.upwards(12, (TOP + BOTTOM) / 2, BOTTOM, y.label());
        for (int s = 0; s < series.size(); s++) {
            double at = BOTTOM + 50 + 18 * s;
            svg.line(LEFT, at, LEFT + 28, at, "s s" + s % Svg.SERIES);
            svg.text(LEFT + 36, at + 4, Anchor.START, right - LEFT - 40, series.get(s).name);
        }
    }
}
