package dev.graft.nn;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Walks, searches and changes the tree of a module. */
final class ModuleTree {
    private ModuleTree() {
    }

    static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    static Map<String, Module> namedModules(Module root) {
        Map<String, Module> named = new LinkedHashMap<>();
        collect("", root, named, identitySet(), identitySet());
        return named;
    }

    private static void collect(String path, Module module, Map<String, Module> named, Set<Object> seen, Set<Object> above) {
        if (!above.add(module)) {
            throw new IllegalStateException("module '" + path + "' (" + module.getClass().getSimpleName()
                    + ") contains itself. Hint: a module must not keep its parent in a field.");
        }
        if (seen.add(module)) {
            named.put(path, module);
            Members.of(module).children().forEach((name, child) -> collect(join(path, name), child, named, seen, above));
        }
        above.remove(module);
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

    private static IllegalArgumentException unknown(String what, String path, String walked, Module module, Set<String> known) {
        String type = module.getClass().getSimpleName();
        String where = walked.isEmpty() ? type : "'" + walked + "' (" + type + ")";
        String hint = known.isEmpty() ? where + " has no child modules."
                : "the children of " + where + " are " + String.join(", ", known) + ".";
        return new IllegalArgumentException("no " + what + " '" + path + "' in " + where + ". Hint: " + hint);
    }

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
        if (parent instanceof Container container && container.elements().containsKey(name)) {
            container.replaceElement(name, replacement);
        } else {
            setField(parent, name, path, replacement);
        }
        follow(old, replacement);
        closeUnused(old, root);
    }

    /** The new module works where and as the old one did. */
    private static void follow(Module old, Module replacement) {
        if (old.followsTraining()) {
            replacement.train();
        } else {
            replacement.eval();
        }
        List<Parameter> parameters = old.parameters();
        if (!parameters.isEmpty()) {
            replacement.to(parameters.get(0).value().device());
        }
    }

    private static void setField(Module parent, String name, String path, Module replacement) {
        Field field = Members.field(parent, name).orElseThrow();
        String type = parent.getClass().getSimpleName();
        if (Modifier.isFinal(field.getModifiers())) {
            throw new IllegalArgumentException("replace '" + path + "': field " + type + "." + field.getName()
                    + " is final. Hint: declare it `private Module " + field.getName() + ";`.");
        }
        if (!field.getType().isInstance(replacement)) {
            throw new IllegalArgumentException("replace '" + path + "': field " + type + "." + field.getName() + " holds a "
                    + field.getType().getSimpleName() + ", not a " + replacement.getClass().getSimpleName()
                    + ". Hint: declare the field as Module.");
        }
        try {
            field.setAccessible(true);
            field.set(parent, replacement);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("replace '" + path + "': field " + type + "." + field.getName() + " cannot be written", e);
        }
    }

    /** A replacement may wrap what it replaces, as in {@code new Sequential(new Dropout(..), oldHead)}. */
    private static void closeUnused(Module old, Module root) {
        Set<Object> used = identitySet();
        for (Module module : root.modules()) {
            Members members = Members.of(module);
            used.addAll(members.parameters().values());
            used.addAll(members.buffers().values());
        }
        for (Module module : old.modules()) {
            Members members = Members.of(module);
            members.parameters().values().stream().filter(parameter -> !used.contains(parameter)).forEach(Parameter::close);
            members.buffers().values().stream().filter(buffer -> !used.contains(buffer)).forEach(Buffer::close);
        }
    }

    static void freezeExcept(Module root, List<String> names) {
        Map<String, Parameter> parameters = root.namedParameters();
        List<Module> releasedModules = new ArrayList<>();
        List<Parameter> releasedParameters = new ArrayList<>();
        for (String name : names) {
            if (parameters.containsKey(name)) {
                releasedParameters.add(parameters.get(name));
            } else {
                releasedModules.add(find(root, name));
            }
        }
        root.freeze();
        releasedModules.forEach(Module::unfreeze);
        releasedParameters.forEach(parameter -> parameter.freeze(false));
    }
}
