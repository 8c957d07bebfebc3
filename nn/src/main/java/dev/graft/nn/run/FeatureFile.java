package dev.graft.nn.run;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Features in a file that outlives the program, appended batch by batch.
 *
 * <p>Little-endian. The header is {@code magic, key, examples, batch, views, rank, dimensions, checksum}, or for
 * several features of an example {@code magic of several, key, examples, batch, views, number of features, rank and
 * dimensions of each, checksum}; an example's features lie side by side in one vector. Then a block for each batch:
 * {@code number of its first vector, count, checksum, values}. Checksums are CRC-32C, and those of blocks cover the
 * key, so a block of another file is not taken for one of this. A killed program leaves a part of its last block; it is
 * cut off, and so is a block whose checksum is wrong, with all that follow.
 */
final class FeatureFile implements AutoCloseable {
    private static final byte[] MAGIC = "GraftFt1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MAGIC_OF_SEVERAL = "GraftFt2".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_RANK = 8;
    private static final int MAX_FEATURES = 1 << 10;
    private static final int BLOCK_HEADER = 3 * Integer.BYTES;
    private static final long FORCE_EVERY_NANOS = 10_000_000_000L;

    /**
     * How vectors are divided into blocks: as batches, which do not cross from one view to the next.
     *
     * @param examples in each view
     * @param batch examples in a batch; the last of a view may have fewer
     * @param views how often all examples come
     */
    record Layout(int examples, int batch, int views) {
        int total() {
            return Math.multiplyExact(examples, views);
        }

        /** How many vectors the block has that begins with this one. */
        int count(int first) {
            return Math.min(batch, examples - first % examples);
        }

        /** The number of the block that a vector is in. */
        long block(int vector) {
            long batches = ((long) examples + batch - 1) / batch;
            return vector / examples * batches + vector % examples / batch;
        }
    }

    private final Path file;
    private final FileChannel channel;
    private final byte[] key;
    private final Layout layout;
    private final List<int[]> shapes;
    private final int length;
    private final long begin;
    private int size;
    private long forced = System.nanoTime();

    private FeatureFile(Path file, FileChannel channel, byte[] key, Layout layout, List<int[]> shapes) {
        this.file = file;
        this.channel = channel;
        this.key = key;
        this.layout = layout;
        this.shapes = shapes;
        this.length = Math.toIntExact(elements(shapes));
        this.begin = header(key, layout, shapes).limit();
    }

    /** Values of one example. */
    static long elements(List<int[]> shapes) {
        return shapes.stream()
                .mapToLong(s -> Arrays.stream(s).asLongStream().reduce(1, Math::multiplyExact))
                .reduce(0, Math::addExact);
    }

    private static ByteBuffer header(byte[] key, Layout layout, List<int[]> shapes) {
        boolean one = shapes.size() == 1;
        int numbers = shapes.stream().mapToInt(s -> s.length + 1).sum() + (one ? 0 : 1);
        ByteBuffer header = buffer(MAGIC.length + key.length + (4 + numbers) * Integer.BYTES)
                .put(one ? MAGIC : MAGIC_OF_SEVERAL)
                .put(key)
                .putInt(layout.examples)
                .putInt(layout.batch)
                .putInt(layout.views);
        if (!one) {
            header.putInt(shapes.size());
        }
        for (int[] shape : shapes) {
            header.putInt(shape.length);
            for (int dimension : shape) {
                header.putInt(dimension);
            }
        }
        CRC32C checksum = new CRC32C();
        checksum.update(header.duplicate().flip());
        return header.putInt((int) checksum.getValue()).flip();
    }

    /**
     * A new file, in place of what is there.
     *
     * @param shapes of an example's features
     * @throws IOException where it cannot be written
     */
    static FeatureFile create(KeptFeatures kept, Layout layout, List<int[]> shapes) throws IOException {
        if (layout.batch * elements(shapes) * Float.BYTES > Integer.MAX_VALUE - BLOCK_HEADER) {
            throw new IOException("a batch of features is longer than 2 GB");
        }
        Files.deleteIfExists(kept.file());
        FileChannel channel = FileChannel.open(
                kept.file(), StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        FeatureFile made = new FeatureFile(kept.file(), channel, bytes(kept.key()), layout, copies(shapes));
        try {
            made.write(header(made.key, layout, shapes), 0);
            return made;
        } catch (IOException e) {
            made.delete();
            throw e;
        }
    }

    /**
     * What an earlier program left. Says what it takes; what it cannot trust is thrown away, and said, too.
     *
     * @return empty where there is nothing to take
     */
    static Optional<FeatureFile> open(KeptFeatures kept, Layout layout) {
        if (!Files.isRegularFile(kept.file())) {
            return Optional.empty();
        }
        String name = String.valueOf(kept.file().getFileName());
        String why;
        try {
            FileChannel channel = FileChannel.open(kept.file(), StandardOpenOption.READ, StandardOpenOption.WRITE);
            Optional<FeatureFile> found = Optional.empty();
            try {
                found = read(kept, channel, layout);
                why = "it is of other images or settings, or of another version or machine";
                if (found.isPresent()) {
                    boolean whole = found.get().scan();
                    why = whole ? "" : "it is damaged";
                    if (found.get().size > 0) {
                        if (!whole) {
                            kept.log()
                                    .accept("feature cache: a part of " + name + " is damaged, and is computed again");
                        }
                        return found;
                    }
                }
            } finally {
                if (found.isEmpty() || found.get().size == 0) {
                    channel.close();
                }
            }
        } catch (EOFException e) {
            why = "it is damaged";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        deleteQuietly(kept.file());
        if (!why.isEmpty()) {
            kept.log().accept("feature cache: " + name + " is thrown away: " + why);
        }
        return Optional.empty();
    }

    private static Optional<FeatureFile> read(KeptFeatures kept, FileChannel channel, Layout layout)
            throws IOException {
        byte[] key = bytes(kept.key());
        byte[] start = new byte[MAGIC.length];
        readAt(channel, ByteBuffer.wrap(start), 0);
        long at = MAGIC.length + key.length + 3L * Integer.BYTES;
        int features = 1;
        if (Arrays.equals(start, MAGIC_OF_SEVERAL)) {
            features = number(channel, at);
            at += Integer.BYTES;
        }
        if (features < 1 || features > MAX_FEATURES) {
            return Optional.empty();
        }
        List<int[]> shapes = new ArrayList<>();
        for (int i = 0; i < features; i++) {
            int rank = number(channel, at);
            at += Integer.BYTES;
            if (rank < 0 || rank > MAX_RANK) {
                return Optional.empty();
            }
            int[] shape = new int[rank];
            for (int d = 0; d < rank; d++) {
                shape[d] = number(channel, at);
                at += Integer.BYTES;
                if (shape[d] < (features == 1 ? 1 : 0)) {
                    return Optional.empty();
                }
            }
            shapes.add(shape);
        }
        try {
            if (layout.batch * elements(shapes) * Float.BYTES > Integer.MAX_VALUE - BLOCK_HEADER) {
                return Optional.empty();
            }
            ByteBuffer expected = header(key, layout, shapes);
            ByteBuffer whole = buffer(expected.limit());
            readAt(channel, whole, 0);
            return whole.equals(expected)
                    ? Optional.of(new FeatureFile(kept.file(), channel, key, layout, shapes))
                    : Optional.empty();
        } catch (ArithmeticException e) {
            return Optional.empty(); // dimensions that no array can have
        }
    }

    private static int number(FileChannel channel, long at) throws IOException {
        ByteBuffer bytes = buffer(Integer.BYTES);
        readAt(channel, bytes, at);
        return bytes.getInt();
    }

    private static List<int[]> copies(List<int[]> shapes) {
        return shapes.stream().map(int[]::clone).toList();
    }

    /** Takes whole blocks, and cuts off the rest. Returns whether all blocks that are there in full were right. */
    private boolean scan() throws IOException {
        boolean right = true;
        while (size < layout.total()) {
            ByteBuffer block = buffer(BLOCK_HEADER + layout.count(size) * length * Float.BYTES);
            if (channel.size() < position(size) + block.capacity() - BLOCK_HEADER) {
                break;
            }
            readAt(channel, block, position(size) - BLOCK_HEADER);
            if (block.getInt(0) != size
                    || block.getInt(Integer.BYTES) != layout.count(size)
                    || block.getInt(2 * Integer.BYTES) != checksum(block)) {
                right = false;
                break;
            }
            size += layout.count(size);
        }
        long end = size == 0 ? begin : position(size - 1) + (long) length * Float.BYTES;
        channel.truncate(end);
        return right;
    }

    private int checksum(ByteBuffer block) {
        CRC32C checksum = new CRC32C();
        checksum.update(key);
        checksum.update(block.duplicate().position(0).limit(2 * Integer.BYTES));
        checksum.update(block.duplicate().position(BLOCK_HEADER).limit(block.capacity()));
        return (int) checksum.getValue();
    }

    /** How many vectors it holds: whole batches. */
    int size() {
        return size;
    }

    /** Of an example's features. */
    List<int[]> shapes() {
        return copies(shapes);
    }

    /** Appends the next batch. */
    void append(float[] values) throws IOException {
        ByteBuffer block = buffer(BLOCK_HEADER + values.length * Float.BYTES);
        int count = layout.count(size);
        if (values.length != count * length) {
            throw new IllegalArgumentException(
                    "feature file: " + values.length + " values are not a batch of " + count + " vectors of " + length);
        }
        block.putInt(size).putInt(count).putInt(0).asFloatBuffer().put(values);
        block.putInt(2 * Integer.BYTES, checksum(block));
        write(block.rewind(), position(size) - BLOCK_HEADER);
        size += count;
        if (System.nanoTime() - forced > FORCE_EVERY_NANOS) {
            force();
        }
    }

    /** Waits until the disk has it all. */
    void force() throws IOException {
        channel.force(false);
        forced = System.nanoTime();
    }

    /** One vector. Called by many threads once all is appended. */
    float[] get(int index) throws IOException {
        ByteBuffer bytes = buffer(length * Float.BYTES);
        readAt(channel, bytes, position(index));
        float[] vector = new float[length];
        bytes.asFloatBuffer().get(vector);
        return vector;
    }

    /** How long it is, in bytes. */
    long bytes() {
        return position(size == 0 ? 0 : size - 1) + (long) length * Float.BYTES;
    }

    /** Bytes of a whole file, with what comes between the values. */
    static long bytes(Layout layout, long length) {
        return layout.total() * length * Float.BYTES + (layout.block(layout.total() - 1) + 2) * BLOCK_HEADER;
    }

    private long position(int vector) {
        return begin + (layout.block(vector) + 1) * BLOCK_HEADER + (long) vector * length * Float.BYTES;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.US_ASCII);
    }

    private void write(ByteBuffer bytes, long at) throws IOException {
        long position = at;
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
    }

    /** Fills a buffer and makes it ready to be read. */
    private static void readAt(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
        long position = at;
        while (bytes.hasRemaining()) {
            int read = channel.read(bytes, position);
            if (read < 0) {
                throw new EOFException("the file of features has lost its end");
            }
            position += read;
        }
        bytes.flip();
    }

    /** Closes and deletes it. */
    void delete() {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(FeatureFile.class.getName())
                    .log(System.Logger.Level.DEBUG, "closing the features in " + file, e);
        }
        deleteQuietly(file);
    }

    /** What cannot be deleted is checked again when it is found. */
    static void deleteQuietly(Path file) {
        try {
            if (Files.isRegularFile(file)) { // somebody else's folder of this name stays
                Files.delete(file);
            }
        } catch (IOException e) {
            System.getLogger(FeatureFile.class.getName())
                    .log(System.Logger.Level.WARNING, "file left behind: " + file, e);
        }
    }

    /** The file stays. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
