package dev.graft.nn.sequence;

import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Windows of unlabelled sequences, at random places and on either strand, some of whose bases are hidden: inputs
 * {@code [4, window + context]}, targets {@code [window]} with the hidden bases and {@link #SEEN} elsewhere. Of the
 * bases to guess, eight of ten are columns of zeros, one is another base, and one is what it was, as in BERT; or, to
 * {@linkplain #allHidden judge}, all are columns of zeros.
 */
final class MaskedWindows implements Dataset<Example> {
    /** The target of a base that is not to be guessed. */
    static final long SEEN = -100;

    private static final double HIDDEN = 0.15;
    private static final double ZEROS = 0.8;
    private static final double OTHERS = 0.9;

    private final List<byte[]> sequences;
    private final long[] ends;
    private final int count;
    private final int window;
    private final int context;
    private final double zeros;

    /**
     * Windows to learn from.
     *
     * @param sequences each at least as long as a window and its context
     * @param count how many windows are one pass
     */
    MaskedWindows(List<byte[]> sequences, int count, int window, int context) {
        this(sequences, count, window, context, ZEROS);
    }

    private MaskedWindows(List<byte[]> sequences, int count, int window, int context, double zeros) {
        this.zeros = zeros;
        this.sequences = sequences;
        this.count = count;
        this.window = window;
        this.context = context;
        this.ends = new long[sequences.size()];
        long end = 0;
        for (int i = 0; i < ends.length; i++) {
            end += sequences.get(i).length - window - context + 1;
            ends[i] = end;
        }
    }

    /** Windows to judge by: no base to guess is shown, neither as it is nor as another. */
    static MaskedWindows allHidden(List<byte[]> sequences, int count, int window, int context) {
        return new MaskedWindows(sequences, count, window, context, 1);
    }

    @Override
    public int size() {
        return count;
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        int width = window + context;
        long place = random.nextLong(ends[ends.length - 1]);
        int i = 0;
        while (ends[i] <= place) {
            i++;
        }
        int start = (int) (place - (i == 0 ? 0 : ends[i - 1]));
        boolean isReverse = random.nextBoolean();
        byte[] letters = sequences.get(i);
        float[] columns = new float[Nucleotides.BASES * width];
        long[] targets = new long[window];
        for (int j = 0; j < width; j++) {
            int code = isReverse
                    ? Nucleotides.code(Nucleotides.complement(letters[start + width - 1 - j]))
                    : Nucleotides.code(letters[start + j]);
            int inside = j - context / 2;
            if (inside >= 0 && inside < window) {
                targets[inside] = SEEN;
                if (code != Nucleotides.OTHER && random.nextDouble() < HIDDEN) {
                    targets[inside] = code;
                    double how = random.nextDouble();
                    code = how < zeros
                            ? Nucleotides.OTHER
                            : how < OTHERS ? (code + 1 + random.nextInt(Nucleotides.BASES - 1)) % 4 : code;
                }
            }
            if (code != Nucleotides.OTHER) {
                columns[code * width + j] = 1;
            }
        }
        return new Example(Tensor.of(columns, Nucleotides.BASES, width), Tensor.of(targets, window));
    }
}
