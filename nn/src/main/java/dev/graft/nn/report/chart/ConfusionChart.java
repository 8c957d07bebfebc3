package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Who was taken for whom: a row for each true class, a column for each predicted one. A cell is the darker the larger
 * its share of the row is.
 *
 * @param classes up to {@value #MOST} can be drawn
 * @param counts {@code [true class][predicted class]}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record ConfusionChart(String title, String description, List<String> classes, long[][] counts) implements Chart {
    /** With more classes, cells are too small to read. */
    public static final int MOST = 10;

    private static final double LEFT = 118;
    private static final double TOP = 74;

    public ConfusionChart {
        classes = List.copyOf(classes);
        if (counts.length != classes.size()) {
            throw new IllegalArgumentException(
                    "confusion chart: " + counts.length + " rows for " + classes.size() + " classes");
        }
    }

    private double cell() {
        return Math.min(84, (Svg.WIDTH - LEFT - 44) / classes.size());
    }

    private double cellHeight() {
        return Math.min(54, cell());
    }

    @Override
    public double height() {
        return TOP + cellHeight() * classes.size() + 8;
    }

    @Override
    public Table data() {
        List<String> columns = new ArrayList<>(List.of("True class"));
        classes.forEach(name -> columns.add("predicted " + name));
        List<List<String>> rows = new ArrayList<>();
        for (int r = 0; r < classes.size(); r++) {
            List<String> row = new ArrayList<>(List.of(classes.get(r)));
            for (long count : counts[r]) {
                row.add(Numbers.count(count));
            }
            rows.add(row);
        }
        return Table.ofNumbers(title, columns, rows);
    }

    @Override
    public void draw(Svg svg) {
        double width = cell();
        double height = cellHeight();
        svg.text(LEFT - 8, TOP - 10, Anchor.END, LEFT, "true \u2193", "soft");
        svg.text(LEFT - 8, TOP - 26, Anchor.END, LEFT, "predicted \u2192", "soft");
        for (int r = 0; r < classes.size(); r++) {
            double y = TOP + r * height;
            svg.text(LEFT - 8, y + height / 2 + 4, Anchor.END, LEFT - 12, classes.get(r));
            svg.rising(LEFT + r * width + width / 2 - 4, TOP - 8, 108, classes.get(r));
            long sum = Arrays.stream(counts[r]).sum();
            for (int c = 0; c < classes.size(); c++) {
                double x = LEFT + c * width;
                double share = sum == 0 ? 0 : (double) counts[r][c] / sum;
                svg.shade(x, y, width, height, 0.85 * share);
                svg.rectangle(x, y, width, height, "cell");
                boolean both = height >= 40;
                String style = share > 0.6 ? "over" : "";
                svg.text(
                        x + width / 2,
                        y + height / 2 + (both ? -1 : 4),
                        Anchor.MIDDLE,
                        width,
                        Numbers.count(counts[r][c]),
                        style + " strong");
                if (both) {
                    svg.text(
                            x + width / 2,
                            y + height / 2 + 14,
                            Anchor.MIDDLE,
                            width,
                            sum == 0 ? "" : Math.round(100 * share) + " %",
                            style.isEmpty() ? "soft" : style);
                }
            }
        }
    }
}
