package dev.graft.vision.model.download;

import dev.graft.io.file.Sha256;
import dev.graft.vision.model.weights.WeightsFacts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Downloads one file so that it appears under its name complete and checked, or not at all. Bytes are collected in
 * {@code NAME.part}, which a later attempt continues; {@code NAME.lock} separates processes.
 */
final class WeightDownload {
    private static final int TRIES = 3;
    private static final long UNKNOWN_LENGTH_LIMIT = 4L << 30;
    /** One download at a time in this process, because file locks are held by processes, not by threads. */
    private static final Object IN_THIS_PROCESS = new Object();

    private final WeightsFacts facts;
    private final URI url;
    private final Path target;
    private final DownloadListener listener;
    private final Duration stall;

    WeightDownload(WeightsFacts facts, URI url, Path target, DownloadListener listener, Duration stall) {
        this.facts = facts;
        this.url = url;
        this.target = target;
        this.listener = listener;
        this.stall = stall;
    }

    /**
     * Downloads the file unless another thread or process has just done so.
     *
     * @throws IOException if it is not available; its message says why
     */
    void run() throws IOException, InterruptedException {
        synchronized (IN_THIS_PROCESS) {
            Files.createDirectories(target.getParent());
            try (FileChannel lockFile =
                            FileChannel.open(beside(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = lock(lockFile)) {
                if (!Files.exists(target)) {
                    download();
                }
            }
        }
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock lock = channel.tryLock();
        if (lock != null) {
            return lock;
        }
        listener.waiting(target);
        return channel.lock();
    }

    private void download() throws IOException, InterruptedException {
        Path partPath = beside(".part");
        try (PartFile part = new PartFile(partPath, facts.bytes().orElse(UNKNOWN_LENGTH_LIMIT))) {
            boolean continued = part.size() > 0;
            listener.started(url, target, part.size());
            String digest = transfer(part, partPath);
            if (!facts.matches(digest) && continued) {
                // The earlier part may belong to another file: start again from the beginning.
                part.restart();
                digest = transfer(part, partPath);
            }
            if (!facts.matches(digest)) {
                Files.deleteIfExists(partPath);
                throw new IOException("the file has SHA-256 " + digest + ", not " + facts.sha256()
                        + ", so it is damaged or a different file; " + "it is deleted");
            }
        }
        move(partPath);
        listener.finished(target);
    }

    /** Returns the SHA-256 of the downloaded file. */
    private String transfer(PartFile part, Path path) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            long before = part.size();
            try {
                if (facts.bytes().isEmpty() || part.size() != facts.bytes().getAsLong()) {
                    new Transfer(url, part, listener, stall).run();
                }
                long missing = facts.bytes().orElse(part.size()) - part.size();
                if (missing > 0) {
                    throw new IOException("the server closed the connection " + missing + " bytes early");
                }
                part.force();
                return Sha256.of(path);
            } catch (Transfer.Refused e) {
                throw e;
            } catch (IOException | UncheckedIOException e) {
                if (tries == TRIES || part.size() <= before) {
                    String kept = part.size() == 0
                            ? ""
                            : " (" + part.size() + " bytes are kept, and the next attempt continues)";
                    throw new IOException(e.getMessage() + kept, e);
                }
            }
        }
    }

    private void move(Path part) throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target);
        }
    }

    private Path beside(String suffix) {
        return target.resolveSibling(target.getFileName() + suffix);
    }
}
