package dev.graft.nn.run;

import dev.graft.message.Explained;
import dev.graft.message.Message;
import org.jspecify.annotations.Nullable;

/** A run cannot begin or continue; the message is one line with what is wrong, where, and the fix. */
public final class RunException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /**
     * @param problem what is wrong and where, with settings as {@link Message#setting} writes them, without a full stop
     * @param hint the fix, without a full stop
     */
    public RunException(String problem, String hint) {
        this(problem, hint, null);
    }

    /** As {@link #RunException(String, String)}, with what caused it. */
    public RunException(String problem, String hint, @Nullable Throwable cause) {
        super(Message.of(problem + ". Hint: " + hint + ".").toString(), cause);
        this.marked = problem + ". Hint: " + hint + ".";
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
