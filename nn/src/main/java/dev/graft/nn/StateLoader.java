package dev.graft.nn;

import dev.graft.io.StateDict;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** Collects a module's state and loads it. All keys are checked before the first value changes. */
final class StateLoader {
    private static final String NOT_READ = ": in the file it ";
    private static final Pattern OTHER_TYPE = Pattern.compile(": file [A-Z0-9]+, module [A-Z0-9]+$");

    private StateLoader() {}

    /** One entry of a module's state: a parameter or a buffer, and where it is now. */
    private record Slot(Object owner, Tensor value) {

        boolean isCounter() {
            return owner instanceof Counter;
        }

        boolean mayBeMissing() {
            return owner instanceof Buffer buffer && buffer.mayBeMissing();
        }

        void assign(Tensor source) {
            if (owner instanceof Buffer buffer) {
                buffer.assign(source);
            } else {
                value.copyFrom(source);
            }
        }

        void reset() {
            if (owner instanceof Buffer buffer) {
                buffer.reset();
            }
        }
    }

    static StateDict stateDict(Module root) {
        Map<String, Slot> slots = slots(root);
        slots.forEach((name, slot) -> {
            if (slot.value.isClosed()) {
                throw new IllegalStateException("stateDict: '" + name + "' of this " + Members.nameOf(root.getClass())
                        + " was closed. Hint: take the state dict before close().");
            }
        });
        StateDict state = new StateDict();
        IdentityHashMap<Object, Tensor> views = new IdentityHashMap<>();
        slots.forEach((name, slot) -> state.put(name, views.computeIfAbsent(slot.owner, owner -> slot.value.detach())));
        return state;
    }

    /** Shared parameters and modules appear under each of their names, as in PyTorch. */
    private static Map<String, Slot> slots(Module root) {
        ModuleTree.walk(root);
        Map<String, Slot> slots = new LinkedHashMap<>();
        collect("", root, slots);
        return slots;
    }

    private static void collect(String path, Module module, Map<String, Slot> slots) {
        Members members = Members.of(module);
        members.parameters()
                .forEach((name, parameter) ->
                        slots.put(ModuleTree.join(path, name), new Slot(parameter, parameter.tensor())));
        members.buffers()
                .forEach((name, buffer) -> slots.put(ModuleTree.join(path, name), new Slot(buffer, buffer.tensor())));
        members.children().forEach((name, child) -> collect(ModuleTree.join(path, name), child, slots));
    }

    static void load(Module root, StateDict state, LoadOptions options) {
        options.replaced().forEach(name -> ModuleTree.find(root, name));
        Map<String, Slot> slots = slots(root);
        slots.keySet().removeIf(options::skips);
        boolean fits = slots.keySet().stream().allMatch(state::contains);
        boolean closed =
                state.entries().stream().anyMatch(entry -> entry.getValue().isClosed()); // told below, by name
        if (fits || closed) {
            assign(root, slots, state, options);
            return;
        }
        try (StateDict unwrapped = state.unwrapped(slots.keySet())) {
            assign(root, slots, unwrapped, options);
        }
    }

    @SuppressWarnings("try")
    private static void assign(Module root, Map<String, Slot> slots, StateDict state, LoadOptions options) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Map<String, Tensor> taken = take(root, slots, state, options);
            taken.forEach(
                    (name, tensor) -> Objects.requireNonNull(slots.get(name)).assign(tensor));
            Set<Object> owners = ModuleTree.identitySet();
            taken.keySet().forEach(name -> owners.add(Objects.requireNonNull(slots.get(name)).owner));
            slots.values().stream().filter(slot -> !owners.contains(slot.owner)).forEach(Slot::reset);
        }
    }

    /**
     * The new value of each slot, converted and in memory that no slot overwrites, so that nothing can fail or be lost
     * once the first slot is assigned.
     */
    private static Map<String, Tensor> take(
            Module root, Map<String, Slot> slots, StateDict state, LoadOptions options) {
        Set<Object> given = ModuleTree.identitySet();
        slots.forEach((name, slot) -> {
            if (state.contains(name)) {
                given.add(slot.owner);
            }
        });
        List<String> missing = new ArrayList<>();
        List<String> unexpected = new ArrayList<>();
        List<String> mismatched = new ArrayList<>();
        Map<String, Tensor> taken = new LinkedHashMap<>();
        slots.forEach((name, slot) -> {
            if (state.contains(name)) {
                String problem = problem(slot, state.get(name));
                if (problem.isEmpty()) {
                    taken.put(name, converted(slot, state.get(name)));
                } else {
                    mismatched.add(name + ": " + problem);
                }
            } else if (!slot.mayBeMissing() && !given.contains(slot.owner)) {
                String reason = state.unreadable().containsKey(name)
                        ? NOT_READ + state.unreadable().get(name)
                        : "";
                missing.add(name + " " + slot.value.shape() + reason);
            }
        });
        for (String name : state.names()) {
            if (!slots.containsKey(name) && !options.skips(name)) {
                unexpected.add(name + " " + state.get(name).shape());
            }
        }
        mismatched.addAll(contradictions(slots, taken));
        if (!missing.isEmpty() || !unexpected.isEmpty() || !mismatched.isEmpty()) {
            throw new IllegalArgumentException(message(root, slots.size(), missing, unexpected, mismatched));
        }
        taken.replaceAll(
                (name, tensor) -> isOverwritten(tensor, slots) ? tensor.detach().copy() : tensor);
        return taken;
    }

    /** Empty if the slot can take the tensor. */
    private static String problem(Slot slot, Tensor source) {
        if (source.isClosed()) {
            return "the state dict's tensor " + source.shape() + " was closed";
        }
        if (slot.value.isClosed()) {
            return "the module was closed";
        }
        Shape have = source.shape();
        Shape want = slot.value.shape();
        // A number may be written as a list of one, as by old releases of PyTorch.
        if (!have.equals(want) && !(slot.isCounter() && have.numel() == 1)) {
            return "file " + have + ", module " + want;
        }
        return converts(source.dtype(), slot) ? "" : "file " + source.dtype() + ", module " + slot.value.dtype();
    }

    private static boolean converts(DType from, Slot slot) {
        DType to = slot.value.dtype();
        return from == to
                || slot.isCounter()
                || (to == DType.F32 && from.isFloat())
                || (to == DType.I64 && from == DType.I32);
    }

    private static Tensor converted(Slot slot, Tensor source) {
        Tensor tensor = source.detach().to(slot.value.dtype()).to(slot.value.device());
        return slot.isCounter() ? tensor.reshape() : tensor;
    }

    /**
     * A tensor that shares memory with the module, as when two layers are exchanged, would change before or while it is
     * read.
     */
    private static boolean isOverwritten(Tensor tensor, Map<String, Slot> slots) {
        return slots.values().stream().anyMatch(slot -> slot.value.sharesMemory(tensor));
    }

    /** One parameter, or one piece of memory, under several names cannot take several values. */
    private static List<String> contradictions(Map<String, Slot> slots, Map<String, Tensor> taken) {
        List<String> problems = new ArrayList<>();
        List<String> before = new ArrayList<>();
        taken.forEach((name, tensor) -> {
            Slot slot = Objects.requireNonNull(slots.get(name));
            for (String first : before) {
                Slot other = Objects.requireNonNull(slots.get(first));
                if (other.value.sharesMemory(slot.value)) {
                    if (!Arrays.equals(Objects.requireNonNull(taken.get(first)).toBytes(), tensor.toBytes())) {
                        problems.add(name + ": file another value than for " + first + ", module one "
                                + (other.owner == slot.owner ? "parameter" : "memory") + " for both");
                    }
                    return;
                }
            }
            before.add(name);
        });
        return problems;
    }

    private static String message(
            Module root, int expected, List<String> missing, List<String> unexpected, List<String> mismatched) {
        StringBuilder text = new StringBuilder("load: the state dict does not fit " + Members.nameOf(root.getClass())
                + " (" + expected + " entries): " + missing.size() + " missing, " + unexpected.size() + " unexpected, "
                + mismatched.size() + " mismatched.");
        list(text, "missing", missing);
        list(text, "unexpected", unexpected);
        list(text, "mismatched", mismatched);
        text.append("\nHint: ").append(hint(expected, missing, unexpected, mismatched));
        return text.toString();
    }

    private static void list(StringBuilder text, String title, List<String> lines) {
        if (!lines.isEmpty()) {
            text.append("\n  ").append(title).append(": ").append(String.join("; ", lines));
        }
    }

    private static String hint(int expected, List<String> missing, List<String> unexpected, List<String> mismatched) {
        if (missing.stream().anyMatch(line -> line.contains(NOT_READ))) {
            return "convert the tensors that cannot be read in Python, with float(), dequantize() or to_dense(), and save again.";
        }
        if (missing.size() == expected && !unexpected.isEmpty()) {
            return "no key fits: the file belongs to another architecture, or its keys carry a prefix that no usual wrapper writes: take it off with StateDict.stripPrefix.";
        }
        if (mismatched.stream().anyMatch(line -> line.endsWith("was closed"))) {
            return "keep the network and the state dict's tensors open until load returns.";
        }
        if (mismatched.stream().anyMatch(line -> line.endsWith(" for both"))) {
            return "the file was saved from a network that does not share the parameter; build the module without sharing it.";
        }
        if (missing.isEmpty()
                && unexpected.isEmpty()
                && mismatched.stream().allMatch(line -> OTHER_TYPE.matcher(line).find())) {
            return "the weights are of another element type: convert them in Python, with float(), and save again.";
        }
        if (missing.isEmpty() && unexpected.isEmpty()) {
            String first = mismatched.get(0);
            String key = first.substring(0, first.indexOf(':'));
            int dot = key.lastIndexOf('.');
            return "for a replaced head load with LoadOptions.replacedHead(\"" + (dot < 0 ? key : key.substring(0, dot))
                    + "\").";
        }
        return "build the architecture the file was saved from, then replace its head after loading.";
    }
}
