package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.sequence.DilatedResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenomicsModelsTest {
    @TempDir
    private Path folder;

    private Path model() {
        Path file = folder.resolve("m.safetensors");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(1));
                StateDict state = network.stateDict()) {
            Safetensors.save(state, file);
        }
        return file;
    }

    private static String random(int length, SplittableRandom random) {
        StringBuilder letters = new StringBuilder();
        random.ints(length, 0, 4).forEach(base -> letters.append("ACGT".charAt(base)));
        return letters.toString();
    }

    private Path planted(int count) throws IOException {
        var random = new SplittableRandom(6);
        var text = new StringBuilder("id\tsequence\tlabel\n");
        for (int i = 0; i < count; i++) {
            var letters = new StringBuilder(random(40, random));
            if (i % 2 == 0) {
                letters.replace(20, 26, "TATAAA");
            }
            text.append("s").append(i).append('\t').append(letters).append('\t');
            text.append(i % 2 == 0 ? "box" : "none").append('\n');
        }
        return Files.writeString(folder.resolve("planted.tsv"), text);
    }

    /** Train and keep, find finished, predict, explain: what the manual's page shows. */
    @Test
    void aTransferredModelIsKeptAndUsed() throws IOException {
        Path data = planted(30);
        Path run = folder.resolve("run");
        Object[] words = {"genomics", "transfer", "--data", data, "--model", model(), "--size", 12, "--out", run};
        Path json = folder.resolve("r.json");
        Map<String, Object> report = Cli.json(json, words);
        assertThat(Cli.map(report.get("auroc"))).hasSize(5);
        assertThat(run).isDirectoryContaining("glob:**report.html").isDirectoryContaining("glob:**log.csv");
        assertThat(Cli.run(words).succeeded().out()).contains("already finished");
        Cli.run("genomics", "transfer", "--data", data, "--model", model(), "--size", 13, "--out", run)
                .failsNaming("holds another finished run: size was 12, is 13");
        List<String> answers = Cli.run("genomics", "predict", "--model", run, data)
                .succeeded()
                .out()
                .lines()
                .toList();
        assertThat(answers).hasSize(31);
        assertThat(answers.get(0)).isEqualTo("sequence,class,box,none");
        assertThat(answers.get(1)).matches("s0,(box|none),[\\d.E-]+,[\\d.E-]+");
        Path short1 = Files.writeString(folder.resolve("short.fa"), ">a\nACGT\n");
        Cli.run("genomics", "predict", "--model", run, short1)
                .failsNaming("short.fa line 1: a has 4 bases, and the model needs 40");
        Path why = folder.resolve("why");
        Path one = Files.writeString(folder.resolve("one.fa"), ">a b\n" + random(40, new SplittableRandom(1)) + "\n");
        Cli.run("genomics", "explain", "--model", run, "--out", why, "--class", "box", one)
                .succeeded();
        assertThat(Files.readAllLines(why.resolve("mutagenesis.bedGraph"))).hasSize(40);
        assertThat(Files.readAllLines(why.resolve("integrated_gradients.bedGraph"))
                        .get(39))
                .startsWith("a\t39\t40\t");
        assertThat(Files.readAllLines(why.resolve("mutations.tsv"))).hasSize(41);
        assertThat(Files.readString(why.resolve("logo-1-mutagenesis.svg")))
                .startsWith("<svg ")
                .contains("a, box");
        Cli.run("genomics", "explain", "--model", run, "--out", why, "--class", "tata", one)
                .wrongUsage("--class tata is none of box, none");
        Cli.run("genomics", "explain", "--model", run, "--out", why, "--at", "a:1", one)
                .wrongUsage("--at, --site and --reverse are for weight files");
        Cli.run("genomics", "predict", "--model", folder, data).failsNaming("model.json");
    }

    /** The tracks of a site have the genome's coordinates on both strands. */
    @Test
    void aSpliceSiteIsExplained() throws IOException {
        String letters = random(300, new SplittableRandom(3));
        Path fasta = Files.writeString(folder.resolve("g.fa"), ">chrA\n" + letters + "\n");
        for (String strand : List.of("", "--reverse")) {
            Path out = folder.resolve("why" + strand);
            Object[] words = {
                "genomics", "explain", "--model", model(), "--out", out, "--at", "chrA:20", "--site", "donor", fasta
            };
            if (!strand.isEmpty()) {
                words = java.util.stream.Stream.concat(
                                java.util.Arrays.stream(words), java.util.stream.Stream.of(strand))
                        .toArray();
            }
            Cli.run(words).succeeded();
            List<String> track = Files.readAllLines(out.resolve("integrated_gradients.bedGraph"));
            assertThat(track.get(0)).startsWith("chrA\t0\t1\t");
            assertThat(track).hasSize(60);
        }
        Cli.run("genomics", "explain", "--model", model(), "--out", folder.resolve("o"), "--at", "chrA:301", fasta)
                .wrongUsage("chrA has 300 bases");
        Cli.run("genomics", "explain", "--model", model(), "--out", folder.resolve("o"), fasta)
                .wrongUsage("a weight file needs --at");
    }

    @Test
    void sizesAndSeedsAreATable() throws IOException {
        Path json = folder.resolve("r.json");
        Object[] words = {
            "genomics", "transfer", "--data", planted(30), "--model", model(), "--sizes", "6,all", "--seeds", 2
        };
        Map<String, Object> report = Cli.json(json, words);
        List<?> cells = Cli.list(report, "cells");
        assertThat(cells).hasSize(10);
        Map<?, ?> first = Cli.map(cells.get(0));
        assertThat(first.get("way")).isEqualTo("transfer");
        assertThat(first.get("size")).isEqualTo(6);
        assertThat((List<?>) first.get("aurocs")).hasSize(2);
        Cli.run("genomics", "transfer", "--data", planted(30), "--model", model(), "--sizes", "6", "--size", 6)
                .wrongUsage("excludes --size and --out");
        Cli.run("genomics", "transfer", "--data", planted(30), "--model", model(), "--seeds", 2)
                .wrongUsage("--seeds must be from 1 to 100, and needs --sizes");
        Cli.run("genomics", "transfer", "--data", planted(30)).wrongUsage("--data needs --model");
        Cli.run("genomics", "transfer", "--model", model(), "--resume").wrongUsage("need --out");
    }

    @Test
    @Tag("slow")
    void withoutDataSequencesAreSyntheticAndTheSameAgain() throws IOException {
        Path json = folder.resolve("r.json");
        Map<String, Object> report = Cli.json(json, "genomics", "transfer", "--size", 40);
        assertThat(report).containsEntry("synthetic", true).containsEntry("set", "synthetic");
        Map<?, ?> auroc = Cli.map(report.get("auroc"));
        assertThat((double) auroc.get("transfer")).isGreaterThan(0.6);
        assertThat(Cli.json(json, "genomics", "transfer", "--size", 40)).isEqualTo(report);
        Path out = folder.resolve("synthetic");
        Cli.json(json, "genomics", "transfer", "--size", 40, "--out", out);
        assertThat(Files.readString(out.resolve("report.html"))).contains("These sequences are synthetic");
        assertThat(Files.readString(out.resolve("model.json")))
                .contains("\"synthetic\" : true", "other synthetic sequences, generated from the same seed")
                .doesNotContain("graft-synthetic");
    }

    @Test
    void aGenomeIsLearntWithoutLabels() throws IOException {
        Path fasta = Files.writeString(folder.resolve("g.fa"), ">g\n" + "ACGGTCATTG".repeat(600) + "\n");
        Path out = folder.resolve("pre");
        Cli.run("genomics", "pretrain", "--fasta", fasta, "--out", out, "--context", 81)
                .wrongUsage("--context must be 80, 400, 2000 or 10000");
        Path empty = Files.writeString(folder.resolve("e.fa"), "");
        Cli.run("genomics", "pretrain", "--fasta", empty, "--out", out).failsNaming("e.fa is empty");
        assertThat(out).doesNotExist();
    }
}
