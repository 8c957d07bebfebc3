package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The state of the current thread's module calls: whose formula it runs, and which modules it sees in another mode than
 * theirs. Nothing here is shared between threads, so threads that use the same module do not see each other's modes.
 */
final class CallContext {
    private static final ThreadLocal<CallContext> CURRENT = ThreadLocal.withInitial(CallContext::new);

    /** The module that was called from outside, while its formula runs. */
    private @Nullable Module root;
    /** Innermost first. */
    private final Deque<ThreadModes> modes = new ArrayDeque<>(2);
    /** What this thread alone observes; innermost first. */
    private final Deque<Watch> watches = new ArrayDeque<>(2);

    /** What this thread puts in the place of outputs; innermost first. */
    private final Deque<Replacement> replacements = new ArrayDeque<>(2);
    /** What this thread sees in the place of parameters; innermost first. */
    private final Deque<ParameterView> views = new ArrayDeque<>(2);

    private record Replacement(Module module, UnaryOperator<Tensor> output) {}

    private record Watch(Set<Module> modules, ForwardObserver observer) {}

    private CallContext() {}

    static CallContext current() {
        return CURRENT.get();
    }

    /**
     * Begins a call of {@code module}; pass the result to {@link #leave}.
     *
     * @throws IllegalStateException if a formula calls a layer that is not a part of its network
     */
    @Nullable
    Module enter(Module module) {
        Module above = root;
        if (above == null || !above.owns(module)) {
            if (above != null && !mayStayOutside(module, above)) {
                throw notAPart(
                        "calls " + module, "it would not be trained, saved, moved or switched by train() and eval()");
            }
            root = module;
        }
        return above;
    }

    void leave(@Nullable Module above) {
        root = above;
    }

    /** As {@link #enter}, for a tensor: parameters are used without being called. */
    void use(Parameter parameter) {
        if (root == null) {
            return;
        }
        if (!root.owns(parameter) && !parameter.isFrozen()) {
            throw notAPart("uses a parameter " + parameter.shape(), "it would not be trained, saved or moved");
        }
        parameter.used();
    }

    /** What a formula of this thread computes with, in the place of a parameter's own tensor. */
    Tensor seen(Parameter parameter, Tensor own) {
        if (root == null || views.isEmpty()) {
            return own;
        }
        Tensor seen = own;
        for (var outermostFirst = views.descendingIterator(); outermostFirst.hasNext(); ) {
            seen = outermostFirst.next().of(parameter, seen);
        }
        return seen;
    }

    void beginView(ParameterView view) {
        views.push(view);
    }

    void endView() {
        views.pop();
    }

    void use(Buffer buffer) {
        if (root != null && !root.owns(buffer)) {
            throw notAPart("uses a buffer " + buffer.shape(), "it would not be saved or moved");
        }
    }

    private IllegalStateException notAPart(String what, String why) {
        return new IllegalStateException(
                "the formula " + what + " that is not a part of "
                        + Members.nameOf(Objects.requireNonNull(root).getClass()) + ": " + why
                        + ". Hint: hold it in a field of the module or in a ModuleList, or freeze() it if it is meant to stay outside.");
    }

    /**
     * What a formula may use although it is not a part of its network: modules with nothing to train, save or switch,
     * such as {@code new ReLU()}; modules that are frozen on purpose, such as a teacher; and modules that share
     * everything else with the caller, such as a frozen backbone around a head that is trained alone.
     */
    private static boolean mayStayOutside(Module module, Module caller) {
        return module.modules().stream()
                .allMatch(part -> part.freezing() == Freezing.EVERYTHING || hasNoState(part) || caller.owns(part));
    }

    private static boolean hasNoState(Module module) {
        Members members = Members.of(module);
        return members.parameters().isEmpty() && members.buffers().isEmpty() && !(module instanceof Stochastic);
    }

    /** The mode in which this thread sees a module: {@code own} unless the thread has its own. */
    boolean mode(Module module, boolean own) {
        for (ThreadModes bound : modes) {
            if (bound.holds(module)) {
                return bound.get(module);
            }
        }
        return own;
    }

    /** Sets the mode of a module for which this thread has its own; false if it has none. */
    boolean setMode(Module module, boolean training) {
        for (ThreadModes bound : modes) {
            if (bound.holds(module)) {
                bound.set(module, training);
                return true;
            }
        }
        return false;
    }

    /** Whether this thread observes the calls of a module. */
    boolean watches(Module module) {
        return (!watches.isEmpty() && watches.stream().anyMatch(watch -> watch.modules.contains(module)))
                || replaces(module);
    }

    /** Whether this thread puts something in the place of a module's outputs. */
    boolean replaces(Module module) {
        return !replacements.isEmpty() && replacements.stream().anyMatch(each -> each.module == module);
    }

    /** What the callers of a module get in the place of its output. */
    Tensor replaced(Module module, Tensor output) {
        Tensor result = output;
        for (var outermostFirst = replacements.descendingIterator(); outermostFirst.hasNext(); ) {
            Replacement each = outermostFirst.next();
            if (each.module == module) {
                result = GivenTensors.checkOutput(each.output.apply(result));
            }
        }
        return result;
    }

    void beginReplacing(Module module, UnaryOperator<Tensor> output) {
        replacements.push(new Replacement(module, output));
    }

    void endReplacing() {
        replacements.pop();
    }

    void tell(ForwardCall call) {
        for (Watch watch : watches) {
            if (watch.modules.contains(call.module())) {
                watch.observer.called(call);
            }
        }
    }

    /** @param modules compared by identity */
    void beginWatching(Set<Module> modules, ForwardObserver observer) {
        Set<Module> watched = ModuleTree.identitySet();
        watched.addAll(modules);
        watches.push(new Watch(watched, observer));
    }

    void endWatching() {
        watches.pop();
    }

    /** Shows this thread a network in one mode, until {@link #endModes}. */
    void beginModes(Module module, boolean training) {
        modes.push(new ThreadModes(module, training));
    }

    void endModes() {
        modes.pop();
    }

    /** Replaces {@code old} by {@code replacement} in all modes of this thread. */
    void follow(Module old, Module replacement) {
        for (ThreadModes bound : modes) {
            if (bound.holds(old)) {
                boolean training = bound.get(old);
                replacement.modules().forEach(module -> bound.set(module, training));
            }
        }
    }
}
