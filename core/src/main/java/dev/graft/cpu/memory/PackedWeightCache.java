package dev.graft.cpu.memory;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Rearranged copies of a storage's weights, kept as long as the weights do not change. A copy is kept from the second
 * use of the same content on, if {@link PackedWeightMemory} has room for it. Weights that change between uses, as in
 * training, never get one.
 */
public final class PackedWeightCache {
    /** The most layouts of one storage that are remembered. */
    private static final int MOST = 1024;

    /**
     * What was packed and how: the name of the layout and <em>all</em> numbers that the packed copy depends on, apart
     * from the storage's content.
     */
    public static final class Key {
        private final String layout;
        private final int[] numbers;
        private final int hash;

        private Key(String layout, int[] numbers) {
            this.layout = layout;
            this.numbers = numbers;
            this.hash = 31 * layout.hashCode() + Arrays.hashCode(numbers);
        }

        /** {@code lists} are separated by their lengths. */
        public static Key of(String layout, int[] numbers, int[]... lists) {
            int length = numbers.length;
            for (int[] list : lists) {
                length += 1 + list.length;
            }
            int[] all = Arrays.copyOf(numbers, length);
            int at = numbers.length;
            for (int[] list : lists) {
                all[at++] = list.length;
                System.arraycopy(list, 0, all, at, list.length);
                at += list.length;
            }
            return new Key(layout, all);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && hash == key.hash
                    && layout.equals(key.layout)
                    && Arrays.equals(numbers, key.numbers);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private static final class Entry {
        private final long content;
        private PackedWeightMemory.Copy copy;
        private boolean dropped;

        private Entry(long content) {
            this.content = content;
        }

        private Optional<MatrixBuffer> buffer() {
            return copy == null ? Optional.empty() : Optional.ofNullable(copy.get());
        }
    }

    private final PackedWeightMemory memory;
    /** Null if there are none: most storages do not hold weights. */
    private volatile Map<Key, Entry> entries;

    PackedWeightCache(PackedWeightMemory memory) {
        this.memory = memory;
    }

    /**
     * The packed buffer for {@code key}: the one that is kept, a new one from {@code make} to keep, or one from
     * {@code scratch}.
     */
    public MatrixBuffer get(
            Key key,
            long content,
            int floats,
            IntFunction<MatrixBuffer> make,
            IntFunction<MatrixBuffer> scratch,
            Consumer<MatrixBuffer> pack) {
        return find(key, content, floats, make, pack).orElseGet(() -> {
            MatrixBuffer buffer = scratch.apply(floats);
            pack.accept(buffer);
            return buffer;
        });
    }

    /**
     * The buffer that is kept for {@code key}, or a new one from {@code make} to keep; empty at the first use of a
     * content, or if there is no room.
     */
    public Optional<MatrixBuffer> find(
            Key key, long content, int floats, IntFunction<MatrixBuffer> make, Consumer<MatrixBuffer> pack) {
        return second(key, content).flatMap(entry -> {
            // Threads that need the same copy wait until it is made; those that need another one do not.
            synchronized (entry) {
                Optional<MatrixBuffer> kept = entry.buffer();
                if (kept.isPresent()) {
                    memory.used(entry.copy);
                    return kept;
                }
                Optional<MatrixBuffer> made = memory.make(floats, make);
                made.ifPresent(buffer -> {
                    pack.accept(buffer);
                    keep(entry, buffer, floats);
                });
                return made;
            }
        });
    }

    /** The entry of a content that was requested before. */
    private synchronized Optional<Entry> second(Key key, long content) {
        if (entries == null) {
            entries = new LinkedHashMap<>(16, 0.75f, true);
        }
        Entry entry = entries.get(key);
        if (entry != null && entry.content == content) {
            return Optional.of(entry);
        }
        if (entry != null) {
            drop(entry);
        }
        entries.put(key, new Entry(content));
        if (entries.size() > MOST) {
            Key oldest = entries.keySet().iterator().next();
            drop(entries.remove(oldest));
        }
        return Optional.empty();
    }

    private synchronized void keep(Entry entry, MatrixBuffer buffer, int floats) {
        if (!entry.dropped) {
            entry.copy = memory.keep(buffer, floats);
        }
    }

    private void drop(Entry entry) {
        entry.dropped = true;
        if (entry.copy != null) {
            memory.drop(entry.copy);
        }
    }

    /** To be called when the storage changes or ends: all copies are out of date. */
    void clear() {
        if (entries != null) {
            dropAll();
        }
    }

    private synchronized void dropAll() {
        if (entries != null) {
            entries.values().forEach(this::drop);
            entries = null;
        }
    }
}
