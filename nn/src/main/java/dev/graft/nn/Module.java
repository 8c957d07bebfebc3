package dev.graft.nn;

import dev.graft.io.StateDict;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A layer or a network. Its state is what its fields of type {@code Module}, {@link Parameter} and {@link Buffer} hold,
 * under the fields' names ({@link StateKey} gives another name). A null field is absent. A local variable that an
 * anonymous or local module uses counts as a field. Hold several layers in a {@link ModuleList} or
 * {@link dev.graft.nn.layer.Sequential}: layers in a list, map, array, optional or record are refused. A formula may
 * not use a layer, parameter or buffer that is not a part of its network, unless it is frozen (a teacher) or has no
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
 * evaluate it ({@link #evaluating}); none waits for another. Operations that change a module ({@link #load},
 * {@link #replace}, {@link #to}, {@link #freeze}, {@link #train}, {@link #eval} and an optimizer's step) may run only
 * while no other thread uses it. Training calls of several threads lose no running statistics, but their gradients add
 * up in one place, so train from one thread. {@link #close} may be called at any time.
 *
 * <p>On the module path, the package of a subclass must be open to {@code dev.graft.nn}. Import this class by its name:
 * with an import of {@code dev.graft.nn.*}, {@code Module} is ambiguous with {@link java.lang.Module}.
 */
public abstract class Module implements AutoCloseable {
    private volatile boolean training = true;
    private volatile Freezing freezing = Freezing.NONE;
    /** This module's tree as a formula last saw it, for comparison by {@link CallContext}. */
    private volatile Set<Object> parts = Set.of();

    /** Replaced as a whole with each change. */
    private volatile List<Observation> observations = List.of();

    @SuppressWarnings("this-escape") // is only kept there
    private final RunningCalls usage = new RunningCalls(this);

    /** In training mode, with nothing frozen. */
    protected Module() {}

    /**
     * Computes the output. Intermediate results are closed, except those that backward needs. The caller may close the
     * output: if a layer passes its input on, as dropout does in evaluation mode, the output is an
     * {@linkplain Tensor#alias alias}.
     *
     * @throws LayerException naming the layer that refuses its input
     */
    public final Tensor forward(Tensor input) {
        return asThisLayer(GivenTensors.of(input), () -> compute(input));
    }

    /**
     * As {@link #forward(Tensor)}, for a module of several inputs or outputs: its {@link #compute(List)} says in which
     * order they are. Each output may be closed by itself. A module of one input and one output may be called like this
     * too.
     *
     * <pre>{@code List<Tensor> heads = model.forward(List.of(images, columns));}</pre>
     *
     * @param inputs at least one
     * @return unmodifiable
     * @throws LayerException naming the layer that refuses its inputs, or their number
     */
    public final List<Tensor> forward(List<Tensor> inputs) {
        return allAsThisLayer(inputs, () -> compute(GivenTensors.of(inputs)));
    }

    private void tell(List<Tensor> inputs, List<Tensor> outputs) {
        ForwardCall call = new ForwardCall(this, inputs, outputs);
        for (Observation observation : observations) {
            observation.observer().called(call);
        }
        CallContext.current().tell(call);
    }

    /**
     * Tells an observer of each call of a module below this one, by any thread, until the registration is closed:
     *
     * <pre>{@code
     * try (Observation seen = model.observe("layer4", call -> shapes.add(call.output().shape()))) {
     *     model.forward(images);
     * }
     * }</pre>
     *
     * <p>Observers of one module are told in the order in which they were registered. An observed layer is not computed
     * together with its neighbours, so that its own output can be seen; the results then differ by rounding. An
     * observer stays with the module that it was registered on, also after a {@link #replace}. It sees calls of
     * {@code forward}, with masks, states or sizes too, but not of a module's other methods.
     *
     * @param path as for {@link #module}; the empty path is this module
     * @throws IllegalArgumentException if there is no such module, listing the children that exist
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Module.html">register_forward_hook</a>
     */
    public final Observation observe(String path, ForwardObserver observer) {
        Module module = module(path);
        Observation observation = new Observation(module, Objects.requireNonNull(observer, "the observer is null"));
        synchronized (module.usage) {
            List<Observation> more = new ArrayList<>(module.observations);
            more.add(observation);
            module.observations = List.copyOf(more);
        }
        return observation;
    }

    final void endObservation(Observation ended) {
        synchronized (usage) {
            observations = observations.stream().filter(other -> other != ended).toList();
        }
    }

    /**
     * Whether somebody observes the calls of this module, as the current thread sees it. A formula that computes
     * several layers in one kernel must then call this one by {@code forward}.
     */
    public final boolean isObserved() {
        return !observations.isEmpty() || CallContext.current().watches(this);
    }

    /** Runs {@code body}; {@code observer} sees the calls of this module and all below it by the calling thread. */
    public final <T> T observing(ForwardObserver observer, Supplier<T> body) {
        return Substitution.observed(this, observer, body);
    }

    /**
     * The outputs of some modules in one call of this network, by name and in the order of the names. A module that is
     * called several times gives the output of its last call. Gradients flow back from them as from any other result.
     *
     * <pre>{@code Map<String, Tensor> features = model.intermediates(images, "layer3", "layer4");}</pre>
     *
     * <p>Other threads that call the network at the same time are not concerned. The whole network is computed, also
     * what lies behind the last named module.
     *
     * @param layers paths as for {@link #module}; the empty path is the network itself
     * @throws IllegalArgumentException if a module does not exist, or is not called
     * @throws LayerException if a named module has several outputs
     * @see <a href="https://pytorch.org/vision/stable/feature_extraction.html">create_feature_extractor</a>
     */
    public final Map<String, Tensor> intermediates(Tensor input, String... layers) {
        return intermediates(List.of(input), layers);
    }

    /** As {@link #intermediates(Tensor, String...)}, for a network of several inputs. */
    public final Map<String, Tensor> intermediates(List<Tensor> inputs, String... layers) {
        return Intermediates.of(this, inputs, List.of(layers));
    }

    /**
     * Runs {@code body}, in which the calling thread gets something else in the place of each output of one module: a
     * value to try, a leaf whose gradient is wanted, zeros.
     *
     * <pre>{@code
     * Tensor answer = model.replacingOutputs("layer4", maps -> maps.mul(mask), () -> model.forward(images));
     * }</pre>
     *
     * <p>Other threads that call the network are not concerned. Observers see the replacement.
     *
     * @param path as for {@link #module}
     * @param replacement from an output to what its callers get, of any shape that they accept
     * @throws IllegalArgumentException if there is no such module, listing the children that exist
     * @throws LayerException if the module has several outputs
     */
    public final <T> T replacingOutputs(String path, UnaryOperator<Tensor> replacement, Supplier<T> body) {
        return Substitution.ofOutputs(module(path), replacement, body);
    }

    /**
     * Runs {@code body}, in which the parameters of this module are constants to the formulas that the calling thread
     * runs: nothing is recorded for their gradients, and {@code backward} adds nothing to them, as if all were frozen.
     * Other threads are not concerned. For gradients of inputs alone.
     */
    public final <T> T withConstantParameters(Supplier<T> body) {
        return Substitution.ofParameters(new ParameterView.Constants(this), body);
    }

    /**
     * Runs {@code body}, in which the formulas that the calling thread runs compute with other values in the place of
     * this module's parameters. Other threads are not concerned, and the module keeps its own.
     *
     * @param values by the names of {@link #namedParameters}; parameters that are not named keep their values
     * @throws IllegalArgumentException for a name that does not exist, or a value of another shape
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.func.functional_call.html">functional_call</a>
     */
    public final <T> T withParameters(Map<String, Tensor> values, Supplier<T> body) {
        return Substitution.ofParameters(ParameterView.Values.of(this, values), body);
    }

    /**
     * Runs another formula of this module, such as the features of a classifier, as {@link #forward} runs
     * {@link #compute}: intermediate results are closed, and errors name the layer.
     */
    protected final Tensor asThisLayer(Supplier<Tensor> formula) {
        return asPart(() -> inUse(formula));
    }

    /**
     * As {@link #asThisLayer(Supplier)}, for another form of {@code forward}, such as one with masks or states:
     * observers are told.
     *
     * @param inputs what observers see as the inputs
     */
    protected final Tensor asThisLayer(List<Tensor> inputs, Supplier<Tensor> formula) {
        return asThisLayer(() -> {
            Tensor output = GivenTensors.checkOutput(formula.get());
            if (isObserved()) {
                output = CallContext.current().replaced(this, output);
                tell(GivenTensors.of(inputs), List.of(output));
            }
            return output;
        });
    }

    /** As {@link #asThisLayer(List, Supplier)}, for a formula of several outputs. */
    protected final List<Tensor> allAsThisLayer(List<Tensor> inputs, Supplier<List<Tensor>> formula) {
        return allAsThisLayer(() -> {
            List<Tensor> outputs = formula.get();
            if (isObserved()) {
                outputs = Substitution.replaced(this, GivenTensors.checkOutputs(outputs));
                tell(GivenTensors.of(inputs), List.copyOf(outputs));
            }
            return outputs;
        });
    }

    /** As {@link #asThisLayer(Supplier)}, for a formula of several outputs. */
    protected final List<Tensor> allAsThisLayer(Supplier<List<Tensor>> formula) {
        return asPart(() -> inUse(scope -> GivenTensors.checkOutputs(formula.get()).stream()
                .map(scope::handOver)
                .toList()));
    }

    /**
     * Reads this module's own parameters and buffers for a formula that runs in its place, such as that of a fused
     * kernel. Otherwise a formula may use only what belongs to its network.
     */
    protected final <T> T asPart(Supplier<T> read) {
        CallContext calls = CallContext.current();
        @Nullable Module above = calls.enter(this);
        try {
            return read.get();
        } finally {
            calls.leave(above);
        }
    }

    /** Lends this layer's tensors to a kernel that computes it together with another layer. */
    protected final Tensor inUse(Supplier<Tensor> formula) {
        return inUse(scope -> scope.handOver(GivenTensors.checkOutput(formula.get())));
    }

    private <T> T inUse(Function<Scope, T> formula) {
        boolean used = false;
        try (Scope scope = Scope.open()) {
            usage.begin();
            used = true;
            return formula.apply(scope);
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

    /**
     * The layer's formula. Call other modules by {@link #forward(Tensor)}; {@link #isTraining()} gives the mode. A
     * module overrides this method, or {@link #compute(List)} if it has several inputs or outputs.
     */
    protected Tensor compute(Tensor input) {
        return Formulas.only(GivenTensors.checkOutputs(compute(GivenTensors.of(input))));
    }

    /**
     * The formula of a module with several inputs or outputs.
     *
     * <pre>{@code
     * @Override protected List<Tensor> compute(List<Tensor> inputs) {    // images, columns -> class, age
     *     Tensor both = Tensor.concat(1, backbone.forward(inputs.get(0)), columns.forward(inputs.get(1)));
     *     return List.of(diagnosis.forward(both), age.forward(both));
     * }
     * }</pre>
     *
     * @param inputs unmodifiable; asking for one that was not given is an error that says what was
     * @return at least one tensor
     */
    protected List<Tensor> compute(List<Tensor> inputs) {
        Formulas.checkOne(this, inputs);
        return List.of(GivenTensors.checkOutput(compute(inputs.get(0))));
    }

    /**
     * The buffers that the formula itself changes in training, by state-dict name, after any update that another thread
     * has begun. None unless a layer overrides this.
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

    /** All parameters, including frozen ones. */
    public final List<Parameter> parameters() {
        return List.copyOf(namedParameters().values());
    }

    /**
     * The parameters at a dotted path: those of a module and all below it, or the one of that name. Any of the names of
     * a shared parameter will do.
     *
     * @throws IllegalArgumentException if there is neither, listing the child modules that exist
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Module.html">get_parameter</a>
     */
    public final List<Parameter> parameters(String path) {
        return ModuleTree.parameters(this, path);
    }

    /** The parameters that are not frozen, which an optimizer should get. */
    public final List<Parameter> trainableParameters() {
        return parameters().stream().filter(parameter -> !parameter.isFrozen()).toList();
    }

    /** The number of values in all parameters, including frozen ones. */
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
     * Puts another module at a dotted path. Unlike in PyTorch, the new module gets the old one's training mode and
     * device, so a new head of a network in evaluation mode is in evaluation mode too. It keeps its own freezing, so a
     * new head of a frozen network is trained. The replacement may hold the old module.
     *
     * <p>The old module is not closed, because another network may hold it. If none does, the garbage collector frees
     * it. To free it at once, get it by {@link #module} before, and {@link #close} it afterwards. An optimizer that was
     * made before still holds the old parameters, and refuses to step.
     *
     * @throws IllegalArgumentException if there is no such child (listing those that exist), if the field cannot hold
     *     the module, or if the replacement contains a module above it; nothing has changed then
     */
    public final void replace(String path, Module replacement) {
        ModuleTree.replace(this, path, replacement);
    }

    /**
     * Parameters and buffers by name, with PyTorch's names and order. The tensors share memory with the module: save
     * them, or copy them before training continues.
     */
    public final StateDict stateDict() {
        return StateLoader.stateDict(this);
    }

    /**
     * Copies a state dict into this module. Every key must match; see {@link #load(StateDict, LoadOptions)}.
     *
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys; nothing has changed then
     */
    public final void load(StateDict state) {
        load(state, LoadOptions.strict());
    }

    /**
     * Copies a state dict into this module. F64, F16 and BF16 values become F32. Only {@code num_batches_tracked} may
     * be missing, as in files written before PyTorch 0.4.1; it then starts at 0.
     *
     * @throws IllegalArgumentException naming all missing, unexpected and mismatched keys; nothing has changed then
     */
    public final void load(StateDict state, LoadOptions options) {
        StateLoader.load(this, state, options);
    }

    /** Remembers the current values of parameters and running statistics, so that a later change can be detected. */
    public final WeightsMark markWeights() {
        return new WeightsMark(this);
    }

    /** Freezes this module and all below it: {@link Freezing#EVERYTHING}. */
    public final void freeze() {
        freeze(Freezing.EVERYTHING);
    }

    /** Freezes this module and all below it; {@link Freezing#NONE} unfreezes them. */
    public final void freeze(Freezing how) {
        for (ModuleTree.Visit visit : ModuleTree.walk(this)) {
            visit.module().freezing = how;
            visit.members().parameters().values().forEach(parameter -> parameter.freeze(how != Freezing.NONE));
        }
    }

    /** Undoes {@link #freeze()}. The training mode is the one last set by {@link #train()} or {@link #eval()}. */
    public final void unfreeze() {
        freeze(Freezing.NONE);
    }

    /**
     * Unfreezes one part: a module and all below it, or a single parameter, such as the class token of a transformer.
     *
     * @param path as for {@link #parameters(String)}
     * @throws IllegalArgumentException if there is no such part, listing the child modules that exist
     */
    public final void unfreeze(String path) {
        ModuleTree.unfreeze(this, path);
    }

    /**
     * Freezes everything but the named modules or parameters: {@code model.freezeExcept("fc")}. Everything that no name
     * covers is frozen, such as the dropout before a head: name it too, or name the module that holds both. What is
     * named is unfrozen, and keeps its gradients. A shared layer or parameter counts as named under each of its names.
     *
     * @throws IllegalArgumentException if a name does not exist, listing the children that do; nothing has changed then
     */
    public final void freezeExcept(String... names) {
        ModuleTree.freezeExcept(this, List.of(names));
    }

    /** Whether this module and all below it are frozen, in either way. */
    public final boolean isFrozen() {
        return modules().stream().allMatch(module -> module.freezing != Freezing.NONE);
    }

    /**
     * Sets training mode for this module and all below it, for all threads that are not {@link #evaluating} them.
     * Frozen modules remember the mode and adopt it once they are unfrozen.
     */
    public final void train() {
        setMode(true);
    }

    /** Sets evaluation mode: no dropout, and stored statistics in batch norm. */
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

    /** Whether this module behaves as in training: it is in training mode and not frozen. */
    public final boolean isTraining() {
        return CallContext.current().mode(this, training) && freezing != Freezing.EVERYTHING;
    }

    /**
     * Runs {@code body} with this module and all below it in evaluation mode. As with
     * {@link dev.graft.tensor.Autograd#noGrad()}, this affects only the calling thread. Other threads see the modes
     * that {@link #train()} and {@link #eval()} set, and may train or evaluate the same module at the same time. Calls
     * of {@code train()} and {@code eval()} in {@code body} have effect until its end.
     */
    public final <T> T evaluating(Supplier<T> body) {
        return inMode(false, body);
    }

    /** As {@link #evaluating}, in training mode. What is frozen stays so. */
    public final <T> T training(Supplier<T> body) {
        return inMode(true, body);
    }

    private <T> T inMode(boolean mode, Supplier<T> body) {
        CallContext calls = CallContext.current();
        calls.beginModes(this, mode);
        try {
            return body.get();
        } finally {
            calls.endModes();
        }
    }

    /**
     * Moves parameters and buffers to a device; returns this module. Gradients are not moved. If one cannot be moved,
     * none is.
     */
    public final Module to(Device device) {
        ModuleTree.move(this, device);
        return this;
    }

    /** A readable table of layers, weight shapes and parameter counts. */
    public final String summary() {
        return Summary.of(this);
    }

    final boolean trainingAsSet() {
        return training;
    }

    final void setTraining(boolean mode) {
        training = mode;
    }

    /** How this module itself is frozen; those below it may differ. */
    public final Freezing freezing() {
        return freezing;
    }

    final void setFreezing(Freezing how) {
        freezing = how;
    }

    final RunningCalls usage() {
        return usage;
    }

    /**
     * Closes this module and all below it, and frees their parameters and buffers, even those that another network also
     * holds. Calls that are running in other threads end first; later calls throw an exception that names the layer.
     * Closing twice has no effect.
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
