package dev.graft.io.torch;

import dev.graft.io.bytes.FileBytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every tensor in what a checkpoint holds, in dicts and lists, under its whole path: also an optimizer's, such as
 * {@code optimizer.state.0.momentum_buffer}. A part without tensors is one entry of what is skipped. A container that
 * is shared, or holds itself, is listed at the first place alone.
 */
final class AllTensors {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_ENTRIES = 500_000;
    private static final long MAX_NAME_LETTERS = 64L << 20;

    private final FileBytes file;
    private final Map<String, StridedTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private int entries;
    private long letters;

    private AllTensors(FileBytes file) {
        this.file = file;
    }

    static StateDictChooser.Choice of(FileBytes file, Object root) {
        AllTensors all = new AllTensors(file);
        all.visit("", root, 0);
        return new StateDictChooser.Choice(all.tensors, all.unreadable, all.skipped, List.of());
    }

    /** Returns whether there is a tensor in it. */
    private boolean visit(String path, Object value, int depth) {
        String name = path.isEmpty() ? "(the whole file)" : path;
        letters += name.length();
        if (++entries > MAX_ENTRIES || letters > MAX_NAME_LETTERS || depth > MAX_DEPTH) {
            throw file.damaged("more than " + MAX_ENTRIES + " entries, " + MAX_NAME_LETTERS
                    + " letters in their names or " + MAX_DEPTH + " levels");
        }
        Optional<StridedTensor> tensor = StateDictChooser.tensor(value);
        if (tensor.isPresent()) {
            if (tensors.put(name, tensor.get()) != null) {
                throw file.damaged("two tensors are named \"" + name + "\"");
            }
            return true;
        }
        if (value instanceof PyValue.UnknownTensor unknown) {
            unreadable.put(name, unknown.reason());
            return true;
        }
        int before = skipped.size();
        boolean found = inside(path, value, depth);
        if (!found) {
            skipped.subList(before, skipped.size()).clear();
            skipped.add(name + (value instanceof PyValue.Foreign object ? ", an object of " + object.name() : ""));
        }
        return found;
    }

    private boolean inside(String path, Object value, int depth) {
        String prefix = path.isEmpty() ? "" : path + ".";
        boolean found = false;
        if (value instanceof PyValue.Dict dict && seen.add(dict)) {
            for (int i = 0; i < dict.size(); i++) {
                found |= visit(prefix + StateDictChooser.name(dict.keys.get(i)), dict.values.get(i), depth + 1);
            }
        } else if (value instanceof PyValue.Sequence list && seen.add(list)) {
            for (int i = 0; i < list.items.size(); i++) {
                found |= visit(prefix + i, list.items.get(i), depth + 1);
            }
        }
        return found;
    }
}
