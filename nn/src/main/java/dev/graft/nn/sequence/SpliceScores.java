package dev.graft.nn.sequence;

/**
 * Probabilities of neighbouring positions of one strand.
 *
 * @param acceptor that a position is the first base of an exon
 * @param donor that a position is the last base of an exon
 */
@SuppressWarnings("ArrayRecordComponent") // large, and made for one reader
public record SpliceScores(float[] acceptor, float[] donor) {

    /** How many positions. */
    public int length() {
        return acceptor.length;
    }

    /** The same positions in the opposite order: a reverse complement's scores in the order of its other strand. */
    public SpliceScores reversed() {
        float[] a = new float[acceptor.length];
        float[] d = new float[acceptor.length];
        for (int i = 0; i < a.length; i++) {
            a[i] = acceptor[a.length - 1 - i];
            d[i] = donor[a.length - 1 - i];
        }
        return new SpliceScores(a, d);
    }
}
