package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Metrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A metric of parts of the cases, such as men and women, or hospitals. Parts that are too small to say anything have a
 * note: those with fewer than {@value #FEWEST} cases (patients, where known) of a class or label, or an interval wider
 * than {@value #WIDEST}.
 *
 * @param column what the cases are divided by, such as "sex"
 * @param parts in the order of their names; cases without one are "(not given)", the last
 */
public record Subgroups(String column, List<Part> parts) {
    /** Below so many cases or patients of a class, a part's metric says nothing. */
    public static final int FEWEST = 10;
    /** Above this width, for metrics in [0, 1], so little is known that it should not be compared. */
    public static final double WIDEST = 0.3;

    private static final String NOT_GIVEN = "(not given)";

    public Subgroups {
        parts = List.copyOf(parts);
    }

    /**
     * One part.
     *
     * @param name its value in the column
     * @param cases how many cases it has
     * @param patients of how many patients they are; empty if none of the divided cases is known to share its patient
     *     with another
     * @param estimate the metric
     * @param tooSmall why it says too little; empty if it is large enough
     */
    public record Part(
            String name, int cases, Optional<Integer> patients, Estimate estimate, Optional<String> tooSmall) {
        private Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", name);
            map.put("images", cases);
            patients.ifPresent(count -> map.put("patients", count));
            if (estimate.score().isDefined()) {
                map.put("value", estimate.score().orNaN());
            } else {
                map.put("undefined", estimate.score().reason());
            }
            estimate.interval().ifPresent(interval -> {
                map.put("low", interval.low());
                map.put("high", interval.high());
            });
            tooSmall.ifPresent(note -> map.put("note", note));
            return map;
        }
    }

    /**
     * Divides cases by a column.
     *
     * @param values one for each case; blank if unknown
     */
    public static Subgroups of(String column, List<String> values, Metric metric, Cases cases, Intervals how) {
        if (values.size() != cases.size()) {
            throw new IllegalArgumentException("subgroups: the column " + column + " has " + values.size()
                    + " values for " + cases.size() + " cases");
        }
        Map<String, List<Integer>> rows = new TreeMap<>();
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i).isBlank()) {
                unknown.add(i);
            } else {
                rows.computeIfAbsent(values.get(i), name -> new ArrayList<>()).add(i);
            }
        }
        Map<String, List<Integer>> ordered = new LinkedHashMap<>(rows);
        if (!unknown.isEmpty()) {
            ordered.put(NOT_GIVEN, unknown);
        }
        List<Part> parts = new ArrayList<>();
        boolean grouped = !cases.groups().areSingletons(); // of all: a part may happen to have one case of each patient
        ordered.forEach((name, which) -> parts.add(
                part(name, cases.only(which.stream().mapToInt(Integer::intValue).toArray()), grouped, metric, how)));
        return new Subgroups(column, parts);
    }

    /**
     * By each of several columns: accuracy, and of two classes AUROC.
     *
     * @param columns the values of each case, by the column's name; blank if unknown
     */
    public static List<Subgroups> ofEach(Map<String, List<String>> columns, Cases cases, Intervals how) {
        boolean two = cases.classes() == 2 && !cases.isMultiLabel();
        List<Subgroups> all = new ArrayList<>();
        columns.forEach((column, values) -> {
            all.add(of(column, values, Metrics.accuracy(), cases, how));
            if (two) {
                all.add(of(column, values, BinaryMetrics.auroc().ofClass(1), cases, how));
            }
        });
        return List.copyOf(all);
    }

    /** For JSON files: {@code column}, {@code metric} and {@code parts}. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("column", column);
        map.put("metric", parts.isEmpty() ? "" : parts.get(0).estimate().name());
        map.put("parts", parts.stream().map(Part::toMap).toList());
        return map;
    }

    private static Part part(String name, Cases cases, boolean grouped, Metric metric, Intervals how) {
        Estimate estimate = how.of(metric, cases);
        return new Part(
                name,
                cases.size(),
                grouped ? Optional.of(cases.groups().count()) : Optional.empty(),
                estimate,
                tooSmall(cases, grouped, estimate));
    }

    private static Optional<String> tooSmall(Cases cases, boolean grouped, Estimate estimate) {
        int fewest = Integer.MAX_VALUE;
        for (int c = 0; c < cases.classes(); c++) {
            fewest = Math.min(fewest, Math.min(count(cases, c, true), count(cases, c, false)));
        }
        if (fewest < FEWEST) {
            return Optional.of("too small: " + fewest + " " + (grouped ? "patients" : "cases")
                    + " of a class, fewer than " + FEWEST);
        }
        if (estimate.interval().isEmpty()) {
            return Optional.of("no interval");
        }
        double width = estimate.interval().get().width();
        return width > WIDEST ? Optional.of("too uncertain: the interval is wider than " + WIDEST) : Optional.empty();
    }

    /** How many patients have a case with, or without, a class. */
    private static int count(Cases cases, int c, boolean with) {
        boolean[] met = new boolean[cases.groups().count()];
        int count = 0;
        for (int i = 0; i < cases.size(); i++) {
            int group = cases.groups().of(i);
            if (cases.has(i, c) == with && !met[group]) {
                met[group] = true;
                count++;
            }
        }
        return count;
    }

    /**
     * Numbers as names of ranges, such as ages: {@code [40, 60]} gives "below 40", "40 to below 60", "60 or more", with
     * signs before them that sort in that order.
     *
     * @param values NaN if unknown
     * @param edges ascending
     * @return a name for each value, blank if it is unknown
     */
    public static List<String> ranges(double[] values, double... edges) {
        List<String> names = new ArrayList<>();
        for (double value : values) {
            int bin = 0;
            while (bin < edges.length && value >= edges[bin]) {
                bin++;
            }
            names.add(Double.isNaN(value) ? "" : (bin + 1) + ": " + range(bin, edges));
        }
        return names;
    }

    private static String range(int bin, double[] edges) {
        if (edges.length == 0) {
            return "all";
        }
        if (bin == 0) {
            return "below " + number(edges[0]);
        }
        return bin == edges.length
                ? number(edges[bin - 1]) + " or more"
                : number(edges[bin - 1]) + " to below " + number(edges[bin]);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
