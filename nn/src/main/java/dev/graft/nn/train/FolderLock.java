package dev.graft.nn.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to write to a folder, held by one run at a time, because two trainings in one folder would mix their files.
 * The operating system releases the lock when the process ends, however it ends. The lock's file {@value #FILE_NAME}
 * stays: if it were deleted, two processes could lock two files of the same name.
 */
public final class FolderLock implements AutoCloseable {
    /** The file that is locked. */
    public static final String FILE_NAME = ".graft.lock";

    private static final System.Logger LOG = System.getLogger(FolderLock.class.getName());
    // Beyond the written bytes: on Windows locked bytes cannot be read, and the holder's name must be readable.
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;
    private static final int LONGEST_HOLDER = 500;
    // POSIX takes a process's locks on a file back when the process closes any channel to that file. So a folder that
    // this JVM holds must
    // be refused before its lock file is opened once more, which only a table for the whole JVM can tell.
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private FolderLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Acquires the lock of an existing folder.
     *
     * @throws TrainingException if another run has it, in this process, in another process, or on another machine that
     *     shares the folder
     */
    public static FolderLock acquire(Path folder) {
        Path file;
        try {
            file = folder.toRealPath().resolve(FILE_NAME);
        } catch (IOException e) {
            throw cannotLock(folder, e);
        }
        if (!HELD.add(file)) {
            throw inUse(folder, "another run of this process");
        }
        boolean locked = false;
        try {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                lock(folder, channel);
                locked = true;
                return new FolderLock(file, channel);
            } finally {
                if (!locked) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            throw cannotLock(folder, e);
        } finally {
            if (!locked) {
                HELD.remove(file);
            }
        }
    }

    private static void lock(Path folder, FileChannel channel) throws IOException {
        String before = holder(channel);
        Optional<FileLock> lock;
        try {
            lock = Optional.ofNullable(channel.tryLock(LOCKED_BYTE, 1, false));
        } catch (OverlappingFileLockException e) {
            throw inUse(folder, "another run of this process");
        } catch (IOException e) {
            // Some network folders have no locks at all. Refusing them would make all work there impossible.
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} has no file locks ({1}): make sure yourself that no other run uses it",
                    folder,
                    e.getMessage());
            return;
        }
        if (lock.isEmpty()) {
            throw inUse(folder, before.isEmpty() ? "another process" : before);
        }
        String host = " on " + host();
        if (!before.isEmpty() && !before.contains(host + ",")) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} was last used by {1}: if that run is still going, the two hosts do not share file locks,"
                            + " so stop one of them",
                    folder,
                    before);
        }
        write(
                channel,
                "process " + ProcessHandle.current().pid() + host + ", started "
                        + Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }

    private static TrainingException inUse(Path folder, String holder) {
        return new TrainingException("the folder " + folder + " is in use by " + holder
                + ". Hint: wait for that run to end, or choose another folder.");
    }

    private static TrainingException cannotLock(Path folder, IOException e) {
        return new TrainingException(
                "the folder " + folder + " cannot be locked (" + e
                        + "). Hint: choose another one, or fix its permissions.",
                e);
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(LONGEST_HOLDER);
        int length = Math.max(0, channel.read(text, 0));
        return new String(text.array(), 0, length, StandardCharsets.UTF_8).strip();
    }

    private static void write(FileChannel channel, String holder) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)), 0);
    }

    /** Does not use a name service, which would open a socket. */
    private static String host() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return Optional.ofNullable(System.getenv("COMPUTERNAME"))
                    .or(() -> Optional.ofNullable(System.getenv("HOSTNAME")))
                    .orElse("an unnamed host");
        }
    }

    /** Whether this is the lock of {@code folder}. */
    boolean isOf(Path folder) throws IOException {
        return channel.isOpen() && folder.toRealPath().resolve(FILE_NAME).equals(file);
    }

    /** Releases the folder. A second call has no effect, because another run may have the folder by then. */
    @Override
    public synchronized void close() {
        if (!channel.isOpen()) {
            return;
        }
        try (FileChannel open = channel) {
            open.truncate(0); // only a killed run leaves a holder's name
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the lock of " + file + " was not closed", e);
        } finally {
            HELD.remove(file);
        }
    }
}
