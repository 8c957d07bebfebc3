package dev.graft.nn.run;

/** A run cannot go on; the message is the one line that the user sees. */
public final class RunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param problem what is wrong and where, without a full stop
     * @param hint what mends it, without a full stop
     */
    public RunException(String problem, String hint) {
        super(problem + ". Hint: " + hint + ".");
    }

    /** As {@link #RunException(String, String)}, with what caused it. */
    public RunException(String problem, String hint, Throwable cause) {
        super(problem + ". Hint: " + hint + ".", cause);
    }
}
