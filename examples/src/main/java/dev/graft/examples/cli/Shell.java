package dev.graft.examples.cli;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Words as a shell reads them back: what a hint prints can be pasted. */
public final class Shell {
    /** A system property: the words, quoted where needed, that the program was called by. */
    public static final String PROGRAM = "graft.program";

    private static final boolean WINDOWS = File.separatorChar == '\\';

    private Shell() {}

    /** A command line of the program, of options and paths. */
    static String command(Object... words) {
        return command(Arrays.stream(words)
                .map(word -> word instanceof Path path ? argument(path) : word.toString())
                .toList());
    }

    /** A command line of the program. */
    static String command(List<String> arguments) {
        return program() + " " + arguments.stream().map(Shell::word).collect(Collectors.joining(" "));
    }

    /** The command line that goes on with what these arguments began. */
    static String resumption(List<String> arguments) {
        List<String> again = new ArrayList<>(arguments);
        again.removeIf(argument -> argument.equals("--overwrite") || argument.equals("--resume"));
        again.add("--resume");
        return command(again);
    }

    /** How this program is called, in the words of who called it. */
    static String program() {
        return System.getProperty(PROGRAM, "graft");
    }

    /** One that begins with a dash would be taken for an option. */
    private static String argument(Path path) {
        return path.toString().startsWith("-") ? "." + File.separator + path : path.toString();
    }

    /** A word, in quotes where the shell would read it otherwise than it is. */
    public static String word(String text) {
        return text.matches(WINDOWS ? "[\\w@%+=:,./\\\\-]+" : "[\\w@%+=:,./-]+") ? text : quoted(text);
    }

    /** A word in quotes. */
    static String quoted(String text) {
        return WINDOWS ? '"' + text.replace("\"", "\\\"") + '"' : "'" + text.replace("'", "'\\''") + "'";
    }
}
