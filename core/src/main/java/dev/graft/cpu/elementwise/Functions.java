package dev.graft.cpu.elementwise;

import dev.graft.backend.UnaryOp;

/**
 * The functions of {@link FloatFunctions} over arrays, each as short loops over a block that stays in the first-level
 * cache: what an exponential is taken of, the exponential, and what is made of it.
 */
final class Functions {
    /** Floats; a few blocks fit into the first-level cache. */
    private static final int BLOCK = 1 << 11;

    private final Pass exp;
    private final Pass log;
    private final Pass sigmoid;
    private final Pass tanh;
    private final Pass normal;
    private final Pass minusAbs;
    private final Pass minusTwiceAbs;
    private final Pass minusHalfSquare;
    private final Pass times;
    private final Pass plusPositive;
    private final Pass plusDensityTimes;
    private final Pass expm1Rest;
    private final Pass expm1;
    private final Pass erfTail;
    private final Pass erf;
    private final Pass geluArgument;
    private final Pass geluTanhSlope;
    private final Pass siluSlope;
    private final Pass hardswishGradient;
    private final Pass hardsigmoidGradient;
    private final Pass elu;
    private final Pass eluSlope;
    private final Pass minusSquare;

    Functions(FunctionPasses passes) {
        exp = passes::exp;
        log = passes::log;
        sigmoid = passes::sigmoid;
        tanh = passes::tanh;
        normal = passes::normal;
        minusAbs = passes::minusAbs;
        minusTwiceAbs = passes::minusTwiceAbs;
        minusHalfSquare = passes::minusHalfSquare;
        times = passes::times;
        plusPositive = passes::plusPositive;
        plusDensityTimes = passes::plusDensityTimes;
        expm1Rest = passes::expm1Rest;
        expm1 = passes::expm1;
        erfTail = passes::erfTail;
        erf = passes::erf;
        geluArgument = passes::geluArgument;
        geluTanhSlope = passes::geluTanhSlope;
        siluSlope = passes::siluSlope;
        hardswishGradient = passes::hardswishGradient;
        hardsigmoidGradient = passes::hardsigmoidGradient;
        elu = passes::elu;
        eluSlope = passes::eluSlope;
        minusSquare = passes::minusSquare;
    }

    private interface Pass {
        void run(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count);
    }

    /**
     * The one place where passes are called. It sees many kinds of them, so that the JIT compiler inlines none and
     * takes each loop by itself: two loops in one compilation can be more than it inlines, and a vector operation that
     * is not inlined makes objects (on JDK 17, tanh and GELU became 4 times slower). For the same reason a long formula
     * is cut into passes: the error function in one made 24 bytes of objects a number, and took three times as long.
     */
    private static void run(Pass pass, float[] x, int xAt, float[] e, float[] y, int yAt, int count) {
        pass.run(x, xAt, e, 0, y, yAt, count);
    }

    /** {@code y = op(x)}, where {@code y} may be {@code x}; {@code a} is ELU's factor. */
    void values(UnaryOp op, float a, float[] x, float[] y, int from, int to) {
        float[] e = new float[Math.min(BLOCK, to - from)];
        // a second block, for those that need one
        float[] u = op == UnaryOp.SOFTPLUS || op == UnaryOp.GELU_TANH ? new float[e.length] : e;
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            switch (op) {
                case EXP -> {
                    System.arraycopy(x, at, e, 0, count);
                    run(exp, e, 0, e, y, at, count);
                }
                case LOG -> run(log, x, at, e, y, at, count);
                case SIGMOID -> {
                    exponential(minusAbs, x, at, e, count);
                    run(sigmoid, x, at, e, y, at, count);
                }
                case TANH -> {
                    exponential(minusTwiceAbs, x, at, e, count);
                    run(tanh, x, at, e, y, at, count);
                }
                case GELU -> {
                    exponential(minusHalfSquare, x, at, e, count);
                    run(normal, x, at, e, e, 0, count);
                    run(times, x, at, e, y, at, count);
                }
                case EXPM1 -> {
                    run(expm1Rest, x, at, e, e, 0, count);
                    run(expm1, x, at, e, y, at, count);
                }
                case ERF -> {
                    exponential(minusSquare, x, at, e, count);
                    run(erfTail, x, at, e, e, 0, count);
                    run(erf, x, at, e, y, at, count);
                }
                case GELU_TANH -> {
                    run(geluArgument, x, at, e, u, 0, count);
                    exponential(minusAbs, u, 0, e, count);
                    run(sigmoid, u, 0, e, e, 0, count);
                    run(times, x, at, e, y, at, count);
                }
                case SILU -> {
                    exponential(minusAbs, x, at, e, count);
                    run(sigmoid, x, at, e, e, 0, count);
                    run(times, x, at, e, y, at, count);
                }
                case ELU -> {
                    run(expm1Rest, x, at, e, e, 0, count);
                    run(expm1, x, at, e, e, 0, count);
                    scale(a, e, count);
                    run(elu, x, at, e, y, at, count);
                }
                case SOFTPLUS -> softplus(x, y, at, e, u, count);
                default -> throw new IllegalArgumentException(op + " is not one of these functions");
            }
        }
    }

    /** {@code log(1 + exp(x))} as {@code max(x, 0) + log(1 + e)} with {@code e = exp(-|x|)}, which never overflows. */
    private void softplus(float[] x, float[] y, int at, float[] e, float[] u, int count) {
        exponential(minusAbs, x, at, e, count);
        for (int i = 0; i < count; i++) {
            u[i] = 1f + e[i];
            // what u lost of e in rounding (Kahan's log1p)
            e[i] = (e[i] - (u[i] - 1f)) / u[i];
        }
        run(log, u, 0, u, u, 0, count);
        for (int i = 0; i < count; i++) {
            e[i] += u[i];
        }
        run(plusPositive, x, at, e, y, at, count);
    }

    /** {@code dx = dy * op'(x)} for what has its slope from {@code x}; {@code dx} may be {@code x} or {@code dy}. */
    void gradients(UnaryOp op, float a, float[] x, float[] dy, float[] dx, int from, int to) {
        float[] e = new float[Math.min(BLOCK, to - from)];
        float[] slope = new float[e.length];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            switch (op) {
                case SOFTPLUS -> {
                    exponential(minusAbs, x, at, e, count);
                    run(sigmoid, x, at, e, slope, 0, count);
                }
                case SILU -> {
                    exponential(minusAbs, x, at, e, count);
                    run(sigmoid, x, at, e, e, 0, count);
                    run(siluSlope, x, at, e, slope, 0, count);
                }
                case ERF -> {
                    exponential(minusSquare, x, at, slope, count);
                    scale(FloatFunctions.ERF_SLOPE, slope, count);
                }
                case GELU_TANH -> {
                    run(geluArgument, x, at, e, slope, 0, count);
                    exponential(minusAbs, slope, 0, e, count);
                    run(geluTanhSlope, x, at, e, slope, 0, count);
                }
                case ELU -> {
                    System.arraycopy(x, at, e, 0, count);
                    run(exp, e, 0, e, e, 0, count);
                    scale(a, e, count);
                    run(eluSlope, x, at, e, slope, 0, count);
                }
                case HARDSWISH, HARDSIGMOID -> {
                    System.arraycopy(dy, at, e, 0, count);
                    run(op == UnaryOp.HARDSWISH ? hardswishGradient : hardsigmoidGradient, x, at, e, dx, at, count);
                    continue; // a choice: 0 times an infinite dy is not 0
                }
                case GELU -> {
                    exponential(minusHalfSquare, x, at, e, count);
                    run(normal, x, at, e, slope, 0, count);
                    run(plusDensityTimes, x, at, e, slope, 0, count);
                }
                default -> throw new IllegalArgumentException(op + " has its slope from its result");
            }
            run(times, dy, at, slope, dx, at, count);
        }
    }

    private static void scale(float factor, float[] e, int count) {
        for (int i = 0; i < count; i++) {
            e[i] *= factor;
        }
    }

    private void exponential(Pass argument, float[] x, int xAt, float[] e, int count) {
        run(argument, x, xAt, e, e, 0, count);
        run(exp, e, 0, e, e, 0, count);
    }
}
