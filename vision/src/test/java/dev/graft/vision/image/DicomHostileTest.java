package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DICOM files written here: odd ones, ones that cost more than they should, and ones that would tell a name. */
class DicomHostileTest {
    private static final String EXPLICIT = "1.2.840.10008.1.2.1";
    private static final int UNDEFINED = -1;
    private static final Decoding QUIET = Decoding.defaults().notes(note -> {});

    /** Writes explicit little endian, or big. */
    private static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private boolean big;

        static Writer file(String syntax) {
            Writer writer = new Writer();
            writer.out.writeBytes(new byte[128]);
            writer.out.writeBytes("DICM".getBytes(StandardCharsets.US_ASCII));
            return writer.text(0x00020010, "UI", syntax);
        }

        Writer bytes(byte[] content) {
            out.writeBytes(content);
            return this;
        }

        Writer int16(int value) {
            out.write(big ? value >> 8 : value);
            out.write(big ? value : value >> 8);
            return this;
        }

        Writer int32(int value) {
            return big ? int16(value >> 16).int16(value) : int16(value).int16(value >> 16);
        }

        Writer tag(int tag) {
            return int16(tag >>> 16).int16(tag);
        }

        Writer text(int tag, String type, String text) {
            String even = text.length() % 2 == 0 ? text : text + " ";
            tag(tag).bytes(type.getBytes(StandardCharsets.US_ASCII)).int16(even.length());
            return bytes(even.getBytes(StandardCharsets.ISO_8859_1));
        }

        Writer numbers(int tag, int... values) {
            tag(tag).bytes(new byte[] {'U', 'S'}).int16(2 * values.length);
            for (int value : values) {
                int16(value);
            }
            return this;
        }

        Writer open(int tag, String type, int length) {
            return tag(tag).bytes(type.getBytes(StandardCharsets.US_ASCII))
                    .int16(0)
                    .int32(length);
        }

        /** What every picture says. */
        Writer picture(int rows, int columns, int bits) {
            return numbers(0x00280002, 1)
                    .text(0x00280004, "CS", "MONOCHROME2")
                    .numbers(0x00280010, rows)
                    .numbers(0x00280011, columns)
                    .numbers(0x00280100, bits)
                    .numbers(0x00280101, bits)
                    .numbers(0x00280102, bits - 1)
                    .numbers(0x00280103, 0);
        }

        Writer pixels(byte[] data) {
            return open(0x7FE00010, "OW", data.length).bytes(data);
        }

        byte[] done() {
            return out.toByteArray();
        }
    }

    private static byte[] deflate(byte[] data) {
        Deflater deflater = new Deflater(1, true);
        deflater.setInput(data);
        deflater.finish();
        byte[] out = new byte[Math.max(data.length / 100, Math.min(data.length, 1 << 20)) + 1000];
        int n = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, n);
    }

    @Test
    @Timeout(60)
    void whatFilesAnnounceCostsNothing() {
        Writer nested = Writer.file(EXPLICIT);
        for (int i = 0; i < 100_000; i++) {
            nested.open(0x52009229, "SQ", UNDEFINED).tag(0xFFFEE000).int32(UNDEFINED);
        }
        Writer unwanted = Writer.file(EXPLICIT);
        for (int i = 0; i < 100_000; i++) {
            unwanted.open(0x00081140, "SQ", UNDEFINED).tag(0xFFFEE000).int32(UNDEFINED);
        }
        Writer items = Writer.file(EXPLICIT).open(0x52009230, "SQ", UNDEFINED);
        for (int i = 0; i < 1_000_000; i++) {
            items.tag(0xFFFEE000).int32(0);
        }
        Writer pieces = Writer.file("1.2.840.10008.1.2.5").picture(8, 8, 8).open(0x7FE00010, "OB", UNDEFINED);
        for (int i = 0; i < 1_000_000; i++) {
            pieces.tag(0xFFFEE000).int32(0);
        }
        byte[] rle = new byte[66];
        rle[0] = 1;
        rle[4] = 64;
        byte[] zeros = deflate(new byte[300 << 20]);
        List<byte[]> bombs = List.of(
                nested.done(),
                unwanted.done(),
                items.done(),
                pieces.done(),
                Writer.file(EXPLICIT)
                        .picture(60_000, 60_000, 16)
                        .pixels(new byte[10])
                        .done(),
                Writer.file(EXPLICIT)
                        .picture(13_000, 13_000, 16)
                        .pixels(new byte[10])
                        .done(),
                Writer.file(EXPLICIT).open(0x7FE00010, "OW", 0x7ffffff0).done(),
                Writer.file(EXPLICIT).open(0x00283006, "OW", 0xfffffff0).done(),
                Writer.file("1.2.840.10008.1.2.5")
                        .picture(13_000, 13_000, 8)
                        .open(0x7FE00010, "OB", UNDEFINED)
                        .tag(0xFFFEE000)
                        .int32(0)
                        .tag(0xFFFEE000)
                        .int32(rle.length)
                        .bytes(rle)
                        .done(),
                Writer.file("1.2.840.10008.1.2.8.1")
                        .picture(13_000, 13_000, 16)
                        .open(0x7FE00010, "OB", UNDEFINED)
                        .tag(0xFFFEE000)
                        .int32(0)
                        .tag(0xFFFEE000)
                        .int32(20)
                        .bytes(new byte[20])
                        .done(),
                Writer.file(EXPLICIT)
                        .picture(2, 2, 8)
                        .text(0x00280008, "IS", "2000000000")
                        .pixels(new byte[4])
                        .done());
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < bombs.size(); i++) {
            byte[] bomb = bombs.get(i);
            long start = System.nanoTime();
            long before = threads.getCurrentThreadAllocatedBytes();
            Decoding last = QUIET.frame(i == bombs.size() - 1 ? 1_999_999_999 : 1);
            assertThatThrownBy(() -> Image.read(bomb, "bomb", last))
                    .as("bomb " + i)
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageStartingWith("image: bomb: ");
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .as("bytes allocated by bomb " + i)
                    .isLessThan((200 << 20) + 40L * bomb.length);
            assertThat((System.nanoTime() - start) / 1e9)
                    .as("seconds of bomb " + i)
                    .isLessThan(2);
        }
        // 300 MB of zeros, that would go on
        byte[] deflated = Writer.file("1.2.840.10008.1.2.1.99").bytes(zeros).done();
        assertThatThrownBy(() -> Image.read(deflated, "bomb", QUIET)).hasMessageContaining("when inflated");
    }

    /** An image within the limit, and one above it: neither is inflated beyond what is needed. */
    @Test
    void deflatedDataSetsAreInflatedAsFarAsTheirImageNeeds() {
        String syntax = "1.2.840.10008.1.2.1.99";
        byte[] picture =
                new Writer().picture(100, 100, 8).pixels(new byte[200 << 20]).done();
        byte[] tail = Writer.file(syntax).bytes(deflate(picture)).done();
        byte[] head = new Writer().picture(20_000, 20_000, 8).done();
        byte[] large = Writer.file(syntax).bytes(deflate(head)).done();
        byte[] wide = Writer.file(syntax)
                .bytes(deflate(new Writer()
                        .picture(1000, 20_000, 16)
                        .pixels(new byte[38 << 20])
                        .done()))
                .done();
        byte[] endless = Writer.file(syntax).bytes(deflate(new byte[300 << 20])).done();
        byte[] shortened = Writer.file(syntax)
                .bytes(deflate(new Writer()
                        .picture(100, 100, 8)
                        .open(0x7FE00010, "OW", 10_000)
                        .done()))
                .done();
        assertThat(allocated(() ->
                        assertThat(Image.read(tail, "tail", QUIET).width()).isEqualTo(100)))
                .isLessThan(8 << 20);
        assertThat(allocated(() -> assertThatThrownBy(() -> Image.read(large, "large", QUIET))
                        .hasMessageContaining("pixels")))
                .isLessThan(8 << 20);
        assertThat(allocated(() -> assertThatThrownBy(() -> Image.read(wide, "wide", QUIET.maxPixels(1_000_000)))
                        .hasMessageContaining("the limit is 1000000")))
                .isLessThan(8 << 20);
        assertThat(allocated(() -> assertThatThrownBy(() -> Image.read(endless, "endless", QUIET))
                        .hasMessageContaining("when inflated")))
                .isLessThan(80 << 20);
        assertThatThrownBy(() -> Image.read(shortened, "short", QUIET))
                .hasMessageContaining("has 10000 bytes, 0 are left");
    }

    private static long allocated(Runnable work) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    /** Attributes longer than the first piece that is inflated, and a second frame. */
    @Test
    void longDeflatedDataSetsAreReadWhole() {
        byte[] pixels = new byte[2 * 300 * 200];
        new Random(1).nextBytes(pixels);
        Writer plain = new Writer();
        for (int i = 0; i < 7; i++) {
            plain.open(0x00091001, "OB", 50_000).bytes(new byte[50_000]);
        }
        byte[] set = plain.picture(300, 200, 8)
                .text(0x00280008, "IS", "2")
                .pixels(pixels)
                .done();
        byte[] deflated =
                Writer.file("1.2.840.10008.1.2.1.99").bytes(deflate(set)).done();
        byte[] stored = Writer.file(EXPLICIT).bytes(set).done();
        for (int frame = 1; frame <= 2; frame++) {
            assertThat(Image.read(deflated, "deflated", QUIET.frame(frame)).toBytes())
                    .isEqualTo(Image.read(stored, "stored", QUIET.frame(frame)).toBytes());
        }
        assertThatThrownBy(() -> Image.read(deflated, "deflated", QUIET.frame(3)))
                .hasMessageContaining("frame 3 of 2 is asked for");
    }

    /** PS3.5 6.2: bytes (OB) are in the same order in both, words (OW) are not. */
    @Test
    void bigEndianSwapsWordsOnly() {
        String big = "1.2.840.10008.1.2.2";
        byte[] pixels = {0, 50, 100, (byte) 150, (byte) 200, (byte) 255};
        byte[] swapped = {50, 0, (byte) 150, 100, (byte) 255, (byte) 200};
        byte[] expected = Image.read(
                        Writer.file(EXPLICIT).picture(2, 3, 8).pixels(pixels).done(), "little", QUIET)
                .toBytes();
        assertThat(expected).containsExactly(pixels);
        assertThat(Image.read(bigPicture(big, 2, 3, 8, "OB", pixels), "bytes", QUIET)
                        .toBytes())
                .isEqualTo(expected);
        assertThat(Image.read(bigPicture(big, 2, 3, 8, "OW", swapped), "words", QUIET)
                        .toBytes())
                .isEqualTo(expected);
        // 16 pixels of a bit: the first is the lowest bit of a word, or of a byte
        byte[] bits = {0x01, (byte) 0x80};
        byte[] ofBits = Image.read(
                        Writer.file(EXPLICIT).picture(1, 16, 1).pixels(bits).done(), "bits", QUIET)
                .toBytes();
        assertThat(Image.read(bigPicture(big, 1, 16, 1, "OB", bits), "bits", QUIET)
                        .toBytes())
                .isEqualTo(ofBits);
        assertThat(Image.read(bigPicture(big, 1, 16, 1, "OW", new byte[] {(byte) 0x80, 0x01}), "bits", QUIET)
                        .toBytes())
                .isEqualTo(ofBits);
    }

    private static byte[] bigPicture(String syntax, int rows, int columns, int bits, String type, byte[] pixels) {
        Writer writer = Writer.file(syntax);
        writer.big = true;
        return writer.picture(rows, columns, bits)
                .open(0x7FE00010, type, pixels.length)
                .bytes(pixels)
                .done();
    }

    @Test
    void noNameIsEverTold() {
        String name = "Geheimnis^Gerda";
        List<byte[]> misplaced = new ArrayList<>();
        misplaced.add(Writer.file(name).picture(2, 2, 8).pixels(new byte[4]).done());
        for (int tag : new int[] {0x00280004, 0x00280008, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00280034}) {
            misplaced.add(Writer.file(EXPLICIT)
                    .picture(2, 2, 8)
                    .text(tag, "LO", name)
                    .text(tag == 0x00281050 ? 0x00281051 : 0x00281050, "DS", "40")
                    .pixels(new byte[4])
                    .done());
        }
        misplaced.add(Writer.file(EXPLICIT)
                .picture(2, 2, 8)
                .text(0x00281050, "DS", "40")
                .text(0x00281051, "DS", "40")
                .text(0x00281056, "CS", name)
                .pixels(new byte[4])
                .done());
        List<String> said = new ArrayList<>();
        for (byte[] file : misplaced) {
            assertThatThrownBy(() ->
                            Image.read(file, "scan", Decoding.defaults().notes(note -> said.add(note.toString()))))
                    .isInstanceOf(ImageFormatException.class)
                    .satisfies(e -> said.add(everything(e)));
        }
        long seed = System.nanoTime();
        System.out.println("DicomHostileTest.noNameIsEverTold: seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 4000; i++) {
            byte[] file = Goldens.resource("dicom/ct_explicit.dcm").clone();
            for (int k = 0; k < 4; k++) {
                file[132 + random.nextInt(file.length - 132)] = (byte) random.nextInt(256);
            }
            try {
                Image.read(file, "scan", Decoding.defaults().notes(note -> said.add(note.toString())));
            } catch (ImageFormatException e) {
                said.add(everything(e));
            }
        }
        assertThat(said).hasSizeGreaterThan(1000);
        assertThat(String.join("\n", said)).doesNotContain("Geheim", "Gerda", "ID-7531", "19010203");
    }

    private static String everything(Throwable e) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = e; t != null; t = t.getCause()) {
            text.append(t).append('\n');
        }
        return text.toString();
    }

    @Test
    void unreadSyntaxesAreNamed() {
        for (String[] pair : new String[][] {
            {"1.2.840.10008.1.2.4.90", "JPEG 2000 (Lossless Only) (1.2.840.10008.1.2.4.90)"},
            {"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"},
            {"1.2.840.10008.1.2.4.103", "MPEG-4"},
            {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"},
            {"1.2.3.4", "an unknown one (1.2.3.4)"}
        }) {
            byte[] file =
                    Writer.file(pair[0]).picture(2, 2, 8).pixels(new byte[4]).done();
            assertThatThrownBy(() -> Image.read(file, "scan", QUIET))
                    .hasMessageContaining("DICOM's transfer syntax " + pair[1])
                    .hasMessageContaining("is not read. Hint: ");
        }
        byte[] folder = Writer.file(EXPLICIT)
                .text(0x00020002, "UI", "1.2.840.10008.1.3.10")
                .done();
        assertThatThrownBy(() -> Image.read(folder, "scan", QUIET)).hasMessageContaining("DICOMDIR");
        byte[] report = Writer.file(EXPLICIT).text(0x00100010, "PN", "A^B").done();
        assertThatThrownBy(() -> Image.read(report, "scan", QUIET)).hasMessageContaining("has no pixels");
        byte[] none = Writer.file(EXPLICIT).pixels(new byte[4]).done();
        assertThatThrownBy(() -> Image.read(none, "scan", QUIET)).hasMessageContaining("no Bits Allocated (0028,0100)");
    }

    @Test
    void framesAndShapesOfPixelsAreNoted() {
        byte[] file = Writer.file(EXPLICIT)
                .picture(1, 2, 8)
                .text(0x00280008, "IS", "3")
                .text(0x00280030, "DS", "2.0\\1.0")
                .pixels(new byte[] {1, 2, 3, 4, 5, 6})
                .done();
        ImageNotes notes = new ImageNotes();
        Image image = Image.read(file, "scan", Decoding.defaults().frame(2).notes(notes));
        assertThat(image.toBytes()).containsExactly(3, 4);
        assertThat(notes.count(ImageNote.Kind.FRAMES)).isOne();
        assertThat(notes.count(ImageNote.Kind.ASPECT)).isOne();
        assertThat(notes.takeLines())
                .extracting(Object::toString)
                .anySatisfy(line -> assertThat(line).contains("scan: frame 2 of 3"));
    }

    /** What pydicom does otherwise: the offset of a copied segment counts bytes (PS3.3 C.7.9.2.3). */
    @Test
    void paletteSegmentsAreCopied() {
        Writer file = Writer.file(EXPLICIT)
                .numbers(0x00280002, 1)
                .text(0x00280004, "CS", "PALETTE COLOR")
                .numbers(0x00280010, 1)
                .numbers(0x00280011, 6)
                .numbers(0x00280100, 8)
                .numbers(0x00280101, 8)
                .numbers(0x00280102, 7)
                .numbers(0x00280103, 0);
        for (int c = 0; c < 3; c++) {
            file.numbers(0x00281101 + c, 6, 0, 16);
        }
        for (int c = 0; c < 3; c++) { // two entries, a line of two, and both again from byte 0
            int[] segments = {0, 2, 0x1000, 0x2000, 1, 2, 0x4000, 2, 2, 0, 0};
            file.open(0x00281221 + c, "OW", 2 * segments.length);
            Arrays.stream(segments).forEach(file::int16);
        }
        Image image = Image.read(file.pixels(new byte[] {0, 1, 2, 3, 4, 5}).done(), "scan", QUIET);
        assertThat(List.of(0, 1, 2, 3, 4, 5))
                .extracting(x -> image.pixel(x, 0, 1))
                .containsExactly(0x10, 0x20, 0x30, 0x40, 0x10, 0x20);
    }

    /** Sequences of implicit types in an explicit file, stray delimiters, and zeros behind the pixels. */
    @Test
    void habitsOfWritersAreRead() {
        byte[] file = Writer.file(EXPLICIT)
                .open(0x00081140, "UN", UNDEFINED)
                .tag(0xFFFEE000)
                .int32(UNDEFINED)
                .tag(0x00081150)
                .int32(4)
                .bytes(new byte[] {'1', '.', '2', 0})
                .tag(0xFFFEE00D)
                .int32(0)
                .tag(0xFFFEE0DD)
                .int32(0)
                .tag(0xFFFEE0DD)
                .int32(0)
                .picture(1, 2, 8)
                .pixels(new byte[] {7, 9})
                .bytes(new byte[5])
                .done();
        assertThat(Image.read(file, "scan", QUIET).toBytes()).containsExactly(7, 9);
    }

    @Test
    void aWindowOfTheUserReplacesTheFilesOwn() {
        byte[] file = Goldens.resource("dicom/ct_explicit.dcm");
        Image own = Image.read(file, "scan", QUIET);
        Image same = Image.read(file, "scan", QUIET.window(Window.parse("40,400")));
        assertThat(same).isEqualTo(own);
        assertThat(Image.read(file, "scan", QUIET.window(Window.of(40, 4000)))).isNotEqualTo(own);
    }

    @Test
    @Timeout(60)
    void realFilesThatAreDamagedAreRefusedOrRead() throws java.io.IOException {
        java.nio.file.Path folder = TestData.require("dicom");
        long seed = System.nanoTime();
        System.out.println("DicomHostileTest.realFilesThatAreDamagedAreRefusedOrRead: seed " + seed);
        Random random = new Random(seed);
        long end = System.currentTimeMillis() + 4000;
        int tries = 0;
        while (System.currentTimeMillis() < end) {
            for (String name : List.of(
                    "emri_small_big_endian.dcm",
                    "liver_deflate.dcm",
                    "liver_rle.dcm",
                    "JPEG-LL.dcm",
                    "bad_sequence.dcm",
                    "color-pl.dcm",
                    "gdcm-US-ALOKA-16.dcm",
                    "vlut_04.dcm")) {
                byte[] file = java.nio.file.Files.readAllBytes(folder.resolve(name));
                int header = Math.min(file.length, 6000);
                for (int k = random.nextInt(6); k >= 0; k--) {
                    file[132 + random.nextInt(header - 132)] = (byte) random.nextInt(256);
                }
                byte[] damaged = random.nextInt(4) == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file;
                String what = name + ", seed " + seed + ", try " + tries++;
                try {
                    Image.read(damaged, "damaged", QUIET.maxPixels(2_000_000));
                } catch (ImageFormatException e) {
                    assertThat(e.getMessage())
                            .as(what)
                            .startsWith("image: damaged: ")
                            .contains("Hint: ");
                } catch (RuntimeException | Error e) {
                    throw new AssertionError(what, e);
                }
            }
        }
        System.out.println("DicomHostileTest.realFilesThatAreDamagedAreRefusedOrRead: " + tries + " files");
    }
}
