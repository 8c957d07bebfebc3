package dev.graft.nn.metric;

/**
 * The areas under the ROC and the precision-recall curve, from runs of equal scores, the highest first: the one formula
 * of both, for any order and weights of the examples.
 */
final class RankArea {
    private final long positives;
    private final long negatives;
    private long negativesBelow;
    private double wins;
    private long found;
    private long taken;
    private double precisions;

    /** Of so many examples, none of which has been met yet. */
    RankArea(long positives, long negatives) {
        this.positives = positives;
        this.negatives = negatives;
        this.negativesBelow = negatives;
    }

    /** The examples that share the next lower score; they count half against each other. */
    void tie(long positivesHere, long negativesHere) {
        negativesBelow -= negativesHere;
        wins += positivesHere * (negativesBelow + negativesHere / 2.0);
        if (positivesHere > 0) {
            precisions += positivesHere * ((double) (found + positivesHere) / (taken + positivesHere + negativesHere));
        }
        found += positivesHere;
        taken += positivesHere + negativesHere;
    }

    /** NaN unless there are positive and negative examples. */
    double auroc() {
        return wins / ((double) positives * negatives);
    }

    /** NaN unless there are positive examples. */
    double averagePrecision() {
        return precisions / positives;
    }
}
