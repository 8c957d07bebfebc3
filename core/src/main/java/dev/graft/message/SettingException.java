package dev.graft.message;

/** A setting has a value that it cannot have, or settings contradict each other; nothing was done. */
public final class SettingException extends IllegalArgumentException implements Explained {
    private static final long serialVersionUID = 1L;

    private final String marked;

    /**
     * @param problem what is wrong, with settings as {@link Message#setting} writes them, without a full stop
     * @param hint the fix, without a full stop; or a question
     */
    public SettingException(String problem, String hint) {
        this(problem + ". Hint: " + hint + (hint.endsWith("?") ? "" : "."));
    }

    private SettingException(String marked) {
        super(Message.of(marked).toString());
        this.marked = marked;
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }
}
