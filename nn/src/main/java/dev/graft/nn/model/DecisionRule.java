package dev.graft.nn.model;

import static dev.graft.message.Message.setting;

import dev.graft.message.SettingException;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryCounts;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.metric.decision.ConformalSets;
import dev.graft.nn.metric.decision.DecisionThreshold;
import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.metric.decision.Validation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How a model's {@link Decision} is chosen on validation data, of which the network was not trained and by which it is
 * not judged. A temperature is always fitted.
 *
 * @param threshold what chooses thresholds; empty for the usual decisions
 * @param coverage in what share of cases the truth shall be in the set of classes, in (0, 1); empty for no sets
 * @param abstainBelow below which probability of the most probable class there is no answer, in [0, 1]; empty for never
 */
public record DecisionRule(Optional<Threshold> threshold, OptionalDouble coverage, OptionalDouble abstainBelow) {
    /** Calibration alone. */
    public static final DecisionRule NONE =
            new DecisionRule(Optional.empty(), OptionalDouble.empty(), OptionalDouble.empty());

    /** With fewer cases a temperature follows chance. */
    static final int FEWEST_CALIBRATED = 20;
    /** With fewer cases of a class, the share that is found is known to a third at best. */
    static final int FEWEST_OF_A_CLASS = 10;

    private static final Bins BINS = Bins.equalWidth(10);

    /**
     * What chooses a threshold.
     *
     * @param kind how
     * @param value the required share, or the threshold itself, in [0, 1]; of no meaning for Youden's
     */
    public record Threshold(Kind kind, double value) {
        /** How a threshold is chosen. */
        public enum Kind {
            /** See {@link DecisionThreshold#youden}. */
            YOUDEN,
            /** See {@link DecisionThreshold#forSensitivity}. */
            SENSITIVITY,
            /** See {@link DecisionThreshold#forSpecificity}. */
            SPECIFICITY,
            /** Not chosen, but given. */
            FIXED
        }

        /**
         * Reads {@code youden}, {@code sensitivity=0.95}, {@code specificity=0.9} or a probability.
         *
         * @throws SettingException for another text
         */
        public static Threshold parse(String text) {
            String word = text.strip();
            if (word.equalsIgnoreCase("youden")) {
                return new Threshold(Kind.YOUDEN, 0);
            }
            int equals = word.indexOf('=');
            String name = equals < 0 ? "" : word.substring(0, equals).strip();
            double value;
            try {
                value = Double.parseDouble(word.substring(equals + 1).strip());
            } catch (NumberFormatException e) {
                throw wrong(text);
            }
            if (name.isEmpty() && equals < 0 && value > 0 && value < 1) {
                return new Threshold(Kind.FIXED, value);
            }
            if (name.equalsIgnoreCase("sensitivity") && value > 0 && value <= 1) {
                return new Threshold(Kind.SENSITIVITY, value);
            }
            if (name.equalsIgnoreCase("specificity") && value > 0 && value <= 1) {
                return new Threshold(Kind.SPECIFICITY, value);
            }
            throw wrong(text);
        }

        private static SettingException wrong(String text) {
            return new SettingException(
                    setting("threshold") + " is youden, sensitivity=0.95, specificity=0.9 or a probability between 0"
                            + " and 1, not '" + text + "'",
                    "give one of these");
        }

        /** What {@link #parse} reads. */
        @Override
        public String toString() {
            return switch (kind) {
                case YOUDEN -> "youden";
                case SENSITIVITY -> "sensitivity=" + value;
                case SPECIFICITY -> "specificity=" + value;
                case FIXED -> Double.toString(value);
            };
        }

        /**
         * How a stored threshold came to be, in words: "given", or the rule that chose it.
         *
         * @param rule as a card's {@code decision} holds it; null if it holds none
         */
        public static String origin(@Nullable Object rule) {
            return rule == null ? "how it was chosen is not recorded" : isGiven(rule) ? "given" : "rule " + rule;
        }

        /**
         * Whether a stored threshold was given, and not chosen on data.
         *
         * @param rule as a card's {@code decision} holds it; null if it holds none
         */
        public static boolean isGiven(@Nullable Object rule) {
            try {
                return rule != null && parse(rule.toString()).kind() == Kind.FIXED;
            } catch (SettingException e) { // the rule of another version
                return false;
            }
        }

        private DecisionThreshold choose(BinaryCases cases) {
            Validation<BinaryCases> validation = Validation.of(cases);
            return switch (kind) {
                case YOUDEN -> DecisionThreshold.youden(validation);
                case SENSITIVITY -> DecisionThreshold.forSensitivity(validation, value);
                case SPECIFICITY -> DecisionThreshold.forSpecificity(validation, value);
                case FIXED -> new DecisionThreshold(value, "given", BinaryCounts.of(cases, value));
            };
        }
    }

    /** Whether anything but calibration is asked for. */
    public boolean asksForMore() {
        return threshold.isPresent() || coverage.isPresent() || abstainBelow.isPresent();
    }

    /**
     * Answers early, before hours of training, whether validation data can decide what is asked for.
     *
     * @param classes the names of the classes or labels
     * @param counts how many validation examples have each
     * @param examples how many there are; 0 if nothing is validated
     * @throws SettingException where they cannot
     */
    public void check(List<String> classes, boolean multiLabel, int[] counts, int examples) {
        if (!asksForMore()) {
            return;
        }
        String what = setting(threshold.isPresent() ? "threshold" : coverage.isPresent() ? "coverage" : "abstainBelow");
        if (examples == 0) {
            throw new SettingException(
                    what + " is chosen on validation data, and there is none", "hold data back, or leave it out");
        }
        if (multiLabel && (coverage.isPresent() || abstainBelow.isPresent())) {
            throw new SettingException(
                    setting(coverage.isPresent() ? "coverage" : "abstainBelow")
                            + " is for examples of one class each, and these have any number of labels",
                    "leave it out; each label can have a threshold");
        }
        if (threshold.isEmpty()) {
            return;
        }
        if (!multiLabel && classes.size() != 2) {
            throw new SettingException(
                    setting("threshold") + " is for two classes or for labels, and there are " + classes.size()
                            + " classes, of which the most probable one is chosen",
                    "leave it out");
        }
        for (int c = multiLabel ? 0 : 1; c < counts.length && !isFixed(); c++) {
            if (counts[c] == 0 || counts[c] == examples) {
                throw new SettingException(
                        setting("threshold") + " " + threshold.get() + " cannot be chosen: "
                                + (counts[c] == 0 ? "none" : "all") + " of " + examples
                                + " validation examples are " + classes.get(c),
                        "validate on both, or give the threshold as a number");
            }
        }
    }

    private boolean isFixed() {
        return threshold.filter(rule -> rule.kind() == Threshold.Kind.FIXED).isPresent();
    }

    /**
     * Chooses.
     *
     * @param validation what the network itself answers to validation data, in groups where patients are known
     * @param classes the names of the classes or labels
     */
    public Decision fit(Validation<Cases> validation, List<String> classes) {
        Map<String, Object> facts = new LinkedHashMap<>();
        Cases cases = validation.cases();
        Temperature temperature = cases.size() < FEWEST_CALIBRATED
                ? new Temperature(
                        1,
                        "not fitted: there are " + cases.size() + " validation cases, fewer than " + FEWEST_CALIBRATED)
                : Temperature.fit(validation);
        Cases calibrated = temperature.apply(cases);
        facts.put(Decision.TEMPERATURE, calibration(cases, calibrated, temperature.note()));
        List<Double> thresholds = threshold
                .map(rule -> thresholds(rule, calibrated, classes, facts))
                .orElse(List.of());
        Optional<ConformalSets> sets =
                coverage.isPresent() ? Optional.of(sets(coverage.getAsDouble(), calibrated, facts)) : Optional.empty();
        Cases decided = calibrated.thresholds(
                thresholds.stream().mapToDouble(Double::doubleValue).toArray());
        Optional<Abstention> abstention = abstainBelow.isPresent()
                ? Optional.of(abstention(abstainBelow.getAsDouble(), decided, facts))
                : Optional.empty();
        return new Decision(temperature, thresholds, sets, abstention, facts);
    }

    /**
     * The network's own probabilities and the usual decisions, with the reason.
     *
     * @param why such as "no data was held back"
     */
    public static Decision notFitted(String why) {
        return new Decision(
                Temperature.of(1),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Map.of(Decision.TEMPERATURE, Map.of("note", "not fitted: " + why)));
    }

    private static Map<String, Object> calibration(Cases before, Cases after, String note) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cases", before.size());
        Metric error = before.isMultiLabel()
                ? Metrics.classwiseCalibrationError(BINS)
                : before.classes() == 2
                        ? BinaryMetrics.calibrationError(BINS).ofClass(1)
                        : Metrics.calibrationError(BINS);
        put(facts, "log_loss_before", Metrics.logLoss(), before);
        put(facts, "log_loss_after", Metrics.logLoss(), after);
        put(facts, "calibration_error_before", error, before);
        put(facts, "calibration_error_after", error, after);
        if (!note.isEmpty()) {
            facts.put("note", note);
        }
        return facts;
    }

    private static void put(Map<String, Object> facts, String name, Metric metric, Cases cases) {
        metric.of(cases).value().ifPresent(value -> facts.put(name, value));
    }

    private static List<Double> thresholds(
            Threshold rule, Cases cases, List<String> classes, Map<String, Object> facts) {
        List<Double> values = new ArrayList<>();
        List<Object> chosen = new ArrayList<>();
        for (int c = cases.isMultiLabel() ? 0 : 1; c < cases.classes(); c++) {
            DecisionThreshold threshold = rule.choose(cases.oneVsRest(c));
            BinaryCounts counts = threshold.validated();
            values.add(threshold.value());
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put(cases.isMultiLabel() ? "label" : "class", classes.get(c));
            entry.put("value", threshold.value());
            entry.put("positive", counts.positives());
            entry.put("negative", counts.negatives());
            counts.sensitivity().value().ifPresent(value -> entry.put("sensitivity", value));
            counts.specificity().value().ifPresent(value -> entry.put("specificity", value));
            long fewest = Math.min(counts.positives(), counts.negatives());
            if (fewest < FEWEST_OF_A_CLASS && rule.kind() != Threshold.Kind.FIXED) {
                entry.put(
                        "note",
                        "chosen by " + fewest + " validation cases of a class, fewer than " + FEWEST_OF_A_CLASS
                                + ": another sample would give another threshold");
            }
            chosen.add(entry);
        }
        facts.put(Decision.THRESHOLD, Map.of("rule", rule.toString(), "chosen", chosen));
        return values;
    }

    private static ConformalSets sets(double coverage, Cases cases, Map<String, Object> facts) {
        Cases independent = firstOfEachGroup(cases);
        ConformalSets sets = ConformalSets.fit(Validation.of(independent), ConformalSets.Method.APS, 1 - coverage);
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("cases", independent.size());
        int classes = 0;
        for (int i = 0; i < independent.size(); i++) {
            classes += sets.set(independent.probabilities(i)).size();
        }
        own.put("mean_size", (double) classes / independent.size());
        if (sets.largestScore() == Double.POSITIVE_INFINITY) {
            own.put(
                    "note",
                    independent.size() + " validation cases are too few for this coverage, so every class is in every"
                            + " set");
        }
        facts.put(Decision.SETS, own);
        return sets;
    }

    /** The promise of conformal sets needs cases that are independent, as images of one patient are not. */
    private static Cases firstOfEachGroup(Cases cases) {
        boolean[] met = new boolean[cases.groups().count()];
        List<Integer> rows = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            int group = cases.groups().of(i);
            if (!met[group]) {
                met[group] = true;
                rows.add(i);
            }
        }
        return cases.only(rows.stream().mapToInt(Integer::intValue).toArray());
    }

    private static Abstention abstention(double confidence, Cases cases, Map<String, Object> facts) {
        Abstention abstention = new Abstention(confidence);
        Abstention.Outcome outcome = abstention.of(cases);
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("cases", cases.size());
        own.put("answered", outcome.answered());
        outcome.accuracy().value().ifPresent(value -> own.put("accuracy_of_answers", value));
        if (outcome.answered() == 0) {
            own.put("note", "no validation case is answered");
        }
        facts.put(Decision.ABSTENTION, own);
        return abstention;
    }

    /** For a run's identity: what is asked for besides calibration. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        threshold.ifPresent(rule -> map.put("threshold", rule.toString()));
        coverage.ifPresent(share -> map.put("coverage", share));
        abstainBelow.ifPresent(confidence -> map.put("abstain_below", confidence));
        return map;
    }
}
