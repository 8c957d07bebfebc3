package dev.graft.examples.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** What the program's command line takes, for the tests of the documentation. */
public final class DocumentedCommands {
    private DocumentedCommands() {}

    /** Why the program would refuse these arguments, before it does anything. */
    public static Optional<String> refusal(List<String> arguments) {
        try {
            program().parseArgs(arguments.toArray(String[]::new));
            return Optional.empty();
        } catch (ParameterException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Every option of every command. */
    public static Set<String> options() {
        Set<String> names = new TreeSet<>();
        addOptions(program(), names);
        return names;
    }

    /** Of the commands below one, and of those below them, such as {@code readmission train}. */
    private static void addOptions(CommandLine above, Set<String> names) {
        for (CommandLine command : above.getSubcommands().values()) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                names.addAll(List.of(option.names()));
            }
            addOptions(command, names);
        }
    }

    /** The names of all commands. */
    public static Set<String> commands() {
        return new TreeSet<>(program().getSubcommands().keySet());
    }

    private static CommandLine program() {
        return Program.commands(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()));
    }
}
