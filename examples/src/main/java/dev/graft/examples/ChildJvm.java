package dev.graft.examples;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/** Runs a command in the place of this process: same streams, same signals, same exit code. */
final class ChildJvm {
    private static final int FAILURE = 1;

    private static final long LAST_WORDS_MILLIS = 2000;

    private final List<String> command;
    private final Map<String, String> environment;
    private final boolean filtered;

    /**
     * @param environment what the command's environment has more than this process's own
     * @param filtered whether {@link IncubatorWarning} is taken out of its standard error
     */
    ChildJvm(List<String> command, Map<String, String> environment, boolean filtered) {
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
        this.filtered = filtered;
    }

    /** Waits for the command's end and returns its exit code. */
    int run() {
        Process child;
        try {
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            if (filtered) {
                builder.redirectError(ProcessBuilder.Redirect.PIPE);
            }
            builder.environment().putAll(environment);
            child = builder.start();
        } catch (IOException e) {
            System.err.println("graft: could not restart Java (" + e.getMessage()
                    + "). Hint: set GRAFT_NO_RESTART=1 to run without a restart.");
            return FAILURE;
        }
        Thread errors = new Thread(() -> passErrors(child), "graft-child-errors");
        errors.setDaemon(true);
        if (filtered) {
            errors.start();
        }
        Thread stop = new Thread(() -> stop(child, errors), "graft-stop-child");
        Runtime.getRuntime().addShutdownHook(stop);
        int code = await(child);
        awaitEnd(errors);
        try {
            Runtime.getRuntime().removeShutdownHook(stop);
        } catch (IllegalStateException e) {
            // this JVM is being stopped as well; the hook has nothing left to do
            return code;
        }
        return code;
    }

    /**
     * Ctrl-C reaches the child from the terminal too; a second request to stop does no harm, and it may save before it
     * ends. What it achieved counts: this JVM would end with the code of Ctrl-C even where the child had finished.
     */
    private static void stop(Process child, Thread errors) {
        child.destroy();
        int code = await(child);
        awaitEnd(errors);
        Runtime.getRuntime().halt(code);
    }

    private static void passErrors(Process child) {
        try (InputStream from = child.getErrorStream()) {
            IncubatorWarning.filter(from, new FileOutputStream(FileDescriptor.err));
        } catch (IOException e) {
            // nobody reads standard error any more; the child learns it when its next line finds no reader
            return;
        }
    }

    /** A grandchild may keep the stream open for longer than it has anything to say. */
    private static void awaitEnd(Thread errors) {
        try {
            errors.join(LAST_WORDS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int await(Process child) {
        while (true) {
            try {
                return child.waitFor();
            } catch (InterruptedException e) {
                child.destroy();
            }
        }
    }
}
