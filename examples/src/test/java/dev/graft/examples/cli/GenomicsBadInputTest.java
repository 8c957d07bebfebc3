package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.sequence.DilatedResNet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a file is said in one line: which file, which line of it, and the fix. */
class GenomicsBadInputTest {
    private static final String HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

    @TempDir
    private Path folder;

    private Path model;

    @BeforeEach
    void model() {
        model = folder.resolve("m.safetensors");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(1));
                StateDict state = network.stateDict()) {
            Safetensors.save(state, model);
        }
    }

    private Path write(String name, String text) throws IOException {
        return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private Cli splice(Path fasta) {
        return Cli.run("genomics", "splice", "--model", model, "--fasta", fasta, "--out", folder.resolve("out"));
    }

    private Cli variants(Path fasta, Path vcf) {
        return Cli.run(
                "genomics",
                "variants",
                "--model",
                model,
                "--fasta",
                fasta,
                "--vcf",
                vcf,
                "--out",
                folder.resolve("w.vcf"));
    }

    private Cli transfer(Path data) {
        return Cli.run("genomics", "transfer", "--data", data, "--model", model);
    }

    @Test
    void filesThatAreNoFasta() throws IOException {
        splice(write("a.fa", "ACGT\n")).failedWith("a.fa line 1");
        splice(write("b.fa", "")).failedWith("b.fa is empty");
        splice(write("c.fa", ">s\nACGT\nAC!GT\n")).failedWith("c.fa line 3", "!");
        splice(write("d.fa", ">s\n>t\nACGT\n")).failedWith("d.fa line 1");
        splice(folder.resolve("none.fa")).failedWith("none.fa");
        splice(folder).failedWith(folder.toString());
        Path weights = model;
        splice(weights).failedWith("m.safetensors line 1");
    }

    @Test
    void archivesThatAreCutOff() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            var random = new SplittableRandom(1);
            gzip.write(">s\n".getBytes(StandardCharsets.ISO_8859_1));
            for (int i = 0; i < 50_000; i++) {
                gzip.write("ACGT".charAt(random.nextInt(4)));
            }
        }
        byte[] whole = bytes.toByteArray();
        Path cut = Files.write(folder.resolve("cut.fa.gz"), Arrays.copyOf(whole, whole.length / 2));
        splice(cut).failedWith("cut.fa.gz");
        Path wholeFile = Files.write(folder.resolve("whole.fa.gz"), whole);
        Path vcf = write("v.vcf", HEADER);
        variants(wholeFile, vcf).failedWith("whole.fa.gz is compressed by gzip, which has no index", "bgzip");
    }

    @Test
    void variantsThatDoNotFitTheGenome() throws IOException {
        Path fasta = write("g.fa", ">chr1\n" + "ACGT".repeat(50) + "\n");
        variants(fasta, write("a.vcf", HEADER + "chr1\t10\t.\tA\tG\t.\t.\t.\n"))
                .failedWith("a.vcf line 3", "REF is A", "has C at chr1:10");
        variants(fasta, write("b.vcf", HEADER + "chr1\t10\t.\tC\tG\t.\t.\t.\nchr1\t6\t.\tC\tG\t.\t.\t.\n"))
                .failedWith("b.vcf line 4", "sort");
        variants(fasta, write("c.vcf", HEADER + "chr9\t10\t.\tC\tG\t.\t.\t.\n")).failedWith("c.vcf line 3", "chr9");
        variants(fasta, write("d.vcf", "chr1\t10\t.\tC\tG\t.\t.\t.\n")).failedWith("d.vcf line 1");
        variants(fasta, write("e.vcf", HEADER + "chr1\tten\t.\tC\tG\t.\t.\t.\n"))
                .failedWith("e.vcf line 3", "ten");
        variants(fasta, write("f.vcf", HEADER + "chr1\t10\t.\tC\tJ\t.\t.\t.\n")).failedWith("f.vcf line 3", "J");
        variants(fasta, write("h.vcf", "")).failedWith("h.vcf is empty");
    }

    /** Without an index the file is scanned; one that does not fit it is refused. */
    @Test
    void aMissingIndexIsNotMissedAndAWrongOneIsRefused() throws IOException {
        Path fasta = write("g.fa", ">chr1\n" + "ACGT".repeat(50) + "\n");
        Path vcf = write("a.vcf", HEADER + "chr1\t10\t.\tC\tG\t.\t.\t.\n");
        variants(fasta, vcf).succeeded();
        write("g.fa.fai", "chr1\t900\t6\t60\t61\n");
        variants(fasta, vcf).failedWith("g.fa.fai does not fit", "samtools faidx");
    }

    /** A VCF in Latin-1, as many are: every byte comes back as it was. */
    @Test
    void bytesThatAreNotUtf8AreKept() throws IOException {
        Path fasta = write("g.fa", ">chr1\n" + "ACGT".repeat(50) + "\n");
        String header = HEADER.replace("#CHROM", "##centre=Universit\u00e4t\n#CHROM");
        Path vcf = write("a.vcf", header + "chr1\t10\tn\u00e9\tC\tG\t.\t.\tX=\u00a7\n");
        variants(fasta, vcf).succeeded();
        String out = new String(Files.readAllBytes(folder.resolve("w.vcf")), StandardCharsets.ISO_8859_1);
        assertThat(out).contains("##centre=Universit\u00e4t\n", "\tn\u00e9\tC\tG\t.\t.\tX=\u00a7;SpliceAI=G|+|");
        Path bed = write("b.bed", "chr1\t1\t2\tgr\u00fcn\n");
        Cli.run("genomics", "splice", "--model", model, "--fasta", fasta, "--out", folder.resolve("o"), "--bed", bed)
                .failedWith("b.bed line 1: is not UTF-8", "iconv");
    }

    @Test
    void labelledSequencesThatCannotBeLearnt() throws IOException {
        transfer(write("a.tsv", "sequence\tlabel\nACGT\tx\nACG\ty\n")).failedWith("a.tsv line 3", "has 3 bases", "pad");
        transfer(write("b.tsv", "seq\tlabel\nACGT\tx\n")).failedWith("b.tsv line 1", "sequence");
        transfer(write("c.tsv", "sequence\tlabel\nACZT\tx\n")).failedWith("c.tsv line 2");
        transfer(write("d.tsv", "sequence\tlabel\nACGT\t\n")).failedWith("d.tsv line 2", "label");
        transfer(write("e.tsv", "sequence\tlabel\nACGT\tgr\u00fcn\n")).failedWith("e.tsv line 2: is not UTF-8");
        transfer(write("f.tsv", "sequence\tlabel\n")).failedWith("f.tsv");
        transfer(write("g.fa", ">s\nACGT\n")).failedWith("g.fa line 1", "label=CLASS");
        transfer(write("h.fa", "")).failedWith("h.fa is empty");
        transfer(write("i.tsv", "sequence\tlabel\n" + "ACGTACGTACGTACGT\tx\n".repeat(20)))
                .failedWith("all are of one class, x");
        transfer(write("j.tsv", "sequence\tlabel\n" + "ACGTACGTACGTACGT\tx\nGGCCGGAAGGTTGGCC\ty\n".repeat(9)))
                .failedWith("the 18 are in 2 groups of near-identical ones");
    }
}
