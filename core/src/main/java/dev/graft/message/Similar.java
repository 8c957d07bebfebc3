package dev.graft.message;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that was meant by a mistyped one. */
public final class Similar {
    private Similar() {}

    /** The word that is nearest, or that begins as the mistyped one does; empty where none is near. */
    public static Optional<String> of(String mistyped, Collection<String> words) {
        String typed = mistyped.toLowerCase(Locale.ROOT);
        int letters = letters(typed);
        if (letters == 0) {
            return Optional.empty();
        }
        int near = Math.max(1, letters / 3);
        Optional<String> nearest = words.stream()
                .min(Comparator.comparingInt(word -> distance(typed, word.toLowerCase(Locale.ROOT))))
                .filter(word -> distance(typed, word.toLowerCase(Locale.ROOT)) <= near);
        return nearest.isPresent() || letters < 2
                ? nearest
                : words.stream()
                        .filter(word -> word.toLowerCase(Locale.ROOT).startsWith(typed))
                        .findFirst();
    }

    private static int letters(String word) {
        return (int) word.chars().filter(Character::isLetterOrDigit).count();
    }

    /** Letters to insert, remove, replace or exchange with their neighbour (optimal string alignment). */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            d[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            d[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int replaced = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replaced, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
