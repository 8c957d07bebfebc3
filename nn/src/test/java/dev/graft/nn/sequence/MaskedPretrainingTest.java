package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.Module;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaskedPretrainingTest {
    @TempDir
    private Path folder;

    /** On either strand, what is not hidden is the sequence, and targets are what was hidden. */
    @Test
    void windowsShowAllButWhatIsToBeGuessed() {
        String letters = PlantedMotifs.random(40, new SplittableRandom(5)).toString();
        var windows = new MaskedWindows(List.of(Nucleotides.bytes(letters)), 500, 36, 4);
        float[] plain = OneHotBases.zeros().encode(letters).toFloatArray();
        float[] reverse = OneHotBases.zeros()
                .encode(Nucleotides.reverseComplement(letters))
                .toFloatArray();
        long hidden = 0;
        int strands = 0;
        for (int i = 0; i < windows.size(); i++) {
            Example example = windows.get(i, RandomStream.of(1, "test", i));
            float[] x = example.input().toFloatArray();
            long[] targets = example.target().toLongArray();
            boolean isPlain = matches(x, targets, plain);
            assertThat(isPlain || matches(x, targets, reverse)).isTrue();
            strands += isPlain ? 1 : 0;
            for (long target : targets) {
                hidden += target == MaskedWindows.SEEN ? 0 : 1;
            }
        }
        assertThat(strands).isBetween(200, 300);
        assertThat(hidden / (500 * 36.0)).isBetween(0.13, 0.17);
    }

    private static boolean matches(float[] x, long[] targets, float[] truth) {
        for (int j = 0; j < 40; j++) {
            int inside = j - 2;
            boolean asked = inside >= 0 && inside < 36 && targets[inside] != MaskedWindows.SEEN;
            for (int base = 0; base < 4; base++) {
                float expected = truth[base * 40 + j];
                if (asked ? targets[inside] == base && expected != 1 : x[base * 40 + j] != expected) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A network that only says what it is shown knows nothing of what is hidden. */
    @Test
    void aNetworkThatIgnoresTheContextIsNoBetterThanTheMostFrequentBase() {
        var random = new SplittableRandom(7);
        var letters = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            letters.append("AAAATTTTCG".charAt(random.nextInt(10)));
        }
        var copying = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                return x.slice(2, 40, 140).mul(20);
            }
        };
        Map<?, ?> best = (Map<?, ?>) new MaskedPretraining(folder)
                .window(100)
                .judged(copying, List.of(Nucleotides.bytes(letters.toString())))
                .get("best");
        double byShare = (double) best.get("accuracy_of_the_most_frequent_base");
        assertThat(byShare).isBetween(0.38, 0.43);
        assertThat((double) best.get("accuracy")).isBetween(byShare - 0.03, byShare);
        assertThat((double) best.get("bits_per_base")).isBetween(1.9999, 2.0001);
    }

    /** A genome of one repeated word can be guessed; the result begins a transfer. */
    @Test
    void aRepeatIsLearnt() throws IOException {
        Path fasta = Files.writeString(folder.resolve("g.fa"), ">g\n" + "ACGGTCATTG".repeat(1000) + "\n");
        var run = new MaskedPretraining(folder.resolve("out"))
                .window(20)
                .epochs(1)
                .rate(3e-3);
        Map<?, ?> best = (Map<?, ?>) run.run(fasta).metrics().get("best");
        assertThat((double) best.get("accuracy")).isGreaterThan(0.9);
        assertThat((double) best.get("bits_per_base")).isLessThan(1);
        assertThat((double) best.get("bits_per_base_by_shares")).isBetween(1.9, 2.0);
        try (DilatedResNet network = PretrainedNetwork.read(folder.resolve("out"))) {
            assertThat(network.outputs()).isEqualTo(4);
        }
        assertThat(run.run(fasta).ending()).isEqualTo(SequenceRun.Ending.ALREADY_FINISHED);
        Path small = Files.writeString(folder.resolve("s.fa"), ">g\nACGT\n");
        assertThatThrownBy(() -> new MaskedPretraining(folder.resolve("o2")).run(small))
                .hasMessageContaining("no sequence of at least 2800 bases");
    }
}
