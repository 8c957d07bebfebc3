package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.nn.sequence.SpliceModel;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenomicsCommandTest {
    private static final Path SHARED = Path.of("../../shared");

    @TempDir
    private Path folder;

    private Path model(long seed) {
        Path file = folder.resolve("m" + seed + ".safetensors");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(seed));
                StateDict state = network.stateDict()) {
            Safetensors.save(state, file);
        }
        return file;
    }

    private Path fasta() throws IOException {
        var random = new SplittableRandom(4);
        var text = new StringBuilder(">chrA test\n");
        for (int i = 0; i < 300; i++) {
            text.append(i >= 100 && i < 120 ? 'N' : "ACGT".charAt(random.nextInt(4)))
                    .append(i % 60 == 59 ? "\n" : "");
        }
        return Files.writeString(folder.resolve("a.fa"), text.append('\n'));
    }

    @Test
    void probabilitiesAreWrittenForEachStrand() throws IOException {
        Path out = folder.resolve("out");
        String models = model(1) + "," + model(2);
        Cli run = Cli.run("genomics", "splice", "--model", models, "--fasta", fasta(), "--out", out, "--threshold", 0);
        assertThat(run.succeeded().out()).contains("560 positions", "1120 probabilities");
        List<String> acceptors = Files.readAllLines(out.resolve("plus.acceptor.bedGraph"));
        assertThat(acceptors).hasSize(281).startsWith("track type=bedGraph name=\"plus.acceptor\"");
        assertThat(acceptors.get(101)).startsWith("chrA\t120\t121\t0.");
        try (SpliceModel model = SpliceModel.read(List.of(model(1), model(2)))) {
            String letters = FastaReader.readAll(fasta()).get(0).letters();
            float[] expected =
                    model.score("N".repeat(40) + letters + "N".repeat(40)).acceptor();
            assertThat(Double.parseDouble(acceptors.get(101).split("\t", -1)[3]))
                    .isEqualTo(expected[120], within(1e-5));
        }
        Path bed = Files.writeString(folder.resolve("a.bed"), "chrA\t95\t102\tx\t0\t-\n");
        Cli.run(
                        "genomics",
                        "splice",
                        "--model",
                        models,
                        "--fasta",
                        fasta(),
                        "--out",
                        out,
                        "--threshold",
                        0,
                        "--format",
                        "tsv",
                        "--bed",
                        bed)
                .succeeded();
        assertThat(Files.readAllLines(out.resolve("plus.tsv"))).containsExactly("sequence\tposition\tacceptor\tdonor");
        assertThat(Files.readAllLines(out.resolve("minus.tsv")))
                .hasSize(6)
                .anyMatch(line -> line.startsWith("chrA\t100\t"));
    }

    @Test
    void knownSitesAreCompared() throws IOException {
        Path sites = Files.writeString(
                folder.resolve("sites.tsv"), "fasta_index0\tstrand\ttype\n7\t+\tdonor\n9\t-\tacceptor\n");
        Path genes = Files.writeString(folder.resolve("genes.tsv"), "strand\tstart\tend\n+\t0\t50\n-\t0\t50\n");
        Map<String, Object> report = Cli.json(
                folder.resolve("r.json"),
                "genomics",
                "splice",
                "--model",
                model(1),
                "--fasta",
                fasta(),
                "--sites",
                sites,
                "--genes",
                genes);
        assertThat(report).containsEntry("sites", 2).containsEntry("bases", 560).containsKey("bases_per_second");
        assertThat(Cli.map(report.get("average_precision")).keySet().toString()).isEqualTo("[acceptor, donor]");
    }

    private Cli splice(Path fasta, String sites, String genes) throws IOException {
        Path siteFile = Files.writeString(folder.resolve("s.tsv"), "fasta_index0\tstrand\ttype\n" + sites);
        Path geneFile = Files.writeString(folder.resolve("g.tsv"), "strand\tstart\tend\n" + genes);
        Path json = folder.resolve("r.json");
        List<Object> words = new ArrayList<>(
                List.of("genomics", "splice", "--model", model(1), "--fasta", fasta, "--sites", siteFile));
        words.addAll(genes.isEmpty() ? List.of("--json", json) : List.of("--json", json, "--genes", geneFile));
        return Cli.run(words.toArray());
    }

    @Test
    void sitesThatCannotBeOfTheSequenceAreRefused() throws IOException {
        Path fasta = fasta();
        String gene = "+\t0\t50\n";
        splice(fasta, "7\t+\tdonor\n300\t-\tacceptor\n", gene).failsNaming("s.tsv line 3: fasta_index0 is '300'");
        splice(fasta, "7\t+\tdonor\n", "+\t0\t300\n-\t5\t5\n").failsNaming("g.tsv line 3: end is '5'");
        splice(fasta, "7\t+\tdonor\n", "+\t0\t301\n").failsNaming("g.tsv line 2: end is '301'");
        splice(fasta, "", gene).failsNaming("s.tsv has no line below its header");
        // exons at [20, 30) of the plus strand and [60, 70) of the minus strand, and a record with the same name
        String letters = "A".repeat(18) + "AG" + "C".repeat(10) + "GT" + "A".repeat(26) + "AC" + "C".repeat(10) + "CT"
                + "A".repeat(28);
        Path introns = Files.writeString(folder.resolve("i.fa"), ">n\n" + "N".repeat(100) + "\n>c\n" + letters + "\n");
        splice(introns, "20\t+\tacceptor\n", "").succeeded();
        assertThat(Files.readString(folder.resolve("r.json"))).contains("\"beside_ag_or_gt\" : 0");
        Path exons = Files.writeString(folder.resolve("e.fa"), ">c\n" + letters + "\n>c\n" + letters + "\n");
        splice(exons, "20\t+\tacceptor\n29\t+\tdonor\n69\t-\tacceptor\n60\t-\tdonor\n", gene)
                .succeeded();
        assertThat(Files.readString(folder.resolve("r.json")))
                .contains("\"beside_ag_or_gt\" : 4")
                .contains("\"bases\" : 200");
        splice(exons, "21\t+\tacceptor\n30\t+\tdonor\n70\t-\tacceptor\n61\t-\tdonor\n", gene)
                .failsNaming("must count from 0, not from 1");
        Cli.run("genomics", "splice", "--model", model(1), "--fasta", exons, "--sites", exons, "--bed", exons)
                .wrongUsage("cannot be given with --bed or --gff");
    }

    @Test
    void variantsGetTheirField() throws IOException {
        Path vcf = folder.resolve("v.vcf");
        String base = FastaReader.readAll(fasta()).get(0).letters().substring(49, 50);
        String header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
        Files.writeString(vcf, header + "chrA\t50\t.\t" + base + "\t" + base + "TT\t.\t.\t.\n");
        Path out = folder.resolve("w.vcf");
        Object[] words = {"genomics", "variants", "--model", model(1), "--fasta", fasta(), "--vcf", vcf, "--out", out};
        Map<String, Object> report = Cli.json(folder.resolve("r.json"), words);
        assertThat(report)
                .containsEntry("variants", 1)
                .containsEntry("scored", 2)
                .containsEntry("unscored", 0);
        assertThat(Files.readAllLines(out).get(3)).contains("SpliceAI=" + base + "TT|+|0.");
        Cli.run("genomics", "variants", "--model", model(1), "--fasta", fasta(), "--vcf", out, "--out", vcf)
                .failsNaming("annotated before");
        Cli.run("genomics", "variants", "--model", model(1), "--fasta", fasta(), "--vcf", vcf, "--out", out, "--masked")
                .wrongUsage("--masked needs --gff");
    }

    @Test
    void wrongWordsAndFilesAreRefused() throws IOException {
        Path fasta = fasta();
        Cli.run("genomics").wrongUsage("missing required subcommand");
        Cli.run("genomics", "splice", "--model", model(1), "--fasta", fasta).wrongUsage("nothing to do");
        Cli.run("genomics", "splice", "--model", model(1), "--fasta", fasta, "--out", folder, "--genes", fasta)
                .wrongUsage("--genes needs --sites");
        Path bed = Files.writeString(folder.resolve("b.bed"), "chrB\t1\t2\n");
        Cli wrong = Cli.run(
                "genomics",
                "splice",
                "--model",
                model(1),
                "--fasta",
                fasta,
                "--out",
                folder.resolve("o"),
                "--bed",
                bed);
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("chrB", "chrA", "Hint: ");
        assertThat(folder.resolve("o")).isEmptyDirectory();
        Path sites = Files.writeString(folder.resolve("s.tsv"), "fasta_index0\tstrand\ttype\n7\t+\texon\n");
        Cli bad = Cli.run("genomics", "splice", "--model", model(1), "--fasta", fasta, "--sites", sites);
        assertThat(bad.err()).contains("s.tsv line 2: type is 'exon'", "acceptor or donor");
    }

    @Test
    @Tag("slow")
    void realSitesAreFoundAsByPyTorch() {
        Path data = SHARED.resolve("data/genomics/human_chr22_20-21M");
        Path models = SHARED.resolve("data/weights/openspliceai/openspliceai-mane");
        Requirement.file(data);
        Requirement.file(models);
        Map<String, Integer> found = Map.of("80nt", 103, "400nt", 171, "2000nt", 178);
        found.forEach((name, above) -> {
            Map<String, Object> report = Cli.json(
                    folder.resolve("r.json"),
                    "genomics",
                    "splice",
                    "--model",
                    models.resolve(name).resolve("model_" + name + "_rs10.pt"),
                    "--fasta",
                    data.resolve("22_20-21M.fa"),
                    "--sites",
                    data.resolve("splice_sites_derived.tsv"),
                    "--genes",
                    SHARED.resolve("anchors/b_gene_bodies.tsv"));
            assertThat(report).containsEntry("sites", 186).containsEntry("above_half", above);
            if (name.equals("400nt")) {
                Map<?, ?> precision = Cli.map(report.get("average_precision"));
                assertThat((double) precision.get("acceptor")).isEqualTo(0.989, within(0.002));
                assertThat((double) precision.get("donor")).isEqualTo(0.976, within(0.002));
            }
        });
    }
}
