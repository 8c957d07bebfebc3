package dev.graft.examples.cli;

import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The number of threads to compute and decode with. */
final class ThreadOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads to compute and to decode images with; results do not depend on it. Default: all.")
    private Optional<Integer> threads;

    /** Takes effect where nothing has been computed yet, as at the start of the program. */
    OptionalInt apply() {
        if (threads.isEmpty()) {
            return OptionalInt.empty();
        }
        if (threads.get() < 1) {
            throw new ParameterException(spec.commandLine(), "--threads must be at least 1, was " + threads.get());
        }
        System.setProperty("graft.threads", Integer.toString(threads.get()));
        return OptionalInt.of(threads.get());
    }
}
