package dev.graft.io;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the state dict in what a checkpoint holds. A dict with tensors of its own is one; else the first of {@link #KNOWN_KEYS} that
 * leads to tensors is followed; else all nested dicts are taken. Nested names are joined by dots, and a {@code module.} before every
 * name, left by {@code DataParallel}, is dropped.
 */
final class StateDictChooser {
    /** Where training scripts keep the weights, in the order tried. */
    static final List<String> KNOWN_KEYS = List.of("state_dict", "model_state_dict", "model", "net");
    private static final String PARALLEL_PREFIX = "module.";
    private static final int MAX_DEPTH = 64;
    private static final int MAX_ENTRIES = 500_000;
    /** Letters in all names together: nesting can repeat a long prefix many times. */
    private static final long MAX_NAME_LETTERS = 64L << 20;

    private final FileBytes file;
    private final Map<String, StridedTensor> tensors = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private int entries;
    private long letters;

    private StateDictChooser(FileBytes file) {
        this.file = file;
    }

    record Choice(Map<String, StridedTensor> tensors, List<String> skipped) {
    }

    static Choice choose(FileBytes file, Object root) {
        StateDictChooser chooser = new StateDictChooser(file);
        if (!(root instanceof PyValue.Dict dict)) {
            throw file.refused("it holds " + kind(root) + ", not a state dict", "save model.state_dict() in Python");
        }
        chooser.descend("", dict, 0);
        if (chooser.tensors.isEmpty() && dict.size() > 0) {
            throw file.refused("it holds no tensors, only " + chooser.skipped.stream().limit(10).toList(),
                    "save model.state_dict() in Python");
        }
        return new Choice(chooser.withoutParallelPrefix(), List.copyOf(chooser.skipped));
    }

    private static String kind(Object root) {
        if (tensor(root).isPresent()) {
            return "one tensor";
        }
        return root instanceof PyValue.Sequence ? "a list" : "a single value";
    }

    private void descend(String path, PyValue.Dict dict, int depth) {
        if (depth < MAX_DEPTH && dict.values.stream().noneMatch(v -> tensor(v).isPresent())) {
            for (String known : KNOWN_KEYS) {
                if (dict.get(known).orElse(PyValue.None.NONE) instanceof PyValue.Dict chosen && leadsToTensors(chosen)) {
                    dict.keys.stream().filter(k -> !known.equals(k)).forEach(k -> skip(path + name(k)));
                    descend(path + known + ".", chosen, depth + 1);
                    return;
                }
            }
        }
        flatten("", dict, depth);
    }

    private boolean leadsToTensors(PyValue.Dict start) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<PyValue.Dict> waiting = new ArrayDeque<>(List.of(start));
        while (!waiting.isEmpty()) {
            for (Object value : waiting.pop().values) {
                if (tensor(value).isPresent()) {
                    return true;
                }
                if (value instanceof PyValue.Dict nested && seen.add(nested)) {
                    waiting.push(nested);
                }
            }
        }
        return false;
    }

    private void flatten(String prefix, PyValue.Dict dict, int depth) {
        if (depth > MAX_DEPTH) {
            throw file.damaged("dicts nested deeper than " + MAX_DEPTH);
        }
        for (int i = 0; i < dict.size(); i++) {
            String name = prefix + name(dict.keys.get(i));
            Object value = dict.values.get(i);
            Optional<StridedTensor> tensor = tensor(value);
            if (tensor.isPresent()) {
                count(name);
                if (tensors.put(name, tensor.get()) != null) {
                    throw file.damaged("two tensors are named \"" + name + "\"");
                }
            } else if (value instanceof PyValue.Dict nested && nested.size() > 0) {
                count(name);
                flatten(name + ".", nested, depth + 1);
            } else {
                skip(name);
            }
        }
    }

    private void skip(String name) {
        count(name);
        skipped.add(name);
    }

    private void count(String name) {
        letters += name.length();
        if (++entries > MAX_ENTRIES || letters > MAX_NAME_LETTERS) {
            throw file.damaged("more than " + MAX_ENTRIES + " entries or " + MAX_NAME_LETTERS + " letters in their names");
        }
    }

    private static String name(Object key) {
        return key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double
                ? key.toString() : "(not a name)";
    }

    private static Optional<StridedTensor> tensor(Object value) {
        if (value instanceof PyValue.TensorValue tensor) {
            return Optional.of(tensor.tensor());
        }
        return value instanceof PyValue.Parameter parameter ? parameter.data : Optional.empty();
    }

    private Map<String, StridedTensor> withoutParallelPrefix() {
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(PARALLEL_PREFIX))) {
            return tensors;
        }
        Map<String, StridedTensor> stripped = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> stripped.put(name.substring(PARALLEL_PREFIX.length()), tensor));
        return stripped;
    }
}
