package dev.graft.nn.report;

import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What follows from the judged cases, in words. */
final class RunFacts {
    private static final double WIDE = 0.1;
    private static final int MOST_CLASSES = 20;

    private final Judged judged;
    private final Facts known;

    RunFacts(Judged judged, Facts known) {
        this.judged = judged;
        this.known = known;
    }

    Facts derived(CalibrationPart calibration) {
        return Facts.none()
                .with(Fact.CLASSES, classes())
                .with(Fact.CASES, Texts.cases(judged.cases().size()) + " were judged")
                .with(
                        Fact.PATIENTS,
                        judged.arePatientsKnown()
                                ? judged.cases().groups().count() + " "
                                        + judged.unit().many() + " were judged"
                                : "not known: every case counts by itself")
                .with(Fact.OUTCOMES, outcomes())
                .with(Fact.IMBALANCE, imbalance())
                .with(Fact.SAMPLE_SIZE, sampleSize())
                .with(Fact.INTERVAL_WIDTH, widths())
                .with(Fact.MEASURES, measures())
                .with(Fact.INTERVALS, methods())
                .with(Fact.PERFORMANCE, performance())
                .with(Fact.CALIBRATION, calibration.text())
                .with(Fact.FAILURES, new PerformancePart(judged).failures())
                .with(Fact.OUTPUT, output())
                .with(Fact.LIMITS, limits().orElse(""));
    }

    private String classes() {
        List<String> names = judged.classes();
        return (judged.cases().isMultiLabel() ? "any number of the labels " : "one of ")
                + String.join(", ", names.subList(0, Math.min(MOST_CLASSES, names.size())))
                + (names.size() > MOST_CLASSES ? " and " + (names.size() - MOST_CLASSES) + " more" : "");
    }

    private String outcomes() {
        List<String> texts = new ArrayList<>();
        for (int c = 0; c < Math.min(MOST_CLASSES, judged.classes().size()); c++) {
            texts.add(judged.classes().get(c) + ": "
                    + Numbers.count(judged.cases().support(c)));
        }
        return "judged: " + String.join(", ", texts) + (judged.classes().size() > MOST_CLASSES ? ", ..." : "");
    }

    private String imbalance() {
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int c = 0; c < judged.classes().size(); c++) {
            least = Math.min(least, judged.cases().support(c));
            most = Math.max(most, judged.cases().support(c));
        }
        return least == 0
                ? "a class has no case among those judged"
                : "among the judged cases, the most frequent class has " + Numbers.score((double) most / least)
                        + " times as many as the rarest";
    }

    private String sampleSize() {
        return "judged: " + Texts.cases(judged.cases().size())
                + (judged.arePatientsKnown()
                        ? " of " + judged.cases().groups().count() + " "
                                + judged.unit().many()
                        : "");
    }

    private String widths() {
        List<String> texts = new ArrayList<>();
        for (String name : List.of("AUROC", "accuracy")) {
            Texts.find(judged.summary().overall(), name)
                    .filter(estimate -> estimate.interval().isPresent())
                    .ifPresent(estimate -> texts.add("the interval of " + name + " is "
                            + Numbers.score(estimate.interval().get().width()) + " wide"));
        }
        return String.join("; ", texts);
    }

    private String measures() {
        Set<String> names = new LinkedHashSet<>();
        judged.summary().overall().forEach(estimate -> names.add(estimate.name()));
        judged.summary().classes().values().forEach(list -> list.forEach(estimate -> names.add(estimate.name())));
        return String.join(", ", names) + "; ROC, precision-recall, calibration and decision curves, confusion matrix";
    }

    private String methods() {
        Set<String> names = new LinkedHashSet<>();
        judged.summary().overall().forEach(e -> e.interval().ifPresent(i -> names.add(i.method())));
        judged.summary()
                .classes()
                .values()
                .forEach(list -> list.forEach(e -> e.interval().ifPresent(i -> names.add(i.method()))));
        return Math.round(100 * judged.how().level()) + " % intervals: " + String.join(", ", names) + "; "
                + Numbers.count(judged.how().resamples()) + " resamples, seed "
                + judged.how().seed() + "; " + judged.patients();
    }

    private String performance() {
        List<String> texts = new ArrayList<>();
        judged.summary().overall().forEach(estimate -> texts.add(estimate.name() + " " + Texts.withInterval(estimate)));
        return String.join("; ", texts);
    }

    private String output() {
        return "a probability for each of " + judged.classes().size()
                + (judged.cases().isMultiLabel() ? " labels; " : " classes, which add up to 1; ") + judged.decision();
    }

    /** All that limits what these numbers say; empty if nothing does. */
    Optional<String> limits() {
        List<String> texts = new ArrayList<>();
        if (!judged.arePatientsKnown()) {
            texts.add("patients are not known");
        }
        doubts().ifPresent(texts::add);
        return texts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", texts));
    }

    /** What makes these numbers doubtful, besides that patients may not be known. */
    Optional<String> doubts() {
        List<String> texts = new ArrayList<>();
        for (int c = 0; c < judged.classes().size() && texts.size() < MOST_CLASSES; c++) {
            int support = judged.cases().support(c);
            if (support < Subgroups.FEWEST) {
                texts.add("only " + Texts.cases(support) + " of "
                        + judged.classes().get(c));
            }
        }
        Optional<Estimate> auroc = Texts.find(judged.summary().overall(), "AUROC");
        auroc.flatMap(Estimate::interval)
                .filter(interval -> interval.width() > WIDE)
                .ifPresent(interval -> texts.add(
                        "the interval of AUROC is " + Numbers.score(interval.width()) + " wide: too few cases"));
        known.get(Fact.LIMITS).ifPresent(texts::add);
        return texts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", texts));
    }
}
