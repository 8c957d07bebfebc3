package dev.graft.backend;

/** An activation that a kernel can apply to its result while it is still in cache. */
public enum Activation {
    NONE,
    RELU,
    RELU6
}
