package dev.graft.nn.sequence;

import java.util.Arrays;
import java.util.Locale;

/**
 * What a variant does to splicing, by SpliceAI's definition: of all positions from {@code D} bases before the variant's
 * first base to {@code D} after it, the largest gain and the largest loss of the probability of an acceptor and of a
 * donor, and where they are. The first position of the largest change counts.
 *
 * <p>Positions are those of the reference. An insertion is {@code A} to {@code ACG}: the largest of its bases'
 * probabilities stands for the one base of the reference. A deletion is {@code ACG} to {@code A}: deleted bases have
 * probability 0 in the variant.
 *
 * @param scores of acceptor gain, acceptor loss, donor gain and donor loss, from 0 to 1
 * @param positions of the four changes: bases from the variant, negative before it on the plus strand
 * @see <a href="https://doi.org/10.1016/j.cell.2018.12.015">Jaganathan et al. 2019</a>
 */
@SuppressWarnings("ArrayRecordComponent") // four numbers each
public record DeltaScores(float[] scores, int[] positions) {
    private static final int CHANGES = 4;

    /**
     * Compares the scores of reference and variant, both in the order of the plus strand.
     *
     * @param reference of the {@code 2 D + 1} positions
     * @param variant of the same stretch with the alternative in place of the reference's bases: {@code 2 D + 1 +
     *     alternativeBases - referenceBases} positions, and {@code D + 1}, up to the alternative, if those were fewer
     * @param referenceBases the length of the reference allele
     * @param alternativeBases the length of the alternative; one of both lengths is 1
     */
    static DeltaScores of(SpliceScores reference, SpliceScores variant, int referenceBases, int alternativeBases) {
        int window = reference.length();
        int middle = window / 2;
        if (Math.min(referenceBases, alternativeBases) != 1
                || variant.length() != Math.max(window + alternativeBases - referenceBases, middle + 1)) {
            throw new IllegalArgumentException("deltaScores: the lengths do not fit (reference " + window
                    + " positions, variant " + variant.length() + "; alleles of " + referenceBases + " and "
                    + alternativeBases + " bases)");
        }
        float[] scores = new float[CHANGES];
        int[] positions = new int[CHANGES];
        for (int channel = 0; channel < 2; channel++) {
            float[] before = channel == 0 ? reference.acceptor() : reference.donor();
            float[] after = aligned(
                    channel == 0 ? variant.acceptor() : variant.donor(), window, referenceBases, alternativeBases);
            for (int loss = 0; loss < 2; loss++) {
                int best = 0;
                for (int i = 1; i < window; i++) {
                    if (change(before, after, i, loss) > change(before, after, best, loss)) {
                        best = i;
                    }
                }
                scores[2 * channel + loss] = change(before, after, best, loss);
                positions[2 * channel + loss] = best - middle;
            }
        }
        return new DeltaScores(scores, positions);
    }

    private static float change(float[] before, float[] after, int i, int loss) {
        return loss == 1 ? before[i] - after[i] : after[i] - before[i];
    }

    /** The variant's probabilities at the positions of the reference. */
    private static float[] aligned(float[] variant, int window, int referenceBases, int alternativeBases) {
        int middle = window / 2;
        float[] aligned = new float[window];
        System.arraycopy(variant, 0, aligned, 0, middle);
        float inserted = 0;
        for (int i = 0; i < alternativeBases; i++) {
            inserted = Math.max(inserted, variant[middle + i]);
        }
        aligned[middle] = inserted;
        int rest = Math.max(0, window - middle - referenceBases);
        if (rest == 0) {
            return aligned; // all that follows is deleted
        }
        System.arraycopy(variant, middle + alternativeBases, aligned, middle + referenceBases, rest);
        return aligned;
    }

    /**
     * The same scores, where gains at annotated sites and losses elsewhere are 0: neither is thought to do harm.
     *
     * @param acceptors distances of annotated acceptors from the variant
     * @param donors distances of annotated donors
     */
    DeltaScores masked(int[] acceptors, int[] donors) {
        float[] masked = scores.clone();
        for (int change = 0; change < CHANGES; change++) {
            int position = positions[change];
            boolean annotated = Arrays.stream(change < 2 ? acceptors : donors).anyMatch(site -> site == position);
            boolean gain = change % 2 == 0;
            if (gain == annotated) {
                masked[change] = 0;
            }
        }
        return new DeltaScores(masked, positions);
    }

    /** As in SpliceAI's INFO field: {@code DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (float score : scores) {
            text.append(String.format(Locale.ROOT, "%.2f|", Math.max(score, 0)));
        }
        for (int i = 0; i < CHANGES; i++) {
            text.append(positions[i]).append(i < CHANGES - 1 ? "|" : "");
        }
        return text.toString();
    }
}
