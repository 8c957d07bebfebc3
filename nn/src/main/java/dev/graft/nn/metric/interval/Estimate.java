package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Score;
import java.util.Optional;
import java.util.regex.Matcher;

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

    /**
     * This, saying what its cases are grouped by, if not by patient: in the note and in the interval's method.
     *
     * @param one what one group is called
     * @param many what several are called
     */
    public Estimate counting(String one, String many) {
        return new Estimate(
                name,
                score,
                interval.map(i -> new Interval(i.low(), i.high(), i.level(), said(i.method(), one, many))),
                note.map(text -> said(text, one, many)));
    }

    private static String said(String text, String one, String many) {
        return text.replaceAll("\\bpatients\\b", Matcher.quoteReplacement(many))
                .replaceAll("\\bpatient\\b", Matcher.quoteReplacement(one));
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
