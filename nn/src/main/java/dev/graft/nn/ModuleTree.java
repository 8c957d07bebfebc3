package dev.graft.nn;

import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Walks, searches and changes the tree of a module. */
final class ModuleTree {
    private ModuleTree() {}

    static String join(String path, String name) {
        return path.isEmpty() || name.isEmpty() ? path + name : path + "." + name;
    }

    /** A module of a tree, the path at which it was first found, and what it holds. */
    record Visit(String path, Module module, Members members) {}

    /**
     * All modules of a tree, parents first, a shared module once.
     *
     * @throws IllegalStateException if a module contains itself, or hides a part of the tree in an object that is not
     *     searched
     */
    static List<Visit> walk(Module root) {
        List<Visit> visits = new ArrayList<>();
        collect("", root, visits, identitySet(), identitySet());
        if (visits.stream().anyMatch(visit -> !visit.members.hidden().isEmpty())) {
            Set<Object> parts = partsOf(visits);
            for (Visit visit : visits) {
                for (Members.Hidden hidden : visit.members.hidden()) {
                    if (!parts.contains(hidden.part())) {
                        throw hidden.refusal();
                    }
                }
            }
        }
        return visits;
    }

    private static void collect(String path, Module module, List<Visit> visits, Set<Object> seen, Set<Object> above) {
        if (!above.add(module)) {
            throw new IllegalStateException("module '" + path + "' (" + Members.nameOf(module.getClass())
                    + ") contains itself. Hint: a module must not keep its parent in a field.");
        }
        if (seen.add(module)) {
            Members members = Members.of(module);
            visits.add(new Visit(path, module, members));
            members.children().forEach((name, child) -> collect(join(path, name), child, visits, seen, above));
        }
        above.remove(module);
    }

    static Map<String, Module> namedModules(Module root) {
        Map<String, Module> named = new LinkedHashMap<>();
        walk(root).forEach(visit -> named.put(visit.path, visit.module));
        return named;
    }

    /** The modules, parameters and buffers of a tree. */
    static Set<Object> parts(Module root) {
        return partsOf(walk(root));
    }

    private static Set<Object> partsOf(List<Visit> visits) {
        Set<Object> parts = identitySet();
        for (Visit visit : visits) {
            parts.add(visit.module);
            parts.addAll(visit.members.parameters().values());
            parts.addAll(visit.members.buffers().values());
        }
        return parts;
    }

    static <T> Set<T> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    static Module find(Module root, String path) {
        Module module = root;
        if (path.isEmpty()) {
            return module;
        }
        String walked = "";
        for (String name : path.split("\\.", -1)) {
            Map<String, Module> children = Members.of(module).children();
            Module child = children.get(name);
            if (child == null) {
                throw unknown("module", path, walked, module, children.keySet());
            }
            module = child;
            walked = join(walked, name);
        }
        return module;
    }

    /** The parameter that has a name; a shared one has several. */
    private static Optional<Parameter> parameter(Module root, String path) {
        Module module = root;
        String[] names = path.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            Module child = Members.of(module).children().get(names[i]);
            if (child == null) {
                return Optional.empty();
            }
            module = child;
        }
        return Optional.ofNullable(Members.of(module).parameters().get(names[names.length - 1]));
    }

    /** The one parameter of a name, or those of the module at a path. */
    static List<Parameter> parameters(Module root, String path) {
        Optional<Parameter> named = parameter(root, path);
        return named.isPresent() ? List.of(named.get()) : find(root, path).parameters();
    }

    static void unfreeze(Module root, String path) {
        Optional<Parameter> named = parameter(root, path);
        if (named.isPresent()) {
            named.get().freeze(false);
        } else {
            find(root, path).unfreeze();
        }
    }

    private static IllegalArgumentException unknown(
            String what, String path, String walked, Module module, Set<String> known) {
        String type = Members.nameOf(module.getClass());
        String where = walked.isEmpty() ? type : "'" + walked + "' (" + type + ")";
        String hint = known.isEmpty()
                ? where + " has no child modules."
                : "the children of " + where + " are " + String.join(", ", known) + ".";
        return new IllegalArgumentException("no " + what + " '" + path + "' in " + where + ". Hint: " + hint);
    }

    /** Everything is checked, and the replacement is ready, before the tree changes. */
    static void replace(Module root, String path, Module replacement) {
        if (path.isEmpty()) {
            throw new IllegalArgumentException("replace: the path is empty, a module cannot replace itself."
                    + " Hint: name a child, such as \"fc\".");
        }
        Module old = find(root, path);
        int dot = path.lastIndexOf('.');
        Module parent = find(root, dot < 0 ? "" : path.substring(0, dot));
        String name = path.substring(dot + 1);
        if (old == replacement) {
            return;
        }
        boolean element =
                parent instanceof Container container && container.elements().containsKey(name);
        Optional<Field> field = element ? Optional.empty() : Optional.of(fieldFor(parent, name, path, replacement));
        List<Visit> before = walk(old);
        checkFits(root, path, replacement);
        deviceOf(before).ifPresent(replacement::to);
        if (element) {
            ((Container) parent).replaceElement(name, replacement);
        } else {
            set(parent, field.orElseThrow(), path, replacement);
        }
        walk(replacement).forEach(visit -> visit.module.setTraining(old.trainingAsSet()));
        CallContext.current().follow(old, replacement);
        markTakenOut(root, path, before);
    }

    private static void checkFits(Module root, String path, Module replacement) {
        List<Visit> visits = walk(replacement);
        String walked = "";
        Module above = root;
        for (String name : path.split("\\.", -1)) {
            Module ancestor = above;
            if (visits.stream().anyMatch(visit -> visit.module == ancestor)) {
                throw new IllegalArgumentException("replace '" + path + "': the replacement "
                        + Members.nameOf(replacement.getClass()) + " contains "
                        + (walked.isEmpty() ? "the network itself" : "'" + walked + "', which is above it")
                        + ". Hint: wrap the module at '" + path
                        + "', not one that holds it.");
            }
            above = Objects.requireNonNull(Members.of(above).children().get(name));
            walked = join(walked, name);
        }
    }

    private static Optional<Device> deviceOf(List<Visit> visits) {
        return visits.stream()
                .flatMap(visit -> visit.members.parameters().values().stream())
                .findFirst()
                .map(parameter -> parameter.tensor().device());
    }

    private static Field fieldFor(Module parent, String name, String path, Module replacement) {
        MemberFields.Slot slot = Members.field(parent, name).orElseThrow();
        Field field = slot.field();
        String type = Members.nameOf(parent.getClass());
        if (slot.captured()) {
            throw new IllegalArgumentException("replace '" + path + "': " + name + " is a variable that " + type
                    + " captured, which cannot change. Hint: declare a field `private Module " + name + ";`.");
        }
        if (Modifier.isFinal(field.getModifiers())) {
            throw new IllegalArgumentException("replace '" + path + "': field " + type + "." + field.getName()
                    + " is final. Hint: declare it `private Module " + field.getName() + ";`.");
        }
        if (!field.getType().isInstance(replacement)) {
            throw new IllegalArgumentException(
                    "replace '" + path + "': field " + type + "." + field.getName() + " holds a "
                            + field.getType().getSimpleName() + ", not a " + Members.nameOf(replacement.getClass())
                            + ". Hint: declare the field as Module.");
        }
        return field;
    }

    private static void set(Module parent, Field field, String path, Module replacement) {
        try {
            field.set(parent, replacement);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(
                    "replace '" + path + "': field " + Members.nameOf(parent.getClass()) + "." + field.getName()
                            + " cannot be written",
                    e);
        }
    }

    /**
     * What left the tree is not closed: another network may hold it, and the garbage collector will free it otherwise.
     * A replacement may also wrap what it replaces, as in {@code new Sequential(new Dropout(..), oldHead)}.
     */
    private static void markTakenOut(Module root, String path, List<Visit> before) {
        Set<Object> parts = parts(root);
        for (Visit visit : before) {
            visit.members.parameters().forEach((name, parameter) -> {
                if (!parts.contains(parameter)) {
                    parameter.takenOut(join(join(path, visit.path), name));
                }
            });
        }
        parts.forEach(part -> {
            if (part instanceof Parameter parameter) {
                parameter.takenOut(null);
            }
        });
    }

    /** All tensors are moved before the first one is assigned. */
    static void move(Module root, Device device) {
        IdentityHashMap<Object, Tensor> moved = new IdentityHashMap<>();
        List<Visit> visits = walk(root);
        try {
            for (Visit visit : visits) {
                visit.members
                        .parameters()
                        .values()
                        .forEach(parameter -> moved.computeIfAbsent(parameter, p -> onto(device, parameter.tensor())));
                visit.members
                        .buffers()
                        .values()
                        .forEach(buffer -> moved.computeIfAbsent(buffer, b -> onto(device, buffer.tensor())));
            }
        } catch (RuntimeException | Error e) {
            moved.values().forEach(Tensor::close);
            throw e;
        }
        moved.forEach((part, tensor) -> {
            if (part instanceof Parameter parameter) {
                parameter.become(tensor);
            } else {
                ((Buffer) part).become(tensor);
            }
        });
    }

    /** Null if the tensor is already there. */
    private static @Nullable Tensor onto(Device device, Tensor tensor) {
        if (tensor.device().equals(device)) {
            return null;
        }
        try (Scope scope = Scope.open()) {
            return scope.keep(tensor.detach().to(device)).keep();
        }
    }

    /** Freezes exactly what no name covers, so that parts which are already trained keep their gradients. */
    static void freezeExcept(Module root, List<String> names) {
        Set<Object> released = identitySet();
        for (String name : names) {
            Optional<Parameter> parameter = parameter(root, name);
            if (parameter.isPresent()) {
                released.add(parameter.get());
            } else {
                released.addAll(parts(find(root, name)));
            }
        }
        for (Visit visit : walk(root)) {
            visit.module.setFreezing(released.contains(visit.module) ? Freezing.NONE : Freezing.EVERYTHING);
            visit.members.parameters().values().forEach(parameter -> parameter.freeze(!released.contains(parameter)));
        }
    }
}
