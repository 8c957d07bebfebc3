package dev.graft.nn.run;

import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Report;
import dev.graft.nn.report.page.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What reports say of a model from its card, whatever its inputs are. */
public final class CardReport {
    private static final int LONGEST = 2000;

    private CardReport() {}

    /**
     * A page in any case: a training that took hours must not be lost because its report cannot be made. The page that
     * takes the report's place then says why.
     *
     * @param failed told why the report could not be made
     */
    public static String orReason(Supplier<String> report, Consumer<String> failed) {
        try {
            return report.get();
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | LinkageError e) {
            String why = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
            failed.accept(why);
            return new Report(
                            "Report",
                            "",
                            List.of(Section.of(
                                    "No report",
                                    new Note(
                                            Note.Kind.BAD,
                                            "The model is whole, but its report could not be made (" + why + ")."))))
                    .toHtml();
        }
    }

    /** What a card says of its model, for the checklists, as far as it does not depend on the kind of input. */
    public static Facts facts(ModelCard card) {
        Decision decision = card.decision();
        Map<String, Object> facts = card.facts();
        return Facts.none()
                .with(
                        Fact.START_WEIGHTS,
                        value(facts, "start_weights") + " (SHA-256 " + value(facts, "start_weights_sha256") + ")")
                .with(Fact.TRAINING, entries(facts.get("settings")) + ", seed " + value(facts, "seed"))
                .with(Fact.MODEL_FILES, "model.safetensors with SHA-256 " + value(facts, ModelCard.HASH))
                .with(
                        Fact.RECALIBRATION,
                        decision.temperature().value() == 1
                                ? "none: probabilities are the model's own"
                                : "temperature " + decision.temperature().value()
                                        + ", fitted on validation data before this evaluation; nothing was updated after"
                                        + " it")
                .with(
                        Fact.THRESHOLD,
                        decision.thresholds().isEmpty()
                                ? card.isMultiLabel()
                                        ? "the usual one: a label is given from a probability of 0.5 on"
                                        : "none: the most probable class is the answer"
                                : thresholds(card))
                .with(Fact.SOFTWARE, entries(facts.get("versions")));
    }

    /**
     * Adds the threshold of a model of two classes.
     *
     * @param data on what it was chosen, such as "validation images"
     */
    public static void addThreshold(ClassificationReport report, ModelCard card, String data) {
        if (card.decision().thresholds().size() == 1 && card.classes().size() == 2) {
            report.threshold(
                    card.decision().thresholds().get(0),
                    (isThresholdChosen(card.decision()) ? "chosen on " + data + "; " : "") + thresholds(card));
        }
    }

    /**
     * Why scores on data that also chose parts of the model are too good, in a sentence.
     *
     * @param data such as "validation images"
     * @param isEpochChosen whether the data chose the epoch whose weights were kept
     * @return empty if the data chose nothing
     */
    public static Optional<String> flattered(String data, boolean isEpochChosen, Decision decision) {
        return flattered(
                data,
                isEpochChosen,
                decision.temperature().value() != 1,
                isThresholdChosen(decision),
                decision.sets().isPresent());
    }

    /** As {@link #flattered(String, boolean, Decision)}, of whatever decision. */
    public static Optional<String> flattered(
            String data, boolean isEpochChosen, boolean hasTemperature, boolean isThresholdChosen, boolean hasSets) {
        List<String> chosen = new ArrayList<>();
        List<String> flattered = new ArrayList<>();
        if (isEpochChosen) {
            chosen.add("the best epoch");
        }
        if (hasTemperature) {
            chosen.add("the temperature");
            flattered.add("calibration (slope, ECE)");
        }
        if (isThresholdChosen) {
            chosen.add("the threshold");
            flattered.add("decisions (accuracy, sensitivity, specificity)");
        }
        if (hasSets) {
            chosen.add("the sets of classes");
            flattered.add("the coverage of the sets");
        }
        if (chosen.isEmpty()) {
            return Optional.empty();
        }
        String numbers = isEpochChosen
                ? "so these numbers are somewhat too good"
                        + (flattered.isEmpty() ? "" : ", " + joined(flattered) + " among them")
                : "which flatters " + joined(flattered);
        return Optional.of("The " + data + " also chose " + joined(chosen) + ", " + numbers + ".");
    }

    private static String joined(List<String> texts) {
        int last = texts.size() - 1;
        return last == 0 ? texts.get(0) : String.join(", ", texts.subList(0, last)) + " and " + texts.get(last);
    }

    /** Whether data chose the thresholds; else there are none, they were given, or nothing is known of it. */
    private static boolean isThresholdChosen(Decision decision) {
        return !decision.thresholds().isEmpty()
                && decision.facts().get("threshold") instanceof Map<?, ?> facts
                && facts.get("rule") != null
                && !DecisionRule.Threshold.isGiven(facts.get("rule"));
    }

    /** How the thresholds were chosen, if they were not given, and what they gave on the validation data. */
    public static String thresholds(ModelCard card) {
        if (!(card.decision().facts().get("threshold") instanceof Map<?, ?> facts)) {
            return DecisionRule.Threshold.origin(null);
        }
        List<String> texts = new ArrayList<>();
        if (facts.get("chosen") instanceof List<?> chosen) {
            for (Object one : chosen) {
                Map<?, ?> entry = (Map<?, ?>) one;
                Object of = entry.get("label") == null ? entry.get("class") : entry.get("label");
                texts.add(of + " from " + number(entry, "value") + " on: sensitivity " + number(entry, "sensitivity")
                        + " of " + entry.get("positive") + ", specificity " + number(entry, "specificity") + " of "
                        + entry.get("negative") + " validation cases"
                        + (entry.get("note") == null ? "" : " (" + entry.get("note") + ")"));
            }
        }
        return DecisionRule.Threshold.origin(facts.get("rule"))
                + (texts.isEmpty() ? "" : "; " + String.join("; ", texts));
    }

    private static String number(Map<?, ?> map, String name) {
        return map.get(name) instanceof Number value ? Numbers.text(value.doubleValue()) : "not defined";
    }

    /** Names and values of provenance. */
    public static List<List<String>> provenance(ModelCard card) {
        List<List<String>> rows = new ArrayList<>();
        add(rows, "Architecture", card.architecture());
        add(rows, "Seed", card.facts().get("seed"));
        add(rows, "SHA-256 of the weights", card.facts().get(ModelCard.HASH));
        add(rows, "Run", card.facts().get(ModelCard.RUN));
        add(rows, "Start weights", card.facts().get("start_weights"));
        add(rows, "SHA-256 of the start weights", card.facts().get("start_weights_sha256"));
        add(rows, "Versions", entries(card.facts().get("versions")));
        add(rows, "Settings", entries(card.facts().get("settings")));
        add(rows, "Training data", entries(card.facts().get("data")));
        return rows;
    }

    /** Adds a line of provenance, if there is a value. */
    public static void add(List<List<String>> rows, String name, @Nullable Object value) {
        if (value != null && !value.toString().isBlank()) {
            rows.add(List.of(name, shortened(value.toString())));
        }
    }

    private static String value(Map<String, Object> facts, String name) {
        return String.valueOf(facts.getOrDefault(name, "not recorded"));
    }

    /** Names and values in words; maps within it are in parentheses. Empty for anything but a map. */
    public static String entries(@Nullable Object map) {
        return map instanceof Map<?, ?> entries ? shortened(words(entries)) : "";
    }

    private static String words(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> entry.getKey().toString().replace('_', ' ')
                            + (entry.getValue() instanceof Map<?, ?>
                                    ? " (" + words(entry.getValue()) + ")"
                                    : " " + words(entry.getValue())))
                    .collect(Collectors.joining(", "));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(CardReport::words).collect(Collectors.joining("; "));
        }
        return String.valueOf(value);
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " ...";
    }
}
