package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Images in one NumPy file, as <a href="https://medmnist.com">MedMNIST</a> publishes its data sets: for each part
 * ({@code train}, {@code val}, {@code test}) an array {@code PART_images} of bytes, {@code [N, H, W]} or {@code [N, H,
 * W, 3]}, and {@code PART_labels} of whole numbers from 0 to 65535, {@code [N]} or {@code [N, 1]}. Classes are the
 * different labels of all parts, sorted, named by their numbers. The arrays stay in memory.
 */
public final class ImageNpz extends ImageDataset {
    /** A file is refused if its pixels would fill a larger share of the heap. */
    private static final int HEAP_SHARE = 2;

    private static final int MAX_LABEL = 65_535;

    private final NpyArray images;

    /** One of the data sets of a file. */
    public enum Part {
        TRAIN,
        VAL,
        TEST;

        private String entry(String kind) {
            return name().toLowerCase(Locale.ROOT) + "_" + kind + ".npy";
        }
    }

    private ImageNpz(Listing listing, NpyArray images, ImagePipeline pipeline, Consumer<? super ImageNote> notes) {
        super(listing, pipeline, notes);
        this.images = images;
    }

    /** Whether a path names a NumPy file. */
    public static boolean isNpz(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".npz") && Files.isRegularFile(file);
    }

    /** Whether the file has images of this part. */
    public static boolean has(Path file, Part part) {
        try (ZipFile zip = zip(file)) {
            return zip.getEntry(part.entry("images")) != null;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /**
     * Reads one part.
     *
     * @throws DataException if the file is no zip of NumPy arrays, lacks the part, or holds volumes, floats, several
     *     labels an image, or a label outside 0 to 65535
     */
    public static ImageNpz open(Path file, Part part, ImagePipeline pipeline) {
        try (ZipFile zip = zip(file)) {
            NpyArray images = array(zip, file, part.entry("images"));
            int[] shape = images.shape();
            boolean colour = shape.length == 4 && shape[3] == 3;
            if (!images.type().equals("|u1")
                    || !(shape.length == 3 || colour)
                    || Arrays.stream(shape).anyMatch(size -> size == 0)) {
                throw new DataException("image npz: " + file + " " + part.entry("images") + " has type " + images.type()
                        + " and shape " + Arrays.toString(shape)
                        + ". Hint: images are bytes (|u1), [N, H, W] or [N, H, W, 3].");
            }
            long[] labels = labels(zip, file, part, shape[0]);
            TreeSet<Long> values = new TreeSet<>();
            for (Part any : Part.values()) {
                if (zip.getEntry(any.entry("labels")) != null) {
                    Arrays.stream(labels(zip, file, any, -1)).forEach(values::add);
                }
            }
            List<Long> sorted = List.copyOf(values);
            Map<Long, Integer> number = new HashMap<>();
            sorted.forEach(value -> number.put(value, number.size()));
            List<String> names = IntStream.range(0, labels.length)
                    .mapToObj(i -> part.name().toLowerCase(Locale.ROOT) + "/" + i)
                    .toList();
            Listing listing = new Listing(
                    file,
                    names,
                    Arrays.stream(labels).mapToInt(number::get).toArray(),
                    sorted.stream().map(String::valueOf).toList());
            return new ImageNpz(listing, images, pipeline, Decoding.defaults().notes());
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static ZipFile zip(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new DataException("image npz: " + file + " is not a regular file. Hint: give a file of numpy.savez.");
        }
        return new ZipFile(file.toFile());
    }

    private static long[] labels(ZipFile zip, Path file, Part part, int count) throws IOException {
        NpyArray labels = array(zip, file, part.entry("labels"));
        int[] shape = labels.shape();
        boolean one = shape.length == 1 || (shape.length == 2 && shape[1] == 1);
        if (!one || (count >= 0 && shape[0] != count)) {
            throw new DataException(
                    "image npz: " + file + " " + part.entry("labels") + " has shape " + Arrays.toString(shape)
                            + (count >= 0 ? " for " + count + " images" : "")
                            + ". Hint: one label an image, [N] or [N, 1]; several labels an image "
                            + "are not supported.");
        }
        long[] numbers = labels.numbers();
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] < 0 || numbers[i] > MAX_LABEL) {
                String value = labels.type().equals("<u8") ? Long.toUnsignedString(numbers[i]) : "" + numbers[i];
                throw new DataException("image npz: " + file + " " + part.entry("labels") + " has the label " + value
                        + " at index " + i + ". Hint: labels are whole numbers from 0 to " + MAX_LABEL
                        + "; leave out images without a label.");
            }
        }
        return numbers;
    }

    private static NpyArray array(ZipFile zip, Path file, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw new DataException("image npz: " + file + " has no array " + name.replace(".npy", "") + ", it has "
                    + zip.stream()
                            .map(e -> e.getName().replace(".npy", ""))
                            .sorted()
                            .limit(20)
                            .toList()
                    + ". Hint: MedMNIST's names are train_images, train_labels, val_images, ...");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            return NpyArray.read(
                    in,
                    "image npz: " + file + " " + name,
                    Math.min(Integer.MAX_VALUE - 8L, Runtime.getRuntime().maxMemory() / HEAP_SHARE));
        }
    }

    private static DataException unreadable(Path file, IOException e) {
        return new DataException(
                "image npz: " + file + " cannot be read (" + e.getMessage()
                        + "). Hint: it must be a whole file of numpy.savez or numpy.savez_compressed.",
                e);
    }

    @Override
    ImageNpz with(Listing other) {
        return new ImageNpz(other, images, pipeline(), notes());
    }

    @Override
    public ImageNpz withPipeline(ImagePipeline other) {
        return new ImageNpz(listing(), images, other, notes());
    }

    @Override
    public ImageNpz withNotes(Consumer<? super ImageNote> listener) {
        return new ImageNpz(listing(), images, pipeline(), listener);
    }

    @Override
    public Image image(int index) {
        int channels = images.shape().length == 4 ? 3 : 1;
        return Image.of(images.shape()[2], images.shape()[1], channels, pixels(index));
    }

    private byte[] pixels(int index) {
        int bytes = images.values().length / size();
        return Arrays.copyOfRange(images.values(), index * bytes, (index + 1) * bytes);
    }

    @Override
    ImageBytes content(int index) {
        return ImageBytes.of(pixels(index));
    }
}
