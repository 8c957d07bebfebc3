package dev.graft.backend;

/**
 * Element-wise functions of one argument. {@code a} and {@code b} are the parameters of a function, if it has any. The
 * formulas are those of the PyTorch functions of the same names.
 */
public enum UnaryOp {
    NEG,
    ABS,
    EXP,
    LOG,
    SQRT,
    SQUARE,
    RECIPROCAL,
    SIGMOID,
    TANH,
    RELU,
    RELU6,
    /** {@code x > 0 ? x : a * x}. */
    LEAKY_RELU,
    /** {@code x * Phi(x)} with the exact normal distribution function. */
    GELU,
    /** {@code log(1 + exp(x))}, computed without overflow. */
    SOFTPLUS,
    /** {@code x ^ a}. */
    POW,
    /** {@code min(max(x, a), b)}; the gradient is 1 inside and at the bounds. */
    CLAMP,
    /** {@code a * x + b}. */
    AFFINE
}
