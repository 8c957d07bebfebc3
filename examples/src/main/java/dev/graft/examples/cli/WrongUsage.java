package dev.graft.examples.cli;

import dev.graft.message.Similar;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Says in two lines what is wrong with a command line, and what to do. */
final class WrongUsage implements IParameterExceptionHandler {
    private static final String HINT = " Hint: ";

    /** A message, and what to do besides reading the help. */
    private record Answer(String problem, Optional<String> fix) {}

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        if (command.getParent() == null && !command.getParseResult().hasSubcommand() && args.length == 0) {
            // who types the program's name alone asks what it can do
            command.usage(err);
            return Program.WRONG_USAGE;
        }
        Answer answer = answer(e, command);
        err.println(name + ": " + oneLine(answer.problem) + ".");
        err.println("Hint: "
                + answer.fix
                        .map(fix -> oneLine(fix) + (fix.endsWith("?") ? " " : ". "))
                        .orElse("")
                + name + " --help shows "
                + (command.getParent() == null ? "all commands." : "all options."));
        return Program.WRONG_USAGE;
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\.$", "");
    }

    private static Answer answer(ParameterException e, CommandLine command) {
        // a mistyped option is also why a required one is missing
        Optional<Answer> unknown =
                command.getUnmatchedArguments().stream().findFirst().map(word -> unknown(word, command));
        if (unknown.isPresent() && e.getArgSpec() == null) {
            return unknown.get();
        }
        String message = String.valueOf(e.getMessage());
        ArgSpec option = e.getArgSpec();
        if (option != null && e.getValue() != null) {
            Optional<Answer> value = badValue(option, e.getValue());
            if (value.isPresent()) {
                return value.get();
            }
        }
        String[] parts = message.split("\\.?" + HINT, 2);
        return new Answer(lowerFirst(parts[0]), parts.length == 2 ? Optional.of(parts[1]) : Optional.empty());
    }

    private static Answer unknown(String word, CommandLine command) {
        if (word.startsWith("-") && word.length() > 1) {
            String name = word.split("=", 2)[0];
            List<String> options = command.getCommandSpec().options().stream()
                    .filter(option -> !option.hidden())
                    .flatMap(option -> Arrays.stream(option.names()))
                    .toList();
            return new Answer("unknown option " + Shell.quoted(name), didYouMean(name, options));
        }
        if (!command.getSubcommands().isEmpty()) {
            return new Answer(
                    "unknown command " + Shell.quoted(word),
                    didYouMean(word, command.getSubcommands().keySet()));
        }
        return new Answer(
                "unexpected argument " + Shell.quoted(word), Optional.of("put quotes around a name with spaces"));
    }

    private static Optional<String> didYouMean(String word, java.util.Collection<String> words) {
        return Similar.of(word, words).map(similar -> "did you mean " + similar + "?");
    }

    /** In the user's words where a value has the wrong type; else empty. */
    private static Optional<Answer> badValue(ArgSpec arg, String value) {
        Class<?> type = arg.type() == Optional.class ? typeInOptional(arg) : arg.type();
        String name = arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
        if (value.isEmpty()) {
            return Optional.of(new Answer(
                    name + " is empty", Optional.of("give a value; perhaps a variable of your script is not set")));
        }
        if (type.isEnum()) {
            List<String> values = Arrays.stream(type.getEnumConstants())
                    .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                    .toList();
            return Optional.of(new Answer(
                    name + " is one of " + String.join(", ", values) + ", not " + Shell.quoted(value),
                    didYouMean(value, values)));
        }
        boolean whole = type == int.class || type == long.class || type == Integer.class || type == Long.class;
        boolean number = type == double.class || type == float.class || type == Double.class || type == Float.class;
        return whole || number
                ? Optional.of(new Answer(
                        name + " takes a " + (whole ? "whole number" : "number") + ", not " + Shell.quoted(value),
                        Optional.empty()))
                : Optional.empty();
    }

    private static Class<?> typeInOptional(ArgSpec arg) {
        Class<?>[] inner = arg.auxiliaryTypes();
        return inner.length == 0 ? Object.class : inner[0];
    }

    private static String lowerFirst(String text) {
        return text.startsWith("Missing") || text.startsWith("Invalid") || text.startsWith("Expected")
                ? Character.toLowerCase(text.charAt(0)) + text.substring(1)
                : text;
    }
}
