package dev.graft.vision.image.file;

import dev.graft.message.Message;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Collects notes, so that a folder of many images with the same peculiarity gives one line with a count rather than a
 * line for each. An image that is read again, as in every epoch, counts once. Thread-safe.
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

    /** The number of different images with a note of this kind. */
    public synchronized int count(ImageNote.Kind kind) {
        Entry entry = entries.get(kind);
        return entry == null ? 0 : entry.files.size();
    }

    /**
     * A line for each kind of fault that has not been taken yet: the number of images, what is wrong, the first image,
     * and the fix. Each kind is returned only once, so call this when every image has been read.
     */
    public synchronized List<Message> takeLines() {
        List<Message> lines = new ArrayList<>();
        entries.forEach((kind, entry) -> {
            if (!entry.taken && kind != ImageNote.Kind.WINDOWED) {
                entry.taken = true;
                lines.add(line(kind, entry.files.size(), entry.first));
            }
        });
        return lines;
    }

    private static Message line(ImageNote.Kind kind, int count, ImageNote first) {
        String detail = first.detail().isEmpty() ? first.file() : first.file() + ": " + first.detail();
        return Message.of(
                String.format(Locale.ROOT, "%s: %,d (first %s). Hint: %s.", kind.text(), count, detail, kind.hint()));
    }

    /** The line for a single note. */
    static Message line(ImageNote note) {
        return line(note.kind(), 1, note);
    }
}
