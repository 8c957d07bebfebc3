package dev.graft.cpu;

import dev.graft.backend.View;
import dev.graft.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Rearranged copies of a storage's weights, for as long as the weights do not change. Weights that change between uses, as in training,
 * never get one: a copy is kept from the second use of the same content on.
 */
final class PackedWeights {

    /** Which view was packed and how. */
    record Key(int offset, Shape shape, List<Integer> strides, String layout) {
        static Key of(View view, String layout) {
            return new Key(view.offset(), view.shape(), Arrays.stream(view.strides()).boxed().collect(Collectors.toList()), layout);
        }
    }

    private static final class Entry {
        private long content;
        private Panel panel;
    }

    private final Map<Key, Entry> entries = new HashMap<>();

    /** The packed panel for {@code key}: the kept one, a new one to keep from {@code make}, or one from {@code scratch}. */
    Panel get(Key key, long content, Supplier<Panel> make, Supplier<Panel> scratch, Consumer<Panel> pack) {
        return find(key, content, make, pack).orElseGet(() -> {
            Panel panel = scratch.get();
            pack.accept(panel);
            return panel;
        });
    }

    /** The kept panel for {@code key}, or a new one to keep from {@code make}; empty at the first use of a content. */
    synchronized Optional<Panel> find(Key key, long content, Supplier<Panel> make, Consumer<Panel> pack) {
        Entry entry = entries.get(key);
        if (entry == null || entry.content != content) {
            Entry seen = new Entry();
            seen.content = content;
            entries.put(key, seen);
            return Optional.empty();
        }
        if (entry.panel == null) {
            Panel panel = make.get();
            pack.accept(panel);
            entry.panel = panel;
        }
        return Optional.of(entry.panel);
    }

    synchronized void clear() {
        entries.clear();
    }
}
