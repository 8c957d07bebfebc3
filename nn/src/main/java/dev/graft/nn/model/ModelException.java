package dev.graft.nn.model;

/** A saved model cannot be used; the message is one line with the file, what is wrong, and the fix. */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param problem what is wrong and where, without a full stop
     * @param hint the fix, without a full stop
     */
    public ModelException(String problem, String hint) {
        super(problem + ". Hint: " + hint + ".");
    }

    /** As {@link #ModelException(String, String)}, with what caused it. */
    public ModelException(String problem, String hint, Throwable cause) {
        super(problem + ". Hint: " + hint + ".", cause);
    }
}
