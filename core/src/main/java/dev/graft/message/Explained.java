package dev.graft.message;

/** A failure whose message may name settings. {@link Throwable#getMessage()} says them in Java's words. */
public interface Explained {
    /** The message, for front ends with other words for settings. */
    Message explanation();

    /** The one explanation of a failure: its own where it has one, else its text. */
    static Message of(Throwable failure) {
        return failure instanceof Explained explained
                ? explained.explanation()
                : Message.of(String.valueOf(failure.getMessage()));
    }

    /** What is wrong by a failure's text, without its hint. */
    static String problem(Throwable failure) {
        return String.valueOf(failure.getMessage()).split("\\.? Hint: ", 2)[0];
    }
}
