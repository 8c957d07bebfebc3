package dev.graft.nn.train;

/**
 * A training cannot begin or go on. The message says where and what mends it; checkpoints written before stay as they
 * are.
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
