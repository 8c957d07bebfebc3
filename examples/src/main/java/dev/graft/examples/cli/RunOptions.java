package dev.graft.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options of a command as texts: kept with a run, and taken up by a resume that leaves them out. */
final class RunOptions {
    /** What says where and how to run, not what. */
    private static final Set<String> NOT_KEPT = Set.of(
            "--out",
            "--resume",
            "--overwrite",
            "--json",
            "--threads",
            "--device",
            "--stacktrace",
            "--help",
            "--version");

    private RunOptions() {}

    /**
     * All options that have a value, defaults included: a resume must not depend on the defaults of a later version.
     */
    static Map<String, Object> of(CommandSpec spec) {
        Map<String, Object> options = new LinkedHashMap<>();
        for (OptionSpec option : spec.options()) {
            String name = option.longestName();
            if (!NOT_KEPT.contains(name)) {
                value(name, option.getValue()).ifPresent(text -> options.put(name, text));
            }
        }
        return options;
    }

    /** Files by their whole path, since a resume may be started in another folder. */
    private static Optional<String> value(String name, Object value) {
        Object inner = value instanceof Optional<?> optional ? optional.orElse(null) : value;
        if (inner == null || Boolean.FALSE.equals(inner)) {
            return Optional.empty();
        }
        if (inner instanceof Path path) {
            return Optional.of(path.toAbsolutePath().toString());
        }
        boolean file = name.equals("--weights") && Files.exists(Path.of(inner.toString()));
        return Optional.of(file ? Path.of(inner.toString()).toAbsolutePath().toString() : inner.toString());
    }

    /** The arguments that were given, and for the options that were not, those that were kept. */
    static List<String> merged(ParseResult given, Map<String, Object> kept) {
        List<String> arguments = new ArrayList<>();
        kept.forEach((name, value) -> {
            if (!given.hasMatchedOption(name)) {
                arguments.add(value.equals("true") ? name : name + "=" + value);
            }
        });
        for (OptionSpec option : given.matchedOptions()) {
            if (option.inherited()) {
                continue;
            }
            List<String> values = option.originalStringValues();
            if (option.arity().max() == 0) {
                arguments.add(option.longestName());
            } else {
                values.forEach(value -> arguments.add(option.longestName() + "=" + value));
            }
        }
        return arguments;
    }
}
