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
import java.util.function.ObjIntConsumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Generated sequences with planted motifs, for a demonstration without any data: a network learns two motifs from many
 * sequences, and is transferred to few sequences that have both, or one alone. They say nothing about genomes.
 */
public final class SyntheticSequences {
    private static final int LENGTH = 60;
    private static final int BOX_AT = 38;
    private static final String BOX = "TATAAT";
    private static final String SECOND = "TTGACA";
    private static final int SPACER = 17;
    private static final int JITTER = 5;
    private static final double MUTATED = 0.1;
    private static final int SOURCE = 600;
    private static final int TARGET = 150;
    private static final int CONTEXT = 80;

    private SyntheticSequences() {}

    /** The sequences to transfer to: some have both motifs at a distance, the others one of them alone. */
    public static SequenceSplit target(long seed) {
        return SequenceSplit.grouped(targets(seed), seed);
    }

    /** Trains a network on other sequences, with one motif, the other, or none, and saves its body. */
    public static void pretrain(Path weights, long seed) {
        LabelledSequences source = source(seed + 1);
        try (SequenceClassifier network = new SequenceTransfer(SequenceClassifier.Head.POOLED, seed)
                        .scratch(
                                CONTEXT,
                                source,
                                IntStream.range(0, source.size()).toArray());
                StateDict state = network.body().stateDict()) {
            Safetensors.save(state, weights);
        }
    }

    /** The first motif, the second one, or none, anywhere. */
    private static LabelledSequences source(long seed) {
        RandomGenerator random = RandomStream.of(seed, "synthetic.source");
        return sequences(SOURCE, List.of("none", "first", "second"), random, (letters, label) -> {
            if (label > 0) {
                plant(letters, random.nextInt(LENGTH - BOX.length() + 1), label == 1 ? BOX : SECOND, random);
            }
        });
    }

    /** Both motifs at a distance, or one of them alone. */
    private static LabelledSequences targets(long seed) {
        RandomGenerator random = RandomStream.of(seed, "synthetic.target");
        return sequences(TARGET, List.of("decoy", "promoter"), random, (letters, label) -> {
            int at = BOX_AT + random.nextInt(JITTER) - JITTER / 2;
            boolean isFirst = random.nextBoolean();
            if (label == 1 || isFirst) {
                plant(letters, at, BOX, random);
            }
            if (label == 1 || !isFirst) {
                plant(letters, at - SPACER - SECOND.length(), SECOND, random);
            }
        });
    }

    private static LabelledSequences sequences(
            int count, List<String> classes, RandomGenerator random, ObjIntConsumer<StringBuilder> planter) {
        List<String> names = new ArrayList<>();
        List<String> sequences = new ArrayList<>();
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % classes.size());
        for (int label : labels) {
            StringBuilder letters = new StringBuilder();
            for (int j = 0; j < LENGTH; j++) {
                letters.append("ACGT".charAt(random.nextInt(4)));
            }
            planter.accept(letters, label);
            names.add("synthetic " + (names.size() + 1));
            sequences.add(letters.toString());
        }
        return new LabelledSequences(names, sequences, labels, classes, OneHotBases.zeros());
    }

    private static void plant(StringBuilder sequence, int at, String motif, RandomGenerator random) {
        for (int j = 0; j < motif.length(); j++) {
            if (random.nextDouble() >= MUTATED) {
                sequence.setCharAt(at + j, motif.charAt(j));
            }
        }
    }
}
