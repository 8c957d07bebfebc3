package dev.graft.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where this process's standard output and standard error lead.
 *
 * @param same whether both lead to the same terminal, file or pipe; empty if unknown
 * @param terminal whether standard error is a terminal; empty if unknown
 */
record Streams(Optional<Boolean> same, Optional<Boolean> terminal) {
    /** What {@code bin/graft} found: {@code both}, {@code err} or {@code none} of the two is a terminal. */
    static final String FROM_SCRIPT = "graft.terminal";

    static Streams ofThisProcess() {
        return of(Path.of("/proc/self/fd"), Optional.ofNullable(System.getProperty(FROM_SCRIPT)));
    }

    /**
     * @param descriptors a folder with a link for each open file, as Linux has it
     * @param fromScript see {@link #FROM_SCRIPT}
     */
    static Streams of(Path descriptors, Optional<String> fromScript) {
        Optional<String> out = target(descriptors.resolve("1"));
        Optional<String> err = target(descriptors.resolve("2"));
        Optional<Boolean> terminal = fromScript
                .map(answer -> !answer.equals("none"))
                .or(() -> err.map(path -> path.startsWith("/dev/pts/") || path.startsWith("/dev/tty")));
        // a terminal for both is taken for one terminal; of files and pipes a script cannot tell
        Optional<Boolean> same = out.isPresent() && err.isPresent()
                ? Optional.of(out.equals(err))
                : fromScript.filter("both"::equals).map(both -> true);
        return new Streams(same, terminal);
    }

    private static Optional<String> target(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException | UnsupportedOperationException | SecurityException e) {
            return Optional.empty();
        }
    }
}
