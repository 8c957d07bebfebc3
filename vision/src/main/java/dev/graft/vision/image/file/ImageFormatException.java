package dev.graft.vision.image.file;

import java.io.Serial;

/** An image file's content cannot be used: empty, truncated, corrupt, too large, or of a format that is not read. */
public final class ImageFormatException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String file;

    /**
     * @param file what the image was read from, as the user knows it
     * @param problem what is wrong with it
     * @param hint the fix
     */
    public ImageFormatException(String file, String problem, String hint) {
        super("image: " + file + ": " + problem + ". Hint: " + hint + ".");
        this.file = file;
    }

    /** As the other constructor, with the decoder's exception as the cause. */
    public ImageFormatException(String file, String problem, String hint, Throwable cause) {
        super("image: " + file + ": " + problem + ". Hint: " + hint + ".", cause);
        this.file = file;
    }

    /** What the image was read from. */
    public String file() {
        return file;
    }
}
