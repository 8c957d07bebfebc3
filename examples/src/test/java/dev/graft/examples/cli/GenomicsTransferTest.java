package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.examples.genomics.KnownSets;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenomicsTransferTest {
    private static final Path SHARED = Path.of("../../shared");

    @TempDir
    private Path folder;

    /** Sequences of 60 bases; those of one class have TATAAA at base 30, and each has a near copy. */
    private Path planted(int count) throws IOException {
        var random = new SplittableRandom(6);
        var text = new StringBuilder("sequence\tlabel\n");
        for (int i = 0; i < count; i++) {
            var letters = new StringBuilder();
            for (int j = 0; j < 60; j++) {
                letters.append("ACGT".charAt(random.nextInt(4)));
            }
            if (i % 2 == 0) {
                letters.replace(30, 36, "TATAAA");
            }
            String label = i % 2 == 0 ? "box" : "none";
            text.append(letters).append('\t').append(label).append('\n');
            text.append(letters.replace(3, 4, "A")).append('\t').append(label).append('\n');
        }
        return Files.writeString(folder.resolve("planted.tsv"), text);
    }

    private Path model() {
        Path file = folder.resolve("m.safetensors");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(1));
                StateDict state = network.stateDict()) {
            Safetensors.save(state, file);
        }
        return file;
    }

    @Test
    void aPlantedMotifIsLearntAndCopiesDoNotLeak() throws IOException {
        Path json = folder.resolve("r.json");
        Object[] words = {"genomics", "transfer", "--data", planted(30), "--model", model(), "--seed", 1};
        Map<String, Object> report = Cli.json(json, words);
        Map<?, ?> auroc = Cli.map(report.get("auroc"));
        assertThat(auroc.keySet().toString()).isEqualTo("[transfer, scratch, kmer, positional, gc]");
        assertThat((double) auroc.get("positional")).isGreaterThan(0.8);
        assertThat(report)
                .containsEntry("groups", 30)
                .containsEntry("leaked", 0)
                .containsEntry("size", 36);
        assertThat((int) report.get("leaked_at_random")).isGreaterThan(5);
        assertThat(Cli.json(json, words).get("auroc")).isEqualTo(report.get("auroc"));
    }

    @Test
    void wrongWordsAreRefused() throws IOException {
        Path data = planted(10);
        Path model = model();
        Cli.run("genomics", "transfer", "--data", data, "--model", model, "--splits", data)
                .wrongUsage("--splits and --subsets need --set");
        Cli.run("genomics", "transfer", "--data", data, "--model", model, "--size", "half")
                .wrongUsage("--size must be a number of sequences or all, was half");
        Cli.run("genomics", "transfer", "--data", data, "--model", model, "--size", 1000)
                .wrongUsage("only 12 sequences may be trained on");
        Cli.run("genomics", "transfer", "--data", data, "--model", model, "--size", 2)
                .wrongUsage("2 sequences to train on are in 2 groups", "at least 3 are needed");
        var random = new SplittableRandom(3);
        var few = new StringBuilder("sequence\tlabel\n");
        for (int i = 0; i < 40; i++) {
            random.ints(60, 0, 4).forEach(base -> few.append("ACGT".charAt(base)));
            few.append(i < 5 ? "\trare\n" : "\tcommon\n");
        }
        Path rare = Files.writeString(folder.resolve("rare.tsv"), few);
        long seed = 0; // one whose first sequences share a class
        while (classes(SequenceSplit.grouped(LabelledSequences.read(rare), seed), 4) > 1) {
            seed++;
        }
        Cli.run("genomics", "transfer", "--data", rare, "--model", model, "--size", 4, "--seed", seed)
                .failsNaming("none of the 4 to train on is of class rare. Hint: train on more (--size)");
        Path bad = Files.writeString(folder.resolve("bad.tsv"), "sequence\tlabel\nACGT\ta\nACG\tb\n");
        Cli.run("genomics", "transfer", "--data", bad, "--model", model).failsNaming("bad.tsv line 3");
    }

    private static long classes(SequenceSplit split, int size) {
        return Arrays.stream(split.train(size))
                .map(split.sequences()::label)
                .distinct()
                .count();
    }

    /** The folder of a transfer, with another seed, as the start of another. */
    @Test
    void whatTheNetworkHasLearntFromIsCounted() throws IOException {
        Path data = planted(20);
        Path run = folder.resolve("run");
        Path json = folder.resolve("r.json");
        Object[] first = {"genomics", "transfer", "--data", data, "--model", model(), "--size", 12, "--out", run};
        Map<String, Object> report = Cli.json(json, first);
        assertThat(report).containsEntry("judges_left_out", 0);
        assertThat((String) report.get("what_wins")).contains("has the largest area under the ROC curve");
        assertThat(Files.readString(run.resolve("model.json"))).contains("planted.tsv");
        report = Cli.json(json, "genomics", "transfer", "--data", data, "--model", run, "--seed", 1, "--size", 12);
        assertThat((int) report.get("judges_left_out")).isGreaterThan(0);
        assertThat(Cli.map(report.get("auroc")).containsKey("transfer")).isTrue();
    }

    private Path ecoli(int count) throws IOException {
        var random = new SplittableRandom(2);
        Path set = Files.createDirectories(folder.resolve("cnnprom_promoters"));
        for (String file : List.of("Ecoli_prom.fa", "Ecoli_non_prom.fa")) {
            var text = new StringBuilder();
            for (int i = 0; i < count / 2; i++) {
                text.append(">s").append(i).append('\n');
                random.ints(81, 0, 4).forEach(base -> text.append("ACGT".charAt(base)));
                text.append('\n');
            }
            Files.writeString(set.resolve(file), text);
        }
        return folder;
    }

    private static SequenceSplit known(Path data, Path splits, Optional<Path> subsets) {
        return KnownSets.read(data, KnownSets.KnownSet.ECOLI, Optional.of(splits), subsets, 0);
    }

    @Test
    void splitsAloneLeaveAllOtherSequencesToTrainOn() throws IOException {
        Path data = ecoli(100);
        var table = new StringBuilder("set,index,id,label,group,fold\n");
        for (int i = 0; i < 100; i++) {
            table.append("ecoli," + i + ",s,with,commas," + (i < 50 ? 1 : 0) + "," + i + "," + i % 5 + "\n");
        }
        Path splits = Files.writeString(folder.resolve("splits.csv"), table);
        SequenceSplit sequences = known(data, splits, Optional.empty());
        int[] pool = sequences.train(100);
        assertThat(pool).hasSize(60).doesNotHaveDuplicates();
        assertThat(pool).isNotEqualTo(Arrays.stream(pool).sorted().toArray());
        assertThat(Arrays.stream(pool).allMatch(i -> i % 5 >= 2)).isTrue();
        assertThat(known(data, splits, Optional.empty()).train(100)).isEqualTo(pool);
        for (String order : List.of("2 -3", "2 100", "2 x", "2 5", "2 2")) {
            Path subsets = Files.writeString(folder.resolve("subsets.csv"), "set,seed,order\necoli,0," + order + "\n");
            assertThatThrownBy(() -> known(data, splits, Optional.of(subsets)))
                    .as(order)
                    .isInstanceOf(FileException.class)
                    .hasMessageContaining("subsets.csv line 2");
        }
        Path swapped = Files.writeString(
                folder.resolve("swapped.csv"), table.toString().replace(",1,7,", ",0,7,"));
        assertThatThrownBy(() -> known(data, swapped, Optional.empty()))
                .hasMessageContaining("swapped.csv line 9: the label of sequence 7 is 0, in the data 1");
        Path negative = Files.writeString(
                folder.resolve("negative.csv"), table.toString().replace("ecoli,7,", "ecoli,-7,"));
        assertThatThrownBy(() -> known(data, negative, Optional.empty()))
                .hasMessageContaining("negative.csv line 9: the index is '-7'");
    }

    /**
     * The numbers of PyTorch, means over three seeds: .9947 and .930 with 50 sequences; and .9934 without any. One seed
     * says little of what is learnt from scratch: .918 to .960.
     */
    @Test
    @Tag("slow")
    void spliceJunctionsAreLearntFromFifty() {
        Path anchors = SHARED.resolve("anchors");
        Requirement.file(anchors);
        Map<String, Object> report = Cli.json(
                folder.resolve("r.json"),
                "genomics",
                "transfer",
                "--data",
                SHARED.resolve("data/genomics"),
                "--set",
                "uci",
                "--splits",
                anchors.resolve("b_splits.csv.gz"),
                "--subsets",
                anchors.resolve("b_subsets.csv.gz"),
                "--model",
                SHARED.resolve("data/weights/openspliceai/openspliceai-mane/80nt/model_80nt_rs10.pt"),
                "--sizes",
                50,
                "--seeds",
                3);
        Map<String, Double> auroc = new HashMap<>();
        for (Object cell : (List<?>) report.get("cells")) {
            Map<?, ?> of = Cli.map(cell);
            auroc.put((String) of.get("way"), (double) of.get("auroc"));
        }
        assertThat(auroc.get("zero_shot")).isBetween(0.9929, 0.9939);
        assertThat(auroc.get("transfer")).isGreaterThan(0.990).isGreaterThan(auroc.get("scratch") + 0.04);
        assertThat(report).containsEntry("groups", 2840).containsEntry("leaked", 0);
    }
}
