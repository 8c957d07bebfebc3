package dev.graft.nn.train;

import dev.graft.io.StateDict;
import dev.graft.message.Explained;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.Batch;
import dev.graft.nn.optim.Optimizer;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import dev.graft.type.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What a trainer refuses before the first step, and what it looks for when a loss is not finite. */
final class TrainerChecks {
    private static final int LISTED = 8;

    private TrainerChecks() {}

    /**
     * Refuses weights that are non-finite when the training begins, as from a damaged file, because neither the data
     * nor the learning rate is to blame.
     */
    static void finite(Module model) {
        try (StateDict state = model.stateDict()) {
            for (Map.Entry<String, Tensor> entry : state.entries()) {
                Tensor values = entry.getValue();
                if (values.dtype() == DType.F32 && !Double.isFinite(Update.norm(List.of(values)))) {
                    throw new TrainingException("training: the model's " + entry.getKey() + " " + values.shape()
                            + " holds NaN or infinity before the first step. Hint: look at the weights that it was"
                            + " loaded from.");
                }
            }
        }
    }

    static void optimizer(Module model, Optimizer optimizer, Progress progress) {
        fits("training", model, optimizer);
        Set<Parameter> stepped = Set.copyOf(optimizer.parameters());
        Map<String, Parameter> named = model.namedParameters();
        List<String> left = named.entrySet().stream()
                .filter(entry -> !entry.getValue().isFrozen() && !stepped.contains(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (!left.isEmpty()) {
            progress.warning(left.size() + " of " + named.size()
                    + " parameters are not frozen, but not in the optimizer either, and stay as they"
                    + " are: " + String.join(", ", left.subList(0, Math.min(left.size(), LISTED)))
                    + (left.size() > LISTED ? ", ..." : "")
                    + ". Hint: make the optimizer from model.trainableParameters(), or freeze them.");
        }
        notAllFrozen("training", optimizer, "call freezeExcept(\"fc\") with the head's name, then make the optimizer");
    }

    /**
     * Refuses an optimizer that was made for another model, or before a part of this one was replaced.
     *
     * @param caller in messages
     */
    static void fits(String caller, Module model, Optimizer optimizer) {
        try {
            optimizer.checkParameters();
        } catch (IllegalStateException e) {
            throw new TrainingException(caller + ": " + Explained.of(e).marked(), e);
        }
        Set<Parameter> stepped = Set.copyOf(optimizer.parameters());
        List<Parameter> own = model.parameters();
        if (own.stream().noneMatch(stepped::contains)) {
            throw new TrainingException(
                    caller + ": none of the optimizer's " + stepped.size() + " parameters is one of the model's "
                            + own.size() + ". Hint: make the optimizer from model.trainableParameters().");
        }
    }

    /** @param caller in messages */
    static void notAllFrozen(String caller, Optimizer optimizer, String hint) {
        if (optimizer.parameters().stream().allMatch(Parameter::isFrozen)) {
            throw new TrainingException(caller + ": all "
                    + optimizer.parameters().size() + " parameters of the optimizer are frozen. Hint: " + hint + ".");
        }
    }

    /** The examples with non-finite inputs; empty if there are none. */
    static Optional<String> badInputs(Batch batch) {
        Set<Integer> bad = new TreeSet<>();
        for (Tensor inputs : batch.allInputs()) {
            if (inputs.dtype() == DType.F32 && inputs.rank() > 0 && inputs.dim(0) == batch.size()) {
                addNonFinite(inputs.toFloatArray(), batch.size(), bad);
            }
        }
        return bad.isEmpty()
                ? Optional.empty()
                : Optional.of("the inputs of examples "
                        + bad.stream().map(row -> batch.indices()[row]).toList()
                        + " of the data set hold NaN or infinity: fix the data");
    }

    private static void addNonFinite(float[] values, int examples, Set<Integer> bad) {
        int perExample = values.length / examples;
        for (int k = 0; k < values.length; k++) {
            if (!Float.isFinite(values[k])) {
                bad.add(k / perExample);
            }
        }
    }
}
