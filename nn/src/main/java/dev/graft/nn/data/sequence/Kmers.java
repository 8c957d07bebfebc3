package dev.graft.nn.data.sequence;

/**
 * Counts of all words of {@code least} to {@code most} bases. Words with a letter that is not a single base are not
 * counted.
 *
 * <pre>{@code
 * float[] features = Kmers.of(1, 6).logCounts("ACGTTGCA");     // 5,460 features, log(1 + count)
 * }</pre>
 *
 * @param least the shortest word, at least 1
 * @param most the longest word, at most 12
 */
public record Kmers(int least, int most) {
    private static final int LONGEST = 12;

    /** @throws IllegalArgumentException unless {@code 1 <= least <= most <= 12} */
    public Kmers {
        if (least < 1 || most < least || most > LONGEST) {
            throw new IllegalArgumentException("kmers: lengths must be 1 <= least <= most <= " + LONGEST + " (least "
                    + least + ", most " + most + ")");
        }
    }

    /** Words of {@code least} to {@code most} bases. */
    public static Kmers of(int least, int most) {
        return new Kmers(least, most);
    }

    /** How many words there are. */
    public int features() {
        int count = 0;
        for (int k = least; k <= most; k++) {
            count += 1 << (2 * k);
        }
        return count;
    }

    /** The count of each word: shorter words first, and words of one length in alphabetical order. */
    public float[] counts(String letters) {
        float[] counts = new float[features()];
        int first = 0;
        for (int k = least; k <= most; k++) {
            int mask = (1 << (2 * k)) - 1;
            int word = 0;
            int known = 0;
            for (int i = 0; i < letters.length(); i++) {
                int code = Nucleotides.code((byte) letters.charAt(i));
                known = code == Nucleotides.OTHER ? 0 : known + 1;
                word = ((word << 2) | (code & 3)) & mask;
                if (known >= k) {
                    counts[first + word]++;
                }
            }
            first += mask + 1;
        }
        return counts;
    }

    /** {@code log(1 + count)} of each word. */
    public float[] logCounts(String letters) {
        float[] counts = counts(letters);
        for (int i = 0; i < counts.length; i++) {
            counts[i] = (float) Math.log1p(counts[i]);
        }
        return counts;
    }
}
