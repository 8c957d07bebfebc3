package dev.graft.vision.image.file;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Gathers notes, so that a folder of many images with one peculiarity gives one line with a count and not a line each.
 * An image that is read again, as in every epoch, counts once. Safe for use by many threads.
 *
 * <pre>{@code
 * var notes = new ImageNotes();
 * var images = ImageFolder.open(folder, pipeline).withNotes(notes);
 * // ... after every image was read once
 * notes.takeLines().forEach(System.out::println);
 * }</pre>
 */
public final class ImageNotes implements Consumer<ImageNote> {
    private final Map<ImageNote.Kind, Entry> entries = new EnumMap<>(ImageNote.Kind.class);

    /** Without notes yet. */
    public ImageNotes() {}

    private static final class Entry {
        private final ImageNote first;
        private final Set<String> files = new HashSet<>();
        private boolean taken;

        Entry(ImageNote first) {
            this.first = first;
        }
    }

    @Override
    public synchronized void accept(ImageNote note) {
        entries.computeIfAbsent(note.kind(), kind -> new Entry(note)).files.add(note.file());
    }

    /** How many different images have a note of this kind. */
    public synchronized int count(ImageNote.Kind kind) {
        Entry entry = entries.get(kind);
        return entry == null ? 0 : entry.files.size();
    }

    /**
     * A line for each kind of fault that was not taken yet: how many images, what is wrong, the first of them, and the
     * fix. A kind is given out once, so ask when every image has been read.
     */
    public synchronized List<String> takeLines() {
        List<String> lines = new ArrayList<>();
        entries.forEach((kind, entry) -> {
            if (!entry.taken && kind != ImageNote.Kind.WINDOWED) {
                entry.taken = true;
                lines.add(line(kind, entry.files.size(), entry.first));
            }
        });
        return lines;
    }

    private static String line(ImageNote.Kind kind, int count, ImageNote first) {
        String detail = first.detail().isEmpty() ? first.file() : first.file() + ": " + first.detail();
        return String.format(Locale.ROOT, "%s: %,d (first %s). Hint: %s.", kind.text(), count, detail, kind.hint());
    }

    /** The line for a note that stands alone. */
    static String line(ImageNote note) {
        return line(note.kind(), 1, note);
    }
}
