package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.TestData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files written by NumPy, and files that somebody broke. */
class ImageNpzTest {
    @TempDir
    private Path folder;

    private static Path golden(String name) {
        try {
            return Path.of(
                    ImageNpzTest.class.getResource("/golden/" + name + ".npz").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ImageNpz open(Path file, ImageNpz.Part part) {
        return ImageNpz.open(file, part, TestImages.PIPELINE);
    }

    @ParameterizedTest
    @CsvSource({"medmnist_grey, 1", "medmnist_colour, 3"})
    void readsWhatNumPyWrites(String name, int channels) {
        int[] counts = {5, 3, 4};
        for (ImageNpz.Part part : ImageNpz.Part.values()) {
            int p = part.ordinal();
            ImageNpz images = open(golden(name), part);
            assertThat(images.size()).isEqualTo(counts[p]);
            assertThat(images.classes()).as("of all parts").containsExactly("4", "5", "6");
            for (int i = 0; i < counts[p]; i++) {
                assertThat(images.labels()[i]).isEqualTo((i + p) % 3);
                Image image = images.image(i);
                assertThat(image).hasToString("Image[6x4" + (channels == 1 ? " grey]" : " rgb]"));
                for (int y = 0; y < 4; y++) {
                    for (int x = 0; x < 6; x++) {
                        for (int c = 0; c < channels; c++) {
                            assertThat(image.pixel(x, y, c)).isEqualTo((100 * p + 10 * i + 3 * y + x + 50 * c) % 256);
                        }
                    }
                }
            }
        }
        ImageNpz train = open(golden(name), ImageNpz.Part.TRAIN);
        assertThat(train.get(2, new SplittableRandom(1)).input().shape().toString())
                .isEqualTo("[3, 4, 5]");
        assertThat(train.describe(2)).endsWith("npz/train/2");
        assertThat(train.withPipeline(TestImages.PIPELINE).image(1)).isEqualTo(train.image(1));
        assertThat(train.sha256())
                .isEqualTo(open(golden(name), ImageNpz.Part.TRAIN).sha256())
                .isNotEqualTo(open(golden(name), ImageNpz.Part.TEST).sha256());
    }

    @Test
    void saysWhichPartsThereAre() throws IOException {
        Path file = write(Map.of("train_images", bytes("(1, 2, 2)", 4), "train_labels", bytes("(1,)", 1)));
        assertThat(ImageNpz.has(file, ImageNpz.Part.TRAIN)).isTrue();
        assertThat(ImageNpz.has(file, ImageNpz.Part.VAL)).isFalse();
        assertThat(ImageNpz.isNpz(file)).isTrue();
        assertThat(ImageNpz.isNpz(folder)).isFalse();
        assertThatThrownBy(() -> open(file, ImageNpz.Part.VAL))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("has no array val_images, it has [train_images, train_labels]")
                .hasMessageContaining("Hint: ");
    }

    @Test
    void imagesThatAreInBothPartsAreFound() throws IOException {
        Path file = write(Map.of(
                "train_images",
                array("|u1", "(3, 1, 2)", new byte[] {1, 2, 3, 4, 5, 6}),
                "train_labels",
                bytes("(3,)", 3),
                "val_images",
                array("|u1", "(2, 1, 2)", new byte[] {9, 9, 3, 4}),
                "val_labels",
                bytes("(2, 1)", 2)));
        ImageNpz val = open(file, ImageNpz.Part.VAL);
        assertThat(val.duplicates(open(file, ImageNpz.Part.TRAIN)))
                .hasSize(1)
                .first()
                .matches(twin -> twin.index() == 1 && twin.otherIndex() == 1);
        assertThat(val.duplicates(new int[] {0}, open(file, ImageNpz.Part.TRAIN), new int[] {0, 1, 2}))
                .isEmpty();
    }

    @Test
    void labelsOfEveryWholeNumberTypeAreRead() throws IOException {
        for (String type : new String[] {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8"}) {
            int size = type.charAt(2) - '0';
            byte[] values = new byte[2 * size];
            values[0] = 127;
            if (size > 1) {
                values[1] = 2;
            }
            values[size] = 7;
            Path file =
                    write(Map.of("test_images", bytes("(2, 1, 1)", 2), "test_labels", array(type, "(2, 1)", values)));
            ImageNpz images = open(file, ImageNpz.Part.TEST);
            assertThat(images.classes()).as(type).containsExactly("7", size > 1 ? "639" : "127");
            assertThat(images.labels()).containsExactly(1, 0);
        }
    }

    @Test
    void labelsThatAreNoClassNumberAreRefusedWithArrayAndIndex() throws IOException {
        for (String type : new String[] {"|i1", "<i2", "<u4", "<i4", "<u8", "<i8"}) {
            int size = type.charAt(2) - '0';
            byte[] values = new byte[3 * size];
            Arrays.fill(values, size, 2 * size, (byte) 0xff); // -1, or the largest
            String label = type.charAt(1) == 'i' ? "-1" : size == 4 ? "4294967295" : "18446744073709551615";
            Map<String, byte[]> arrays = Map.of(
                    "train_images",
                    bytes("(3, 1, 1)", 3),
                    "train_labels",
                    bytes("(3,)", 3),
                    "val_labels",
                    array(type, "(3, 1)", values));
            refuses(
                    "val_labels.npy has the label " + label
                            + " at index 1. Hint: labels are whole numbers from 0 to 65535",
                    arrays);
        }
        byte[] most = {(byte) 0xff, (byte) 0xff, 0, 0};
        assertThat(open(
                                write(Map.of(
                                        "train_images",
                                        bytes("(1, 1, 1)", 1),
                                        "train_labels",
                                        array("<i4", "(1,)", most))),
                                ImageNpz.Part.TRAIN)
                        .classes())
                .containsExactly("65535");
        byte[] more = {0, 0, 1, 0};
        refuses(
                "train_labels.npy has the label 65536 at index 0",
                Map.of("train_images", bytes("(1, 1, 1)", 1), "train_labels", array("<i4", "(1,)", more)));
        refuses(
                "train_labels.npy has elements of type <f4",
                Map.of("train_images", bytes("(1, 1, 1)", 1), "train_labels", array("<f4", "(1,)", more)));
    }

    @Test
    void whatIsNoSetOfLabelledImagesIsRefusedWithAHint() throws IOException {
        byte[] one = bytes("(1,)", 1);
        refuses("type <u2", Map.of("train_images", array("<u2", "(1, 2, 2)", new byte[8]), "train_labels", one));
        refuses("[1, 2, 2, 2]", Map.of("train_images", bytes("(1, 2, 2, 2)", 8), "train_labels", one));
        refuses("[1, 2, 2, 2, 3]", Map.of("train_images", bytes("(1, 2, 2, 2, 3)", 24), "train_labels", one));
        refuses("[0, 2, 2]", Map.of("train_images", bytes("(0, 2, 2)", 0), "train_labels", bytes("(0,)", 0)));
        refuses(
                "shape [2] for 1 images",
                Map.of("train_images", bytes("(1, 2, 2)", 4), "train_labels", bytes("(2,)", 2)));
        refuses(
                "several labels an image",
                Map.of("train_images", bytes("(1, 2, 2)", 4), "train_labels", bytes("(1, 14)", 14)));
        refuses(
                "elements of type |O",
                Map.of("train_images", array("|O", "(1, 2, 2)", new byte[4]), "train_labels", one));
        refuses(
                "column-major",
                Map.of(
                        "train_images",
                        entry("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 2), }", new byte[4]),
                        "train_labels",
                        one));
        refuses("ends after 3 of 4 bytes", Map.of("train_images", bytes("(1, 2, 2)", 3), "train_labels", one));
        refuses("MiB of memory", Map.of("train_images", bytes("(100000, 2000, 2000)", 4), "train_labels", one));
        refuses(
                "its shape is (99999999999, 2, 2)",
                Map.of("train_images", bytes("(99999999999, 2, 2)", 4), "train_labels", one));
        refuses(
                "not a NumPy array",
                Map.of("train_images", "image".repeat(10).getBytes(StandardCharsets.US_ASCII), "train_labels", one));
        Path text = Files.writeString(folder.resolve("text.npz"), "no zip");
        assertThatThrownBy(() -> open(text, ImageNpz.Part.TRAIN))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot be read");
    }

    private void refuses(String part, Map<String, byte[]> entries) throws IOException {
        Path file = write(entries);
        assertThatThrownBy(() -> open(file, ImageNpz.Part.TRAIN))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(part)
                .hasMessageContaining("Hint: ");
    }

    @Test
    void damagedFilesAreNeverMoreThanADataException() throws IOException {
        byte[] whole = Files.readAllBytes(golden("medmnist_grey"));
        long seed = 20261129;
        SplittableRandom random = new SplittableRandom(seed);
        int refused = 0;
        for (int round = 0; round < 500; round++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(4) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int hit = random.nextInt(1, 6); hit > 0 && damaged.length > 0; hit--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Path file = Files.write(folder.resolve("damaged.npz"), damaged);
            try {
                open(file, ImageNpz.Part.TRAIN).image(0);
            } catch (DataException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " round " + round, e);
            }
        }
        assertThat(refused).isBetween(200, 500);
    }

    @Test
    void pneumoniaMnistIsReadWhole() {
        Path file = TestData.require("images/pneumoniamnist/pneumoniamnist_reconstructed.npz");
        ImageNpz train = open(file, ImageNpz.Part.TRAIN);
        assertThat(train.classCounts()).containsExactly(1214, 3494);
        assertThat(open(file, ImageNpz.Part.VAL).size()).isEqualTo(524);
        assertThat(open(file, ImageNpz.Part.TEST).classCounts()).containsExactly(234, 390);
    }

    private static byte[] bytes(String shape, int count) {
        return array("|u1", shape, new byte[count]);
    }

    private static byte[] array(String type, String shape, byte[] values) {
        return entry("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", values);
    }

    private static byte[] entry(String header, byte[] values) {
        byte[] text = (header + "\n").getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(10 + text.length + values.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) text.length)
                .put(text)
                .put(values)
                .array();
    }

    private Path write(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey() + ".npy"));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return Files.write(folder.resolve("arrays.npz"), out.toByteArray());
    }
}
