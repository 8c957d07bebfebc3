package dev.graft.nn.metric.decision;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Score;
import java.util.ArrayList;
import java.util.List;

/**
 * Leaving to people what the network is not sure of: a case is answered if its most probable class has at least this
 * probability.
 *
 * @param confidence in [0, 1]
 */
public record Abstention(double confidence) {
    public Abstention {
        if (!(confidence >= 0 && confidence <= 1)) {
            throw new IllegalArgumentException("abstention: the confidence must be in [0, 1], was " + confidence);
        }
    }

    /**
     * What an abstention costs and gains.
     *
     * @param confidence from which on cases are answered
     * @param answered how many cases are
     * @param abstained how many are left to people
     * @param accuracy of the answers; undefined if there are none
     */
    public record Outcome(double confidence, int answered, int abstained, Score accuracy) {}

    /** Whether a case with these probabilities is answered. */
    public boolean answers(float[] probabilities) {
        for (float p : probabilities) {
            if (p >= confidence) {
                return true;
            }
        }
        return false;
    }

    /** What this would do to certain cases. */
    public Outcome of(Cases cases) {
        int[] predicted = cases.predictions();
        int answered = 0;
        int right = 0;
        for (int i = 0; i < predicted.length; i++) {
            if (answers(cases.probabilities(i))) {
                answered++;
                right += predicted[i] == cases.label(i) ? 1 : 0;
            }
        }
        return outcome(confidence, answered, right, predicted.length);
    }

    private static Outcome outcome(double confidence, int answered, int right, int all) {
        return new Outcome(
                confidence,
                answered,
                all - answered,
                answered == 0 ? Score.undefined("no case is answered") : Score.of((double) right / answered));
    }

    /** What each confidence that occurs would do, from the strictest to the laxest: a risk-coverage curve. */
    public static List<Outcome> curve(Cases cases) {
        BinaryCases sure = cases.confidence();
        int[] order = sure.descending();
        List<Outcome> curve = new ArrayList<>();
        int right = 0;
        for (int at = 0; at < order.length; at++) {
            right += sure.isPositive(order[at]) ? 1 : 0;
            double p = sure.probability(order[at]);
            if (at == order.length - 1 || sure.probability(order[at + 1]) != p) {
                curve.add(outcome(p, at + 1, right, order.length));
            }
        }
        return List.copyOf(curve);
    }
}
