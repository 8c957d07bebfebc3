package dev.graft.nn.data.sequence;

import java.nio.charset.StandardCharsets;

/**
 * The letters of nucleotide sequences: A, C, G, T (or U), and the ambiguity codes of IUPAC, in either case.
 *
 * @see <a href="https://doi.org/10.1093/nar/13.9.3021">Cornish-Bowden 1985, nomenclature for incompletely specified
 *     bases</a>
 */
public final class Nucleotides {
    /** The number of bases. */
    public static final int BASES = 4;

    /** What {@link #code} says of a letter that is not one single base. */
    public static final int OTHER = 4;

    private static final String LETTERS = "ACGTURYSWKMBDHVN";
    private static final String COMPLEMENTS = "TGCAAYRSWMKVHDBN";

    /** Bit {@code b} is set where the letter may stand for base {@code b}; 0 for what is no letter of a sequence. */
    private static final byte[] SETS = new byte[256];

    private static final byte[] COMPLEMENT = new byte[256];
    private static final byte[] CODES = new byte[256];

    static {
        String[] meanings = {
            "A", "C", "G", "T", "T", "AG", "CT", "CG", "AT", "GT", "AC", "CGT", "AGT", "ACT", "ACG", "ACGT"
        };
        for (int i = 0; i < 256; i++) {
            COMPLEMENT[i] = (byte) i;
            CODES[i] = OTHER;
        }
        for (int i = 0; i < meanings.length; i++) {
            int set = 0;
            for (char base : meanings[i].toCharArray()) {
                set |= 1 << "ACGT".indexOf(base);
            }
            char upper = LETTERS.charAt(i);
            char lower = Character.toLowerCase(upper);
            SETS[upper] = (byte) set;
            SETS[lower] = (byte) set;
            COMPLEMENT[upper] = (byte) COMPLEMENTS.charAt(i);
            COMPLEMENT[lower] = (byte) Character.toLowerCase(COMPLEMENTS.charAt(i));
            if (Integer.bitCount(set) == 1) {
                CODES[upper] = (byte) Integer.numberOfTrailingZeros(set);
                CODES[lower] = CODES[upper];
            }
        }
    }

    private Nucleotides() {}

    /** 0, 1, 2, 3 for A, C, G, T (or U) in either case, {@link #OTHER} for every other letter. */
    public static int code(byte letter) {
        return CODES[letter & 0xff];
    }

    /** Whether a letter is one of IUPAC's, in either case. */
    public static boolean isLetter(byte letter) {
        return SETS[letter & 0xff] != 0;
    }

    /** The bases that a letter may stand for: bit 0 for A, 1 for C, 2 for G, 3 for T; 0 for what is no letter. */
    public static int set(byte letter) {
        return SETS[letter & 0xff];
    }

    /** The letter of the other strand, in the same case: A for T, Y for R. */
    public static byte complement(byte letter) {
        return COMPLEMENT[letter & 0xff];
    }

    /** The other strand of a sequence, read in its own direction. */
    public static byte[] reverseComplement(byte[] letters) {
        byte[] reversed = new byte[letters.length];
        for (int i = 0; i < letters.length; i++) {
            reversed[letters.length - 1 - i] = complement(letters[i]);
        }
        return reversed;
    }

    /** As {@link #reverseComplement(byte[])}. */
    public static String reverseComplement(String letters) {
        return text(reverseComplement(bytes(letters)));
    }

    /** The letters of a text, one byte each. */
    public static byte[] bytes(String letters) {
        return letters.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The text of letters. */
    public static String text(byte[] letters) {
        return new String(letters, StandardCharsets.ISO_8859_1);
    }
}
