package dev.graft.io.torch;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.WeightContents;
import dev.graft.io.file.WeightFileException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Finds the state dict in the content of a checkpoint. The first of {@link #KNOWN_KEYS} that leads to more tensors than
 * are beside it is followed, because scripts save a best accuracy or a loss as a single tensor. Otherwise, a dict with
 * tensors of its own is the state dict; else the only dict of tensors in it, under any name; else all nested dicts.
 * Nested names are joined by dots. If every name begins with {@code module.}, which {@code DataParallel} adds, that is
 * dropped.
 *
 * <p>Objects of foreign classes beside the state dict are left out and named. Inside it they are refused, because
 * weights would be missing.
 */
final class StateDictChooser {
    /** The keys under which training scripts keep the weights, in the order in which they are tried. */
    static final List<String> KNOWN_KEYS =
            List.of("state_dict", "model_state_dict", "model", "net", "network", "module", "weights");

    private static final String PARALLEL_PREFIX = "module.";
    private static final int MAX_DEPTH = 64;
    /** The number of dicts beside the state dict that are examined; a pickle can list one a million times. */
    private static final int MAX_BESIDE = 64;

    private static final int MAX_ENTRIES = 500_000;
    /** The number of letters in all names together; nesting can repeat a long prefix many times. */
    private static final long MAX_NAME_LETTERS = 64L << 20;

    private final FileBytes file;
    private final Map<String, StridedTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> candidates = new ArrayList<>();
    private int entries;
    private long letters;

    private StateDictChooser(FileBytes file) {
        this.file = file;
    }

    /** @param candidates as in {@link WeightContents} */
    record Choice(
            Map<String, StridedTensor> tensors,
            Map<String, String> unreadable,
            List<String> skipped,
            List<String> candidates) {}

    /** @param name of the state dict, as keys joined by dots; empty for the main one */
    static Choice choose(FileBytes file, Object root, Optional<String> name) {
        if (name.isEmpty()) {
            return choose(file, root, "");
        }
        Optional<PyValue.Dict> named = root instanceof PyValue.Dict dict ? find(dict, name.get()) : Optional.empty();
        if (named.isPresent()) {
            return choose(file, named.get(), name.get() + ".");
        }
        Choice all = choose(file, root, "");
        Optional<String> prefix = Optional.of(name.get() + ".");
        Choice inside = new Choice(
                WeightContents.under(all.tensors, prefix),
                WeightContents.under(all.unreadable, prefix),
                all.skipped,
                List.of());
        if (inside.tensors.isEmpty()) {
            List<String> names = new ArrayList<>(all.candidates.isEmpty() ? all.tensors.keySet() : all.candidates);
            names.addAll(all.skipped);
            throw file.noneNamed(name.get(), names);
        }
        return inside;
    }

    /** The dict under keys that are joined by dots; a key may hold dots itself. */
    private static Optional<PyValue.Dict> find(PyValue.Dict dict, String path) {
        if (dict.get(path).orElse(PyValue.None.NONE) instanceof PyValue.Dict found) {
            return Optional.of(found);
        }
        for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
            if (dict.get(path.substring(0, dot)).orElse(PyValue.None.NONE) instanceof PyValue.Dict outer) {
                Optional<PyValue.Dict> found = find(outer, path.substring(dot + 1));
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    /** @param path of the root, for the names of what is beside its state dict */
    private static Choice choose(FileBytes file, Object root, String path) {
        StateDictChooser chooser = new StateDictChooser(file);
        if (root instanceof PyValue.Foreign object) {
            throw TorchGlobals.refuse(file, "it is one object; it ", object.name());
        }
        if (!(root instanceof PyValue.Dict dict)) {
            throw file.refused("it holds " + kind(root) + ", not a state dict", "save model.state_dict() in Python");
        }
        chooser.descend(path, dict, 0);
        if (chooser.tensors.isEmpty() && chooser.unreadable.isEmpty() && dict.size() > 0) {
            dict.values.stream()
                    .filter(PyValue.Foreign.class::isInstance)
                    .map(PyValue.Foreign.class::cast)
                    .findFirst()
                    .ifPresent(object -> {
                        throw TorchGlobals.refuse(file, "it holds no tensors of its own, but ", object.name());
                    });
            throw file.refused(
                    "it holds no tensors, only "
                            + chooser.skipped.stream().limit(10).toList(),
                    "save model.state_dict() in Python");
        }
        return chooser.choice();
    }

    private static String kind(Object root) {
        if (tensor(root).isPresent()) {
            return "one tensor";
        }
        return root instanceof PyValue.Sequence ? "a list" : "a single value";
    }

    private void descend(String path, PyValue.Dict dict, int depth) {
        if (depth < MAX_DEPTH) {
            Optional<Object> key = stateDictKey(dict);
            if (key.isPresent()) {
                dict.keys.stream().filter(k -> !key.get().equals(k)).forEach(k -> skip(path + name(k)));
                PyValue.Dict chosen = (PyValue.Dict) dict.values.get(dict.keys.indexOf(key.get()));
                descend(path + name(key.get()) + ".", chosen, depth + 1);
                findRivals(path, dict, key.get());
                return;
            }
        }
        flatten("", dict, depth);
    }

    /** The other dicts that have all names and shapes of the chosen state dict, but other tensors. */
    private void findRivals(String path, PyValue.Dict dict, Object chosen) {
        if (tensors.isEmpty()) {
            return;
        }
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        seen.add(dict.values.get(dict.keys.indexOf(chosen)));
        List<String> rivals = new ArrayList<>();
        for (int i = 0; i < dict.size() && seen.size() <= MAX_BESIDE; i++) {
            if (dict.values.get(i) instanceof PyValue.Dict beside && seen.add(beside) && isRival(beside)) {
                rivals.add(path + name(dict.keys.get(i)));
            }
        }
        if (!rivals.isEmpty()) {
            if (candidates.isEmpty()) {
                candidates.add(path + name(chosen));
            }
            candidates.addAll(rivals);
        }
    }

    private boolean isRival(PyValue.Dict beside) {
        if (tensorsIn(beside) < tensors.size()) {
            return false;
        }
        StateDictChooser other = new StateDictChooser(file);
        try {
            other.descend("", beside, 0);
        } catch (WeightFileException e) {
            return false;
        }
        String first = tensors.keySet().iterator().next();
        Optional<String> longer = other.tensors.keySet().stream()
                .filter(name -> name.equals(first) || name.endsWith("." + first))
                .min(Comparator.comparingInt(String::length));
        if (longer.isPresent()) {
            String wrapper = longer.get().substring(0, longer.get().length() - first.length());
            return isOtherThan(other.tensors, name -> wrapper + name);
        }
        return other.tensors.keySet().stream()
                .filter(name -> first.endsWith("." + name))
                .max(Comparator.comparingInt(String::length))
                .filter(shorter -> {
                    String wrapper = first.substring(0, first.length() - shorter.length());
                    return tensors.keySet().stream().allMatch(name -> name.startsWith(wrapper))
                            && isOtherThan(other.tensors, name -> name.substring(wrapper.length()));
                })
                .isPresent();
    }

    /** Whether all tensors have counterparts of the same shapes, and not all of these are the same tensors. */
    private boolean isOtherThan(Map<String, StridedTensor> others, UnaryOperator<String> nameThere) {
        boolean same = true;
        for (Map.Entry<String, StridedTensor> entry : tensors.entrySet()) {
            StridedTensor there = others.get(nameThere.apply(entry.getKey()));
            if (there == null || !there.sizes().equals(entry.getValue().sizes())) {
                return false;
            }
            same &= there.equals(entry.getValue());
        }
        return !same;
    }

    /** The key of a checkpoint under which the state dict is; empty if the dict is one itself, or holds several. */
    private static Optional<Object> stateDictKey(PyValue.Dict dict) {
        long own = dict.values.stream().filter(StateDictChooser::isTensor).count();
        for (String known : KNOWN_KEYS) {
            if (dict.get(known).orElse(PyValue.None.NONE) instanceof PyValue.Dict nested && tensorsIn(nested) > own) {
                return Optional.of(known);
            }
        }
        List<Object> nested = new ArrayList<>();
        for (int i = 0; i < dict.size() && own == 0; i++) {
            if (dict.keys.get(i) instanceof String
                    && dict.values.get(i) instanceof PyValue.Dict inner
                    && hasNamedTensors(inner)) {
                nested.add(dict.keys.get(i));
            }
        }
        return nested.size() == 1 ? Optional.of(nested.get(0)) : Optional.empty();
    }

    private static boolean hasNamedTensors(PyValue.Dict dict) {
        for (int i = 0; i < dict.size(); i++) {
            if (dict.keys.get(i) instanceof String && isTensor(dict.values.get(i))) {
                return true;
            }
        }
        return false;
    }

    /** How many tensors a dict leads to. Each dict is counted once, however often it is shared. */
    private static long tensorsIn(PyValue.Dict start) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<PyValue.Dict> waiting = new ArrayDeque<>(List.of(start));
        long count = 0;
        while (!waiting.isEmpty()) {
            for (Object value : waiting.pop().values) {
                if (isTensor(value)) {
                    count++;
                } else if (value instanceof PyValue.Dict nested && seen.add(nested)) {
                    waiting.push(nested);
                }
            }
        }
        return count;
    }

    private static boolean isTensor(Object value) {
        return value instanceof PyValue.UnknownTensor || tensor(value).isPresent();
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
            } else if (value instanceof PyValue.UnknownTensor unknown) {
                count(name);
                unreadable.put(name, unknown.reason());
            } else if (value instanceof PyValue.Foreign object) {
                refuseInside(dict, name, object);
            } else if (value instanceof PyValue.Dict nested && nested.size() > 0) {
                count(name);
                flatten(name + ".", nested, depth + 1);
            } else {
                skip(name);
            }
        }
    }

    /** An object beside a single tensor or a dict of tensors, such as a script's arguments, is left out. */
    private void refuseInside(PyValue.Dict dict, String name, PyValue.Foreign object) {
        if (dict.values.stream().anyMatch(StateDictChooser::isTensor)) {
            throw TorchGlobals.refuse(file, "entry \"" + name + "\" of the state dict ", object.name());
        }
        skip(name);
    }

    private void skip(String name) {
        count(name);
        skipped.add(name);
    }

    private void count(String name) {
        letters += name.length();
        if (++entries > MAX_ENTRIES || letters > MAX_NAME_LETTERS) {
            throw file.damaged(
                    "more than " + MAX_ENTRIES + " entries or " + MAX_NAME_LETTERS + " letters in their names");
        }
    }

    static String name(Object key) {
        return key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double
                ? key.toString()
                : "(not a name)";
    }

    static Optional<StridedTensor> tensor(Object value) {
        if (value instanceof PyValue.TensorValue tensor) {
            return Optional.of(tensor.tensor());
        }
        return value instanceof PyValue.Parameter parameter ? parameter.data : Optional.empty();
    }

    private Choice choice() {
        boolean parallel = Stream.concat(tensors.keySet().stream(), unreadable.keySet().stream())
                .allMatch(name -> name.startsWith(PARALLEL_PREFIX));
        return parallel
                ? new Choice(stripped(tensors), stripped(unreadable), List.copyOf(skipped), List.copyOf(candidates))
                : new Choice(tensors, unreadable, List.copyOf(skipped), List.copyOf(candidates));
    }

    private static <T> Map<String, T> stripped(Map<String, T> named) {
        Map<String, T> stripped = new LinkedHashMap<>();
        named.forEach((name, value) -> stripped.put(name.substring(PARALLEL_PREFIX.length()), value));
        return stripped;
    }
}
