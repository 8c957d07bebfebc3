package dev.graft.tensor;

import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts the name of the function that the user called at the head of an error, whichever operator or kernel detected it.
 */
final class Refusal {
    private static final Pattern HEAD = Pattern.compile("^[A-Za-z]\\w*: ");

    private Refusal() {}

    /** Runs a function that is composed of others. */
    static <T> T under(String function, Supplier<T> body) {
        try {
            return body.get();
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw under(function, e);
        }
    }

    /**
     * The exception under the function's name; the exception itself if it already has that name, or is of a kind with a
     * meaning of its own.
     */
    static RuntimeException under(String function, RuntimeException e) {
        String message = e.getMessage();
        if (message == null
                || message.startsWith(function + ":")
                || (e.getClass() != IllegalArgumentException.class && e.getClass() != IllegalStateException.class)) {
            return e;
        }
        Matcher head = HEAD.matcher(message);
        String text = function + ": " + (head.find() ? message.substring(head.end()) : message);
        RuntimeException named = e instanceof IllegalArgumentException
                ? new IllegalArgumentException(text, e.getCause())
                : new IllegalStateException(text, e.getCause());
        named.setStackTrace(e.getStackTrace());
        return named;
    }
}
