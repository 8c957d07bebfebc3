package dev.graft.vision.model;

import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/** Weights that only a test publishes. */
public record TestWeights(WeightsFacts facts) implements Weights {
    @Override
    public String name() {
        return "TEST";
    }
}
