package dev.graft.nn.table;

import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryCounts;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.CalibrationLine;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Score;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How good probabilities are.
 *
 * @param rows how many there are
 * @param auroc how well they rank
 * @param auprc average precision
 * @param brier the mean squared error; lower is better
 * @param slope of the calibration line; 1 is right, below 1 they are too extreme
 * @param meanPrediction their mean
 * @param prevalence the share of rows whose answer is yes
 */
public record TableScores(
        int rows, Score auroc, Score auprc, Score brier, Score slope, double meanPrediction, double prevalence) {

    /** The scores of probabilities for cases, in their order. */
    public static TableScores of(TableCases cases, double... probabilities) {
        BinaryCases judged = cases(cases, probabilities);
        return new TableScores(
                cases.size(),
                BinaryMetrics.auroc().of(judged),
                BinaryMetrics.averagePrecision().of(judged),
                BinaryMetrics.brier().of(judged),
                CalibrationLine.of(judged).slope(),
                Arrays.stream(probabilities).average().orElse(Double.NaN),
                cases.prevalence());
    }

    /** Probabilities with answers and patients, for any metric. */
    public static BinaryCases cases(TableCases cases, double... probabilities) {
        BinaryCases judged = BinaryCases.of(probabilities, cases.positive());
        return cases.schema().patient().isEmpty() ? judged : judged.groups(cases.patients());
    }

    /** What a threshold decides; what is not defined is NaN. */
    public static Map<String, Object> at(BinaryCases judged, double threshold) {
        BinaryCounts counts = BinaryCounts.of(judged, threshold);
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("threshold", threshold);
        map.put("sensitivity", counts.sensitivity().orNaN());
        map.put("specificity", counts.specificity().orNaN());
        map.put("ppv", counts.ppv().orNaN());
        map.put("npv", counts.npv().orNaN());
        map.put("called_yes", counts.truePositives() + counts.falsePositives());
        return map;
    }

    /** Probabilities of no and yes, with answers and patients. */
    static Cases twoClasses(TableCases cases, double... probabilities) {
        float[][] both = new float[probabilities.length][];
        int[] labels = new int[probabilities.length];
        for (int i = 0; i < both.length; i++) {
            both[i] = new float[] {(float) (1 - probabilities[i]), (float) probabilities[i]};
            labels[i] = cases.isPositive(i) ? 1 : 0;
        }
        Cases judged = Cases.of(both, labels);
        return cases.schema().patient().isEmpty() ? judged : judged.groups(cases.patients());
    }

    /** For JSON; what is not defined is null. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("rows", rows);
        map.put("auroc", auroc.orNaN());
        map.put("auprc", auprc.orNaN());
        map.put("brier", brier.orNaN());
        map.put("slope", slope.orNaN());
        map.put("mean_prediction", meanPrediction);
        map.put("prevalence", prevalence);
        return map;
    }
}
