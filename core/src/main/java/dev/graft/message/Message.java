package dev.graft.message;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line for people that may name settings. Java calls a setting {@code valFraction}, a command line
 * {@code --val-fraction}; the line keeps them apart from the rest of its text, so that each front end can show its own
 * words.
 *
 * <pre>{@code
 * Message line = Message.of(Message.setting("valFraction") + " must be below 1, was " + given);
 * line.toString();                                // valFraction must be below 1, was 2
 * line.render((name, value) -> ...);              // --val-fraction must be below 1, was 2
 * }</pre>
 *
 * <p>A setting is marked by characters of Unicode's private use area, so a file's name with braces or percent signs
 * stays as it is.
 */
public final class Message {
    private static final char START = '\uE0A0';
    private static final char VALUE = '\uE0A1';
    private static final char END = '\uE0A2';
    private static final Pattern SETTING =
            Pattern.compile(START + "([^" + VALUE + END + "]*)(?:" + VALUE + "([^" + END + "]*))?" + END);

    private final String marked;

    private Message(String marked) {
        this.marked = marked;
    }

    /** How a front end writes a setting. */
    @FunctionalInterface
    public interface Words {
        /**
         * The words for one setting.
         *
         * @param name in Java's spelling, such as {@code valFraction}
         * @param value what the line says it is, or should be; empty where the line only names the setting
         */
        String of(String name, Optional<String> value);
    }

    /**
     * Reads a marked text.
     *
     * @param marked text with what {@link #setting} gave for each setting that it names
     */
    public static Message of(String marked) {
        return new Message(marked);
    }

    /** For a message: the name of a setting. */
    public static String setting(String name) {
        return START + name + END;
    }

    /** For a message: a setting and its value, such as {@code model("resnet20")} or {@code --model resnet20}. */
    public static String setting(String name, Object value) {
        return START + name + VALUE + value + END;
    }

    /** The line in another front end's words. */
    public String render(Words words) {
        Matcher settings = SETTING.matcher(marked);
        StringBuilder line = new StringBuilder();
        while (settings.find()) {
            String said = words.of(settings.group(1), Optional.ofNullable(settings.group(2)));
            settings.appendReplacement(line, Matcher.quoteReplacement(said));
        }
        return settings.appendTail(line).toString();
    }

    /** The text with its marks, to be made part of another message. */
    public String marked() {
        return marked;
    }

    /** The line in Java's words. */
    @Override
    public String toString() {
        return render(
                (name, value) -> value.map(v -> name + "(" + literal(v) + ")").orElse(name));
    }

    private static String literal(String value) {
        boolean bare = value.matches("[+-]?\\d+(\\.\\d+)?|true|false");
        return bare ? value : "\"" + value + "\"";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Message message && message.marked.equals(marked);
    }

    @Override
    public int hashCode() {
        return marked.hashCode();
    }
}
