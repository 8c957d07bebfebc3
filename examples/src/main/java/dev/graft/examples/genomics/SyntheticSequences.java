package dev.graft.examples.genomics;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.sequence.SequenceClassifier;
import dev.graft.nn.sequence.SequenceTransfer;
import dev.graft.random.RandomStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Generated sequences with planted motifs, for a demonstration without any data: a network learns a motif from many
 * sequences, and is transferred to few sequences with that motif and another one. They say nothing about genomes.
 */
public final class SyntheticSequences {
    private static final int LENGTH = 60;
    private static final int BOX_AT = 38;
    private static final String BOX = "TATAAT";
    private static final String SECOND = "TTGACA";
    private static final int SPACER = 17;
    private static final int JITTER = 5;
    private static final double MUTATED = 0.1;
    private static final int SOURCE = 400;
    private static final int TARGET = 250;
    private static final int CONTEXT = 80;

    private SyntheticSequences() {}

    /** The sequences to transfer to: some have two motifs at a distance, the others the first of them alone. */
    public static SequenceSplit target(long seed) {
        return SequenceSplit.grouped(sequences(TARGET, true, seed), seed);
    }

    /** Trains a network on other sequences, with and without the first motif, and saves its body. */
    public static void pretrain(Path weights, long seed) {
        LabelledSequences source = sequences(SOURCE, false, seed + 1);
        try (SequenceClassifier network = new SequenceTransfer(SequenceClassifier.Head.POOLED, seed)
                        .scratch(
                                CONTEXT,
                                source,
                                IntStream.range(0, source.size()).toArray());
                StateDict state = network.body().stateDict()) {
            Safetensors.save(state, weights);
        }
    }

    private static LabelledSequences sequences(int count, boolean isTarget, long seed) {
        RandomGenerator random = RandomStream.of(seed, isTarget ? "synthetic.target" : "synthetic.source");
        List<String> names = new ArrayList<>();
        List<String> letters = new ArrayList<>();
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % 2);
        for (int label : labels) {
            StringBuilder sequence = new StringBuilder();
            for (int j = 0; j < LENGTH; j++) {
                sequence.append("ACGT".charAt(random.nextInt(4)));
            }
            int at = BOX_AT + random.nextInt(JITTER) - JITTER / 2;
            if (label == 1 || isTarget) {
                plant(sequence, at, BOX, random);
            }
            if (label == 1 && isTarget) {
                plant(sequence, at - SPACER - SECOND.length(), SECOND, random);
            }
            names.add("synthetic " + (names.size() + 1));
            letters.add(sequence.toString());
        }
        return new LabelledSequences(names, letters, labels, List.of("decoy", "motif"), OneHotBases.zeros());
    }

    private static void plant(StringBuilder sequence, int at, String motif, RandomGenerator random) {
        for (int j = 0; j < motif.length(); j++) {
            if (random.nextDouble() >= MUTATED) {
                sequence.setCharAt(at + j, motif.charAt(j));
            }
        }
    }
}
