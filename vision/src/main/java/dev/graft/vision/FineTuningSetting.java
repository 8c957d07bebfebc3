package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Explained;
import dev.graft.message.SettingException;
import dev.graft.message.Similar;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One thing that a fine-tuning can be told.
 *
 * @param name as in Java
 * @param parse from text; its exceptions say what is wrong with the text, without a full stop
 * @param text what {@code parse} reads back
 * @param isRight whether a value can be meant
 * @param rule which values can be meant, such as {@code must be at least 1}
 * @param standard the value where none is given; empty if there is none, or where it depends on others
 * @param isKept whether a resumed run has the value that it began with, where none is given
 */
record FineTuningSetting<T>(
        String name,
        Function<String, T> parse,
        Function<T, String> text,
        Predicate<T> isRight,
        String rule,
        Optional<T> standard,
        boolean isKept) {
    private static final String HINT = "give another value, or leave it out";

    static FineTuningSetting<Integer> whole(String name, int least, Optional<Integer> standard) {
        return whole(name, value -> value >= least, "must be at least " + least, standard);
    }

    static FineTuningSetting<Integer> whole(
            String name, Predicate<Integer> isRight, String rule, Optional<Integer> standard) {
        return new FineTuningSetting<>(
                name, reader(name, Integer::valueOf, "whole number"), String::valueOf, isRight, rule, standard, true);
    }

    static FineTuningSetting<Long> seed(String name) {
        return new FineTuningSetting<>(
                name,
                reader(name, Long::valueOf, "whole number"),
                String::valueOf,
                value -> true,
                "",
                Optional.of(0L),
                true);
    }

    static FineTuningSetting<Double> number(
            String name, Predicate<Double> isRight, String rule, Optional<Double> standard) {
        return new FineTuningSetting<>(
                name, reader(name, Double::valueOf, "number"), String::valueOf, isRight, rule, standard, true);
    }

    static FineTuningSetting<Boolean> flag(String name, boolean standard) {
        return new FineTuningSetting<>(
                name,
                text -> {
                    if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
                        throw noneOf(name, List.of("true", "false"), text);
                    }
                    return Boolean.valueOf(text);
                },
                String::valueOf,
                value -> true,
                "",
                Optional.of(standard),
                true);
    }

    static FineTuningSetting<String> word(String name, Optional<String> standard) {
        return new FineTuningSetting<>(
                name,
                Function.identity(),
                Function.identity(),
                value -> !value.isEmpty(),
                "must not be empty",
                standard,
                true);
    }

    /** Kept as its whole path, since a resume may be started in another folder. */
    static FineTuningSetting<Path> path(String name) {
        return new FineTuningSetting<>(
                name, Path::of, path -> path.toAbsolutePath().toString(), path -> true, "", Optional.empty(), true);
    }

    static <E extends Enum<E>> FineTuningSetting<E> choice(String name, E standard) {
        List<E> values = List.of(standard.getDeclaringClass().getEnumConstants());
        return new FineTuningSetting<>(
                name,
                text -> values.stream()
                        .filter(value -> wordOf(value).equalsIgnoreCase(text.replace('_', '-')))
                        .findFirst()
                        .orElseThrow(() -> noneOf(
                                name,
                                values.stream().map(FineTuningSetting::wordOf).toList(),
                                text)),
                FineTuningSetting::wordOf,
                value -> true,
                "",
                Optional.of(standard),
                true);
    }

    private static SettingException noneOf(String name, List<String> words, String given) {
        return new SettingException(
                setting(name) + " is one of " + String.join(", ", words) + ", not '" + given + "'",
                Similar.of(given, words)
                        .map(word -> "did you mean " + word + "?")
                        .orElse(HINT));
    }

    static FineTuningSetting<List<String>> words(String name, String what) {
        return new FineTuningSetting<>(
                name,
                text -> Arrays.stream(text.split(",", -1)).map(String::strip).toList(),
                words -> String.join(",", words),
                words -> !words.isEmpty()
                        && words.stream().noneMatch(String::isBlank)
                        && Set.copyOf(words).size() == words.size(),
                "must name " + what + ", each once",
                Optional.empty(),
                true);
    }

    static <T> FineTuningSetting<T> parsed(String name, Function<String, T> parse, Optional<T> standard) {
        return new FineTuningSetting<>(name, parse, String::valueOf, value -> true, "", standard, true);
    }

    FineTuningSetting<T> notKept() {
        return new FineTuningSetting<>(name, parse, text, isRight, rule, standard, false);
    }

    private static String wordOf(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <T> Function<String, T> reader(String name, Function<String, T> parse, String kind) {
        return text -> {
            try {
                return parse.apply(text.strip());
            } catch (NumberFormatException e) {
                throw new SettingException(setting(name) + " takes a " + kind + ", not '" + text + "'", HINT);
            }
        };
    }

    /** @throws SettingException for text that is none of the setting's values */
    T read(String given) {
        try {
            return checked(parse.apply(given));
        } catch (SettingException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            String problem = Explained.problem(e);
            throw new SettingException(
                    problem.startsWith(name + ": ")
                            ? problem.replaceFirst(name, setting(name))
                            : setting(name) + ": " + problem,
                    HINT);
        }
    }

    /** @throws SettingException for a value that cannot be meant */
    T checked(T value) {
        if (!isRight.test(value)) {
            throw new SettingException(setting(name) + " " + rule + ", was " + value, "give another value");
        }
        return value;
    }

    String written(Object value) {
        return text.apply(cast(value));
    }

    @SuppressWarnings("unchecked") // a setting's value is put under the setting that it was made for
    T cast(Object value) {
        return (T) value;
    }
}
