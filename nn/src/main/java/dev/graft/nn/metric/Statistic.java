package dev.graft.nn.metric;

import java.util.Arrays;
import java.util.Optional;

/**
 * A metric of certain cases, prepared so that it can be computed many times with other weights: what a bootstrap needs.
 * Sorting happens once, so a resample costs one pass over the cases. Immutable and thread-safe.
 */
@FunctionalInterface
public interface Statistic {
    /**
     * The metric's value if case {@code i} occurs {@code weights[i]} times.
     *
     * @param weights one for each case, 0 or more; at least one is above 0
     */
    Score of(int[] weights);

    /** Why no interval should be computed by resampling, where that would mislead. Empty for nearly all metrics. */
    default Optional<String> noInterval() {
        return Optional.empty();
    }

    /** The value if each of so many cases occurs once. */
    default Score plain(int cases) {
        int[] ones = new int[cases];
        Arrays.fill(ones, 1);
        return of(ones);
    }

    /** The area under the ROC curve of these cases, whose variance is known in closed form. */
    record Area(BinaryCases cases) implements Statistic {
        @Override
        public Score of(int[] weights) {
            return cases.ranking().auroc(weights);
        }
    }

    /**
     * The share of cases that are right among those that count, such as sensitivity: of the positive cases, those that
     * are found.
     *
     * @param counted whether a case is in the denominator
     * @param right whether a case that counts is in the numerator
     * @param nothing why the share is not defined if no case counts
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Share(boolean[] counted, boolean[] right, String nothing) implements Statistic {
        @Override
        public Score of(int[] weights) {
            long part = 0;
            long whole = 0;
            for (int i = 0; i < weights.length; i++) {
                if (counted[i]) {
                    whole += weights[i];
                    part += right[i] ? weights[i] : 0;
                }
            }
            return Score.ratio(part, whole, nothing);
        }
    }
}
