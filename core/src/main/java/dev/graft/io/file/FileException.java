package dev.graft.io.file;

/** A file cannot be read or written; the message is one line with the file, what is wrong, and the fix. */
public final class FileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param problem what is wrong and where, without a full stop
     * @param hint the fix, without a full stop
     */
    public FileException(String problem, String hint) {
        super(problem + ". Hint: " + hint + ".");
    }

    /** As {@link #FileException(String, String)}, with what caused it. */
    public FileException(String problem, String hint, Throwable cause) {
        super(problem + ". Hint: " + hint + ".", cause);
    }
}
