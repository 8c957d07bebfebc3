package dev.graft.nn.run;

import dev.graft.io.file.AtomicFile;
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

/**
 * Feature vectors of equal length, in memory while they are few, else in a file that is deleted on close, or in one
 * that outlives the program; a {@link FeatureFile} is written as well where all is in memory.
 */
final class FeatureStore implements AutoCloseable {
    private static final String PREFIX = ".graft-features";
    private static final String SUFFIX = ".tmp";

    private final int length;
    private final boolean inMemory;
    private final List<float[]> memory = new ArrayList<>();
    private final Optional<FileChannel> channel;
    private Optional<FeatureFile> kept;
    private Optional<String> lost = Optional.empty();
    private int size;

    private FeatureStore(int length, boolean inMemory, Optional<FileChannel> channel, Optional<FeatureFile> kept) {
        this.length = length;
        this.inMemory = inMemory;
        this.channel = channel;
        this.kept = kept;
    }

    /**
     * What a file holds, and room for more.
     *
     * @param length of one vector
     * @param bytes of all vectors that there will be
     * @param budget bytes that may stay in memory
     */
    static FeatureStore keeping(FeatureFile kept, int length, long bytes, long budget) throws IOException {
        FeatureStore store = new FeatureStore(length, bytes <= budget, Optional.empty(), Optional.of(kept));
        for (; store.size < kept.size(); store.size++) {
            if (store.inMemory) {
                store.memory.add(kept.get(store.size));
            }
        }
        return store;
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
            return new FeatureStore(length, true, Optional.empty(), Optional.empty());
        }
        FileStore disk = Files.getFileStore(folder);
        if (disk.getUsableSpace() < bytes) {
            throw new IOException((bytes >> 20) + " MB of features fit neither in memory nor on the disk of " + folder);
        }
        Path file = Files.createTempFile(folder, PREFIX, SUFFIX);
        return new FeatureStore(
                length,
                false,
                Optional.of(FileChannel.open(
                        file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)),
                Optional.empty());
    }

    /** Whether a file of this name is one that a killed program left. */
    static boolean isStore(String fileName) {
        return fileName.startsWith(PREFIX) && fileName.endsWith(SUFFIX);
    }

    boolean isInMemory() {
        return inMemory;
    }

    /** How many bytes outlive the program; 0 where none do. */
    long keptBytes() {
        return kept.map(FeatureFile::bytes).orElse(0L);
    }

    /** Why the features will not outlive the program although they were to; empty where they will. */
    Optional<String> lost() {
        return lost;
    }

    /** All is appended. */
    void complete() throws IOException {
        keep(FeatureFile::force);
    }

    private interface Use {
        void of(FeatureFile file) throws IOException;
    }

    /** A file that cannot be written is given up; it is a loss only where it alone holds the features. */
    private void keep(Use use) throws IOException {
        if (kept.isEmpty()) {
            return;
        }
        try {
            use.of(kept.get());
        } catch (IOException e) {
            kept.get().delete();
            kept = Optional.empty();
            lost = Optional.of(AtomicFile.reason(e));
            if (!inMemory) {
                throw e;
            }
        }
    }

    /** Appends as many vectors as lie in {@code values} one after the other. */
    void append(float[] values) throws IOException {
        keep(file -> file.append(values));
        for (int from = 0; from < values.length; from += length) {
            float[] vector = new float[length];
            System.arraycopy(values, from, vector, 0, length);
            if (channel.isPresent()) {
                write(channel.get(), vector);
            } else if (inMemory) {
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
        if (inMemory) {
            return memory.get(index);
        }
        if (kept.isPresent()) {
            try {
                return kept.get().get(index);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        ByteBuffer buffer = buffer();
        try {
            long position = offset(index);
            while (buffer.hasRemaining()) {
                int read = channel.orElseThrow().read(buffer, position);
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
        try {
            if (channel.isPresent()) {
                channel.get().close();
            }
            if (kept.isPresent()) {
                kept.get().close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
