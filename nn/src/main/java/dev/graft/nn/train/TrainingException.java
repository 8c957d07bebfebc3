package dev.graft.nn.train;

import dev.graft.message.Explained;
import dev.graft.message.Message;

/**
 * A training cannot begin or continue. The message says where, and how to fix it. Existing checkpoints are unchanged.
 */
public final class TrainingException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /** @param message what is wrong and the fix, with settings as {@link Message#setting} writes them */
    public TrainingException(String message) {
        super(Message.of(message).toString());
        this.marked = message;
    }

    /** As {@link #TrainingException(String)}, with what caused it. */
    public TrainingException(String message, Throwable cause) {
        super(Message.of(message).toString(), cause);
        this.marked = message;
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
