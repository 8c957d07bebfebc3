package dev.graft.io.bytes;

import dev.graft.io.file.WeightFileException;
import dev.graft.message.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A weight file that is open for reading at any position; it also makes all errors about the file.
 *
 * <p>It uses positional reads rather than a memory mapping: a mapped file that another process truncates kills the JVM
 * with a bus error, and a mapped file cannot be replaced on Windows.
 */
public final class FileBytes implements ByteSource, AutoCloseable {
    /** The JDK keeps one direct buffer for each thread, as large as its largest read, so reads are split. */
    private static final int CHUNK = 1 << 20;

    private static final int LISTED = 10;

    private static final String DAMAGED_HINT =
            "the file is damaged or not what it claims to be; download or save it again";

    /**
     * Tensors may share storage and repeat elements (stride 0), so a small file can describe more than it holds. Tied
     * weights double a tensor, but no model needs sixteen times the size of its file.
     */
    public static final int MAX_EXPANSION = 16;

    private static final long FREE_BYTES = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final long size;

    private FileBytes(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    public static FileBytes open(Path path) {
        if (Files.isDirectory(path)) {
            throw new WeightFileException(path, "is a folder, not a weight file", "give the file inside it");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) { // opening a pipe blocks, and a device has no end
            throw new WeightFileException(
                    path, "is a device or a pipe, not a regular file", "copy its content to a file first");
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
            return new FileBytes(path, channel, channel.size());
        } catch (NoSuchFileException e) {
            throw new WeightFileException(
                    path,
                    "no such file",
                    "check the path (it is relative to " + Path.of("").toAbsolutePath() + ")",
                    -1,
                    e);
        } catch (IOException e) {
            closeQuietly(channel, e);
            throw new WeightFileException(
                    path, "cannot be opened: " + e.getMessage(), "check the file's permissions", -1, e);
        }
    }

    /** The most bytes that the content of a file of this size may expand to. */
    public long mayExpandTo() {
        return CheckedSizes.multiply(size, MAX_EXPANSION)
                .flatMap(n -> CheckedSizes.add(n, FREE_BYTES))
                .orElse(Long.MAX_VALUE);
    }

    private static void closeQuietly(FileChannel channel, IOException because) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                because.addSuppressed(e);
            }
        }
    }

    Path path() {
        return path;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long offset, byte[] target, int at, int length) {
        if (offset < 0 || length > size - offset) {
            throw truncated(offset + length, true);
        }
        try {
            ByteBuffer buffer = ByteBuffer.wrap(target);
            for (int done = 0; done < length; ) {
                buffer.limit(at + done + Math.min(CHUNK, length - done)).position(at + done);
                int n = channel.read(buffer, offset + done);
                if (n < 0) {
                    throw truncated(offset + length, true);
                }
                done += n;
            }
        } catch (IOException e) {
            throw new WeightFileException(path, "cannot be read: " + e.getMessage(), "check the disk", offset, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new WeightFileException(path, "cannot be closed: " + e.getMessage(), "check the disk", -1, e);
        }
    }

    public WeightFileException damaged(String problem, long offset) {
        return new WeightFileException(path, problem, DAMAGED_HINT, offset, null);
    }

    public WeightFileException damaged(String problem) {
        return damaged(problem, -1);
    }

    public WeightFileException refused(String problem, String hint) {
        return new WeightFileException(path, problem, hint);
    }

    /** The file has no state dict of the requested name. */
    public WeightFileException noneNamed(String name, Collection<String> names) {
        List<String> first = names.stream()
                .map(full -> full.contains(".") ? full.substring(0, full.indexOf('.')) : full)
                .distinct()
                .limit(LISTED)
                .toList();
        return refused(
                "it holds no state dict named \"" + name + "\"",
                "its names begin with " + String.join(", ", first) + "; "
                        + Message.setting("WeightFiles.inspectAll", path) + " lists them all");
    }

    /** The file ends too early; {@code expected} is its full size, or a lower bound if {@code atLeast}. */
    public WeightFileException truncated(long expected, boolean atLeast) {
        return new WeightFileException(
                path,
                String.format(
                        Locale.ROOT,
                        "the file looks truncated: %,d of %s%,d bytes",
                        size,
                        atLeast ? "at least " : "",
                        expected),
                "download it again");
    }

    /** The file ends inside {@code where}, and nothing read so far says how long it should be. */
    public WeightFileException truncatedIn(String where) {
        String problem =
                String.format(Locale.ROOT, "the file looks truncated: its %,d bytes end inside %s", size, where);
        return new WeightFileException(path, problem, "download it again");
    }
}
