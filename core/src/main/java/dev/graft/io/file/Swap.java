package dev.graft.io.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Files that replace others together. Each is first written completely beside its target. If one of them cannot be
 * written, no target has changed. A reader sees a mix of old and new files only between two renames.
 */
public final class Swap implements AutoCloseable {
    /** The suffix of a file that is not in place yet. */
    public static final String ENDING = ".new";

    private final Map<Path, Path> pending = new LinkedHashMap<>();

    /** Of no file yet. */
    public Swap() {}

    /**
     * The path to write the replacement of {@code target} to. If the target is a link, the file that it names is
     * replaced, not the link.
     */
    public Path of(Path target) {
        try {
            Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
            Path beside = real.resolveSibling("." + real.getFileName() + ENDING);
            pending.put(beside, real);
            return beside;
        } catch (IOException e) {
            throw cannotReplace(target, e);
        }
    }

    /** Puts all files in place, in the order in which they were requested. */
    public void commit() {
        pending.forEach((written, target) -> {
            try {
                AtomicFile.keepPermissions(target, written);
            } catch (IOException e) {
                throw cannotReplace(target, e);
            }
        });
        pending.forEach((written, target) -> {
            try {
                AtomicFile.putInPlace(written, target);
            } catch (IOException e) {
                throw cannotReplace(target, e);
            }
        });
        pending.values().stream().map(Path::getParent).distinct().forEach(AtomicFile::forceFolder);
        pending.clear();
    }

    private static FileException cannotReplace(Path target, IOException e) {
        return new FileException(
                target + " cannot be replaced (" + e + ")",
                "fix its permissions; what is not in place yet is beside it",
                e);
    }

    /** Deletes the files that were written but not put in place. */
    @Override
    public void close() {
        pending.keySet().forEach(file -> {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                System.getLogger(Swap.class.getName())
                        .log(System.Logger.Level.WARNING, "temporary file left behind: " + file, e);
            }
        });
    }
}
