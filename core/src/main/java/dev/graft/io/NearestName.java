package dev.graft.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that a mistyped one most likely means, by edit distance. */
final class NearestName {
    private static final int LONGEST = 200;

    private NearestName() {}

    static Optional<String> of(String name, Collection<String> candidates) {
        int most = Math.max(2, name.length() / 3);
        return candidates.stream()
                .filter(c -> c.length() <= LONGEST
                        && name.length() <= LONGEST
                        && Math.abs(c.length() - name.length()) <= most)
                .map(c -> new Scored(c, distance(name, c)))
                .filter(s -> s.distance <= most)
                .min(Comparator.comparingInt(Scored::distance))
                .map(Scored::name);
    }

    private record Scored(String name, int distance) {}

    /** Levenshtein's distance, one row at a time. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, 1 + Math.min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
