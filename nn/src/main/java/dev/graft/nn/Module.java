package dev.graft.nn;

import dev.graft.io.StateDict;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A layer or a network. What its fields hold of type {@code Module}, {@link Parameter} and {@link Buffer} is its state,
 * under the fields' names ({@link StateKey} gives another); a null field is absent. A local variable that an anonymous
 * or local module uses counts as a field. Several layers go into a {@link ModuleList} or
 * {@link dev.graft.nn.layer.Sequential}: those in a list, map, array, optional or record are refused. So is a formula
 * that uses a layer, parameter or buffer that is not a part of its network, unless it is frozen (a teacher) or has no
 * state.
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
 * <p><b>Threads.</b> Any number of threads may call {@link #forward} of one module at once in evaluation mode, or
 * evaluate it ({@link #evaluating}); none waits for another. What changes a module, that is {@link #load},
 * {@link #replace}, {@link #to}, {@link #freeze}, {@link #train}, {@link #eval} and an optimizer's step, is for one
 * thread while no other uses it. Training calls of several threads lose no running statistics, but their gradients add
 * up in one place: train from one thread. {@link #close} may come at any time.
 *
 * <p>On the module path, a module's package must be open to {@code dev.graft.nn}. Import this class by its name: an
 * import of {@code dev.graft.nn.*} leaves {@code Module} ambiguous with {@link java.lang.Module}.
 */
public abstract class Module implements AutoCloseable {
    private volatile boolean training = true;
    private volatile Freezing freezing = Freezing.NONE;
    /** This module's tree as a formula last saw it: what {@link CallContext} compares with. */
    private volatile Set<Object> parts = Set.of();

    @SuppressWarnings("this-escape") // is only kept there
    private final RunningCalls usage = new RunningCalls(this);

    /** In training mode, nothing frozen. */
    protected Module() {}

    /**
     * Computes the output; what is made on the way is closed, except what backward needs. The output is the caller's to
     * close: where a layer passes its input on, as a dropout in evaluation does, it is an {@linkplain Tensor#alias
     * alias}.
     *
     * @throws LayerException naming the layer that refuses its input
     */
    public final Tensor forward(Tensor input) {
        return asThisLayer(() -> compute(input));
    }

    /**
     * Runs another formula of this module, such as the features of a classifier, as {@link #forward} runs
     * {@link #compute}: what is made on the way is closed, and what is refused is reported under the layer's name.
     */
    protected final Tensor asThisLayer(Supplier<Tensor> formula) {
        return asPart(() -> inUse(formula));
    }

    /**
     * Reads this module's own parameters and buffers for a formula that runs in its place, such as a fused kernel's;
     * elsewhere a formula may only use what belongs to the network it is in.
     */
    protected final <T> T asPart(Supplier<T> read) {
        CallContext calls = CallContext.current();
        Module above = calls.enter(this);
        try {
            return read.get();
        } finally {
            calls.leave(above);
        }
    }

    /** Lends this layer's tensors to a kernel that computes it together with another layer. */
    protected final Tensor inUse(Supplier<Tensor> formula) {
        boolean used = false;
        try (Scope scope = Scope.open()) {
            usage.begin();
            used = true;
            return scope.handOver(formula.get());
        } catch (LayerException e) {
            throw e.seenFrom(this);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new LayerException(this, e);
        } finally {
            if (used) {
                usage.end();
            }
        }
    }

    /** Whether a module, parameter or buffer is in this module's tree. */
    final boolean owns(Object part) {
        if (parts.contains(part)) {
            return true;
        }
        parts = ModuleTree.parts(this);
        return parts.contains(part);
    }

    /** The layer's formula. Call other modules by {@link #forward}; {@link #isTraining()} tells the mode. */
    protected abstract Tensor compute(Tensor input);

    /**
     * The buffers that the formula itself changes in training, by state-dict name, after an update that another thread
     * may be in; none unless a layer says so.
     */
    protected Map<String, Buffer> runningStatistics() {
        return Map.of();
    }

    /** Trainable or not, by name, in PyTorch's order; a shared parameter appears once. */
    public final Map<String, Parameter> namedParameters() {
        Map<String, Parameter> named = new LinkedHashMap<>();
        Set<Parameter> seen = ModuleTree.identitySet();
        for (ModuleTree.Visit visit : ModuleTree.walk(this)) {
            visit.members().parameters().forEach((name, parameter) -> {
                if (seen.add(parameter)) {
                    named.put(ModuleTree.join(visit.path(), name), parameter);
                }
            });
        }
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
        return parameters().stream()
                .mapToLong(parameter -> parameter.shape().numel())
                .sum();
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
     * Puts another module at a dotted path. The new module follows the old one's training mode and device, unlike in
     * PyTorch, so a head put on a network in evaluation mode is in evaluation mode; it keeps its own freezing, so a new
     * head on a frozen network trains. The replacement may hold the old module.
     *
     * <p>The old module is not closed: another network may hold it. Where nobody does, the garbage collector frees it;
     * to free it at once, take {@link #module} before and {@link #close} it after. An optimizer made before still holds
     * the old parameters, and refuses to step.
     *
     * @throws IllegalArgumentException listing the children that exist, or where the field cannot hold the module, or
     *     where the replacement contains a module above it; nothing has changed then
     */
    public final void replace(String path, Module replacement) {
        ModuleTree.replace(this, path, replacement);
    }

    /**
     * Parameters and buffers by name, with PyTorch's names and order. The tensors share memory with the module: save
     * them, or copy them before training goes on.
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
     * Copies a state dict into this module. F64, F16 and BF16 values become F32. Only {@code num_batches_tracked} may
     * be missing, as it is from files written before PyTorch 0.4.1; it then starts at 0.
     *
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys; nothing has changed then
     */
    public final void load(StateDict state, LoadOptions options) {
        StateLoader.load(this, state, options);
    }

    /**
     * Remembers the values that parameters and running statistics have now, so that a later change of them is noticed.
     */
    public final WeightsMark markWeights() {
        return new WeightsMark(this);
    }

    /** Freezes this module and all below it: {@link Freezing#EVERYTHING}. */
    public final void freeze() {
        freeze(Freezing.EVERYTHING);
    }

    /** Freezes, or with {@link Freezing#NONE} releases, this module and all below it. */
    public final void freeze(Freezing how) {
        for (ModuleTree.Visit visit : ModuleTree.walk(this)) {
            visit.module().freezing = how;
            visit.members().parameters().values().forEach(parameter -> parameter.freeze(how != Freezing.NONE));
        }
    }

    /** Undoes {@link #freeze()}; the training mode is the one last asked for by {@link #train()} or {@link #eval()}. */
    public final void unfreeze() {
        freeze(Freezing.NONE);
    }

    /**
     * Freezes all but the named modules or parameters: {@code model.freezeExcept("fc")}. What no name covers is frozen,
     * such as the dropout before a head: name it too, or the module that holds both. What is named is released, and
     * keeps its gradients. A shared layer counts as named under each of its names.
     *
     * @throws IllegalArgumentException where a name does not exist, listing the children that do; nothing has changed
     *     then
     */
    public final void freezeExcept(String... names) {
        ModuleTree.freezeExcept(this, List.of(names));
    }

    /** Whether this module and all below it are frozen, in either way. */
    public final boolean isFrozen() {
        return modules().stream().allMatch(module -> module.freezing != Freezing.NONE);
    }

    /**
     * Training mode for this module and all below it, for all threads that are not {@link #evaluating} them. Frozen
     * ones remember the mode and show it once they are released.
     */
    public final void train() {
        setMode(true);
    }

    /** Evaluation mode: no dropout, stored statistics in batch norm. */
    public final void eval() {
        setMode(false);
    }

    private void setMode(boolean mode) {
        CallContext calls = CallContext.current();
        for (Module module : modules()) {
            if (!calls.setMode(module, mode)) {
                module.training = mode;
            }
        }
    }

    /** Whether this module behaves as in training: it was asked to, and is not frozen. */
    public final boolean isTraining() {
        return CallContext.current().mode(this, training) && freezing != Freezing.EVERYTHING;
    }

    /**
     * Runs {@code body} with this module and all below it in evaluation mode. As
     * {@link dev.graft.tensor.Autograd#noGrad()} does, this concerns the calling thread alone: other threads see the
     * modes that {@link #train()} and {@link #eval()} set, and may train or evaluate the same module meanwhile.
     * {@code train()} and {@code eval()} in {@code body} hold until its end.
     */
    public final <T> T evaluating(Supplier<T> body) {
        CallContext calls = CallContext.current();
        calls.evaluate(this);
        try {
            return body.get();
        } finally {
            calls.endEvaluation();
        }
    }

    /**
     * Moves parameters and buffers to a device; returns this. Gradients stay behind. Where one cannot be moved, none
     * is.
     */
    public final Module to(Device device) {
        ModuleTree.move(this, device);
        return this;
    }

    /** A table of layers, weight shapes and parameter counts, for people. */
    public final String summary() {
        return Summary.of(this);
    }

    final boolean trainingAsSet() {
        return training;
    }

    final void setTraining(boolean mode) {
        training = mode;
    }

    final Freezing freezing() {
        return freezing;
    }

    final void setFreezing(Freezing how) {
        freezing = how;
    }

    final RunningCalls usage() {
        return usage;
    }

    /**
     * Closes this module and all below it, and frees their parameters and buffers, also those that another network
     * holds as well. A call that another thread is in comes to its end first; later ones throw an exception that names
     * the layer. Closing twice does nothing.
     */
    @Override
    public void close() {
        usage.close();
    }

    /** The layer's name and settings; subclasses add theirs. */
    @Override
    public String toString() {
        return Members.nameOf(getClass());
    }
}
