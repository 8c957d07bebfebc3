package dev.graft.nn.metric;

import java.util.Optional;

/**
 * The expected calibration error (ECE): by how much probabilities miss the observed share, the mean over bins by their
 * numbers of cases, {@code sum of n_b / n * |mean probability - share of positives|}. In [0, 1]; 0 is right.
 *
 * <p>It is biased upwards: with few cases in a bin, even a perfectly calibrated model misses the share by chance. A
 * bootstrap adds that bias once more, so its interval would mislead, and none is given. {@link CalibrationLine} has no
 * such bias.
 *
 * @see <a href="https://arxiv.org/abs/1706.04599">Guo et al. 2017, On calibration of modern neural networks</a>
 */
public final class CalibrationError {
    private static final String NAME = "calibration error";
    private static final String BIASED = "no interval: chance alone makes the calibration error larger in resamples";

    private CalibrationError() {}

    /** Of the probability of yes. */
    public static double binary(BinaryCases cases, Bins bins) {
        return over(cases, bins).plain(cases.size()).orNaN();
    }

    /** Of the most probable class's probability as that of being right: the ECE of Guo et al. */
    public static double topLabel(Cases cases, Bins bins) {
        return binary(cases.confidence(), bins);
    }

    /**
     * The mean over all classes, present or not, of that of each class against the rest.
     *
     * @see <a href="https://arxiv.org/abs/1910.12656">Kull et al. 2019, Beyond temperature scaling</a>
     */
    public static double classwise(Cases cases, Bins bins) {
        double sum = 0;
        for (int c = 0; c < cases.classes(); c++) {
            sum += binary(cases.oneVsRest(c), bins);
        }
        return sum / cases.classes();
    }

    static Statistic over(BinaryCases cases, Bins bins) {
        cases.checked(NAME);
        double[] p = new double[cases.size()];
        for (int i = 0; i < p.length; i++) {
            p[i] = cases.probability(i);
        }
        double[] edges = bins.edges(p);
        int[] bin = new int[p.length];
        for (int i = 0; i < p.length; i++) {
            bin[i] = Bins.bin(edges, p[i]);
        }
        return new Statistic() {
            @Override
            public Score of(int[] weights) {
                double[] excess = new double[bins.count()];
                long count = 0;
                for (int i = 0; i < p.length; i++) {
                    excess[bin[i]] += weights[i] * (p[i] - (cases.isPositive(i) ? 1 : 0));
                    count += weights[i];
                }
                double sum = 0;
                for (double e : excess) {
                    sum += Math.abs(e);
                }
                return Score.ratio(sum, (double) count, "no case");
            }

            @Override
            public Optional<String> noInterval() {
                return Optional.of(BIASED);
            }
        };
    }

    /** The mean over classes. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Mean(Statistic[] each) implements Statistic {
        @Override
        public Score of(int[] weights) {
            double sum = 0;
            for (Statistic one : each) {
                sum += one.of(weights).orNaN();
            }
            return Score.of(sum / each.length);
        }

        @Override
        public Optional<String> noInterval() {
            return Optional.of(BIASED);
        }
    }
}
