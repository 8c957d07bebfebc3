package dev.graft.nn.report;

import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.report.chart.Numbers;
import java.util.List;
import java.util.Optional;

/** Scores with their intervals, as people read them. */
final class Texts {
    private Texts() {}

    static String value(Estimate estimate) {
        return Numbers.score(estimate.score().orNaN());
    }

    /** Such as "0.912 (0.881 to 0.936)". */
    static String withInterval(Estimate estimate) {
        return value(estimate)
                + estimate.interval()
                        .map(i -> " (" + Numbers.score(i.low()) + " to " + Numbers.score(i.high()) + ")")
                        .orElse("");
    }

    /** As {@link #withInterval}, on two lines, so that many columns fit on a page. */
    static String inCell(Estimate estimate) {
        return withInterval(estimate).replaceFirst(" \\(", "\n(");
    }

    /** Such as "95 % interval 0.881 to 0.936", or why there is none. */
    static String interval(Estimate estimate) {
        if (!estimate.score().isDefined()) {
            return "not defined: " + estimate.score().reason();
        }
        return estimate.interval()
                .map(i -> Math.round(100 * i.level()) + " % interval " + Numbers.score(i.low()) + " to "
                        + Numbers.score(i.high()))
                .orElseGet(() -> estimate.note().orElse(""));
    }

    /** How it was computed, and what to know. */
    static String method(Estimate estimate) {
        String method = estimate.interval().map(i -> i.method()).orElse("");
        String note = estimate.score().isDefined()
                ? estimate.note().orElse("")
                : "not defined: " + estimate.score().reason();
        return method.isEmpty() || note.isEmpty() ? method + note : method + "; " + note;
    }

    static Optional<Estimate> find(List<Estimate> estimates, String name) {
        return estimates.stream()
                .filter(estimate -> estimate.name().equals(name))
                .findFirst();
    }

    static String cases(int count) {
        return Numbers.count(count) + (count == 1 ? " case" : " cases");
    }
}
