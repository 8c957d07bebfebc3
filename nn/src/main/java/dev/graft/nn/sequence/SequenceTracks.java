package dev.graft.nn.sequence;

import dev.graft.nn.data.sequence.Nucleotides;
import java.util.Locale;

/**
 * Why a network gives a sequence its class, position by position.
 *
 * @param name what the sequence is called
 * @param letters the sequence
 * @param score the log odds that are explained
 * @param mutations by which each base (A, C, G, T) at each position would change the score; 0 for the base that is
 *     there
 * @param gradients integrated gradients: what each position contributes to the score, against an unknown sequence
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record SequenceTracks(String name, String letters, double score, float[][] mutations, float[] gradients) {
    private static final int OTHERS = Nucleotides.BASES - 1;

    /** What the score loses on average if the base at a position is another: its importance by mutagenesis. */
    public float[] importance() {
        float[] importance = new float[letters.length()];
        for (int i = 0; i < importance.length; i++) {
            float sum = 0;
            for (float change : mutations[i]) {
                sum += change;
            }
            boolean isBase = Nucleotides.code((byte) letters.charAt(i)) != Nucleotides.OTHER;
            importance[i] = -sum / (isBase ? OTHERS : Nucleotides.BASES);
        }
        return importance;
    }

    /**
     * Values as lines of bedGraph: sequence, start and end from 0, value.
     *
     * @param chromosome the sequence's name in the file
     * @param start where the first letter lies, from 0
     */
    public static String bedGraph(String chromosome, long start, float... values) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < values.length; i++) {
            text.append(chromosome)
                    .append('\t')
                    .append(start + i)
                    .append('\t')
                    .append(start + i + 1)
                    .append('\t')
                    .append(String.format(Locale.ROOT, "%.6g", values[i]))
                    .append('\n');
        }
        return text.toString();
    }

    /** The names of {@link #toTsv}'s columns, and the end of the line. */
    public static String tsvHeader() {
        return "sequence\tposition\tbase\tto_A\tto_C\tto_G\tto_T\timportance\tintegrated_gradients\n";
    }

    /** All values, one line for each position, which are counted from 1. */
    public String toTsv() {
        float[] importance = importance();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < importance.length; i++) {
            text.append(name).append('\t').append(i + 1).append('\t').append(letters.charAt(i));
            for (float change : mutations[i]) {
                text.append(String.format(Locale.ROOT, "\t%.6g", change));
            }
            text.append(String.format(Locale.ROOT, "\t%.6g\t%.6g%n", importance[i], gradients[i])
                    .replace("\r\n", "\n"));
        }
        return text.toString();
    }
}
