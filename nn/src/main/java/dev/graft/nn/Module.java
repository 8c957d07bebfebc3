package dev.graft.nn;

import dev.graft.io.StateDict;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A layer or a network. Its fields of type {@code Module}, {@link Parameter} and {@link Buffer} are its state, under their own
 * names ({@link Key} gives another); a null field is absent.
 *
 * <pre>{@code
 * final class Mlp extends Module {
 *     private final Linear hidden;
 *     private Module head;                               // not final: replace("head", ...) may swap it
 *
 *     Mlp(RandomGenerator random) {
 *         hidden = new Linear(784, 64, random);
 *         head = new Linear(64, 10, random);
 *     }
 *
 *     @Override protected Tensor compute(Tensor x) {     // x [N, 784] -> [N, 10]
 *         return head.forward(hidden.forward(x).relu());
 *     }
 * }
 * }</pre>
 *
 * <p>On the module path, a module's package must be open to {@code dev.graft.nn}. Import this class by its name: an import of
 * {@code dev.graft.nn.*} leaves {@code Module} ambiguous with {@link java.lang.Module}.
 */
public abstract class Module implements AutoCloseable {
    private boolean training = true;
    private Freezing freezing = Freezing.NONE;

    /** In training mode, nothing frozen. */
    protected Module() {
    }

    /**
     * Computes the output; what is made on the way is closed, except what backward needs.
     *
     * @throws LayerException naming the layer that refuses its input
     */
    public final Tensor forward(Tensor input) {
        return asThisLayer(() -> compute(input));
    }

    /** Runs a formula of this layer in a scope of its own; what it refuses is reported under this layer's name. */
    final Tensor asThisLayer(Supplier<Tensor> formula) {
        try (Scope scope = Scope.open()) {
            return scope.keep(formula.get());
        } catch (LayerException e) {
            throw e.seenFrom(this);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new LayerException(this, e);
        }
    }

    /** The layer's formula. Call other modules by {@link #forward}; {@link #isTraining()} tells the mode. */
    protected abstract Tensor compute(Tensor input);

    /** Trainable or not, by name, in PyTorch's order; a shared parameter appears once. */
    public final Map<String, Parameter> namedParameters() {
        Map<String, Parameter> named = new LinkedHashMap<>();
        Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        namedModules().forEach((path, module) -> Members.of(module).parameters().forEach((name, parameter) -> {
            if (seen.add(parameter)) {
                named.put(ModuleTree.join(path, name), parameter);
            }
        }));
        return named;
    }

    /** All parameters, frozen ones too. */
    public final List<Parameter> parameters() {
        return List.copyOf(namedParameters().values());
    }

    /** The parameters that are not frozen: what an optimizer should get. */
    public final List<Parameter> trainableParameters() {
        return parameters().stream().filter(parameter -> !parameter.isFrozen()).toList();
    }

    /** The number of trained values, frozen ones included. */
    public final long parameterCount() {
        return parameters().stream().mapToLong(parameter -> parameter.shape().numel()).sum();
    }

    /** This module (its name is empty) and all modules below it, parents first; a shared module appears once. */
    public final Map<String, Module> namedModules() {
        return ModuleTree.namedModules(this);
    }

    /** This module and all modules below it. */
    public final List<Module> modules() {
        return List.copyOf(namedModules().values());
    }

    /** The direct children by name. */
    public final Map<String, Module> children() {
        return Members.of(this).children();
    }

    /**
     * The module at a dotted path, such as {@code layer4.1.conv2}; the empty path is this module.
     *
     * @throws IllegalArgumentException listing the children that exist
     */
    public final Module module(String path) {
        return ModuleTree.find(this, path);
    }

    /**
     * Puts another module at a dotted path and closes the one it replaces, except for parts that the new one reuses. The new
     * module follows the old one's training mode and device; it keeps its own freezing, so a new head on a frozen network trains.
     *
     * @throws IllegalArgumentException listing the children that exist, or where the field cannot hold the module
     */
    public final void replace(String path, Module replacement) {
        ModuleTree.replace(this, path, replacement);
    }

    /**
     * Parameters and buffers by name, with PyTorch's names and order. The tensors share memory with the module: save them, or
     * copy them before training goes on.
     */
    public final StateDict stateDict() {
        return StateLoader.stateDict(this);
    }

    /**
     * Copies a state dict into this module, every key exactly; see {@link #load(StateDict, LoadOptions)}.
     *
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys; nothing has changed then
     */
    public final void load(StateDict state) {
        load(state, LoadOptions.strict());
    }

    /**
     * Copies a state dict into this module. F64, F16 and BF16 values become F32. Only {@code num_batches_tracked} may be missing,
     * as it is from files written before PyTorch 0.4.1; it then starts at 0.
     *
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys; nothing has changed then
     */
    public final void load(StateDict state, LoadOptions options) {
        StateLoader.load(this, state, options);
    }

    /** Freezes this module and all below it: {@link Freezing#EVERYTHING}. */
    public final void freeze() {
        freeze(Freezing.EVERYTHING);
    }

    /** Freezes, or with {@link Freezing#NONE} releases, this module and all below it. */
    public final void freeze(Freezing how) {
        for (Module module : modules()) {
            module.freezing = how;
            Members.of(module).parameters().values().forEach(parameter -> parameter.freeze(how != Freezing.NONE));
        }
    }

    /** Undoes {@link #freeze()}; the training mode is the one last asked for by {@link #train()} or {@link #eval()}. */
    public final void unfreeze() {
        freeze(Freezing.NONE);
    }

    /**
     * Freezes all but the named modules or parameters: {@code model.freezeExcept("fc")}.
     *
     * @throws IllegalArgumentException where a name does not exist, listing the children that do; nothing has changed then
     */
    public final void freezeExcept(String... names) {
        ModuleTree.freezeExcept(this, List.of(names));
    }

    /** Whether this module and all below it are frozen, in either way. */
    public final boolean isFrozen() {
        return modules().stream().allMatch(module -> module.freezing != Freezing.NONE);
    }

    /** Training mode for this module and all below it; frozen ones do not follow. */
    public final void train() {
        modules().forEach(module -> module.training = true);
    }

    /** Evaluation mode: no dropout, stored statistics in batch norm. */
    public final void eval() {
        modules().forEach(module -> module.training = false);
    }

    /** Whether this module behaves as in training: it was asked to, and is not frozen. */
    public final boolean isTraining() {
        return training && freezing != Freezing.EVERYTHING;
    }

    /** Runs {@code body} in evaluation mode, then gives every module its mode back. */
    public final <T> T evaluating(Supplier<T> body) {
        Map<Module, Boolean> modes = new IdentityHashMap<>();
        modules().forEach(module -> modes.put(module, module.training));
        eval();
        try {
            return body.get();
        } finally {
            modes.forEach((module, mode) -> module.training = mode);
        }
    }

    /** Moves parameters and buffers to a device; returns this. Gradients stay behind. */
    public final Module to(Device device) {
        for (Module module : modules()) {
            Members members = Members.of(module);
            members.parameters().values().forEach(parameter -> parameter.moveTo(device));
            members.buffers().values().forEach(buffer -> buffer.moveTo(device));
        }
        return this;
    }

    /** A table of layers, weight shapes and parameter counts, for people. */
    public final String summary() {
        return Summary.of(this);
    }

    final boolean followsTraining() {
        return training;
    }

    /** Frees parameters and buffers of this module and all below it. */
    @Override
    public void close() {
        for (Module module : modules()) {
            Members members = Members.of(module);
            members.parameters().values().forEach(Parameter::close);
            members.buffers().values().forEach(Buffer::close);
        }
    }

    /** The layer's name and settings; subclasses add theirs. */
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }
}
