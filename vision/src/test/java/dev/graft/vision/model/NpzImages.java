package dev.graft.vision.model;

import dev.graft.vision.image.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * One split of a MedMNIST file of grey images: a zip with {@code SPLIT_images.npy [N, H, W]} and
 * {@code SPLIT_labels.npy [N, 1]}, both unsigned bytes. Sorted by class, rows in order within one: as an image folder
 * lists them.
 */
record NpzImages(List<Image> images, int[] labels) {
    private static final Pattern HEADER =
            Pattern.compile("'descr': '\\|u1', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\)");

    private record Bytes(int[] shape, byte[] values) {}

    static NpzImages read(Path file, String split) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            Bytes pixels = array(zip, split + "_images.npy");
            byte[] classes = array(zip, split + "_labels.npy").values;
            int[] rows = IntStream.range(0, classes.length)
                    .boxed()
                    .sorted((a, b) -> Byte.compareUnsigned(classes[a], classes[b]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            int height = pixels.shape[1];
            int width = pixels.shape[2];
            List<Image> images = new ArrayList<>();
            for (int row : rows) {
                int from = row * height * width;
                images.add(Image.of(width, height, 1, Arrays.copyOfRange(pixels.values, from, from + height * width)));
            }
            return new NpzImages(
                    images,
                    Arrays.stream(rows)
                            .map(row -> Byte.toUnsignedInt(classes[row]))
                            .toArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Bytes array(ZipFile zip, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw new IllegalArgumentException(zip.getName() + ": has no " + name);
        }
        ByteBuffer bytes =
                ByteBuffer.wrap(zip.getInputStream(entry).readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
        int length = bytes.getShort(8) & 0xffff;
        Matcher header = HEADER.matcher(new String(bytes.array(), 10, length, StandardCharsets.US_ASCII));
        if (!header.find()) {
            throw new IllegalArgumentException(name + ": not plain bytes");
        }
        int[] shape = Arrays.stream(header.group(1).split(","))
                .map(String::trim)
                .filter(size -> !size.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        byte[] values = Arrays.copyOfRange(bytes.array(), 10 + length, bytes.capacity());
        if (values.length != Arrays.stream(shape).reduce(1, Math::multiplyExact)) {
            throw new IllegalArgumentException(
                    name + ": " + values.length + " bytes for the shape " + Arrays.toString(shape));
        }
        return new Bytes(shape, values);
    }
}
