package dev.graft.nn.report.chart;

import dev.graft.nn.report.page.Chart;
import dev.graft.nn.report.page.Svg;
import dev.graft.nn.report.page.Svg.Anchor;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * The way of cases through a study, as STARD and TRIPOD+AI ask for: how many there were at each step, and how many were
 * left out, and why.
 *
 * @param steps from what was found to what was judged
 */
public record FlowChart(String title, String description, List<Step> steps) implements Chart {
    private static final double BOX = 236;
    private static final double SIDE = BOX + 34;
    private static final double LINE = 15;
    private static final double GAP = 22;

    public FlowChart {
        steps = List.copyOf(steps);
    }

    /**
     * One step.
     *
     * @param text what the cases are
     * @param details lines under it, such as counts of classes
     * @param leftOut why cases do not reach the next step, each with its count
     */
    public record Step(String text, long cases, List<String> details, List<LeftOut> leftOut) {
        public Step {
            details = List.copyOf(details);
            leftOut = List.copyOf(leftOut);
        }

        private List<String> title() {
            return wrapped(text + ": " + Numbers.count(cases), BOX - 24); // bold letters are wider
        }

        private List<String> lines() {
            List<String> lines = new ArrayList<>(title());
            details.forEach(detail -> lines.addAll(wrapped(detail, BOX - 16)));
            return lines;
        }

        private List<String> sideLines() {
            List<String> lines = new ArrayList<>();
            leftOut.forEach(
                    one -> lines.addAll(wrapped(Numbers.count(one.cases) + " " + one.reason, Svg.WIDTH - SIDE - 12)));
            return lines;
        }

        private double height() {
            return 14 + LINE * lines().size();
        }

        private double below() {
            return leftOut.isEmpty() ? GAP : 30 + LINE * sideLines().size();
        }
    }

    /** Cases that were left out. */
    public record LeftOut(String reason, long cases) {}

    private static List<String> wrapped(String text, double pixels) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (line.length() > 0 && Svg.width(line + " " + word) > pixels) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.length() > 0 ? " " : "").append(Svg.shortened(word, pixels));
        }
        lines.add(line.toString());
        return lines.size() <= 6 ? lines : lines.subList(0, 6);
    }

    @Override
    public double height() {
        double height = 8;
        for (int i = 0; i < steps.size(); i++) {
            height +=
                    steps.get(i).height() + (i < steps.size() - 1 ? steps.get(i).below() : 8);
        }
        return height;
    }

    @Override
    public Table data() {
        List<List<String>> rows = new ArrayList<>();
        for (Step step : steps) {
            rows.add(List.of(step.text, Numbers.count(step.cases), String.join("; ", step.details)));
            step.leftOut.forEach(one -> rows.add(List.of("left out: " + one.reason, Numbers.count(one.cases), "")));
        }
        return new Table(title, List.of("Step", "Cases", "Details"), List.of(false, true, false), rows);
    }

    @Override
    public void draw(Svg svg) {
        double y = 4;
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            svg.rectangle(4, y, BOX, step.height(), "box");
            List<String> lines = step.lines();
            for (int l = 0; l < lines.size(); l++) {
                svg.text(
                        12,
                        y + 19 + l * LINE,
                        Anchor.START,
                        BOX - 12,
                        lines.get(l),
                        l < step.title().size() ? "strong" : "soft");
            }
            y += step.height();
            if (i == steps.size() - 1) {
                break;
            }
            double next = y + step.below();
            double middle = 4 + BOX / 2;
            svg.line(middle, y, middle, next, "axis");
            svg.line(middle - 4, next - 6, middle, next, "axis").line(middle + 4, next - 6, middle, next, "axis");
            if (!step.leftOut.isEmpty()) {
                List<String> side = step.sideLines();
                double height = 10 + LINE * side.size();
                double centre = y + 10 + height / 2;
                svg.rectangle(SIDE, centre - height / 2, Svg.WIDTH - SIDE - 4, height, "box");
                svg.line(middle, centre, SIDE, centre, "axis");
                for (int l = 0; l < side.size(); l++) {
                    svg.text(
                            SIDE + 6,
                            centre - height / 2 + 17 + l * LINE,
                            Anchor.START,
                            Svg.WIDTH - SIDE - 10,
                            side.get(l));
                }
            }
            y = next;
        }
    }
}
