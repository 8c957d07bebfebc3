package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Horizontal bars: for each category one of each series.
 *
 * @param what the bars measure
 * @param categories the first {@value #MOST} are drawn
 */
public record BarChart(String title, String description, String what, List<String> categories, List<Series> series)
        implements Chart {
    private static final int MOST = 30;
    private static final double LEFT = 132;
    private static final double RIGHT = 64;
    private static final double BAR = 15;
    private static final double GAP = 9;

    public BarChart {
        categories = List.copyOf(categories);
        series = List.copyOf(series);
        for (Series one : series) {
            if (one.values.length != categories.size()) {
                throw new IllegalArgumentException(
                        "bar chart: " + one.values.length + " values for " + categories.size() + " categories");
            }
        }
    }

    /** Bars of one colour. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Series(String name, double[] values) {}

    private int drawn() {
        return Math.min(MOST, categories.size());
    }

    private double group() {
        return series.size() * BAR + GAP;
    }

    @Override
    public double height() {
        return 10 + drawn() * group() + 24 + (series.size() > 1 ? 18 * series.size() : 0) + (isCut() ? 18 : 0);
    }

    private boolean isCut() {
        return categories.size() > MOST;
    }

    @Override
    public Table data() {
        List<String> columns = new ArrayList<>(List.of("Category"));
        series.forEach(one -> columns.add(one.name));
        List<List<String>> rows = new ArrayList<>();
        for (int c = 0; c < categories.size(); c++) {
            List<String> row = new ArrayList<>(List.of(categories.get(c)));
            for (Series one : series) {
                row.add(Numbers.text(one.values[c]));
            }
            rows.add(row);
        }
        return Table.ofNumbers(title, columns, rows).atMost(200);
    }

    @Override
    public void draw(Svg svg) {
        double most = series.stream()
                .flatMapToDouble(one -> Arrays.stream(one.values))
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        double scale = (Svg.WIDTH - LEFT - RIGHT) / (most > 0 ? most : 1);
        double at = 10;
        for (int c = 0; c < drawn(); c++) {
            svg.text(LEFT - 8, at + series.size() * BAR / 2 + 4, Anchor.END, LEFT - 12, categories.get(c));
            for (int s = 0; s < series.size(); s++) {
                double value = series.get(s).values[c];
                svg.rectangle(LEFT, at, value * scale, BAR - 3, "f" + s % Svg.SERIES);
                double end = LEFT + (Double.isFinite(value) ? Math.max(0, value * scale) : 0);
                svg.text(end + 5, at + 10, Anchor.START, RIGHT, Numbers.text(value), "soft");
                at += BAR;
            }
            at += GAP;
        }
        svg.line(LEFT, 6, LEFT, at - GAP / 2, "axis");
        if (isCut()) {
            at += 14;
            svg.text(LEFT, at, Anchor.START, 280, "and " + (categories.size() - MOST) + " more", "soft");
        }
        svg.text(LEFT, at + 14, Anchor.START, Svg.WIDTH - LEFT, what, "soft");
        at += 30;
        for (int s = 0; s < (series.size() > 1 ? series.size() : 0); s++, at += 18) {
            svg.rectangle(LEFT, at - 9, 12, 12, "f" + s % Svg.SERIES);
            svg.text(LEFT + 18, at + 1, Anchor.START, Svg.WIDTH - LEFT - 20, series.get(s).name);
        }
    }
}
