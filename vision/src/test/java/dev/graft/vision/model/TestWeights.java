package dev.graft.vision.model;

/** Weights that only a test publishes. */
record TestWeights(WeightsFacts facts) implements Weights {
    @Override
    public String name() {
        return "TEST";
    }
}
