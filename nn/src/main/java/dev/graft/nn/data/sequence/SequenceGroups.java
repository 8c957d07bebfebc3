package dev.graft.nn.data.sequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Groups of near-identical sequences, which must not straddle a split: a network that has seen one of them is otherwise
 * tested on what it knows by heart. Two sequences are near-identical if the canonical words of 12 bases that they share
 * (a word and its reverse complement count as one) are at least the given share of those of the sequence that has
 * fewer; a group is everything that is connected by such pairs.
 *
 * @param groupOf the group of each sequence; groups are numbered from 0 in the order of their first sequence
 * @param count how many groups
 */
public record SequenceGroups(int[] groupOf, int count) {
    private static final int WORD = 12;

    @Override
    public int[] groupOf() {
        return groupOf.clone();
    }

    /** Groups by a containment of at least one half. */
    public static SequenceGroups of(List<String> sequences) {
        return of(sequences, 0.5);
    }

    /**
     * Groups by a given containment.
     *
     * @param containment the share of the smaller sequence's words that two sequences of a group share, in (0, 1]
     */
    public static SequenceGroups of(List<String> sequences, double containment) {
        if (!(containment > 0 && containment <= 1)) {
            throw new IllegalArgumentException("sequenceGroups: containment must be in (0, 1], was " + containment);
        }
        int n = sequences.size();
        int[][] words = new int[n][];
        Map<String, Integer> same = new HashMap<>();
        int[] parent = new int[n];
        Map<Integer, List<Integer>> holders = new HashMap<>();
        for (int i = 0; i < n; i++) {
            parent[i] = i;
            words[i] = words(sequences.get(i));
            Integer first = same.putIfAbsent(sequences.get(i), i);
            if (first != null) {
                parent[i] = first; // as short ones have no word
                continue;
            }
            join(i, words, holders, parent, containment);
            for (int word : words[i]) {
                holders.computeIfAbsent(word, key -> new ArrayList<>(1)).add(i);
            }
        }
        int[] groupOf = new int[n];
        Map<Integer, Integer> numbers = new HashMap<>();
        for (int i = 0; i < n; i++) {
            int root = root(parent, i);
            Integer number = numbers.get(root);
            if (number == null) {
                number = numbers.size();
                numbers.put(root, number);
            }
            groupOf[i] = number;
        }
        return new SequenceGroups(groupOf, numbers.size());
    }

    private static void join(
            int i, int[][] words, Map<Integer, List<Integer>> holders, int[] parent, double containment) {
        Map<Integer, Integer> shared = new HashMap<>();
        for (int word : words[i]) {
            for (int j : holders.getOrDefault(word, List.of())) {
                shared.merge(j, 1, Integer::sum);
            }
        }
        shared.forEach((j, common) -> {
            if (common >= containment * Math.min(words[i].length, words[j].length)) {
                int a = root(parent, i);
                int b = root(parent, j);
                parent[Math.max(a, b)] = Math.min(a, b);
            }
        });
    }

    private static int root(int[] parent, int i) {
        int at = i;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }

    /** The distinct canonical words of a sequence: each the smaller of a word and its reverse complement. */
    private static int[] words(String letters) {
        int mask = (1 << (2 * WORD)) - 1;
        int forward = 0;
        int backward = 0;
        int known = 0;
        int[] found = new int[Math.max(0, letters.length() - WORD + 1)];
        int count = 0;
        for (int i = 0; i < letters.length(); i++) {
            int code = Nucleotides.code((byte) letters.charAt(i));
            known = code == Nucleotides.OTHER ? 0 : known + 1;
            forward = ((forward << 2) | (code & 3)) & mask;
            backward = (backward >>> 2) | ((3 - (code & 3)) << (2 * (WORD - 1)));
            if (known >= WORD) {
                found[count++] = Math.min(forward, backward);
            }
        }
        return Arrays.stream(found, 0, count).sorted().distinct().toArray();
    }

    /** The number of sequences of each group. */
    public int[] sizes() {
        int[] sizes = new int[count];
        for (int group : groupOf) {
            sizes[group]++;
        }
        return sizes;
    }

    /**
     * What a split would leak: how many of the held sequences have a near-identical one among those that are trained
     * on.
     *
     * @param held whether each sequence is held back
     */
    public int leaked(boolean[] held) {
        boolean[] trained = new boolean[count];
        for (int i = 0; i < groupOf.length; i++) {
            trained[groupOf[i]] |= !held[i];
        }
        int leaked = 0;
        for (int i = 0; i < groupOf.length; i++) {
            leaked += held[i] && trained[groupOf[i]] ? 1 : 0;
        }
        return leaked;
    }
}
