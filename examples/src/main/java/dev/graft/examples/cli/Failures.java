package dev.graft.examples.cli;

import dev.graft.message.Explained;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Says a failure in one line: what, where, the fix. */
final class Failures {
    /** Beyond this, a list of all mismatched keys buries what it says. */
    private static final int LONGEST = 700;

    private static final int START = 450;
    private static final String HINT = " Hint: ";

    private Failures() {}

    static String line(Throwable e) {
        String line = message(e).replaceAll("\\s*\\R\\s*", " ").strip();
        if (line.length() <= LONGEST) {
            return line;
        }
        int hint = line.lastIndexOf(HINT);
        return line.substring(0, START) + " ... (all of it with --stacktrace)."
                + (hint < START ? "" : line.substring(hint));
    }

    private static Throwable belowLinkage(Throwable e) {
        Throwable cause = e;
        while (cause instanceof LinkageError && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String message(Throwable e) {
        if (e instanceof LinkageError && belowLinkage(e) instanceof RuntimeException cause) {
            // a setting that cannot be read is found where the class that reads it is initialised
            return message(cause);
        }
        if (e instanceof OutOfMemoryError) {
            return "out of memory (" + e.getMessage() + "; the heap may grow to "
                    + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MB). Hint: use a smaller --batch or --image-size, or give Java more with -Xmx.";
        }
        if (e instanceof UncheckedIOException io
                && (io.getMessage() == null || io.getMessage().equals(String.valueOf(io.getCause())))) {
            return message(io.getCause());
        }
        if (e instanceof NoSuchFileException) {
            return e.getMessage() + " does not exist. Hint: check the path.";
        }
        if (e instanceof AccessDeniedException) {
            return e.getMessage() + ": permission denied. Hint: check who may read or write there.";
        }
        if (e instanceof NotDirectoryException) {
            return e.getMessage() + " is not a folder. Hint: check the path.";
        }
        if (e instanceof FileAlreadyExistsException) {
            return e.getMessage() + " exists already. Hint: choose another name.";
        }
        boolean explained = e.getMessage() != null
                && !(e instanceof NullPointerException
                        || e instanceof IndexOutOfBoundsException
                        || e instanceof ClassCastException);
        return explained
                ? OptionWords.render(Explained.of(e))
                : "internal error: " + e + ". Hint: run again with --stacktrace and report it.";
    }
}
