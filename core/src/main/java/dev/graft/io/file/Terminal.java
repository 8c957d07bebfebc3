package dev.graft.io.file;

import java.io.Console;
import java.util.Optional;

/** Tells whether a person is watching. */
public final class Terminal {
    /**
     * A system property that the launcher sets: {@code none} where standard error is no terminal. Java itself knows of
     * standard input and standard output alone.
     */
    private static final String TOLD = "graft.terminal";

    private Terminal() {}

    /** Whether standard error is a terminal, on which a bar can be drawn. */
    public static boolean isInteractive() {
        if ("dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        return Optional.ofNullable(System.getProperty(TOLD))
                .map(told -> !told.equals("none"))
                .orElseGet(Terminal::hasConsole);
    }

    @SuppressWarnings("SystemConsoleNull") // a console that is there is asked whether it is a terminal
    private static boolean hasConsole() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // From JDK 22 on, a console may exist without a terminal; older ones lack the question.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException olderJdk) {
            return true;
        }
    }
}
