package dev.graft.vision.image.file;

import java.util.function.Consumer;

/**
 * How image files are read.
 *
 * @param window which range of samples of more than 8 bits becomes 0 to 255
 * @param maxPixels width times height above which a file is refused
 * @param frame which frame of a DICOM file with several is read, from 1
 * @param notes receives notes about odd images, which are read nevertheless; called by many threads
 */
public record Decoding(Window window, long maxPixels, int frame, Consumer<? super ImageNote> notes) {
    /** Pixels (width times height) above which a file is refused unless the caller allows more; Pillow's own limit. */
    public static final long MAX_PIXELS = 178_956_970L;

    private static final Decoding DEFAULTS = new Decoding(Window.full(), MAX_PIXELS, 1, Decoding::log);

    /** @throws IllegalArgumentException for a frame before the first */
    public Decoding {
        if (frame < 1) {
            throw new IllegalArgumentException("Decoding: frame " + frame + ". Hint: frames count from 1.");
        }
    }

    /** The full range, at most {@link #MAX_PIXELS}, the first frame, and each note logged as a warning. */
    public static Decoding defaults() {
        return DEFAULTS;
    }

    /** A copy with another window. */
    public Decoding window(Window value) {
        return new Decoding(value, maxPixels, frame, notes);
    }

    /** A copy with another limit on width times height. */
    public Decoding maxPixels(long value) {
        return new Decoding(window, value, frame, notes);
    }

    /** A copy with another frame, from 1. */
    public Decoding frame(int value) {
        return new Decoding(window, maxPixels, value, notes);
    }

    /** A copy with another listener, such as {@link ImageNotes}. */
    public Decoding notes(Consumer<? super ImageNote> value) {
        return new Decoding(window, maxPixels, frame, value);
    }

    private static void log(ImageNote note) {
        if (note.kind() != ImageNote.Kind.WINDOWED) {
            System.getLogger("dev.graft.vision.image.Image")
                    .log(System.Logger.Level.WARNING, ImageNotes.line(note).toString());
        }
    }
}
