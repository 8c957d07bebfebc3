package dev.graft.io.file;

import dev.graft.message.Explained;
import dev.graft.message.Message;
import org.jspecify.annotations.Nullable;

/** A file cannot be read or written; the message is one line with the file, what is wrong, and the fix. */
public final class FileException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /**
     * @param problem what is wrong and where, with settings as {@link Message#setting} writes them, without a full stop
     * @param hint the fix, without a full stop
     */
    public FileException(String problem, String hint) {
        this(problem, hint, null);
    }

    /** As {@link #FileException(String, String)}, with what caused it. */
    public FileException(String problem, String hint, @Nullable Throwable cause) {
        super(Message.of(problem + ". Hint: " + hint + ".").toString(), cause);
        this.marked = problem + ". Hint: " + hint + ".";
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
