package dev.graft.examples.cli;

import dev.graft.io.file.AtomicFile;
import dev.graft.nn.run.RunException;
import dev.graft.vision.FineTuning;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Where a command will write: looked at before its work, for hours of it must not end at a wrong path. */
final class Output {
    /** Names of the process's own standard output; behind them may be a file, which must not be replaced. */
    private static final Set<String> STANDARD_OUTPUT =
            Set.of("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1");

    /** What names the folder of a run. */
    private static final Set<String> RUNS = Set.of("--model", "--out");

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

    /**
     * A report does not replace what the command reads, nor what it writes elsewhere.
     *
     * @throws ParameterException where another word of the command line means the same file, or the folder of a run
     *     that has the file as a part
     */
    static void checkIsItsOwn(CommandSpec spec, String option, Path file) {
        if (AtomicFile.isDeviceOrPipe(file)) {
            return;
        }
        for (ArgSpec arg : spec.args()) {
            String name = arg instanceof OptionSpec other ? other.longestName() : arg.paramLabel();
            if (name.equals(option)) {
                continue;
            }
            for (Path path : paths(Optional.ofNullable(arg.getValue()))) {
                boolean same = same(path, file);
                if (same || (RUNS.contains(name) && FineTuning.writes(path, file))) {
                    throw new ParameterException(
                            spec.commandLine(),
                            option + " " + file + " would replace "
                                    + (same ? "the file that " + name + " names" : "a file of the run in " + path)
                                    + ". Hint: name another file");
                }
            }
        }
    }

    /** The paths that a value of the command line means. */
    private static List<Path> paths(Optional<?> value) {
        Object inner = value.isPresent() ? value.get() : List.of();
        if (inner instanceof Optional<?> optional) {
            return paths(optional);
        }
        if (inner instanceof List<?> list) {
            return list.stream()
                    .flatMap(each -> paths(Optional.of(each)).stream())
                    .toList();
        }
        if (inner instanceof Path path) {
            return isStandardOutput(path) ? List.of() : List.of(path);
        }
        // a word, such as that of --weights, may be a path or a name
        return inner instanceof String word && new File(word).exists() ? List.of(Path.of(word)) : List.of();
    }

    private static boolean same(Path a, Path b) {
        try {
            return Files.isSameFile(a, b);
        } catch (IOException e) {
            return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
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
