package dev.graft.io.file;

import dev.graft.message.Explained;
import dev.graft.message.Message;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A weight file could not be read or written: it is missing, truncated, damaged, of an unknown format, or requires
 * something that this library refuses (such as executing code). The message names the file, what is wrong and what to
 * do about it.
 */
public final class WeightFileException extends RuntimeException implements Explained {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final String problem;
    private final String hint;
    private final long offset;
    private final String marked;

    /**
     * @param problem what is wrong, without the file's name
     * @param hint the fix, with settings as {@link Message#setting} writes them
     * @param offset the byte in the file at which it was found; negative if unknown
     * @param cause the underlying failure, or null
     */
    public WeightFileException(Path file, String problem, String hint, long offset, @Nullable Throwable cause) {
        this(
                file,
                problem,
                hint,
                offset,
                file + ": " + problem + (offset < 0 ? "" : String.format(Locale.ROOT, " (at byte %,d)", offset))
                        + ". Hint: " + hint + ".",
                cause);
    }

    private WeightFileException(
            Path file, String problem, String hint, long offset, String marked, @Nullable Throwable cause) {
        super(Message.of(marked).toString(), cause);
        this.marked = marked;
        this.file = file;
        this.problem = Message.of(problem).toString();
        this.hint = Message.of(hint).toString();
        this.offset = offset;
    }

    /** As the other constructor, without an offset or a cause. */
    public WeightFileException(Path file, String problem, String hint) {
        this(file, problem, hint, -1, null);
    }

    /** The file that was being read or written. */
    public Path file() {
        return file;
    }

    @Override
    public Message explanation() {
        return Message.of(marked);
    }

    /** What is wrong, without the file's name. */
    public String problem() {
        return problem;
    }

    /** The fix. */
    public String hint() {
        return hint;
    }

    /** The byte in the file at which the problem was found, if known. */
    public OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }
}
