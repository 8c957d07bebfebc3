package dev.graft.nn.data;

import dev.graft.message.Explained;
import dev.graft.message.Message;

/** An example could not be loaded. The message names the example, and the cause says why. */
public class DataException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /** @param message what is wrong and the fix, with settings as {@link Message#setting} writes them */
    public DataException(String message) {
        super(Message.of(message).toString());
        this.marked = message;
    }

    /** As {@link #DataException(String)}, with what caused it. */
    public DataException(String message, Throwable cause) {
        super(Message.of(message).toString(), cause);
        this.marked = message;
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
