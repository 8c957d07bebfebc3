package dev.graft.backend;

/** How a dimension is folded into one value. */
public enum Reduction {
    SUM,
    MEAN,
    MAX,
    MIN
}
