package dev.graft.message;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of text that may name settings. Java calls a setting {@code valFraction}, a command line
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
    private static final char JAVA = '\uE0A2';
    private static final char END = '\uE0A3';
    private static final Pattern SETTING = Pattern.compile(START + "([^" + VALUE + JAVA + "]*)(?:" + VALUE + "([^"
            + JAVA + "]*))?" + JAVA + "([^" + END + "]*)" + END);

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
        return setting(name, Optional.empty(), name);
    }

    /**
     * For a message: a setting and its value, such as {@code model("resnet20")} or {@code --model resnet20}. In Java it
     * is a call that compiles: a path is {@code out(Path.of("run1"))}, numbers and truth values are bare, and anything
     * else is a string.
     */
    public static String setting(String name, Object value) {
        return setting(name, Optional.of(value.toString()), name + "(" + literal(value) + ")");
    }

    /**
     * For a message: a setting that Java says otherwise than by its name.
     *
     * @param java what Java says, such as {@code state.under("ema")}
     */
    public static String inJava(String java, String name) {
        return setting(name, Optional.empty(), java);
    }

    /** As {@link #inJava(String, String)}, of a setting and its value. */
    public static String inJava(String java, String name, Object value) {
        return setting(name, Optional.of(value.toString()), java);
    }

    private static String setting(String name, Optional<String> value, String java) {
        return START + name + value.map(said -> VALUE + said).orElse("") + JAVA + java + END;
    }

    /** How a line is put together from its settings. */
    @FunctionalInterface
    private interface Saying {
        String of(String name, Optional<String> value, String java);
    }

    private String said(Saying saying) {
        Matcher settings = SETTING.matcher(marked);
        StringBuilder line = new StringBuilder();
        while (settings.find()) {
            String said = saying.of(settings.group(1), Optional.ofNullable(settings.group(2)), settings.group(3));
            settings.appendReplacement(line, Matcher.quoteReplacement(said));
        }
        return settings.appendTail(line).toString();
    }

    /** The line in another front end's words. */
    public String render(Words words) {
        return said((name, value, java) -> words.of(name, value));
    }

    /** The text with its marks, to be made part of another message. */
    public String marked() {
        return marked;
    }

    /** The line in Java's words. */
    @Override
    public String toString() {
        return said((name, value, java) -> java);
    }

    /** A setting's name as a command line spells it: {@code valFraction} is {@code --val-fraction}. */
    public static String option(String setting) {
        return "--" + setting.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String literal(Object value) {
        if (value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        return value instanceof Path ? "Path.of(" + quoted(value) + ")" : quoted(value);
    }

    /** As Java's source says a string. */
    private static String quoted(Object value) {
        return '"'
                + value.toString()
                        .replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                        .replace("\t", "\\t")
                + '"';
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
