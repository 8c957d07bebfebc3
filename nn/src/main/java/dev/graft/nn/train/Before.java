package dev.graft.nn.train;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.Stochastic;
import dev.graft.nn.optim.Optimizer;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a model and its optimizer were before a trial: weights, statistics, random streams, gradients, moments. */
final class Before implements AutoCloseable {
    private final Module model;
    private final Optimizer optimizer;
    private final StateDict weights;
    private final StateDict moments;
    private final double factor;
    private final IdentityHashMap<Stochastic, long[]> random = new IdentityHashMap<>();
    private final Map<Parameter, Optional<Tensor>> gradients = new LinkedHashMap<>();

    @SuppressWarnings("try")
    Before(Module model, Optimizer optimizer) {
        this.model = model;
        this.optimizer = optimizer;
        try (StateDict live = model.stateDict();
                StateDict liveMoments = optimizer.stateDict()) {
            weights = live.copy();
            moments = liveMoments.copy();
        }
        factor = optimizer.learningRateFactor();
        for (Module module : model.modules()) {
            if (module instanceof Stochastic stochastic) {
                random.put(stochastic, stochastic.randomState());
            }
        }
        // the model's without the optimizer too: the trial adds to all gradients
        Set<Parameter> parameters = new LinkedHashSet<>(model.parameters());
        parameters.addAll(optimizer.parameters());
        parameters.forEach(parameter -> gradients.put(
                parameter,
                parameter.grad().map(gradient -> gradient.detach().copy().keep())));
    }

    @SuppressWarnings("try")
    void restore() {
        model.load(weights);
        optimizer.load(moments);
        optimizer.scaleLearningRate(factor);
        random.forEach(Stochastic::restoreRandomState);
        gradients.forEach((parameter, before) -> {
            parameter.clearGrad();
            before.ifPresent(gradient -> {
                // the gradient of sum(weight * gradient) is the gradient, to the bit
                try (Scope scope = Scope.open()) {
                    parameter.value().mul(gradient).sum().backward();
                }
            });
        });
    }

    @Override
    public void close() {
        weights.close();
        moments.close();
        gradients.values().forEach(gradient -> gradient.ifPresent(Tensor::close));
    }
}
