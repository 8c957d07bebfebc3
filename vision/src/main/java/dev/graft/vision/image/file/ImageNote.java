package dev.graft.vision.image.file;

import static dev.graft.message.Message.inJava;

/**
 * Something that the user should know about an image, which was read nevertheless.
 *
 * @param kind the kind of note
 * @param file what the image was read from
 * @param detail the details, such as {@code 12 of its 16 bits}; may be empty
 */
public record ImageNote(Kind kind, String file, String detail) {
    /** The kinds of notes. */
    public enum Kind {
        /** Its samples use so few of their bits that it comes out dark. */
        FEW_BITS(
                "images that use so few of their samples' bits that they come out dark or black",
                inJava("window(Window.percentile())", "window", "percentile") + " or "
                        + inJava("window(Window.of(centre, width))", "window", "CENTRE:WIDTH")
                        + " shows what they hold"),
        /** A checksum is wrong, or the end is missing; all pixels are there. */
        DAMAGED("images that are damaged, though all their pixels are there", "copy them again from their source"),
        /** A progressive JPEG whose last scans are missing. */
        FEW_SCANS(
                "progressive JPEGs without their last scans, which JPEG libraries smooth differently",
                "copy them again from their source"),
        /** A DICOM file of several frames, of which one was read. */
        FRAMES(
                "DICOM files of several frames, of which only one is read",
                inJava("frame(n)", "frame", "N") + " chooses another"),
        /** Its pixels are not square; they are treated as if they were. */
        ASPECT("images whose pixels are not square, as which they are read", "scale them if shapes matter"),
        /** Not a fault: its samples went through a {@link Window}. */
        WINDOWED("images that went through a window", "nothing is to be done");

        private final String text;
        private final String hint;

        Kind(String text, String hint) {
            this.text = text;
            this.hint = hint;
        }

        /** The description of images of this kind, in the plural. */
        String text() {
            return text;
        }

        /** With settings as {@link dev.graft.message.Message#setting} writes them. */
        String hint() {
            return hint;
        }
    }
}
