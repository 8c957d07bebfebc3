package dev.graft.nn.metric;

import java.util.stream.IntStream;

/** The metrics of all classes at once; see {@link Average} for means of metrics of each class. */
public final class Metrics {
    private Metrics() {}

    /**
     * The share of cases whose {@linkplain Cases#predictions chosen} class is right; of several labels, the share of
     * right decisions.
     */
    public static Metric accuracy() {
        return Metric.of(
                "accuracy",
                cases -> cases.isMultiLabel()
                        ? Average.MICRO
                                .ofDecisions(BinaryMetrics.accuracy(MultiLabelScores.THRESHOLD))
                                .over(cases)
                        : right(cases));
    }

    private static Statistic right(Cases cases) {
        int[] predicted = cases.predictions();
        boolean[] all = new boolean[cases.size()];
        boolean[] right = new boolean[cases.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = true;
            right[i] = predicted[i] == cases.label(i);
        }
        return new Statistic.Share(all, right, "no case");
    }

    /** The mean sensitivity of the classes that have cases, by the most probable class; {@link ConfusionMatrix}. */
    public static Metric balancedAccuracy() {
        return Metric.of("balanced accuracy", cases -> {
            cases.checkOneClass("balanced accuracy");
            int[] predicted = cases.predictions();
            int[] labels = labels(cases);
            int classes = cases.classes();
            return weights -> balancedAccuracy(labels, predicted, classes, weights);
        });
    }

    private static int[] labels(Cases cases) {
        return IntStream.range(0, cases.size()).map(cases::label).toArray();
    }

    private static Score balancedAccuracy(int[] labels, int[] predicted, int classes, int[] weights) {
        long[] support = new long[classes];
        long[] right = new long[classes];
        for (int i = 0; i < labels.length; i++) {
            support[labels[i]] += weights[i];
            right[labels[i]] += labels[i] == predicted[i] ? weights[i] : 0;
        }
        double sum = 0;
        int present = 0;
        for (int c = 0; c < classes; c++) {
            sum += support[c] > 0 ? (double) right[c] / support[c] : 0;
            present += support[c] > 0 ? 1 : 0;
        }
        return Score.ratio(sum, present, "no case");
    }

    /**
     * Matthews' correlation coefficient of any number of classes (Gorodkin's R_K) by the most probable class, from
     * below 0 to 1; 0 is guessing. With {@code c} right of {@code s} cases, {@code t_k} of a class and {@code p_k}
     * predicted: {@code (c s - sum p_k t_k) / sqrt((s^2 - sum p_k^2)(s^2 - sum t_k^2))}. Not defined if truth or
     * predictions are of one class only, where scikit-learn says 0.
     *
     * @see <a
     *     href="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.matthews_corrcoef.html">matthews_corrcoef</a>
     */
    public static Metric mcc() {
        return Metric.of("MCC", cases -> {
            cases.checkOneClass("MCC");
            int[] predicted = cases.predictions();
            int[] labels = labels(cases);
            int classes = cases.classes();
            return weights -> mcc(labels, predicted, classes, weights);
        });
    }

    private static Score mcc(int[] labels, int[] predicted, int classes, int[] weights) {
        long[] truth = new long[classes];
        long[] called = new long[classes];
        long right = 0;
        long all = 0;
        for (int i = 0; i < labels.length; i++) {
            truth[labels[i]] += weights[i];
            called[predicted[i]] += weights[i];
            right += labels[i] == predicted[i] ? weights[i] : 0;
            all += weights[i];
        }
        double product = (double) right * all;
        double truthSpread = (double) all * all;
        double calledSpread = (double) all * all;
        for (int c = 0; c < classes; c++) {
            product -= (double) truth[c] * called[c];
            truthSpread -= (double) truth[c] * truth[c];
            calledSpread -= (double) called[c] * called[c];
        }
        if (truthSpread == 0 || calledSpread == 0) {
            return Score.undefined(
                    truthSpread == 0 ? "all cases are of one class" : "all cases were called the same class");
        }
        return Score.of(product / (Math.sqrt(truthSpread) * Math.sqrt(calledSpread)));
    }

    /**
     * {@link BrierScore}: of two classes {@code (p1 - y)^2}, of more the sum over the classes; of several labels the
     * mean over them.
     */
    public static Metric brier() {
        return Metric.of("Brier score", cases -> {
            if (cases.isMultiLabel()) {
                return Average.MICRO.of(BinaryMetrics.brier()).over(cases);
            }
            double[] values = new double[cases.size()];
            for (int c = cases.classes() == 2 ? 1 : 0; c < cases.classes(); c++) {
                for (int i = 0; i < values.length; i++) {
                    float p = cases.probability(i, c);
                    Checks.probability("Brier score", p);
                    double error = p - (cases.has(i, c) ? 1 : 0);
                    values[i] += error * error;
                }
            }
            return BinaryMetrics.mean(values);
        });
    }

    /** {@link LogLoss}, in nats; of several labels the mean over them. */
    public static Metric logLoss() {
        return Metric.of("log loss", cases -> {
            if (cases.isMultiLabel()) {
                return Average.MICRO.of(BinaryMetrics.logLoss()).over(cases);
            }
            double[] values = new double[cases.size()];
            for (int i = 0; i < values.length; i++) {
                float p = cases.probability(i, cases.label(i));
                Checks.probability("log loss", p);
                values[i] = -Math.log(LogLoss.clipped(p));
            }
            return BinaryMetrics.mean(values);
        });
    }

    /** {@link CalibrationError#topLabel}. */
    public static Metric calibrationError(Bins bins) {
        return Metric.of("calibration error", cases -> CalibrationError.over(cases.confidence(), bins));
    }

    /** {@link CalibrationError#classwise}. */
    public static Metric classwiseCalibrationError(Bins bins) {
        return Metric.of("classwise calibration error", cases -> {
            Statistic[] each = IntStream.range(0, cases.classes())
                    .mapToObj(c -> CalibrationError.over(cases.oneVsRest(c), bins))
                    .toArray(Statistic[]::new);
            return new CalibrationError.Mean(each);
        });
    }
}
