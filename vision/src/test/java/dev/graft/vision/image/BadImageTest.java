package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Files that are no whole image: one typed exception with file, problem and fix, never a half-grey picture. */
class BadImageTest {
    @TestFactory
    List<DynamicTest> cutFilesAreRefused() {
        return Goldens.table("formats.tsv").stream()
                .map(row -> DynamicTest.dynamicTest(row[0], () -> {
                    byte[] whole = Goldens.resource("formats/" + row[0]);
                    // Behind the first frame there may be more frames, metadata or trailing bytes, which a decoder need
                    // not miss.
                    int[] lengths = {1, 4, 12, whole.length / 4, whole.length / 3};
                    for (int length : lengths) {
                        assertThatThrownBy(() -> Image.read(Arrays.copyOf(whole, length), "scan.bin"))
                                .as("first %d of %d bytes", length, whole.length)
                                .isInstanceOf(ImageFormatException.class)
                                .hasMessageContaining("image: scan.bin: ")
                                .hasMessageContaining("Hint: ");
                    }
                }))
                .toList();
    }

    @Test
    void aJpegWithoutItsLastBytesIsTruncated() {
        for (String name : List.of("rgb_420.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "restart.jpg")) {
            byte[] whole = Goldens.resource("formats/" + name);
            for (int cut : new int[] {1, 2, 10, 100}) {
                assertThatThrownBy(() -> Image.read(Arrays.copyOf(whole, whole.length - cut), name))
                        .as("%s less %d bytes", name, cut)
                        .isInstanceOf(ImageFormatException.class)
                        .hasMessageStartingWith("image: " + name + ": truncated");
            }
        }
    }

    @TestFactory
    List<DynamicTest> damageNeverEscapesAsAnotherException() {
        return Goldens.table("formats.tsv").stream()
                .map(row -> DynamicTest.dynamicTest(row[0], () -> {
                    byte[] whole = Goldens.resource("formats/" + row[0]);
                    Random random = new Random(row[0].hashCode());
                    Assertions.assertTimeout(Duration.ofSeconds(20), () -> {
                        for (int i = 0; i < 60; i++) {
                            byte[] damaged = whole.clone();
                            for (int k = 0; k <= i % 4; k++) {
                                damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt(256);
                            }
                            try {
                                assertThat(Image.read(
                                                        damaged,
                                                        "damaged",
                                                        Decoding.defaults()
                                                                .maxPixels(4_000_000)
                                                                .notes(note -> {}))
                                                .width())
                                        .isPositive();
                            } catch (ImageFormatException e) {
                                assertThat(e.file()).isEqualTo("damaged");
                            }
                        }
                    });
                }))
                .toList();
    }

    @Test
    void emptyAndForeignFilesSaySo(@TempDir Path folder) throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.jpg"));
        assertThatThrownBy(() -> Image.read(empty))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("image: " + empty + ": the file is empty. Hint: copy it again from its source.");
        Path text = Files.writeString(folder.resolve("page.jpg"), "<html>404</html>");
        assertThatThrownBy(() -> Image.read(text))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining(
                        "it is none of JPEG, PNG, GIF, BMP, TIFF, WebP, DICOM, PBM/PGM/PPM (it starts with 3C 68 74 6D 6C 3E 34 30)");
        assertThatThrownBy(() ->
                        Image.read(new ByteArrayInputStream("nothing".getBytes(StandardCharsets.UTF_8)), "stream"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("image: stream: ");
        assertThatThrownBy(() -> Image.read(folder.resolve("absent.png")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> Image.read(folder))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("it is a folder");
    }

    @Test
    void foreignFormatsAreNamed() {
        byte[] dicom = new byte[200];
        System.arraycopy("DICM".getBytes(StandardCharsets.US_ASCII), 0, dicom, 128, 4);
        assertThatThrownBy(() -> Image.read(dicom, "x"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("the DICOM data is corrupt or truncated (no transfer syntax");
        for (String[] pair : new String[][] {
            {"\0\0\0\u0018ftypheic\0\0\0\0", "HEIF"},
            {"\0\0\0\fjP  \r\n", "JPEG 2000"},
            {"\0\0\0\fJXL \r\n", "JPEG XL"},
            {"%PDF-1.7 ....", "PDF"},
            {"8BPS\0\u0001", "Photoshop"},
            {"\u00FF\u00D8\0\0", "a damaged JPEG"}
        }) {
            assertThatThrownBy(() -> Image.read(pair[0].getBytes(StandardCharsets.ISO_8859_1), "x"))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("(it is " + pair[1]);
        }
    }

    @Test
    void aHugeHeaderIsRefusedBeforeMemoryIsTaken() {
        byte[] png = Goldens.resource("formats/rgb8.png").clone();
        ByteBuffer.wrap(png).putInt(16, 60_000).putInt(20, 60_000);
        fixHeaderChecksum(png);
        assertThatThrownBy(() -> Image.read(png, "bomb.png"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("its header announces 60000x60000 pixels, the limit is 178956970");
        ByteBuffer.wrap(png).putInt(16, 12_000).putInt(20, 12_000);
        fixHeaderChecksum(png);
        assertThatThrownBy(() -> Image.read(png, "bomb.png"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("bytes cannot hold");
        byte[] jpeg = Goldens.resource("formats/rgb_420.jpg").clone();
        int frame = indexOf(jpeg, 0xC0);
        ByteBuffer.wrap(jpeg).putShort(frame + 4, (short) 13_000).putShort(frame + 6, (short) 13_000);
        assertThatThrownBy(() -> Image.read(jpeg, "bomb.jpg"))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("bytes cannot hold");
    }

    @Test
    void theLimitIsTheCallersChoice() {
        byte[] png = Goldens.resource("formats/rgb8.png");
        assertThat(Image.read(png, "x", Decoding.defaults().maxPixels(37 * 29)).width())
                .isEqualTo(37);
        assertThatThrownBy(() -> Image.read(png, "x", Decoding.defaults().maxPixels(37 * 29 - 1)))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining("announces 37x29 pixels, the limit is 1072");
    }

    private static int indexOf(byte[] jpeg, int marker) {
        for (int i = 0; i < jpeg.length - 1; i++) {
            if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) marker) {
                return i + 1;
            }
        }
        throw new IllegalArgumentException("no marker " + marker);
    }

    private static void fixHeaderChecksum(byte[] png) {
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
    }
}
