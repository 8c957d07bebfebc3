package dev.graft.vision;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.ConfusionMatrix;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.decision.DecisionCurve;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Scores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Scores as maps for JSON files. */
final class Metrics {
    private Metrics() {}

    /**
     * A whole training: {@code epochs}, {@code best}, {@code images_per_second}, {@code seconds}, {@code warnings}.
     *
     * @param images training images an epoch
     * @param extraSeconds spent before the first epoch on computing features
     */
    static Map<String, Object> of(History history, int images, double extraSeconds) {
        List<EpochResult> epochs = history.epochs();
        double seconds =
                extraSeconds + epochs.stream().mapToDouble(EpochResult::seconds).sum();
        double training = extraSeconds
                + epochs.stream()
                        .mapToDouble(epoch -> images / epoch.examplesPerSecond())
                        .sum();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epochs", epochs.stream().map(Metrics::epoch).toList());
        map.put("best", history.best().map(Metrics::best).orElse(Map.of()));
        map.put("images_per_second", (double) images * epochs.size() / training);
        map.put("seconds", seconds);
        map.put("warnings", history.warnings());
        map.put("ending", history.ending().name().toLowerCase(Locale.ROOT));
        return map;
    }

    private static Map<String, Object> epoch(EpochResult result) {
        Optional<Scores> scores = result.validation();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epoch", result.epoch());
        map.put("learning_rate", result.learningRate());
        map.put("train_loss", result.trainLoss());
        map.put("train_accuracy", result.trainAccuracy());
        map.put("val_loss", scores.map(Scores::loss).orElse(Double.NaN));
        map.put("val_accuracy", scores.map(Scores::accuracy).orElse(Double.NaN));
        map.put("val_auroc", scores.map(Scores::auroc).orElse(Double.NaN));
        map.put("seconds", result.seconds());
        map.put("images_per_second", result.examplesPerSecond());
        return map;
    }

    private static Map<String, Object> best(EpochResult result) {
        Scores scores = result.validation().orElseThrow();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epoch", result.epoch());
        map.put("accuracy", scores.accuracy());
        map.put("auroc", scores.auroc());
        map.put("loss", scores.loss());
        return map;
    }

    /** Of several labels: means over them, and each by itself. */
    private static Map<String, Object> ofLabels(Evaluation evaluation, List<String> classes) {
        MultiLabelScores scores = evaluation.multiLabel();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("images", evaluation.truths().length);
        map.put("accuracy", scores.accuracy());
        map.put("auroc", scores.auroc());
        map.put("average_precision", scores.averagePrecision());
        map.put("loss", evaluation.loss());
        List<Object> labels = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            MultiLabelScores.Label label = scores.labels().get(c);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("label", classes.get(c));
            entry.put("images", label.positives());
            entry.put("accuracy", label.accuracy());
            entry.put("auroc", label.auroc());
            entry.put("average_precision", label.averagePrecision());
            labels.add(entry);
        }
        map.put("labels", labels);
        return map;
    }

    /**
     * What judged images say: the usual metrics with their intervals, the net benefit, and parts of the images.
     *
     * @param grouped whether the cases' groups are known to be patients
     */
    static Map<String, Object> judged(Cases cases, boolean grouped, List<String> classes, List<Subgroups> parts) {
        Map<String, Object> map =
                Summary.of(cases, classes, grouped, Intervals.defaults()).toMap();
        map.put("net_benefit", netBenefit(cases, classes));
        if (!parts.isEmpty()) {
            map.put("subgroups", parts.stream().map(Subgroups::toMap).toList());
        }
        return map;
    }

    static Map<String, Object> netBenefit(Cases cases, List<String> classes) {
        Map<String, Object> map = new LinkedHashMap<>();
        DecisionCurve.ofEach(cases, classes).forEach((name, curve) -> map.put(name, curve.toList()));
        return map;
    }

    /** One evaluation: overall scores, each class against the rest, and who was taken for whom. */
    public static Map<String, Object> of(Evaluation evaluation, List<String> classes) {
        if (evaluation.isMultiLabel()) {
            return ofLabels(evaluation, classes);
        }
        ConfusionMatrix confusion = evaluation.confusion();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("images", evaluation.labels().length);
        map.put("accuracy", evaluation.accuracy());
        map.put("balanced_accuracy", confusion.balancedAccuracy());
        map.put("auroc", evaluation.auroc());
        map.put("loss", evaluation.loss());
        List<Object> perClass = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("class", classes.get(c));
            entry.put("images", confusion.support(c));
            entry.put("sensitivity", confusion.sensitivity(c));
            entry.put("specificity", confusion.specificity(c));
            entry.put("precision", confusion.precision(c));
            entry.put("f1", confusion.f1(c));
            perClass.add(entry);
        }
        map.put("classes", perClass);
        map.put(
                "confusion_matrix",
                Arrays.stream(confusion.counts())
                        .map(row -> Arrays.stream(row).boxed().toList())
                        .toList());
        return map;
    }
}
