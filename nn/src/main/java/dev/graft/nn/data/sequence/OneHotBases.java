package dev.graft.nn.data.sequence;

import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * Sequences as one-hot columns: channels A, C, G, T.
 *
 * <pre>{@code
 * Tensor x = OneHotBases.zeros().context(80).encode("ACGTN");     // [4, 85], 40 empty columns on each side
 * }</pre>
 *
 * @param fractions whether an ambiguity code is shared out among its bases (R is half A and half G); else its column is
 *     zero, as in the SpliceAI family
 * @param context columns of zeros around the sequence, half of them on each side (the smaller half on the left)
 */
public record OneHotBases(boolean fractions, int context) {

    /** @throws IllegalArgumentException if the context is negative */
    public OneHotBases {
        if (context < 0) {
            throw new IllegalArgumentException("oneHot: context must not be negative, was " + context);
        }
    }

    /** Every letter but A, C, G, T and U is a column of zeros. */
    public static OneHotBases zeros() {
        return new OneHotBases(false, 0);
    }

    /** An ambiguity code is shared out among its bases; N is a quarter of each. */
    public static OneHotBases shared() {
        return new OneHotBases(true, 0);
    }

    /** With columns of zeros around each sequence, half of them on each side. */
    public OneHotBases context(int columns) {
        return new OneHotBases(fractions, columns);
    }

    /** One sequence, {@code [4, L + context]}. */
    public Tensor encode(String letters) {
        return encode(Nucleotides.bytes(letters));
    }

    /** One sequence, {@code [4, L + context]}. */
    public Tensor encode(byte[] letters) {
        int width = letters.length + context;
        float[] columns = new float[Nucleotides.BASES * width];
        write(letters, 0, letters.length, columns, context / 2, width);
        return Tensor.of(columns, Nucleotides.BASES, width);
    }

    /**
     * Sequences of one length, {@code [N, 4, L + context]}.
     *
     * @throws IllegalArgumentException if their lengths differ
     */
    public Tensor encode(List<String> sequences) {
        int length = sequences.isEmpty() ? 0 : sequences.get(0).length();
        int width = length + context;
        float[] columns = new float[sequences.size() * Nucleotides.BASES * width];
        for (int i = 0; i < sequences.size(); i++) {
            byte[] letters = Nucleotides.bytes(sequences.get(i));
            if (letters.length != length) {
                throw new IllegalArgumentException("oneHot: sequences must have one length (the first has " + length
                        + " bases, number " + (i + 1) + " has " + letters.length
                        + "). Hint: cut or pad them with N to one length.");
            }
            write(letters, 0, length, columns, i * Nucleotides.BASES * width + context / 2, width);
        }
        return Tensor.of(columns, sequences.size(), Nucleotides.BASES, width);
    }

    /** Writes letters as columns of zeros and ones into an array that holds zeros; rows are {@code width} apart. */
    void write(byte[] letters, int from, int to, float[] target, int at, int width) {
        for (int i = from; i < to; i++) {
            int column = at + i - from;
            int code = Nucleotides.code(letters[i]);
            if (code != Nucleotides.OTHER) {
                target[column + code * width] = 1;
            } else if (fractions) {
                int set = Nucleotides.set(letters[i]);
                for (int base = 0; base < Nucleotides.BASES; base++) {
                    if ((set >> base & 1) == 1) {
                        target[column + base * width] = 1f / Integer.bitCount(set);
                    }
                }
            }
        }
    }
}
