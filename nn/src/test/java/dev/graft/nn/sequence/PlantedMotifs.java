package dev.graft.nn.sequence;

import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.OneHotBases;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Random sequences of 60 bases; those of class 1 have TATAAA at base 30. */
final class PlantedMotifs {
    private PlantedMotifs() {}

    static LabelledSequences of(int count, long seed) {
        var random = new SplittableRandom(seed);
        List<String> names = new ArrayList<>();
        List<String> sequences = new ArrayList<>();
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            StringBuilder letters = random(60, random);
            labels[i] = i % 2;
            if (i % 2 == 1) {
                letters.replace(30, 36, "TATAAA");
            }
            names.add("s" + i);
            sequences.add(letters.toString());
        }
        return new LabelledSequences(names, sequences, labels, List.of("none", "box"), OneHotBases.zeros());
    }

    static StringBuilder random(int length, SplittableRandom random) {
        var letters = new StringBuilder();
        for (int j = 0; j < length; j++) {
            letters.append("ACGT".charAt(random.nextInt(4)));
        }
        return letters;
    }
}
