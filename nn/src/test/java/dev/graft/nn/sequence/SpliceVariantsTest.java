package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.IndexedFasta;
import dev.graft.nn.data.sequence.Nucleotides;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpliceVariantsTest {
    @TempDir
    private Path folder;

    private static SpliceScores scores(float[] acceptor, float... donor) {
        return new SpliceScores(acceptor, donor);
    }

    private static float[] of(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @Test
    void aSubstitutionByHand() {
        var reference = scores(of(.1, .9, .2, 0, 0), of(0, 0, 0, 0, .6));
        var variant = scores(of(.1, .3, .2, .5, 0), of(0, .25, 0, 0, .6));
        var deltas = DeltaScores.of(reference, variant, 1, 1);
        // acceptor gain .5 one base after, loss .6 one before; donor gain .25 one before, no loss: first position
        assertThat(deltas.toString()).isEqualTo("0.50|0.60|0.25|0.00|1|-1|-1|-2");
    }

    @Test
    void aDeletionByHand() {
        // D = 3, window of 7, REF ACG to A: bases 4 and 5 of the window are gone
        var reference = scores(of(0, 0, 0, 0, .8, 0, .1), of(0, 0, 0, 0, 0, 0, 0));
        var variant = scores(of(0, 0, 0, 0, .7), of(0, 0, .4, 0, 0));
        var deltas = DeltaScores.of(reference, variant, 3, 1);
        // the acceptor at +1 is lost whole, the variant's last base is +3: gain .6
        assertThat(deltas.toString()).isEqualTo("0.60|0.80|0.40|0.00|3|1|-1|-3");
    }

    @Test
    void anInsertionByHand() {
        // D = 1, REF A to ACG: the largest of three bases stands for the middle
        var reference = scores(of(.5, .2, 0), of(0, .3, .9));
        var variant = scores(of(.5, .1, .6, .4, 0), of(0, 0, .1, .05, .8));
        var deltas = DeltaScores.of(reference, variant, 1, 3);
        assertThat(deltas.scores()).containsExactly(of(.4, 0, 0, .2), within(1e-6f));
        assertThat(deltas.positions()).containsExactly(0, -1, -1, 0);
    }

    @Test
    void maskingKeepsLossesOfAnnotatedSitesAndGainsOfOthers() {
        var deltas = new DeltaScores(of(.5, .6, .7, .8), new int[] {3, -2, 5, 9});
        assertThat(deltas.masked(new int[] {3, -2}, new int[] {7}).scores()).containsExactly(of(0, .6, .7, 0));
        assertThat(deltas.masked(new int[] {}, new int[] {5, 9}).scores()).containsExactly(of(.5, 0, 0, .8));
    }

    @Test
    void lengthsThatDoNotFitAreRefused() {
        var three = scores(of(0, 0, 0), of(0, 0, 0));
        assertThatThrownBy(() -> DeltaScores.of(three, three, 2, 2)).hasMessageContaining("lengths do not fit");
        assertThatThrownBy(() -> DeltaScores.of(three, three, 1, 2)).hasMessageContaining("lengths do not fit");
    }

    private static SpliceModel model() {
        return new SpliceModel(List.of(DilatedResNet.spliceAi(80, new SplittableRandom(3))));
    }

    private String genome() throws IOException {
        var random = new SplittableRandom(8);
        var letters = new StringBuilder();
        for (int i = 0; i < 400; i++) {
            letters.append("ACGTacgt".charAt(random.nextInt(8)));
        }
        Files.writeString(folder.resolve("g.fa"), ">chr1\n" + letters + "\n");
        return letters.toString();
    }

    private Path vcf(String... records) throws IOException {
        return Files.writeString(
                folder.resolve("in.vcf"),
                "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + String.join("\n", records)
                        + "\n");
    }

    private List<String> annotate(Path in) throws IOException {
        return annotate(in, false);
    }

    private List<String> annotate(Path in, boolean genes) throws IOException {
        Path out = folder.resolve("out.vcf");
        Path gff = Files.writeString(folder.resolve("g.gff"), "chr1\tx\tgene\t191\t230\t.\t-\t.\tID=g;Name=ABC\n");
        try (SpliceModel model = model();
                IndexedFasta genome = IndexedFasta.open(folder.resolve("g.fa"))) {
            var variants = new SpliceVariants(model, genome, folder.resolve("g.fa")).distance(10);
            (genes ? variants.genes(gff) : variants).annotate(in, out);
        }
        return Files.readAllLines(out);
    }

    @Test
    void entriesAreThoseOfTheSequencesThemselves() throws IOException {
        String letters = genome();
        String ref = letters.substring(199, 202);
        List<String> lines =
                annotate(vcf("chr1\t200\t.\t" + ref + "\t" + ref.charAt(0) + ",<DEL>,AC\t.\t.\tDP=3\tGT\t0/1"));
        assertThat(lines.get(1))
                .startsWith("##INFO=<ID=SpliceAI,Number=.,Type=String")
                .contains("within 10 bases");
        try (SpliceModel model = model()) {
            String before = letters.substring(199 - 50, 199 + 51);
            String after = letters.substring(199 - 50, 200) + letters.substring(202, 199 + 51);
            var plus = DeltaScores.of(model.score(before), model.score(after), 3, 1);
            var minus = DeltaScores.of(
                    model.score(Nucleotides.reverseComplement(before)).reversed(),
                    model.score(Nucleotides.reverseComplement(after)).reversed(),
                    3,
                    1);
            assertThat(lines.get(3).split("\t", -1)[7])
                    .isEqualTo("DP=3;SpliceAI=" + ref.charAt(0) + "|+|" + plus + "," + ref.charAt(0) + "|-|" + minus
                            + ",AC|+|.|.|.|.|.|.|.|.,AC|-|.|.|.|.|.|.|.|.");
            assertThat(lines.get(3)).endsWith("\tGT\t0/1");
            // within a gene, what lies outside is unknown
            String inGene = "N".repeat(41) + before.substring(41, 81) + "N".repeat(20);
            String gone = inGene.substring(0, 51) + inGene.substring(53);
            var gene = DeltaScores.of(
                    model.score(Nucleotides.reverseComplement(inGene)).reversed(),
                    model.score(Nucleotides.reverseComplement(gone)).reversed(),
                    3,
                    1);
            List<String> withGene = annotate(
                    vcf(
                            "1\t200\t.\t" + ref + "\t" + ref.charAt(0) + "\t.\t.\t.",
                            "1\t300\t.\t" + letters.charAt(299) + "\t" + (letters.charAt(299) == 'A' ? "C" : "A")
                                    + "\t.\t.\t."),
                    true);
            assertThat(withGene.get(3).split("\t", -1)[7]).isEqualTo("SpliceAI=" + ref.charAt(0) + "|ABC|" + gene);
            assertThat(withGene.get(4).split("\t", -1)[7]).isEqualTo(".");
        }
    }

    @Test
    void longDeletionsKeepTheScoresBeforeThem() throws IOException {
        String letters = genome();
        String first = letters.substring(199, 200);
        for (int length : new int[] {11, 12, 20, 21}) { // D is 10
            String ref = letters.substring(199, 199 + length);
            String info = annotate(vcf("chr1\t200\t.\t" + ref + "\t" + first + "\t.\t.\t."))
                    .get(3)
                    .split("\t", -1)[7];
            if (length > 20) {
                assertThat(info).isEqualTo(".");
                continue;
            }
            try (SpliceModel model = model()) {
                var before = model.score(letters.substring(199 - 50, 199 + 51));
                var after = model.score(
                        letters.substring(199 - 50, 200) + letters.substring(199 + length, 199 + length + 40));
                assertThat(after.length()).isEqualTo(11);
                float[] acceptor = Arrays.copyOf(after.acceptor(), 21);
                float[] donor = Arrays.copyOf(after.donor(), 21);
                // an allele of one base each compares position by position
                var plus = DeltaScores.of(before, scores(acceptor, donor), 1, 1);
                assertThat(info).startsWith("SpliceAI=" + first + "|+|" + plus + "," + first + "|-|");
            }
        }
    }

    @Test
    void annotationsThatCannotFitAreRefused() throws IOException {
        genome();
        String dots = "chr1\tx\tgene\t191\t230\t.\t.\t.\tID=g\n";
        String other = "NC_000022.11\tx\tgene\t191\t230\t.\t+\t.\tID=g\n";
        try (SpliceModel model = model();
                IndexedFasta genome = IndexedFasta.open(folder.resolve("g.fa"))) {
            var variants = new SpliceVariants(model, genome, folder.resolve("g.fa"));
            Path none = Files.writeString(folder.resolve("none.gff"), dots);
            assertThatThrownBy(() -> variants.genes(none))
                    .isInstanceOf(FileException.class)
                    .hasMessageContaining("none.gff has no gene with a strand");
            Path named = Files.writeString(folder.resolve("nc.gff"), other);
            assertThatThrownBy(() -> variants.genes(named))
                    .isInstanceOf(FileException.class)
                    .hasMessageContaining("named NC_000022.11, those of the reference chr1");
            Path exons = Files.writeString(
                    folder.resolve("exons.gff"),
                    other.replace("gene", "exon") + dots.replace("\t.\t.\t.", "\t.\t+\t."));
            assertThat(variants.genes(exons)).isNotNull();
            assertThatThrownBy(() -> variants.masked(exons)).hasMessageContaining("NC_000022.11");
        }
    }

    @Test
    void allFilesAreClosedIfOneFails() {
        var closed = new ArrayList<String>();
        List<Closeable> writers = List.of(
                () -> closed.add("a"),
                () -> {
                    throw new IOException("full");
                },
                () -> closed.add("c"));
        List<Path> targets = List.of(Path.of("a"), Path.of("b"), Path.of("c"));
        assertThatThrownBy(() -> SpliceTracks.closeAll(writers, targets)).hasMessageContaining("b cannot be written");
        assertThat(closed).containsExactly("a", "c");
    }

    @Test
    void variantsOfAnotherGenomeAreRefused() throws IOException {
        String letters = genome();
        char other = Character.toUpperCase(letters.charAt(9)) == 'A' ? 'C' : 'A';
        assertThatThrownBy(() -> annotate(vcf("chr1\t10\t.\t" + other + "\tG\t.\t.\t.")))
                .isInstanceOf(FileException.class)
                .hasMessageContaining("in.vcf line 3: REF is " + other)
                .hasMessageContaining("at chr1:10")
                .hasMessageContaining("GRCh37");
        assertThat(folder.resolve("out.vcf")).doesNotExist();
        assertThatThrownBy(() -> annotate(vcf("chr9\t10\t.\tA\tG\t.\t.\t."))).hasMessageContaining("no sequence chr9");
        assertThatThrownBy(() -> annotate(vcf("chr1\t400\t.\t" + letters.charAt(399) + "A\tG\t.\t.\t.")))
                .hasMessageContaining("REF is");
    }
}
