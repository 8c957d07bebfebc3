package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Files of kinds that are seldom met: each equal to what Pillow reads, or to what was encoded, or refused by its name.
 */
class OddImagesTest {
    private static Image read(String name, ImageNotes notes) {
        return Image.read(
                Goldens.resource("odd/" + name), name, Decoding.defaults().notes(notes));
    }

    private static List<String[]> rows(String by) {
        return Goldens.table("odd.tsv").stream()
                .filter(row -> row[4].equals(by))
                .toList();
    }

    @TestFactory
    List<DynamicTest> equalsWhatPillowReads() {
        return rows("Pillow").stream().map(OddImagesTest::isRight).toList();
    }

    @TestFactory
    List<DynamicTest> equalsWhatWasEncoded() {
        return rows("source").stream().map(OddImagesTest::isRight).toList();
    }

    private static DynamicTest isRight(String[] row) {
        return DynamicTest.dynamicTest(row[0], () -> {
            Image image = read(row[0], new ImageNotes()).toRgb();
            assertThat(image.width() + "x" + image.height()).isEqualTo(row[1] + "x" + row[2]);
            assertThat(Goldens.like(row[3], image.toBytes())).isEqualTo(row[3]);
        });
    }

    @TestFactory
    List<DynamicTest> refusedByName() {
        return rows("refused").stream()
                .map(row -> DynamicTest.dynamicTest(
                        row[0],
                        () -> assertThatThrownBy(() -> read(row[0], new ImageNotes()))
                                .isInstanceOf(ImageFormatException.class)
                                .hasMessageStartingWith("image: " + row[0] + ": ")
                                .hasMessageContaining(row[3])
                                .hasMessageContaining("Hint: ")))
                .toList();
    }

    /**
     * Without a file's last scans libjpeg guesses the fine coefficients from the neighbours' coarse ones. On JDKs with
     * libjpeg-turbo that is nearly what Pillow's newer one does; libjpeg 6b looks at fewer neighbours, which shows most
     * in this scene of hard edges. A photo of 301x236 pixels differed by 4.1 levels on average with one of ten scans,
     * by 1.2 with two and by 0.4 to 0.1 with four to nine.
     */
    @TestFactory
    List<DynamicTest> progressiveFilesWithoutTheirLastScansAreNearAndNoted() {
        return rows("near").stream()
                .map(row -> DynamicTest.dynamicTest(row[0], () -> {
                    ImageNotes notes = new ImageNotes();
                    byte[] actual = read(row[0], notes).toBytes();
                    byte[] expected = Base64.getDecoder().decode(row[3].substring("base64:".length()));
                    long sum = 0;
                    for (int i = 0; i < actual.length; i++) {
                        sum += Math.abs((actual[i] & 0xff) - (expected[i] & 0xff));
                    }
                    boolean turbo = Image.jpegLibrary().startsWith("libjpeg-turbo");
                    boolean firstScanAlone = row[0].endsWith("_1.jpg");
                    assertThat((double) sum / actual.length).isLessThan(!turbo ? 10 : firstScanAlone ? 4 : 0.1);
                    assertThat(notes.takeLines())
                            .singleElement()
                            .asString()
                            .contains(
                                    "progressive JPEGs without their last scans",
                                    "(first " + row[0] + ": this Java has " + Image.jpegLibrary() + ")");
                }))
                .toList();
    }

    @Test
    void damageAroundThePixelsIsNoted() {
        for (String name : List.of(
                "idat_checksum.png",
                "no_end_chunk.png",
                "no_last_checksum.png",
                "zeros_for_end_8.jpg",
                "zeros_for_end_64.jpg",
                "zeros_for_end_progressive.jpg",
                "letters_for_end.jpg")) {
            ImageNotes notes = new ImageNotes();
            read(name, notes);
            assertThat(notes.takeLines())
                    .as(name)
                    .singleElement()
                    .asString()
                    .startsWith("images that are damaged")
                    .contains("(first " + name);
        }
    }

    @Test
    void soundFilesHaveNoNotes() {
        ImageNotes notes = new ImageNotes();
        Goldens.table("formats.tsv")
                .forEach(row -> Image.read(
                        Goldens.resource("formats/" + row[0]),
                        row[0],
                        Decoding.defaults().notes(notes)));
        assertThat(notes.takeLines()).isEmpty();
    }

    @Test
    void windowsSeeStoredValues() {
        // 12-bit values are 16 times the grey of 8 bits; the window takes greys 100 to 150, both in 12 and, by 256, in
        // 16 bits
        Image twelve = Image.read(
                Goldens.resource("odd/grey12.tif"), "x", Decoding.defaults().window(Window.of(2000, 800)));
        Image white = Image.read(
                Goldens.resource("odd/grey12_white_is_zero.tif"),
                "x",
                Decoding.defaults().window(Window.of(4095 - 2000 + 1, 800)));
        Image lossless = Image.read(
                Goldens.resource("odd/lossless_grey12.jpg"),
                "x",
                Decoding.defaults().window(Window.of(2000, 800)));
        Image netpbm = Image.read(
                Goldens.resource("odd/p5_4095.pgm"), "x", Decoding.defaults().window(Window.of(2000, 800)));
        Image signed = Image.read(
                Goldens.resource("odd/grey16_signed.tif"),
                "x",
                Decoding.defaults().window(Window.of(2000 * 16 - 32768, 800 * 16)));
        int full = 0;
        for (int i = 0; i < twelve.data().length; i++) {
            int value = twelve.data()[i] & 0xff;
            full += value > 0 && value < 255 ? 1 : 0;
            assertThat(Math.abs(value - (signed.data()[i] & 0xff)))
                    .as("signed, sample %d", i)
                    .isLessThanOrEqualTo(6);
            assertThat(Math.abs(255 - value - (white.data()[i] & 0xff)))
                    .as("white is zero, sample %d", i)
                    .isLessThanOrEqualTo(6);
        }
        assertThat(full).as("samples inside the window").isGreaterThan(100);
        assertThat(lossless).isEqualTo(twelve);
        assertThat(netpbm).isEqualTo(twelve);
    }

    @Test
    void theLibraryHasAName() {
        assertThat(Image.jpegLibrary()).matches("(libjpeg-turbo|libjpeg 6b) \\(Java .+, .+\\)");
    }
}
