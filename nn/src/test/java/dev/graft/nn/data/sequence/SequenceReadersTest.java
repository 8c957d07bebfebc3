package dev.graft.nn.data.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.FileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequenceReadersTest {
    @TempDir
    private Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text, StandardCharsets.ISO_8859_1);
    }

    private Path bytes(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private static byte[] gzip(String text) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var gz = new GZIPOutputStream(out)) {
            gz.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return out.toByteArray();
    }

    /** What bgzip writes, with blocks of a few bytes. */
    private static byte[] bgzip(String text, int block) {
        var out = new ByteArrayOutputStream();
        byte[] all = text.getBytes(StandardCharsets.ISO_8859_1);
        for (int at = 0; at <= all.length; at += block) {
            byte[] piece =
                    at == all.length ? new byte[0] : Arrays.copyOfRange(all, at, Math.min(all.length, at + block));
            out.writeBytes(block(piece));
            if (at < all.length && at + block > all.length) {
                out.writeBytes(block(new byte[0]));
            }
        }
        return out.toByteArray();
    }

    private static byte[] block(byte[] piece) {
        var deflater = new Deflater(6, true);
        deflater.setInput(piece);
        deflater.finish();
        byte[] packed = new byte[piece.length + 64];
        int size = deflater.deflate(packed);
        deflater.end();
        var crc = new CRC32();
        crc.update(piece);
        return ByteBuffer.allocate(size + 26)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 0xff, 6, 0, 'B', 'C', 2, 0})
                .putShort((short) (size + 25))
                .put(packed, 0, size)
                .putInt((int) crc.getValue())
                .putInt(piece.length)
                .array();
    }

    private static void refused(ThrowingCallable call, String... parts) {
        assertThatThrownBy(call)
                .isInstanceOf(FileException.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining("Hint: ");
    }

    @Test
    void fastaIsReadPlainAndCompressed() throws IOException {
        String text = ";old comment\n\n>one first  sequence\nACGT\nacgtn\n\n>two\r\nRYAC\r\nGG";
        var expected = List.of(
                new NamedSequence("one", "first  sequence", "ACGTacgtn"), new NamedSequence("two", "", "RYACGG"));
        assertThat(FastaReader.readAll(file("a.fa", text))).isEqualTo(expected);
        assertThat(FastaReader.readAll(bytes("a.fa.gz", gzip(text)))).isEqualTo(expected);
        assertThat(FastaReader.readAll(bytes("b.fa.gz", bgzip(text, 7)))).isEqualTo(expected);
        assertThat(FastaReader.readAll(bytes("c.fa.gz", bgzip(text, text.length()))))
                .isEqualTo(expected);
        // gzip files joined end to end are one file
        byte[] joined = ByteBuffer.allocate(gzip(">a\nAC").length + gzip("GT\n").length)
                .put(gzip(">a\nAC"))
                .put(gzip("GT\n"))
                .array();
        assertThat(FastaReader.readAll(bytes("d.fa.gz", joined)))
                .isEqualTo(List.of(new NamedSequence("a", "", "ACGT")));
    }

    @Test
    void aNameEndsAtTheFirstWhiteSpace() throws IOException {
        assertThat(FastaReader.readAll(file("a.fa", ">a\tb c\nA\n>d  e\tf\nC\n> g\nT\n")))
                .containsExactly(
                        new NamedSequence("a", "b c", "A"),
                        new NamedSequence("d", "e\tf", "C"),
                        new NamedSequence("g", "", "T"));
    }

    @Test
    void fastaIsReadInPieces() throws IOException {
        try (FastaReader reader = FastaReader.open(file("a.fa", ">a\nACGT\nAC\n>b\nTT\n>c\nG\n"))) {
            byte[] piece = new byte[4];
            assertThat(reader.next()).isTrue();
            assertThat(reader.read(piece, 1, 3)).isEqualTo(3);
            assertThat(new String(piece, 1, 3, StandardCharsets.ISO_8859_1)).isEqualTo("ACG");
            assertThat(reader.next()).isTrue();
            assertThat(reader.name() + reader.line()).isEqualTo("b4");
            assertThat(reader.read(piece, 0, 4)).isEqualTo(2);
            assertThat(reader.read(piece, 0, 4)).isZero();
            assertThat(reader.next()).isTrue();
            assertThat(reader.name()).isEqualTo("c");
            assertThat(reader.next()).isFalse();
            assertThat(reader.next()).isFalse();
        }
    }

    @Test
    void badFastaIsRefusedWithItsLine() throws IOException {
        refused(() -> FastaReader.readAll(folder.resolve("absent.fa")), "absent.fa does not exist");
        refused(() -> FastaReader.readAll(file("empty.fa", "")), "empty.fa is empty");
        refused(() -> FastaReader.readAll(file("blank.fa", "\n\n")), "has no sequence");
        refused(() -> FastaReader.readAll(file("text.fa", "\nid,sequence\n")), "text.fa line 2: is not FASTA");
        refused(
                () -> FastaReader.readAll(file("p.fa", ">a\nACGT\nACEF\n")),
                "p.fa line 3: 'E' is no letter",
                "protein");
        refused(() -> FastaReader.readAll(file("e.fa", ">a\nACGT\n>b\n>c\nA\n")), "e.fa line 3", "b has no bases");
        refused(() -> FastaReader.readAll(file("l.fa", ">a\nACGT\n>b\n")), "l.fa line 3", "b has no bases");
        var random = new SplittableRandom(1);
        var text = new StringBuilder(">a\n");
        for (int i = 0; i < 20_000; i++) {
            text.append("ACGT".charAt(random.nextInt(4))).append(i % 60 == 59 ? "\n" : "");
        }
        byte[] whole = gzip(text.toString());
        refused(() -> FastaReader.readAll(bytes("cut.fa.gz", Arrays.copyOf(whole, whole.length / 2))), "is cut off");
        refused(() -> FastaReader.readAll(bytes("cut2.fa.gz", Arrays.copyOf(whole, whole.length - 3))), "is cut off");
        byte[] blocks = bgzip(text.toString(), 1000);
        // between two blocks the file looks whole to a reader of gzip
        byte[] lastBlock = Arrays.copyOf(blocks, blocks.length - 28);
        refused(() -> FastaReader.readAll(bytes("cut3.fa.gz", lastBlock)), "is cut off", "end block");
        byte[] damaged = whole.clone();
        damaged[whole.length / 2] ^= 0x55;
        damaged[whole.length / 2 + 1] ^= 0x55;
        assertThatThrownBy(() -> FastaReader.readAll(bytes("damaged.fa.gz", damaged)))
                .isInstanceOf(FileException.class);
    }

    @Test
    void anyPartIsFoundByIndex() throws IOException {
        var random = new SplittableRandom(5);
        var text = new StringBuilder();
        var letters = new StringBuilder[] {new StringBuilder(), new StringBuilder(), new StringBuilder()};
        int[] lengths = {1003, 60, 7};
        var fai = new StringBuilder();
        for (int s = 0; s < 3; s++) {
            text.append(">s").append(s).append(" about\n");
            fai.append("s" + s + "\t" + lengths[s] + "\t" + text.length() + "\t60\t61\n");
            for (int i = 0; i < lengths[s]; i++) {
                char letter = "ACGTacgtN".charAt(random.nextInt(9));
                letters[s].append(letter);
                text.append(letter).append(i % 60 == 59 || i == lengths[s] - 1 ? "\n" : "");
            }
        }
        file("with.fa", text.toString());
        file("with.fa.fai", fai.toString());
        for (Path path : List.of(
                file("without.fa", text.toString()),
                folder.resolve("with.fa"),
                file("windows.fa", text.toString().replace("\n", "\r\n")),
                bytes("blocks.fa.gz", bgzip(text.toString(), 97)))) {
            try (IndexedFasta fasta = IndexedFasta.open(path)) {
                assertThat(fasta.names()).containsExactly("s0", "s1", "s2");
                for (int s = 0; s < 3; s++) {
                    assertThat(fasta.length("s" + s)).isEqualTo(lengths[s]);
                    for (int i = 0; i < 50; i++) {
                        int from = random.nextInt(lengths[s]);
                        int to = from + random.nextInt(lengths[s] - from + 1);
                        assertThat(fasta.letters("s" + s, from, to))
                                .as(path + " [" + from + ", " + to + ")")
                                .isEqualTo(letters[s].substring(from, to));
                    }
                }
                assertThat(fasta.letters("s2", -2, 9)).isEqualTo("NN" + letters[2] + "NN");
                assertThat(fasta.letters("s2", -9, -4)).isEqualTo("NNNNN");
                refused(() -> fasta.length("s3"), "has no sequence named s3", "s0, s1, s2");
            }
        }
    }

    @Test
    void whatHasNoIndexIsRefused() throws IOException {
        refused(() -> IndexedFasta.open(bytes("a.fa.gz", gzip(">a\nACGT\n"))), "compressed by gzip", "bgzip");
        refused(() -> IndexedFasta.open(file("u.fa", ">a\nACGT\nAC\nACGT\n")), "u.fa line 4", "unequal lengths");
        refused(() -> IndexedFasta.open(file("l.fa", ">a\nACGT\nACGTA\n")), "l.fa line 3", "unequal lengths");
        refused(() -> IndexedFasta.open(file("t.fa", ">a\nA\n>a\nC\n")), "t.fa line 3", "second sequence is named a");
        file("old.fa", ">changed\nACGTACGT\n");
        file("old.fa.fai", "a\t8\t3\t8\t9\n");
        refused(() -> IndexedFasta.open(folder.resolve("old.fa")), "does not fit", "at the sequence a");
        file("bad.fa", ">a\nACGT\n");
        file("bad.fa.fai", "a\tmany\t3\t4\t5\n");
        refused(() -> IndexedFasta.open(folder.resolve("bad.fa")), "bad.fa.fai line 1", "'many'");
    }

    @Test
    void intervalsAreRead() throws IOException {
        Path bed = file("a.bed", "# comment\ntrack name=x\nchr1\t10\t20\nchr2\t0\t5\tgene\t0\t-\textra\n");
        assertThat(Region.readBed(bed))
                .containsExactly(
                        new Region("chr1", 10, 20, "", Optional.empty()),
                        new Region("chr2", 0, 5, "gene", Optional.of(Strand.MINUS)));
        refused(() -> Region.readBed(file("b.bed", "chr1 10 20\n")), "b.bed line 1", "tabs");
        refused(() -> Region.readBed(file("c.bed", "chr1\t10\t20\nchr1\t20\t20\n")), "c.bed line 2", "not after");
        refused(() -> Region.readBed(file("d.bed", "chr1\tx\t20\n")), "d.bed line 1", "'x'");
        refused(() -> Region.readBed(file("e.bed", "chr1\t1\t20\tn\t0\tplus\n")), "e.bed line 1", "strand");
        String gff =
                "##gff-version 3\nc\ts\tgene\t11\t20\t.\t-\t.\tID=g1;Name=ABC\nc\ts\texon\t11\t12\t.\t+\t.\tID=e\n";
        assertThat(Region.readGff(file("a.gff", gff), "gene"))
                .containsExactly(new Region("c", 10, 20, "ABC", Optional.of(Strand.MINUS)));
        String line = "c\ts\tgene\t1\t2\t.\t-\t.\t";
        String names = line + "ID=ENSG1.2;gene_id=ENSG1.2;gene_name=ABC;gene=x\n" + line + "gene=x%3By+%2C;ID=e\n"
                + line + "Name=;ID=50%\n" + line + "gene_name=a;ID=b;Name=N\n" + line + ".\n";
        assertThat(Region.readGff(file("names.gff", names), "gene").stream().map(Region::name))
                .containsExactly("ABC", "x;y+,", "50%", "N", "");
        refused(() -> Region.readGff(folder.resolve("a.gff"), "CDS"), "no features of type CDS");
        refused(() -> Region.readGff(file("b.gff", "c\ts\tgene\t11\n"), "gene"), "b.gff line 1", "4 columns");
    }

    private static final String VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

    private static void readVcf(Path file) {
        try (VcfReader reader = VcfReader.open(file)) {
            while (reader.next().isPresent()) {
                // to the end
            }
        }
    }

    @Test
    void variantsAreRead() throws IOException {
        Path file = bytes(
                "a.vcf.gz", bgzip(VCF + "1\t5\tx\tAC\tA,<DEL>,ACG\t.\t.\tDP=3\tGT\n2\t1\t.\tA\t.\t.\t.\t.\n", 50));
        try (VcfReader reader = VcfReader.open(file)) {
            assertThat(reader.header()).hasSize(2);
            Variant first = reader.next().orElseThrow();
            assertThat(first.position()).isEqualTo(5);
            assertThat(first.line()).isEqualTo(3);
            assertThat(first.alternatives()).containsExactly("A", "<DEL>", "ACG");
            assertThat(first.withInfo("S=1")).isEqualTo("1\t5\tx\tAC\tA,<DEL>,ACG\t.\t.\tDP=3;S=1\tGT");
            assertThat(reader.next().orElseThrow().withInfo("S=1")).isEqualTo("2\t1\t.\tA\t.\t.\t.\tS=1");
            assertThat(reader.next()).isEmpty();
        }
        refused(() -> readVcf(file("a.vcf", "1\t5\n")), "a.vcf line 1: is not VCF");
        refused(() -> readVcf(file("b.vcf", "##fileformat=VCFv4.2\n1\t5\tx\tA\tC\n")), "b.vcf line 2", "#CHROM");
        String record = "\t.\tA\tC\t.\t.\t.\n";
        refused(() -> readVcf(file("c.vcf", VCF + "1\t7" + record + "1\t6" + record)), "c.vcf line 4", "not sorted");
        refused(
                () -> readVcf(file("d.vcf", VCF + "1\t7" + record + "2\t6" + record + "1\t9" + record)),
                "d.vcf line 5",
                "comes back to 1");
        refused(() -> readVcf(file("e.vcf", VCF + "1\t7\t.\tA\n")), "e.vcf line 3", "4 columns");
        refused(() -> readVcf(file("f.vcf", VCF + "1\t7\t.\tA\tE\t.\t.\t.\n")), "f.vcf line 3", "'E'");
        refused(() -> readVcf(file("g.vcf", VCF + "1\t7\t.\t-\tA\t.\t.\t.\n")), "g.vcf line 3", "REF");
        refused(() -> readVcf(file("h.vcf", VCF + "1\tseven\t.\tA\tC\t.\t.\t.\n")), "h.vcf line 3", "'seven'");
    }

    @Test
    void labelledSequencesAreRead() throws IOException {
        var table = LabelledSequences.read(file("a.tsv", "id\tlabel\tsequence\nx\tyes\tACGT\ny\tno\tNNAA\n"));
        assertThat(table.classes()).containsExactly("no", "yes");
        assertThat(table.labels()).containsExactly(1, 0);
        assertThat(table.describe(1)).isEqualTo("y");
        assertThat(table.encoding(OneHotBases.zeros().context(3))
                        .get(0, new SplittableRandom(1))
                        .input()
                        .shape()
                        .toArray())
                .containsExactly(4, 7);
        var fasta = LabelledSequences.read(file("a.fa", ">x label=yes\nAC\nGT\n>y more label=no\nNNAA\n"));
        assertThat(fasta.sequences()).isEqualTo(table.sequences());
        assertThat(fasta.labels()).isEqualTo(table.labels());
        refused(() -> LabelledSequences.read(file("b.fa", ">x label=a\nAC\n>y\nAC\n")), "b.fa line 3", "label=CLASS");
        refused(
                () -> LabelledSequences.read(file("c.fa", ">x label=a\nAC\n>y label=b\nA\n")),
                "c.fa line 3",
                "1 bases");
        refused(() -> LabelledSequences.read(file("d.tsv", "seq\tlabel\nA\tx\n")), "d.tsv line 1", "sequence");
        refused(() -> LabelledSequences.read(file("e.tsv", "sequence\tlabel\nA\n")), "e.tsv line 2", "1 columns");
        refused(() -> LabelledSequences.read(file("f.tsv", "sequence\tlabel\nAZ\tx\n")), "f.tsv line 2", "letter");
        refused(() -> LabelledSequences.read(file("g.tsv", "sequence\tlabel\nA\t\n")), "g.tsv line 2", "label");
        refused(() -> LabelledSequences.read(file("h.tsv", "sequence\tlabel\n")), "has no sequence");
        refused(
                () -> LabelledSequences.read(file("i.tsv", "sequence\tlabel\nAC\ta\nACG\tb\n")),
                "i.tsv line 3",
                "3 bases");
    }
}
