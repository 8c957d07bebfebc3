package dev.graft.nn.metric.decision;

import dev.graft.nn.metric.Cases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Split-conformal prediction: for each case a set of classes that contains the true one with probability at least
 * {@code 1 - alpha}, whatever the network, if validation and new cases come from the same population. The promise holds
 * on average over cases, not for each class or patient; and it needs cases that are independent, so with several images
 * of a patient use one of each.
 *
 * @param method LAC or APS
 * @param alpha the share of sets that may miss the true class, in (0, 1)
 * @param largestScore of a class that is in the set; infinite if there are too few validation cases for {@code alpha},
 *     so that every class is in every set
 * @see <a href="https://arxiv.org/abs/2107.07511">Angelopoulos and Bates 2021, A gentle introduction to conformal
 *     prediction</a>
 */
public record ConformalSets(Method method, double alpha, double largestScore) {
    /** How far a class is from being expected. */
    public enum Method {
        /**
         * One minus its probability: the smallest sets on average, of which some may be empty (Sadinle et al. 2019).
         */
        LAC,
        /**
         * The probability of all classes down to it, from the most probable one: larger sets, more alike in coverage
         * between easy and hard cases, never empty (Romano et al. 2020, without randomisation).
         */
        APS
    }

    /**
     * Chooses the quantile: of {@code n} validation scores the {@code ceil((n + 1) (1 - alpha))}-th smallest, which
     * makes the promise hold for any number of cases.
     *
     * @throws IllegalStateException if cases have any number of labels
     */
    public static ConformalSets fit(Validation<Cases> validation, Method method, double alpha) {
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("conformal sets: alpha must be in (0, 1), was " + alpha);
        }
        Cases cases = validation.cases();
        double[] scores = new double[cases.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = scores(method, cases.probabilities(i))[cases.label(i)];
        }
        Arrays.sort(scores);
        // rounding must not turn (9 + 1) * (1 - 0.1) = 9 into 10
        int rank = (int) Math.ceil((scores.length + 1) * (1 - alpha) - 1e-9);
        return new ConformalSets(
                method, alpha, rank > scores.length ? Double.POSITIVE_INFINITY : scores[Math.max(1, rank) - 1]);
    }

    /** The classes that are possible for a case, the most probable first. */
    public List<Integer> set(float[] probabilities) {
        double[] scores = scores(method, probabilities);
        List<Integer> set = new ArrayList<>();
        for (int c : order(probabilities)) {
            if (scores[c] <= largestScore || (method == Method.APS && set.isEmpty())) {
                set.add(c);
            }
        }
        return List.copyOf(set);
    }

    private static int[] order(float[] probabilities) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(c -> -probabilities[c]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double[] scores(Method method, float[] probabilities) {
        double[] scores = new double[probabilities.length];
        double sum = 0;
        for (int c : order(probabilities)) {
            if (!(probabilities[c] >= 0 && probabilities[c] <= 1)) {
                throw new IllegalArgumentException("conformal sets: " + probabilities[c] + " is not a probability");
            }
            sum += probabilities[c];
            scores[c] = method == Method.LAC ? 1 - (double) probabilities[c] : sum;
        }
        return scores;
    }
}
