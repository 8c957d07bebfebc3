package dev.graft.cpu.elementwise;

import dev.graft.backend.UnaryOp;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

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
    private final Pass silu;
    private final Pass siluGradient;
    private final Pass tanh;
    private final Pass erf;
    private final Pass erfTail;
    private final Pass gelu;
    private final Pass geluSlope;
    private final Pass geluTanh;
    private final Pass geluTanhGradient;
    private final Pass expOfMinusAbs;
    private final Pass expOfMinusTwiceAbs;
    private final Pass expOfMinusHalfSquareOf;
    private final Pass times;
    private final Pass plusPositive;
    private final Pass expm1Rest;
    private final Pass expm1;
    private final Pass hardswishGradient;
    private final Pass hardsigmoidGradient;
    private final Pass elu;
    private final Pass eluSlope;
    private final Pass minusSquare;

    Functions(FunctionPasses passes) {
        exp = passes::exp;
        log = passes::log;
        sigmoid = passes::sigmoid;
        silu = passes::silu;
        siluGradient = passes::siluGradient;
        tanh = passes::tanh;
        erf = passes::erf;
        erfTail = passes::erfTail;
        gelu = passes::gelu;
        geluSlope = passes::geluSlope;
        geluTanh = passes::geluTanh;
        geluTanhGradient = passes::geluTanhGradient;
        expOfMinusAbs = passes::expOfMinusAbs;
        expOfMinusTwiceAbs = passes::expOfMinusTwiceAbs;
        expOfMinusHalfSquareOf = passes::expOfMinusHalfSquareOf;
        times = passes::times;
        plusPositive = passes::plusPositive;
        expm1Rest = passes::expm1Rest;
        expm1 = passes::expm1;
        hardswishGradient = passes::hardswishGradient;
        hardsigmoidGradient = passes::hardsigmoidGradient;
        elu = passes::elu;
        eluSlope = passes::eluSlope;
        minusSquare = passes::minusSquare;
    }

    private interface Pass {
        @SuppressWarnings("unused") // called by its handle
        void run(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count);
    }

    /**
     * Calls a pass so that the JIT compiler compiles its loop by itself, and never two loops in one caller: that can be
     * more than it inlines, and a vector operation that is not inlined makes objects (on JDK 17, programs that used
     * GELU and the logistic function became 6 times slower). Where it calls an interface's method, it would inline both
     * of two classes that it has seen there; not so behind a method handle. For the same reason a long formula is cut
     * into passes: the hyperbolic tangent in one made 36 bytes of objects a number, and took 10 times as long.
     */
    private static final MethodHandle RUN = handle();

    private static MethodHandle handle() {
        Class<?> floats = float[].class;
        Class<?> at = int.class;
        try {
            return MethodHandles.lookup()
                    .findVirtual(
                            Pass.class,
                            "run",
                            MethodType.methodType(void.class, floats, at, floats, at, floats, at, int.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void run(Pass pass, float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        try {
            RUN.invokeExact(pass, x, xAt, e, eAt, y, yAt, count);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    private static void run(Pass pass, float[] x, int xAt, float[] e, float[] y, int yAt, int count) {
        run(pass, x, xAt, e, 0, y, yAt, count);
    }

    private static void map(Pass pass, float[] x, float[] y, int from, int to) {
        run(pass, x, from, x, from, y, from, to - from);
    }

    private static void gradient(Pass pass, float[] x, float[] dy, float[] dx, int from, int to) {
        run(pass, x, from, dy, from, dx, from, to - from);
    }

    /** {@code y = op(x)}, where {@code y} may be {@code x}; {@code a} is ELU's factor. */
    void values(UnaryOp op, float a, float[] x, float[] y, int from, int to) {
        switch (op) {
            case EXP -> map(exp, x, y, from, to);
            case LOG -> map(log, x, y, from, to);
            case SIGMOID -> map(sigmoid, x, y, from, to);
            case GELU -> map(gelu, x, y, from, to);
            case GELU_TANH -> map(geluTanh, x, y, from, to);
            case SILU -> map(silu, x, y, from, to);
            default -> valuesByBlocks(op, a, x, y, from, to);
        }
    }

    private void valuesByBlocks(UnaryOp op, float a, float[] x, float[] y, int from, int to) {
        float[] e = new float[Math.min(BLOCK, to - from)];
        // a second block, for those that need one
        float[] u = op == UnaryOp.SOFTPLUS || op == UnaryOp.LOG1P ? new float[e.length] : e;
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            switch (op) {
                case TANH -> {
                    run(expOfMinusTwiceAbs, x, at, e, e, 0, count);
                    run(tanh, x, at, e, y, at, count);
                }
                case ERF -> {
                    run(erfTail, x, at, e, e, 0, count);
                    run(erf, x, at, e, y, at, count);
                }
                case EXPM1 -> {
                    run(expm1Rest, x, at, e, e, 0, count);
                    run(expm1, x, at, e, y, at, count);
                }
                case ELU -> {
                    run(expm1Rest, x, at, e, e, 0, count);
                    run(expm1, x, at, e, e, 0, count);
                    scale(a, e, count);
                    run(elu, x, at, e, y, at, count);
                }
                case SOFTPLUS -> softplus(x, y, at, e, u, count);
                case LOG1P -> log1p(x, y, at, e, u, count);
                default -> throw new IllegalArgumentException(op + " is not one of these functions");
            }
        }
    }

    /** {@code log(1 + exp(x))} as {@code max(x, 0) + log(1 + e)} with {@code e = exp(-|x|)}, which never overflows. */
    private void softplus(float[] x, float[] y, int at, float[] e, float[] u, int count) {
        run(expOfMinusAbs, x, at, e, e, 0, count);
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

    /** {@code log(1 + x)} with the digits that {@code 1 + x} has lost of {@code x} (Kahan). */
    private void log1p(float[] x, float[] y, int at, float[] e, float[] u, int count) {
        for (int i = 0; i < count; i++) {
            u[i] = 1f + x[at + i];
            float lost = (x[at + i] - (u[i] - 1f)) / u[i];
            // NaN at -1 and infinity, whose logarithm says all
            e[i] = Math.abs(lost) < 1f ? lost : 0f;
        }
        run(log, u, 0, u, u, 0, count);
        for (int i = 0; i < count; i++) {
            y[at + i] = Math.min(u[i] + e[i], x[at + i]); // log(1 + x) is at most x, and -0 where x is
        }
    }

    /** {@code dx = dy * op'(x)} for what has its slope from {@code x}; {@code dx} may be {@code x} or {@code dy}. */
    void gradients(UnaryOp op, float a, float[] x, float[] dy, float[] dx, int from, int to) {
        switch (op) {
            case SILU -> gradient(siluGradient, x, dy, dx, from, to);
            case GELU_TANH -> gradient(geluTanhGradient, x, dy, dx, from, to);
            case HARDSWISH -> gradient(hardswishGradient, x, dy, dx, from, to);
            case HARDSIGMOID -> gradient(hardsigmoidGradient, x, dy, dx, from, to);
            default -> gradientsByBlocks(op, a, x, dy, dx, from, to);
        }
    }

    private void gradientsByBlocks(UnaryOp op, float a, float[] x, float[] dy, float[] dx, int from, int to) {
        float[] e = new float[Math.min(BLOCK, to - from)];
        float[] slope = new float[e.length];
        for (int at = from; at < to; at += BLOCK) {
            int count = Math.min(BLOCK, to - at);
            switch (op) {
                case SOFTPLUS -> run(sigmoid, x, at, e, slope, 0, count);
                case GELU -> {
                    run(expOfMinusHalfSquareOf, x, at, e, e, 0, count);
                    run(geluSlope, x, at, e, slope, 0, count);
                }
                case ERF -> {
                    run(minusSquare, x, at, e, e, 0, count);
                    run(exp, e, 0, e, slope, 0, count);
                    scale(FloatFunctions.ERF_SLOPE, slope, count);
                }
                case ELU -> {
                    run(exp, x, at, e, e, 0, count);
                    scale(a, e, count);
                    run(eluSlope, x, at, e, slope, 0, count);
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
}
