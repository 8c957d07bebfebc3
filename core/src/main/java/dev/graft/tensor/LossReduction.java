package dev.graft.tensor;

/** How per-example losses become the loss: kept separate, averaged (weighted if classes have weights), or summed. */
public enum LossReduction {
    NONE,
    MEAN,
    SUM
}
