package dev.graft.examples.cli;

import java.io.Console;

/** Finds out whether a person is watching. */
final class Terminal {
    private Terminal() {}

    static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // from JDK 22 on a console may exist without a terminal; older ones lack the question
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException olderJdk) {
            return true;
        }
    }
}
