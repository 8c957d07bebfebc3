package dev.graft.nn.train;

/**
 * A training cannot begin or continue. The message says where, and how to fix it. Existing checkpoints are unchanged.
 */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TrainingException(String message) {
        super(message);
    }

    public TrainingException(String message, Throwable cause) {
        super(message, cause);
    }
}
