package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.Window;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Samples equal those of pydicom and the standard's formulas; vision/src/test/python/dicom_goldens.py computed them.
 */
class DicomTest {
    private static final int TOLERANCE_OF_COLOUR_FORMULAS = 2;

    static Stream<Arguments> synthetic() {
        return Goldens.table("dicom.tsv").stream().map(row -> Arguments.of(row[0], row[1], row[2], row));
    }

    static Stream<Arguments> real() {
        return Goldens.table("dicom_real.tsv").stream().map(row -> Arguments.of(row[0], row[1], row[2], row));
    }

    @ParameterizedTest(name = "{0} frame {1} {2}")
    @MethodSource("synthetic")
    void smallFiles(String name, String frame, String window, String[] row) {
        check(Goldens.resource("dicom/" + name), row);
    }

    @ParameterizedTest(name = "{0} frame {1} {2}")
    @MethodSource("real")
    void realFiles(String name, String frame, String window, String[] row) throws IOException {
        Path folder = TestData.require("dicom");
        check(Files.readAllBytes(folder.resolve(name)), row);
    }

    private static void check(byte[] file, String[] row) {
        Decoding decoding = Decoding.defaults()
                .frame(Integer.parseInt(row[1]))
                .window(Window.parse(row[2]))
                .notes(note -> {});
        if (row[6].startsWith("refused:")) {
            assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> Image.read(file, row[0], decoding)))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageStartingWith("image: " + row[0] + ": ")
                    .hasMessageContaining(row[6].substring("refused:".length()))
                    .hasMessageContaining("Hint: ");
            return;
        }
        Image image = Image.read(file, row[0], decoding);
        assertThat(new int[] {image.width(), image.height(), image.channels()})
                .containsExactly(Integer.parseInt(row[3]), Integer.parseInt(row[4]), Integer.parseInt(row[5]));
        byte[] data = image.toBytes();
        String[] some = row[7].split(",", -1);
        boolean near = row[6].equals("near");
        int step = near && some.length == data.length ? 1 : Math.max(1, data.length / 8);
        for (int i = 0; i < some.length; i++) {
            assertThat(data[i * step] & 0xff)
                    .as("sample " + i * step)
                    .isBetween(
                            Integer.parseInt(some[i]) - (near ? TOLERANCE_OF_COLOUR_FORMULAS : 0),
                            Integer.parseInt(some[i]) + (near ? TOLERANCE_OF_COLOUR_FORMULAS : 0));
        }
        if (!near) {
            assertThat("sha256:" + Goldens.sha256(data)).isEqualTo(row[6]);
        }
    }
}
