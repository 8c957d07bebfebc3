package dev.graft.examples.cli.text;

import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.InputFlag;
import dev.graft.vision.ImageEvaluation;
import dev.graft.vision.Prediction;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How probabilities became answers, and which inputs were unlike the training data, as people read it. */
public final class DecisionText {
    private DecisionText() {}

    /** What is to say of one image besides its classes. */
    public static List<String> lines(Prediction prediction) {
        List<String> lines = new ArrayList<>();
        if (prediction.multiLabel()) {
            lines.add(
                    "shows: " + (prediction.labels().isEmpty() ? "no label" : String.join(", ", prediction.labels())));
        } else if (prediction.isAbstained()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "no answer: no class has a probability of at least %s",
                    prediction.decision().abstention().orElseThrow().confidence()));
        } else if (!prediction.decision().thresholds().isEmpty()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "answer: %s (%s from %.4f on)",
                    prediction.label(),
                    prediction.classes().get(1),
                    prediction.decision().thresholds().get(0)));
        }
        prediction
                .set()
                .ifPresent(set -> lines.add("possible: "
                        + (set.isEmpty() ? "no class is like those of the validation" : String.join(", ", set))));
        if (!prediction.flags().isEmpty()) {
            lines.add("unlike the training images: "
                    + prediction.flags().stream().map(InputFlag::toString).collect(Collectors.joining(", ")));
        }
        return lines;
    }

    /** What an evaluation's decisions did. */
    public static void print(PrintWriter out, ImageEvaluation evaluation) {
        print(out, evaluation.decision().toMap());
        Map<String, Object> report = evaluation.toMap();
        evaluation
                .decision()
                .abstention()
                .map(below -> below.of(evaluation.scores().cases()))
                .ifPresent(outcome -> print(out, outcome));
        if (report.get("sets") instanceof Map<?, ?> sets) {
            out.printf(
                    Locale.ROOT,
                    "sets: the true class is in %s of them; they hold %s classes on average%n",
                    ScoreText.of(sets.get("covered")),
                    ScoreText.of(sets.get("mean_size")));
        }
        netBenefit(out, evaluation);
        long flagged =
                evaluation.flags().stream().filter(flags -> !flags.isEmpty()).count();
        if (flagged > 0) {
            out.printf(
                    Locale.ROOT,
                    "unlike the training images: %,d of %,d images, see the column flags of --csv%n",
                    flagged,
                    evaluation.flags().size());
        }
    }

    /** Of two classes; for more, the table would be long, and is in the JSON. */
    private static void netBenefit(PrintWriter out, ImageEvaluation evaluation) {
        if (evaluation.classes().size() != 2 || evaluation.scores().isMultiLabel()) {
            return;
        }
        evaluation.decisionCurves().forEach((name, curve) -> {
            out.printf(
                    Locale.ROOT,
                    "%nnet benefit of acting on %s, in true positives of 1,000 images%nfrom      model      all  nobody%n",
                    name);
            curve.points()
                    .forEach(point -> out.printf(
                            Locale.ROOT,
                            "%.2f  %9.1f %8.1f %7.1f%n",
                            point.threshold(),
                            1000 * point.model(),
                            1000 * point.treatAll(),
                            1000 * point.treatNone()));
        });
    }

    private static void print(PrintWriter out, Abstention.Outcome outcome) {
        out.printf(
                Locale.ROOT,
                "abstention: %,d images are answered, %s of these right, and %,d are left to people%n",
                outcome.answered(),
                ScoreText.of(outcome.accuracy().orNaN()),
                outcome.abstained());
    }

    /**
     * Prints what was chosen on the validation data.
     *
     * @param decision as it stands in a card or in {@code metrics.json}
     */
    public static void print(PrintWriter out, Object decision) {
        if (!(decision instanceof Map<?, ?> parts)) {
            return;
        }
        if (parts.get("temperature") instanceof Map<?, ?> own && own.get("value") instanceof Number value) {
            if (own.containsKey("note")) {
                out.println("calibration: " + own.get("note"));
            } else if (own.containsKey("log_loss_after")) {
                out.printf(
                        Locale.ROOT,
                        "calibration: temperature %.3f; on validation images log loss %s, before %s, calibration error %s, before %s%n",
                        value.doubleValue(),
                        ScoreText.of(own.get("log_loss_after")),
                        ScoreText.of(own.get("log_loss_before")),
                        ScoreText.of(own.get("calibration_error_after")),
                        ScoreText.of(own.get("calibration_error_before")));
            }
        }
        if (parts.get("threshold") instanceof Map<?, ?> own && own.get("chosen") instanceof List<?> chosen) {
            chosen.forEach(entry -> threshold(out, own.get("rule"), (Map<?, ?>) entry));
        }
        for (String part : List.of("sets", "abstention")) {
            if (parts.get(part) instanceof Map<?, ?> own && own.containsKey("note")) {
                out.println(part + ": " + own.get("note"));
            }
        }
    }

    private static void threshold(PrintWriter out, Object rule, Map<?, ?> chosen) {
        out.printf(
                Locale.ROOT,
                "threshold: %s from %.4f on (%s); on validation images sensitivity %s, specificity %s%s%n",
                chosen.containsKey("label") ? chosen.get("label") : chosen.get("class"),
                ((Number) chosen.get("value")).doubleValue(),
                DecisionRule.Threshold.isGiven(rule) ? "given" : rule,
                ScoreText.of(chosen.get("sensitivity")),
                ScoreText.of(chosen.get("specificity")),
                chosen.containsKey("note") ? "; " + chosen.get("note") : "");
    }
}
