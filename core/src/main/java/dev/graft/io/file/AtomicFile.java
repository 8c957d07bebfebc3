package dev.graft.io.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.UUID;

/**
 * Writes a file so that a reader sees the old one or the whole new one, never a part: a temporary file beside it,
 * flushed to the disk, then renamed. A symbolic link stays a link, and its target is written. A file that is replaced
 * keeps its permissions. A device or a pipe, such as {@code /dev/null}, is written to and not replaced.
 */
public final class AtomicFile {
    private static final int BUFFER = 1 << 16;
    private static final int MAX_LINKS = 40;
    private static final int MAX_NAME = 40;

    private AtomicFile() {}

    /** The content of a file. */
    public interface Content {
        /** Writes all of the content. The stream is buffered, and is closed by the caller. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file.
     *
     * @throws IOException if it cannot be written, or {@code given} is a folder; the previous file is untouched
     */
    public static void write(Path given, Content content) throws IOException {
        write(given, content, true);
    }

    /**
     * As {@link #write}, without waiting for the disk, which takes milliseconds. A power failure may leave an empty
     * file. For files that are written often and can be written again.
     */
    public static void writeSoon(Path given, Content content) throws IOException {
        write(given, content, false);
    }

    private static void write(Path given, Content content, boolean force) throws IOException {
        if (isDeviceOrPipe(given)) {
            writeInto(given, content);
            return;
        }
        Path target = followed(given);
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(target)) {
            throw new FileSystemException(target.toString(), null, "it is a folder");
        }
        Path temporary =
                folder.resolve("." + shortened(target.getFileName().toString()) + "." + UUID.randomUUID() + ".tmp");
        try {
            write(temporary, force, content);
            keepPermissions(target, temporary);
            putInPlace(temporary, target);
            if (force) {
                forceFolder(folder);
            }
        } finally {
            deleteQuietly(temporary);
        }
    }

    /** Whether the path exists and is neither a file nor a folder; links are followed as far as the system can. */
    public static boolean isDeviceOrPipe(Path path) {
        return Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    }

    private static void writeInto(Path device, Content content) throws IOException {
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(device, StandardOpenOption.WRITE), BUFFER)) {
            content.writeTo(out);
        }
    }

    /** As {@link #write}, for a weight file. */
    public static void writeWeights(Path given, Content content) {
        try {
            write(given, content);
        } catch (IOException e) {
            if (Files.isDirectory(given)) {
                throw new WeightFileException(given, "is a folder, not a file to write", "add a file name to the path");
            }
            throw new WeightFileException(
                    given,
                    "cannot be written: " + reason(e),
                    "check that the folder exists, is writable and has space left; the previous file is untouched",
                    -1,
                    e);
        }
    }

    /** The target's own name may be as long as the file system allows. */
    private static String shortened(String name) {
        return name.codePointCount(0, name.length()) <= MAX_NAME
                ? name
                : name.substring(0, name.offsetByCodePoints(0, MAX_NAME));
    }

    /** The end of a chain of symbolic links, whether it exists or not. */
    private static Path followed(Path given) throws IOException {
        Path path = given;
        for (int links = 0; Files.isSymbolicLink(path); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemLoopException(given.toString());
            }
            Path to = Files.readSymbolicLink(path);
            Path folder = path.toAbsolutePath().getParent();
            path = folder == null ? to : folder.resolve(to);
        }
        return path;
    }

    /**
     * Gives a file the permissions of the file that it will replace, if there is one and the system has permissions.
     */
    public static void keepPermissions(Path old, Path replacement) throws IOException {
        PosixFileAttributeView before = Files.getFileAttributeView(old, PosixFileAttributeView.class);
        PosixFileAttributeView now = Files.getFileAttributeView(replacement, PosixFileAttributeView.class);
        if (Files.exists(old) && before != null && now != null) {
            now.setPermissions(before.readAttributes().permissions());
        }
    }

    private static void write(Path temporary, boolean force, Content content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
            content.writeTo(out);
            out.flush();
            if (force) {
                channel.force(true);
            }
        }
    }

    /** Renames a completely written file to its final name, in one step if the file system can. */
    public static void putInPlace(Path temporary, Path target) throws IOException {
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Makes renames in a folder durable, if the system can open a folder (Windows cannot, and does not need it). */
    public static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            System.getLogger(AtomicFile.class.getName()).log(System.Logger.Level.TRACE, "folder not flushed", e);
        }
    }

    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            System.getLogger(AtomicFile.class.getName())
                    .log(System.Logger.Level.WARNING, "temporary file left behind: " + temporary, e);
        }
    }

    /** The reason in plain words. */
    public static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "its folder does not exist";
        }
        if (e instanceof FileSystemLoopException) {
            return "its symbolic links lead in a circle";
        }
        if (e instanceof FileSystemException other && other.getReason() != null) {
            return other.getReason();
        }
        return e instanceof AccessDeniedException ? "permission denied" : String.valueOf(e.getMessage());
    }
}
