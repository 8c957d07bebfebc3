package dev.graft.examples;

import dev.graft.examples.cli.Program;
import java.util.Locale;

/** Starts the program: {@code java -jar graft.jar COMMAND}. */
public final class Main {
    private Main() {}

    /** Restarts the JVM where it lacks flags, then runs the command; the exit code is the command's. */
    public static void main(String[] args) {
        // libraries, such as the progress bar's, write numbers by the default locale, whose digits need not be ASCII
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        Launch launch = launch();
        if (launch.needsRestart()) {
            System.exit(new ChildJvm(launch.command(args), launch.text().environment()).run());
        }
        launch.prepareThisJvm();
        String[] arguments = LocaleText.unescaped(args);
        launch.text().unreadable(arguments).ifPresent(argument -> {
            System.err.println("graft: the argument " + argument + " has letters that this locale ("
                    + launch.text().charset() + ") does not have. Hint: set the environment variable LC_ALL=C.UTF-8.");
            System.exit(Program.WRONG_USAGE);
        });
        System.exit(Program.run(arguments));
    }

    private static Launch launch() {
        try {
            return Launch.ofThisJvm();
        } catch (IllegalArgumentException e) {
            System.err.println("graft: " + e.getMessage());
            System.exit(Program.FAILURE);
            throw e;
        }
    }
}
