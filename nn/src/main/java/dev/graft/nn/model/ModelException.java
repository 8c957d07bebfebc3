package dev.graft.nn.model;

import dev.graft.message.Explained;
import dev.graft.message.Message;
import org.jspecify.annotations.Nullable;

/** A saved model cannot be used; the message is one line with the file, what is wrong, and the fix. */
public final class ModelException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /**
     * @param problem what is wrong and where, with settings as {@link Message#setting} writes them, without a full stop
     * @param hint the fix, without a full stop
     */
    public ModelException(String problem, String hint) {
        this(problem, hint, null);
    }

    /** As {@link #ModelException(String, String)}, with what caused it. */
    public ModelException(String problem, String hint, @Nullable Throwable cause) {
        super(Message.of(problem + ". Hint: " + hint + ".").toString(), cause);
        this.marked = problem + ". Hint: " + hint + ".";
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
