package dev.graft.examples.cli;

import dev.graft.message.Message;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The program's words for what the library calls its settings: {@code valFraction} is {@code --val-fraction}. */
final class OptionWords {
    /** Methods that a message advises to call, and the commands that call them. */
    private static final Map<String, String> COMMANDS = Map.of(
            "FineTuning.resume", "finetune --resume --out",
            "ImageClassifier.evaluate", "evaluate",
            "WeightFiles.inspect", "inspect",
            "WeightFiles.inspectAll", "inspect --all");

    private OptionWords() {}

    /** A message of the library with the program's options in place of Java's settings. */
    static String render(Message message) {
        return message.render(OptionWords::say);
    }

    private static String say(String name, Optional<String> value) {
        if (name.equals("featureCache") && value.equals(Optional.of("false"))) {
            return "--no-feature-cache";
        }
        String word = COMMANDS.containsKey(name) ? Shell.program() + " " + COMMANDS.get(name) : Message.option(name);
        return value.map(given -> word + " " + Shell.word(given)).orElse(word);
    }

    /** {@code --val-fraction} is {@code valFraction}. */
    static String setting(String option) {
        StringBuilder name = new StringBuilder();
        for (String part : option.replaceFirst("^--", "").split("-", -1)) {
            name.append(name.isEmpty() ? part : part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
        }
        return name.toString();
    }
}
