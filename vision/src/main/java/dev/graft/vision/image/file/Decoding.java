package dev.graft.vision.image.file;

import java.util.function.Consumer;

/**
 * How image files are read.
 *
 * @param window which range of samples of more than 8 bits becomes 0 to 255
 * @param maxPixels width times height above which a file is refused
 * @param notes told of what is odd about an image that is read all the same, by many threads
 */
public record Decoding(Window window, long maxPixels, Consumer<? super ImageNote> notes) {
    /** Pixels (width times height) above which a file is refused unless the caller allows more; Pillow's own limit. */
    public static final long MAX_PIXELS = 178_956_970L;

    private static final Decoding DEFAULTS = new Decoding(Window.full(), MAX_PIXELS, Decoding::log);

    /** The full range, at most {@link #MAX_PIXELS}, notes logged as warnings, each alone. */
    public static Decoding defaults() {
        return DEFAULTS;
    }

    /** This with another window. */
    public Decoding window(Window value) {
        return new Decoding(value, maxPixels, notes);
    }

    /** This with another limit on width times height. */
    public Decoding maxPixels(long value) {
        return new Decoding(window, value, notes);
    }

    /** This with another listener, such as {@link ImageNotes}. */
    public Decoding notes(Consumer<? super ImageNote> value) {
        return new Decoding(window, maxPixels, value);
    }

    private static void log(ImageNote note) {
        if (note.kind() != ImageNote.Kind.WINDOWED) {
            System.getLogger("dev.graft.vision.image.Image").log(System.Logger.Level.WARNING, ImageNotes.line(note));
        }
    }
}
