package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Bins;
import dev.graft.nn.metric.ReliabilityCurve;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far a curve might lie elsewhere if other patients had been met: at each place on the horizontal axis, the range
 * that holds a share of the bootstrap's curves (percentiles). Patients are drawn, not cases, if they are known. The
 * ranges hold for each place by itself, not for the whole curve at once.
 *
 * @param at places on the horizontal axis
 * @param low the lower ends; NaN where too few resamples say anything
 * @param high the upper ends
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record CurveBand(double[] at, double[] low, double[] high) {
    private static final int PLACES = 101;
    /** A resample of many cases takes long, and their bands are narrow. */
    private static final long MOST_WEIGHTS = 20_000_000;

    private static final int FEWEST = 100;
    /** If more resamples have no value at a place, the rest would be a chosen part of what can happen. */
    private static final double MOST_UNDEFINED = 0.1;

    /** One resampled curve at all places. */
    private interface Curve {
        double[] of(int[] weights);
    }

    /** The sensitivity at each false positive rate. */
    public static CurveBand roc(BinaryCases cases, Intervals how) {
        double[] at = places();
        int[] order = cases.descending();
        return of(cases, how, at, weights -> {
            double positives = 0;
            double negatives = 0;
            for (int i = 0; i < weights.length; i++) {
                positives += cases.isPositive(i) ? weights[i] : 0;
                negatives += cases.isPositive(i) ? 0 : weights[i];
            }
            double[] found = nothing(at.length);
            if (positives == 0 || negatives == 0) {
                return found;
            }
            double truePositives = 0;
            double falsePositives = 0;
            double x = 0;
            double y = 0;
            int place = 0;
            for (int from = 0, to; from < order.length; from = to) {
                for (to = from; to < order.length && cases.score(order[to]) == cases.score(order[from]); to++) {
                    truePositives += cases.isPositive(order[to]) ? weights[order[to]] : 0;
                    falsePositives += cases.isPositive(order[to]) ? 0 : weights[order[to]];
                }
                double nextX = falsePositives / negatives;
                double nextY = truePositives / positives;
                // ties are a slope; where it is vertical, its upper end counts
                while (place < at.length && at[place] < nextX) {
                    found[place] = nextX > x ? y + (nextY - y) * (at[place] - x) / (nextX - x) : nextY;
                    place++;
                }
                x = nextX;
                y = nextY;
            }
            Arrays.fill(found, place, at.length, 1);
            return found;
        });
    }

    /**
     * The precision at each recall: that of the highest threshold with at least that recall. At recall 0 it is that of
     * the highest probability of all, which is 0 if no positive case has it.
     */
    public static CurveBand precisionRecall(BinaryCases cases, Intervals how) {
        double[] at = places();
        int[] order = cases.descending();
        return of(cases, how, at, weights -> {
            double positives = 0;
            for (int i = 0; i < weights.length; i++) {
                positives += cases.isPositive(i) ? weights[i] : 0;
            }
            double[] precision = nothing(at.length);
            if (positives == 0) {
                return precision;
            }
            double found = 0;
            double called = 0;
            int place = 0;
            for (int from = 0, to; from < order.length; from = to) {
                for (to = from; to < order.length && cases.score(order[to]) == cases.score(order[from]); to++) {
                    found += cases.isPositive(order[to]) ? weights[order[to]] : 0;
                    called += weights[order[to]];
                }
                while (place < at.length && called > 0 && at[place] <= found / positives + 1e-12) {
                    precision[place++] = found / called;
                }
            }
            return precision;
        });
    }

    /**
     * The share of positive cases in each bin of probability, where {@link ReliabilityCurve} has its points.
     *
     * @param bins of equal width
     */
    public static CurveBand calibration(BinaryCases cases, int bins, Intervals how) {
        List<ReliabilityCurve.Point> points =
                ReliabilityCurve.of(cases, Bins.equalWidth(bins)).points();
        int[] place = new int[bins];
        double[] at = new double[points.size()];
        for (int p = 0; p < at.length; p++) {
            place[points.get(p).bin()] = p;
            at[p] = points.get(p).predicted();
        }
        int[] placeOf = new int[cases.size()];
        for (int i = 0; i < placeOf.length; i++) {
            int bin = 0;
            while (bin < bins - 1 && (double) (bin + 1) / bins < cases.probability(i)) { // the upper edge is inside
                bin++;
            }
            placeOf[i] = place[bin];
        }
        return of(cases, how, at, weights -> {
            double[] positives = new double[at.length];
            double[] all = new double[at.length];
            for (int i = 0; i < placeOf.length; i++) {
                positives[placeOf[i]] += cases.isPositive(i) ? weights[i] : 0;
                all[placeOf[i]] += weights[i];
            }
            double[] share = nothing(at.length);
            for (int p = 0; p < share.length; p++) {
                share[p] = all[p] == 0 ? Double.NaN : positives[p] / all[p];
            }
            return share;
        });
    }

    private static double[] places() {
        double[] at = new double[PLACES];
        Arrays.setAll(at, i -> i / (PLACES - 1.0));
        return at;
    }

    private static double[] nothing(int length) {
        double[] values = new double[length];
        Arrays.fill(values, Double.NaN);
        return values;
    }

    private static CurveBand of(BinaryCases cases, Intervals how, double[] at, Curve curve) {
        int resamples = (int) Math.max(FEWEST, Math.min(how.resamples(), MOST_WEIGHTS / cases.size()));
        cases.descending(); // sorts once, before threads ask for it
        double[][] curves = IntStream.range(0, resamples)
                .parallel()
                .mapToObj(r -> curve.of(Bootstrap.weights(cases.groups(), how.seed(), r)))
                .toArray(double[][]::new);
        double[] low = new double[at.length];
        double[] high = new double[at.length];
        for (int p = 0; p < at.length; p++) {
            int place = p;
            double[] values = Arrays.stream(curves)
                    .mapToDouble(one -> one[place])
                    .filter(value -> !Double.isNaN(value))
                    .sorted()
                    .toArray();
            boolean known = values.length > 0 && values.length >= (1 - MOST_UNDEFINED) * resamples;
            low[p] = known ? Quantiles.of(values, (1 - how.level()) / 2) : Double.NaN;
            high[p] = known ? Quantiles.of(values, (1 + how.level()) / 2) : Double.NaN;
        }
        return new CurveBand(at, low, high);
    }
}
