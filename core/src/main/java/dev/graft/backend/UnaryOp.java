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
    /** {@code 1 / sqrt(x)}. */
    RSQRT,
    /** {@code log(1 + x)}, exact near 0. */
    LOG1P,
    /** {@code exp(x) - 1}, exact near 0. */
    EXPM1,
    SIN,
    COS,
    /** The next whole number below; the gradient is 0. */
    FLOOR,
    /** The nearest whole number, of two the even one; the gradient is 0. */
    ROUND,
    /** {@code 2 / sqrt(pi)} times the integral of {@code exp(-t^2)} from 0 to {@code x}. */
    ERF,
    SIGMOID,
    TANH,
    RELU,
    RELU6,
    /** {@code x > 0 ? x : a * x}. */
    LEAKY_RELU,
    /** {@code x * Phi(x)} with the exact normal distribution function. */
    GELU,
    /** {@code 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}, near {@code GELU}. */
    GELU_TANH,
    /** {@code x * sigmoid(x)}. */
    SILU,
    /** {@code x * min(max(x + 3, 0), 6) / 6}; the gradient is 0 at -3 and 1 at 3. */
    HARDSWISH,
    /** {@code min(max(x + 3, 0), 6) / 6}; the gradient is 0 at -3 and 3. */
    HARDSIGMOID,
    /** {@code x > 0 ? x : a * (exp(x) - 1)}; the gradient at 0 is {@code a}. */
    ELU,
    /** {@code log(1 + exp(x))}, computed without overflow. */
    SOFTPLUS,
    /** {@code x ^ a}. */
    POW,
    /** {@code min(max(x, a), b)}; the gradient is 1 inside and at the bounds. */
    CLAMP,
    /** {@code a * x + b}. */
    AFFINE
}
