package dev.graft.nn.sequence;

import dev.graft.nn.data.Folds;
import dev.graft.nn.data.sequence.Kmers;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.linear.LogisticRegression;
import dev.graft.nn.linear.SparseRows;
import java.util.Arrays;

/** Logistic regressions that a network must be compared with: what they reach needs no network. */
public enum SequenceBaseline {
    /** On {@code log(1 + count)} of all words of 1 to 6 bases. */
    KMER,
    /** On the base at each position. */
    POSITIONAL,
    /** On the content of G and C alone. */
    GC;

    /** Folds, by group, of the sequences to train on, which must be in as many groups at least. */
    public static final int INNER_FOLDS = 3;

    private static final double[] STRENGTHS = {0.003, 0.03, 0.3, 3};
    /** Enough for the ranking. */
    private static final double PRECISION = 1e-5;

    /** What the regression sees of a sequence. */
    public float[] features(String letters) {
        return switch (this) {
            case KMER -> Kmers.of(1, 6).logCounts(letters);
            case POSITIONAL -> positions(letters);
            case GC -> gc(letters);
        };
    }

    private static float[] positions(String letters) {
        float[] columns = new float[Nucleotides.BASES * letters.length()];
        for (int i = 0; i < letters.length(); i++) {
            int code = Nucleotides.code((byte) letters.charAt(i));
            if (code != Nucleotides.OTHER) {
                columns[Nucleotides.BASES * i + code] = 1;
            }
        }
        return columns;
    }

    private static float[] gc(String letters) {
        float[] counts = Kmers.of(1, 1).counts(letters);
        return new float[] {10 * (counts[1] + counts[2]) / Math.max(1, counts[0] + counts[1] + counts[2] + counts[3])};
    }

    private SparseRows rows(LabelledSequences sequences, int... rows) {
        return SparseRows.of(Arrays.stream(rows)
                .mapToObj(i -> features(sequences.sequences().get(i)))
                .toList());
    }

    /**
     * Fits to sequences, and answers to others. The strength of the penalty is chosen by log loss in folds by group of
     * the sequences to train on.
     *
     * @return the probability of each class, {@code [judges][classes]}
     */
    public float[][] probabilities(SequenceSplit split, int[] train, int[] judges, long seed) {
        LabelledSequences sequences = split.sequences();
        SparseRows rows = rows(sequences, train);
        int classes = sequences.classes().size();
        int[] labels = Arrays.stream(train).map(sequences::label).toArray();
        int[] groups = split.groups().groupOf();
        Folds folds =
                Folds.grouped(Arrays.stream(train).mapToObj(i -> groups[i]).toList(), labels, INNER_FOLDS, seed);
        double bestLoss = Double.POSITIVE_INFINITY;
        double best = STRENGTHS[0];
        for (double c : STRENGTHS) {
            double loss = 0;
            for (int f = 0; f < INNER_FOLDS; f++) {
                int[] in = folds.split(f).train();
                int[] out = folds.split(f).held();
                double[][] p = LogisticRegression.fit(
                                rows.only(in),
                                Arrays.stream(in).map(i -> labels[i]).toArray(),
                                classes,
                                c,
                                PRECISION)
                        .probabilities(rows.only(out));
                for (int i = 0; i < out.length; i++) {
                    loss -= Math.log(Math.max(1e-12, p[i][labels[out[i]]]));
                }
            }
            if (loss < bestLoss) {
                bestLoss = loss;
                best = c;
            }
        }
        double[][] p =
                LogisticRegression.fit(rows, labels, classes, best, PRECISION).probabilities(rows(sequences, judges));
        float[][] answers = new float[p.length][classes];
        for (int i = 0; i < p.length; i++) {
            for (int k = 0; k < classes; k++) {
                answers[i][k] = (float) p[i][k];
            }
        }
        return answers;
    }
}
