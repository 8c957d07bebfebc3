package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.Score;
import dev.graft.nn.metric.Statistic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The headline of an evaluation: the usual metrics with their intervals, over all and for each class or label. With two
 * classes, AUROC, AUPRC and calibration are those of the second; with more, means over the classes (macro).
 *
 * @param cases how many were judged
 * @param patients of how many patients they are; empty if that is not known and every case counts by itself
 * @param overall the metrics of all classes at once
 * @param classes the metrics of each class against the rest, by name; empty if there are too many
 */
public record Summary(
        int cases, Optional<Integer> patients, List<Estimate> overall, Map<String, List<Estimate>> classes) {
    static final int MOST_CLASSES = 50;
    /** Above so many probabilities, resampling a mean over classes takes half a minute and more. */
    private static final long MOST_PROBABILITIES = 500_000;

    private static final String TOO_MANY = "no interval: resampling so many probabilities would take too long";

    private static final List<String> HEADLINE = List.of("accuracy", "AUROC");
    private static final Bins BINS = Bins.equalWidth(10);
    private static final double HALF = MultiLabelScores.THRESHOLD;

    public Summary {
        overall = List.copyOf(overall);
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes)); // keeps their order
    }

    /**
     * Judges cases.
     *
     * @param names of the classes or labels
     * @param grouped whether the cases' groups are known to be patients
     */
    public static Summary of(Cases cases, List<String> names, boolean grouped, Intervals how) {
        if (names.size() != cases.classes()) {
            throw new IllegalArgumentException(
                    "summary: " + names.size() + " names for " + cases.classes() + " classes");
        }
        Map<String, List<Estimate>> classes = new LinkedHashMap<>();
        if (cases.classes() <= MOST_CLASSES) {
            for (int c = 0; c < names.size(); c++) {
                classes.put(names.get(c), how.of(ofClass(cases, c), cases));
            }
        }
        return new Summary(
                cases.size(),
                grouped ? Optional.of(cases.groups().count()) : Optional.empty(),
                how.of(overall(cases), cases),
                classes);
    }

    /**
     * This, saying what its cases are grouped by, if not by patient; see {@link Estimate#counting}.
     *
     * @param one what one group is called
     * @param many what several are called
     */
    public Summary counting(String one, String many) {
        Map<String, List<Estimate>> named = new LinkedHashMap<>();
        classes.forEach((name, estimates) -> named.put(name, counting(estimates, one, many)));
        return new Summary(cases, patients, counting(overall, one, many), named);
    }

    private static List<Estimate> counting(List<Estimate> estimates, String one, String many) {
        return estimates.stream().map(estimate -> estimate.counting(one, many)).toList();
    }

    /** Accuracy, and AUROC as it stands in {@link #overall}. */
    static List<Metric> headline(Cases cases) {
        return overall(cases).stream()
                .filter(metric -> HEADLINE.contains(metric.name()))
                .toList();
    }

    /** The metrics of all classes at once that suit the cases. */
    static List<Metric> overall(Cases cases) {
        boolean two = cases.classes() == 2 && !cases.isMultiLabel();
        List<Metric> metrics = new ArrayList<>();
        metrics.add(Metrics.accuracy());
        if (!cases.isMultiLabel()) {
            metrics.add(Metrics.balancedAccuracy());
        }
        if (two) {
            metrics.add(BinaryMetrics.auroc().ofClass(1));
            metrics.add(BinaryMetrics.averagePrecision().ofClass(1));
        } else {
            metrics.add(mean("AUROC", Average.MACRO.of(BinaryMetrics.auroc())));
            metrics.add(mean("AUPRC", Average.MACRO.of(BinaryMetrics.averagePrecision())));
            if (cases.classes() <= MOST_CLASSES) {
                metrics.add(mean("F1", Average.MACRO.ofDecisions(BinaryMetrics.f1(HALF))));
            }
        }
        if (!cases.isMultiLabel()) {
            metrics.add(Metrics.mcc());
        }
        metrics.add(Metrics.brier());
        metrics.add(Metrics.logLoss());
        if (two) {
            metrics.add(BinaryMetrics.calibrationError(BINS).ofClass(1));
            metrics.add(BinaryMetrics.calibrationSlope().ofClass(1));
            metrics.add(BinaryMetrics.calibrationInTheLarge().ofClass(1));
        } else if (!cases.isMultiLabel()) {
            metrics.add(Metrics.calibrationError(BINS));
        }
        if (!two) {
            metrics.add(Metrics.classwiseCalibrationError(BINS));
        }
        return metrics;
    }

    private static Metric mean(String name, Metric average) {
        return Metric.of(name, cases -> {
            Statistic statistic = average.over(cases);
            return (long) cases.size() * cases.classes() <= MOST_PROBABILITIES ? statistic : withoutInterval(statistic);
        });
    }

    private static Statistic withoutInterval(Statistic statistic) {
        return new Statistic() {
            @Override
            public Score of(int[] weights) {
                return statistic.of(weights);
            }

            @Override
            public Optional<String> noInterval() {
                return Optional.of(TOO_MANY);
            }
        };
    }

    private static List<Metric> ofClass(Cases cases, int c) {
        List<Metric> metrics = new ArrayList<>(List.of(
                BinaryMetrics.sensitivity(HALF).ofDecision(c),
                BinaryMetrics.specificity(HALF).ofDecision(c),
                BinaryMetrics.ppv(HALF).ofDecision(c),
                BinaryMetrics.npv(HALF).ofDecision(c),
                BinaryMetrics.f1(HALF).ofDecision(c),
                BinaryMetrics.auroc().ofClass(c)));
        if (cases.isMultiLabel()) {
            metrics.add(BinaryMetrics.averagePrecision().ofClass(c));
            metrics.add(BinaryMetrics.calibrationSlope().ofClass(c));
        }
        return metrics;
    }

    /** An overall metric by name, such as "AUROC". */
    public Optional<Estimate> find(String name) {
        return overall.stream().filter(estimate -> estimate.name().equals(name)).findFirst();
    }

    /** A metric of a class by name. */
    public Optional<Estimate> find(String className, String name) {
        return classes.getOrDefault(className, List.of()).stream()
                .filter(estimate -> estimate.name().equals(name))
                .findFirst();
    }

    /**
     * As it stands in JSON files: {@code cases}, {@code patients}, {@code overall} and {@code classes}, of which each
     * metric has {@code value} (null, with {@code undefined}, the reason, if there is none), and where there is an
     * interval {@code low}, {@code high}, {@code level} and {@code method}; {@code note} if there is something to know.
     */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("cases", cases);
        patients.ifPresent(count -> map.put("patients", count));
        map.put("overall", toMap(overall));
        List<Object> each = new ArrayList<>();
        classes.forEach((name, estimates) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("class", name);
            entry.putAll(toMap(estimates));
            each.add(entry);
        });
        map.put("classes", each);
        return map;
    }

    static Map<String, Object> toMap(List<Estimate> estimates) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (Estimate estimate : estimates) {
            map.put(estimate.name().toLowerCase(Locale.ROOT).replace(' ', '_'), toMap(estimate));
        }
        return map;
    }

    static Map<String, Object> toMap(Estimate estimate) {
        Map<String, Object> entry = new LinkedHashMap<>();
        if (estimate.score().isDefined()) {
            entry.put("value", estimate.score().orNaN());
        } else {
            entry.put("undefined", estimate.score().reason());
        }
        estimate.interval().ifPresent(interval -> {
            entry.put("low", interval.low());
            entry.put("high", interval.high());
            entry.put("level", interval.level());
            entry.put("method", interval.method());
        });
        estimate.note().ifPresent(note -> entry.put("note", note));
        return entry;
    }
}
