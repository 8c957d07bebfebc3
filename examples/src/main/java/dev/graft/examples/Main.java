package dev.graft.examples;

import dev.graft.examples.cli.Program;

/** Starts the program: {@code java -jar graft.jar COMMAND}. */
public final class Main {
    private Main() {
    }

    /** Restarts the JVM where it lacks flags, then runs the command; the exit code is the command's. */
    public static void main(String[] args) {
        Launch launch = Launch.ofThisJvm();
        if (launch.needsRestart()) {
            System.exit(new ChildJvm(launch.command(args)).run());
        }
        launch.prepareThisJvm();
        System.exit(Program.run(args));
    }
}
