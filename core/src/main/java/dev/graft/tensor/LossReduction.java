package dev.graft.tensor;

/** How per-example losses become the loss: kept apart, averaged (weighted where classes have weights), or summed. */
public enum LossReduction {
    NONE,
    MEAN,
    SUM
}
