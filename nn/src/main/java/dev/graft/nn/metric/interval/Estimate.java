package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Score;
import java.util.Optional;

/**
 * A metric of a sample of cases, and how far it may be from the metric of all cases.
 *
 * @param name what the metric is called
 * @param score its value, or why there is none
 * @param interval empty if the metric is not defined, or an interval would mislead; {@code note} then says why
 * @param note what to know before trusting it; mostly empty
 */
public record Estimate(String name, Score score, Optional<Interval> interval, Optional<String> note) {
    static Estimate of(String name, Score score, Interval interval) {
        return new Estimate(name, score, Optional.of(interval), Optional.empty());
    }

    static Estimate without(String name, Score score, String note) {
        return new Estimate(name, score, Optional.empty(), Optional.of(note));
    }

    static Estimate undefined(String name, Score score) {
        return new Estimate(name, score, Optional.empty(), Optional.empty());
    }

    /** This with a remark; behind one that is there. */
    Estimate noting(String remark) {
        return new Estimate(
                name,
                score,
                interval,
                Optional.of(note.map(old -> old + "; " + remark).orElse(remark)));
    }

    /** Such as {@code AUROC 0.8512 (95 % interval 0.8123 to 0.8901)}. */
    @Override
    public String toString() {
        return name + " " + score
                + interval.map(i -> " (" + Math.round(100 * i.level()) + " % interval " + i + ")")
                        .orElse("")
                + note.map(text -> " [" + text + "]").orElse("");
    }
}
