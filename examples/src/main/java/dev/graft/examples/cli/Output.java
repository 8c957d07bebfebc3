package dev.graft.examples.cli;

import dev.graft.io.file.AtomicFile;
import dev.graft.nn.run.RunException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Where a command will write: looked at before its work, for hours of it must not end at a wrong path. */
final class Output {
    /** Names of the process's own standard output; behind them may be a file, which must not be replaced. */
    private static final Set<String> STANDARD_OUTPUT =
            Set.of("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1");

    private Output() {}

    static boolean isStandardOutput(Path file) {
        return STANDARD_OUTPUT.contains(file.toString());
    }

    /** @throws RunException unless a file can be written there, or the device or pipe that is there written into */
    static void checkFile(String option, Path file) {
        if (AtomicFile.isDeviceOrPipe(file) ? !Files.isWritable(file) : !mayBeReplaced(file)) {
            throw new RunException(
                    option + " " + file + " cannot be written", "name a file in a folder that exists and is writable");
        }
    }

    private static boolean mayBeReplaced(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return !Files.isDirectory(file) && folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
    }

    /** @throws RunException unless the folder is there and writable, or can be made */
    static void checkFolder(String option, Path folder) {
        Path nearest = folder.toAbsolutePath();
        while (nearest != null && !Files.exists(nearest)) {
            nearest = nearest.getParent();
        }
        if (nearest == null || !Files.isDirectory(nearest) || !Files.isWritable(nearest)) {
            throw new RunException(
                    option + " " + folder + " cannot be written"
                            + (nearest == null || Files.isDirectory(nearest) ? "" : ": " + nearest + " is a file"),
                    "name a folder that is writable, or can be made");
        }
    }
}
