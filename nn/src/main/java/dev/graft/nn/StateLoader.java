package dev.graft.nn;

import dev.graft.io.StateDict;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.DType;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Shape;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Collects a module's state and loads it: all keys are judged before the first value changes. */
final class StateLoader {
    private StateLoader() {
    }

    /** One entry of a module's state: where it is now, and how it takes another value. */
    private record Slot(Tensor value, boolean mayBeMissing, Consumer<Tensor> assign, Runnable reset) {
    }

    static StateDict stateDict(Module root) {
        StateDict state = new StateDict();
        slots(root).forEach((name, slot) -> state.put(name, slot.value.detach()));
        return state;
    }

    private static Map<String, Slot> slots(Module root) {
        ModuleTree.walk(root);
        Map<String, Slot> slots = new LinkedHashMap<>();
        collect("", root, slots);
        return slots;
    }

    /** Shared parameters and modules appear under each of their names, as in PyTorch. */
    private static void collect(String path, Module module, Map<String, Slot> slots) {
        Members members = Members.of(module);
        members.parameters().forEach((name, parameter) -> slots.put(ModuleTree.join(path, name),
                new Slot(parameter.value(), false, source -> parameter.value().copyFrom(source), () -> { })));
        members.buffers().forEach((name, buffer) -> slots.put(ModuleTree.join(path, name),
                new Slot(buffer.value(), buffer.mayBeMissing(), buffer::assign, buffer::reset)));
        members.children().forEach((name, child) -> collect(ModuleTree.join(path, name), child, slots));
    }

    @SuppressWarnings("try")
    static void load(Module root, StateDict state, LoadOptions options) {
        options.replaced().forEach(name -> ModuleTree.find(root, name));
        Map<String, Slot> slots = slots(root);
        slots.keySet().removeIf(options::skips);
        List<String> missing = new ArrayList<>();
        List<String> unexpected = new ArrayList<>();
        List<String> mismatched = new ArrayList<>();
        slots.forEach((name, slot) -> {
            if (state.contains(name)) {
                judge(name, slot.value, state.get(name), mismatched);
            } else if (!slot.mayBeMissing) {
                missing.add(name + " " + slot.value.shape());
            }
        });
        for (String name : state.names()) {
            if (!slots.containsKey(name) && !options.skips(name)) {
                unexpected.add(name + " " + state.get(name).shape());
            }
        }
        if (!missing.isEmpty() || !unexpected.isEmpty() || !mismatched.isEmpty()) {
            throw new IllegalArgumentException(message(root, slots.size(), missing, unexpected, mismatched));
        }
        try (Scope scope = Scope.open(); Autograd.Guard guard = Autograd.noGrad()) {
            slots.forEach((name, slot) -> {
                if (state.contains(name)) {
                    slot.assign.accept(state.get(name).to(slot.value.dtype()).to(slot.value.device()));
                } else {
                    slot.reset.run();
                }
            });
        }
    }

    private static void judge(String name, Tensor target, Tensor source, List<String> mismatched) {
        Shape have = source.shape();
        Shape want = target.shape();
        if (!have.equals(want)) {
            mismatched.add(name + ": file " + have + ", module " + want);
        } else if (!converts(source.dtype(), target.dtype())) {
            mismatched.add(name + ": file " + source.dtype() + ", module " + target.dtype());
        }
    }

    private static boolean converts(DType from, DType to) {
        return from == to || (to == DType.F32 && (from == DType.F64 || from == DType.F16 || from == DType.BF16))
                || (to == DType.I64 && from == DType.I32);
    }

    private static String message(Module root, int expected, List<String> missing, List<String> unexpected, List<String> mismatched) {
        StringBuilder text = new StringBuilder("load: the state dict does not fit " + root.getClass().getSimpleName() + " (" + expected
                + " entries): " + missing.size() + " missing, " + unexpected.size() + " unexpected, " + mismatched.size() + " mismatched.");
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
        if (missing.size() == expected && !unexpected.isEmpty()) {
            return "no key fits: the file belongs to another architecture, or its keys carry a prefix such as 'module.'.";
        }
        if (missing.isEmpty() && unexpected.isEmpty()) {
            String first = mismatched.get(0);
            String key = first.substring(0, first.indexOf(':'));
            int dot = key.lastIndexOf('.');
            return "for a replaced head load with LoadOptions.replacedHead(\"" + (dot < 0 ? key : key.substring(0, dot)) + "\").";
        }
        return "build the architecture the file was saved from, then replace its head after loading.";
    }
}
