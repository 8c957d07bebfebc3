package dev.graft.nn.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Feature vectors of equal length, in memory while they are few, else in a file that is deleted on close. */
final class FeatureStore implements AutoCloseable {
    private static final String PREFIX = ".graft-features";
    private static final String SUFFIX = ".tmp";

    private final int length;
    private final List<float[]> memory = new ArrayList<>();
    private final Optional<FileChannel> channel;
    private int size;

    private FeatureStore(int length, Optional<FileChannel> channel) {
        this.length = length;
        this.channel = channel;
    }

    /**
     * Room for {@code count} vectors.
     *
     * @param budget bytes that may stay in memory
     * @param folder where the file goes if that is not enough
     * @throws IOException where the disk has no room either
     */
    static FeatureStore create(long count, int length, long budget, Path folder) throws IOException {
        long bytes = count * length * Float.BYTES;
        if (bytes <= budget) {
            return new FeatureStore(length, Optional.empty());
        }
        FileStore disk = Files.getFileStore(folder);
        if (disk.getUsableSpace() < bytes) {
            throw new IOException((bytes >> 20) + " MB of features fit neither in memory nor on the disk of " + folder);
        }
        Path file = Files.createTempFile(folder, PREFIX, SUFFIX);
        return new FeatureStore(
                length,
                Optional.of(FileChannel.open(
                        file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)));
    }

    /** Whether a file of this name is one that a killed program left. */
    static boolean isStore(String fileName) {
        return fileName.startsWith(PREFIX) && fileName.endsWith(SUFFIX);
    }

    boolean isInMemory() {
        return channel.isEmpty();
    }

    /** Appends as many vectors as lie in {@code values} one after the other. */
    void append(float[] values) throws IOException {
        for (int from = 0; from < values.length; from += length) {
            float[] vector = new float[length];
            System.arraycopy(values, from, vector, 0, length);
            if (channel.isPresent()) {
                write(channel.get(), vector);
            } else {
                memory.add(vector);
            }
            size++;
        }
    }

    private void write(FileChannel file, float[] vector) throws IOException {
        ByteBuffer buffer = buffer();
        buffer.asFloatBuffer().put(vector);
        long position = offset(size);
        while (buffer.hasRemaining()) {
            position += file.write(buffer, position);
        }
    }

    /** Not to be modified. Called by many threads once all is appended. */
    float[] get(int index) {
        if (channel.isEmpty()) {
            return memory.get(index);
        }
        ByteBuffer buffer = buffer();
        try {
            long position = offset(index);
            while (buffer.hasRemaining()) {
                int read = channel.get().read(buffer, position);
                if (read < 0) {
                    throw new IOException("the features' temporary file has lost its end");
                }
                position += read;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        float[] vector = new float[length];
        buffer.flip().order(ByteOrder.nativeOrder()).asFloatBuffer().get(vector);
        return vector;
    }

    private ByteBuffer buffer() {
        return ByteBuffer.allocate(length * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    private long offset(int index) {
        return (long) index * length * Float.BYTES;
    }

    @Override
    public void close() {
        memory.clear();
        if (channel.isPresent()) {
            try {
                channel.get().close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
