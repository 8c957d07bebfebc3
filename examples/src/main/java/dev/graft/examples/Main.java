package dev.graft.examples;

import dev.graft.examples.cli.Program;
import dev.graft.examples.cli.Shell;
import java.util.Locale;
import java.util.Optional;

/** Starts the program: {@code java -jar graft.jar COMMAND}. */
public final class Main {
    private Main() {}

    /** Restarts the JVM where it lacks flags, then runs the command; the exit code is the command's. */
    public static void main(String[] args) {
        // libraries, such as the progress bar's, write numbers by the default locale, whose digits need not be ASCII
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        nameTheProgram();
        Launch launch = launch();
        if (launch.needsRestart()) {
            System.exit(new ChildJvm(launch.command(args), launch.text().environment(), launch.isFiltered()).run());
        }
        launch.prepareThisJvm();
        String[] arguments = LocaleText.unescaped(args);
        launch.text().unreadable(arguments).ifPresent(argument -> {
            System.err.println("graft: the argument " + argument + " has letters that this locale ("
                    + launch.text().charset() + ") does not have. Hint: set the environment variable LC_ALL=C.UTF-8.");
            System.exit(Program.WRONG_USAGE);
        });
        Program.runAndExit(arguments);
    }

    /** Hints repeat how the program was called; {@code bin/graft} tells its own name. */
    private static void nameTheProgram() {
        String jar = System.getProperty("java.class.path", "");
        Optional<String> called = Optional.ofNullable(System.getProperty(Shell.PROGRAM));
        System.setProperty(
                Shell.PROGRAM,
                called.map(Shell::word).orElse(jar.endsWith("graft.jar") ? "java -jar " + Shell.word(jar) : "graft"));
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
