package dev.graft.nn.report;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.report.chart.Numbers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What was judged, and how.
 *
 * @param classes the names of the classes or labels
 * @param arePatientsKnown whether the groups of the cases are known to be patients, or what else the unit is
 */
record Judged(Cases cases, List<String> classes, boolean arePatientsKnown, Unit unit, Summary summary, Intervals how) {
    /** What the groups of cases are unless the caller says something else. */
    static final Unit PATIENT = new Unit("patient", "patients");

    private static final int LISTED = 20;

    /** What a group of cases is. */
    record Unit(String one, String many) {}

    static Judged of(Cases cases, List<String> classes, boolean arePatientsKnown, Unit unit, Intervals how) {
        Summary summary = Summary.of(cases, classes, arePatientsKnown, how).counting(unit.one(), unit.many());
        return new Judged(cases, classes, arePatientsKnown, unit, summary, how);
    }

    boolean isBinary() {
        return cases.classes() == 2 && !cases.isMultiLabel();
    }

    /** Which classes get curves of their own: of two the second, of more the most frequent. */
    List<Integer> drawn(int most) {
        if (isBinary()) {
            return List.of(1);
        }
        List<Integer> largest = new ArrayList<>(IntStream.range(0, cases.classes())
                .boxed()
                .sorted(Comparator.comparingInt((Integer c) -> -cases.support(c)))
                .limit(most)
                .toList());
        largest.sort(Comparator.naturalOrder());
        return largest;
    }

    String patients() {
        return arePatientsKnown ? "by " + unit.one() : "patients are not known, so each case counts by itself";
    }

    /** How a probability becomes an answer, in words. */
    String decision() {
        double[] thresholds = cases.thresholds();
        if (thresholds.length == 0) {
            return cases.isMultiLabel()
                    ? "a label is given from a probability of " + MultiLabelScores.THRESHOLD + " on"
                    : "the most probable class is the answer";
        }
        if (!cases.isMultiLabel()) {
            return classes.get(1) + " is the answer from a probability of " + Numbers.score(thresholds[0])
                    + " on, else " + classes.get(0);
        }
        return "a label is given from its own probability on: "
                + IntStream.range(0, Math.min(LISTED, thresholds.length))
                        .mapToObj(c -> classes.get(c) + " " + Numbers.score(thresholds[c]))
                        .collect(Collectors.joining(", "))
                + (thresholds.length > LISTED ? ", ..." : "");
    }

    int wrong() {
        int wrong = 0;
        if (cases.isMultiLabel()) {
            return 0;
        }
        int[] predicted = cases.predictions();
        for (int i = 0; i < predicted.length; i++) {
            wrong += predicted[i] == cases.label(i) ? 0 : 1;
        }
        return wrong;
    }
}
