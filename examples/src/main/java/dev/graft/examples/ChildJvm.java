package dev.graft.examples;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Runs a command in the place of this process: same streams, same signals, same exit code. */
final class ChildJvm {
    private static final int FAILURE = 1;

    private final List<String> command;
    private final Map<String, String> environment;

    /** @param environment what the command's environment has more than this process's own */
    ChildJvm(List<String> command, Map<String, String> environment) {
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
    }

    /** Waits for the command's end and returns its exit code. */
    int run() {
        Process child;
        try {
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            builder.environment().putAll(environment);
            child = builder.start();
        } catch (IOException e) {
            System.err.println("graft: could not restart Java (" + e.getMessage()
                    + "). Hint: set GRAFT_NO_RESTART=1 to run without a restart.");
            return FAILURE;
        }
        Thread stop = new Thread(() -> stop(child), "graft-stop-child");
        Runtime.getRuntime().addShutdownHook(stop);
        int code = await(child);
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
     * ends.
     */
    private static void stop(Process child) {
        child.destroy();
        await(child);
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
