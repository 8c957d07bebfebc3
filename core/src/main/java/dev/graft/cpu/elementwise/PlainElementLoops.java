package dev.graft.cpu.elementwise;

import dev.graft.backend.Activation;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.cpu.layout.HalfPrecision;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.RowLoops;
import dev.graft.type.DType;
import java.util.Arrays;

/** Plain loops that C2 vectorizes automatically: one index for all arrays, and arithmetic instead of branches. */
public class PlainElementLoops implements ElementLoops {
    // Multiplied by its square, 0 stays 0 and every positive float becomes at least 1e31.
    private static final float HUGE = 1e38f;
    private static final double MOST_QUOTIENT = 0x1p28;

    private final String reason;
    private final Functions functions;
    private final RowLoops rows;

    /** @param reason why no other loops are used, for {@link #description} */
    public PlainElementLoops(String reason) {
        this(reason, new Functions(new FunctionPasses()), new PlainRowLoops());
    }

    PlainElementLoops(String reason, Functions functions, RowLoops rows) {
        this.reason = reason;
        this.functions = functions;
        this.rows = rows;
    }

    @Override
    public RowLoops rows() {
        return rows;
    }

    @Override
    public String description() {
        return "plain Java loops (" + reason + ")";
    }

    @Override
    public void unary(UnaryOp op, float a, float b, float[] x, float[] y, int from, int to) {
        switch (op) {
            case NEG -> {
                for (int i = from; i < to; i++) {
                    y[i] = -x[i];
                }
            }
            case ABS -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.abs(x[i]);
                }
            }
            case SQRT -> {
                for (int i = from; i < to; i++) {
                    y[i] = (float) Math.sqrt(x[i]);
                }
            }
            case SQUARE -> {
                for (int i = from; i < to; i++) {
                    y[i] = x[i] * x[i];
                }
            }
            case RECIPROCAL -> {
                for (int i = from; i < to; i++) {
                    y[i] = 1f / x[i];
                }
            }
            case RSQRT -> {
                for (int i = from; i < to; i++) {
                    y[i] = 1f / (float) Math.sqrt(x[i]);
                }
            }
            case FLOOR -> {
                for (int i = from; i < to; i++) {
                    y[i] = (float) Math.floor(x[i]);
                }
            }
            case ROUND -> {
                for (int i = from; i < to; i++) {
                    y[i] = (float) Math.rint(x[i]);
                }
            }
            case SIN -> Sines.sin(x, y, from, to);
            case COS -> Sines.cos(x, y, from, to);
            case HARDSIGMOID -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
                }
            }
            case HARDSWISH -> {
                for (int i = from; i < to; i++) {
                    y[i] = x[i] * Math.min(Math.max(x[i] + 3f, 0f), 6f) / 6f;
                }
            }
            case RELU -> activate(Activation.RELU, x, y, from, to);
            case RELU6 -> activate(Activation.RELU6, x, y, from, to);
            case CLAMP -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.min(Math.max(x[i], a), b);
                }
            }
            case AFFINE -> {
                for (int i = from; i < to; i++) {
                    y[i] = a * x[i] + b;
                }
            }
            case LEAKY_RELU -> {
                for (int i = from; i < to; i++) {
                    y[i] = whereAbove(x[i], x[i], a * x[i]);
                }
            }
            case EXP, LOG, LOG1P, EXPM1, SIGMOID, TANH, ERF, GELU, GELU_TANH, SILU, ELU, SOFTPLUS ->
                functions.values(op, a, x, y, from, to);
            case POW -> Powers.values(a, x, y, from, to);
        }
    }

    @Override
    public void unaryBackward(
            UnaryOp op, float a, float b, float[] x, float[] y, float[] dy, float[] dx, int from, int to) {
        switch (op) {
            case RELU -> {
                for (int i = from; i < to; i++) {
                    dx[i] = where(y[i], dy[i]);
                }
            }
            case RELU6 -> {
                for (int i = from; i < to; i++) {
                    dx[i] = where(Math.min(y[i], 6f - y[i]), dy[i]);
                }
            }
            case NEG -> {
                for (int i = from; i < to; i++) {
                    dx[i] = -dy[i];
                }
            }
            case AFFINE -> {
                for (int i = from; i < to; i++) {
                    dx[i] = a * dy[i];
                }
            }
            case SQUARE -> {
                for (int i = from; i < to; i++) {
                    dx[i] = 2f * x[i] * dy[i];
                }
            }
            case SQRT -> {
                for (int i = from; i < to; i++) {
                    dx[i] = 0.5f * dy[i] / y[i];
                }
            }
            case EXP -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] * y[i];
                }
            }
            case LOG -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] / x[i];
                }
            }
            case RECIPROCAL -> {
                for (int i = from; i < to; i++) {
                    dx[i] = -dy[i] * y[i] * y[i];
                }
            }
            case SIGMOID -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] * (1f - y[i]) * y[i];
                }
            }
            case TANH -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] * (1f - y[i] * y[i]);
                }
            }
            case ABS -> {
                for (int i = from; i < to; i++) {
                    // 0 at NaN, as torch.sgn.
                    dx[i] = dy[i] * ((x[i] > 0f ? 1f : 0f) - (x[i] < 0f ? 1f : 0f));
                }
            }
            case LEAKY_RELU -> {
                for (int i = from; i < to; i++) {
                    dx[i] = whereAbove(x[i], dy[i], a * dy[i]);
                }
            }
            case CLAMP -> {
                for (int i = from; i < to; i++) {
                    dx[i] = x[i] >= a && x[i] <= b ? dy[i] : 0f;
                }
            }
            case RSQRT -> {
                for (int i = from; i < to; i++) {
                    dx[i] = -0.5f * dy[i] * (y[i] * y[i] * y[i]);
                }
            }
            case EXPM1 -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] * (y[i] + 1f);
                }
            }
            case LOG1P -> {
                for (int i = from; i < to; i++) {
                    dx[i] = dy[i] / (x[i] + 1f);
                }
            }
            case SIN -> Sines.sinGradient(x, dy, dx, from, to);
            case COS -> Sines.cosGradient(x, dy, dx, from, to);
            case FLOOR, ROUND -> Arrays.fill(dx, from, to, 0f);
            case ERF, GELU, GELU_TANH, SILU, HARDSWISH, HARDSIGMOID, ELU, SOFTPLUS ->
                functions.gradients(op, a, x, dy, dx, from, to);
            case POW -> Powers.gradients(a, x, dy, dx, from, to);
        }
    }

    /**
     * {@code room == 0 ? 0 : dy}, where {@code room}, which is not negative, is the distance of a result from its
     * bound. It is computed on the bits, whose negation has the sign bit set unless they are 0. A branch would be
     * mispredicted, and 0 times a non-finite {@code dy} is not 0.
     */
    private static float where(float room, float dy) {
        int kept = -(Float.floatToRawIntBits(room) & Integer.MAX_VALUE) >> 31;
        return Float.intBitsToFloat(Float.floatToRawIntBits(dy) & kept);
    }

    /** {@code x > 0 ? p : q}, on the bits, as a branch would be mispredicted. */
    private static float whereAbove(float x, float p, float q) {
        int bits = Float.floatToRawIntBits(x);
        // neither 0, nor below it, nor beyond infinity
        int above = (-bits & (-bits - 1) & (bits - FloatFunctions.INFINITY_BITS - 1)) >> 31;
        int other = Float.floatToRawIntBits(q);
        return Float.intBitsToFloat(other ^ ((other ^ Float.floatToRawIntBits(p)) & above));
    }

    @Override
    public void binary(BinaryOp op, float[] p, float[] q, float[] y, int from, int to) {
        switch (op) {
            case ADD -> {
                for (int i = from; i < to; i++) {
                    y[i] = p[i] + q[i];
                }
            }
            case SUB -> {
                for (int i = from; i < to; i++) {
                    y[i] = p[i] - q[i];
                }
            }
            case MUL -> {
                for (int i = from; i < to; i++) {
                    y[i] = p[i] * q[i];
                }
            }
            case DIV -> {
                for (int i = from; i < to; i++) {
                    y[i] = p[i] / q[i];
                }
            }
            case MAXIMUM -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.max(p[i], q[i]);
                }
            }
            case MINIMUM -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.min(p[i], q[i]);
                }
            }
            case FLOOR_DIVIDE -> {
                for (int i = from; i < to; i++) {
                    y[i] = floorDivide(p[i], q[i]);
                }
            }
            case REMAINDER -> {
                for (int i = from; i < to; i++) {
                    y[i] = remainder(p[i], q[i]);
                }
            }
            case PRELU -> {
                for (int i = from; i < to; i++) {
                    y[i] = whereAbove(p[i], p[i], q[i] * p[i]);
                }
            }
            default -> throw new IllegalArgumentException(op + " is a comparison");
        }
    }

    /**
     * {@code p % q}, which is exact. A quotient of floats below 2^28 is further than a rounding to double from any
     * whole number that it is not, and a whole number below 2^29 times a float is exact in double, as is what remains.
     * This is five times as fast as the processor's instruction.
     */
    private static float rest(float p, float q) {
        double quotient = (double) p / q;
        if (!(Math.abs(quotient) < MOST_QUOTIENT && Math.abs(q) <= Float.MAX_VALUE)) {
            return p % q;
        }
        return Math.copySign((float) (p - ((int) quotient) * (double) q), p);
    }

    /**
     * All bits if the quotient is to be rounded down, not towards 0: if the rest is not 0 and has not the sign of q.
     */
    private static int below(float rest, float q) {
        int bits = Float.floatToRawIntBits(rest);
        return ((bits ^ Float.floatToRawIntBits(q)) >> 31) & (-(bits & Integer.MAX_VALUE) >> 31);
    }

    // Without branches, as signs are often random; a negative zero stays one when 0 is subtracted.
    private static float remainder(float p, float q) {
        float rest = rest(p, q);
        return rest - Float.intBitsToFloat(Float.floatToRawIntBits(-q) & below(rest, q));
    }

    /**
     * As CPython's and PyTorch's: through the exact remainder, because the quotient of floats may be rounded up to a
     * whole number.
     */
    private static float floorDivide(float p, float q) {
        if (q == 0) {
            return p / q;
        }
        float rest = rest(p, q);
        float quotient = (p - rest) / q + below(rest, q);
        float floor = (float) Math.floor(quotient);
        return Math.copySign(quotient - floor > 0.5f ? floor + 1 : floor, p / q);
    }

    @Override
    public void compare(BinaryOp op, float[] p, float[] q, byte[] y, int from, int to) {
        switch (op) {
            case EQUAL -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] == q[i] ? 1 : 0);
                }
            }
            case NOT_EQUAL -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] != q[i] ? 1 : 0);
                }
            }
            case LESS -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] < q[i] ? 1 : 0);
                }
            }
            case LESS_EQUAL -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] <= q[i] ? 1 : 0);
                }
            }
            case GREATER -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] > q[i] ? 1 : 0);
                }
            }
            case GREATER_EQUAL -> {
                for (int i = from; i < to; i++) {
                    y[i] = (byte) (p[i] >= q[i] ? 1 : 0);
                }
            }
            default -> throw new IllegalArgumentException(op + " is not a comparison");
        }
    }

    @Override
    public void addScaled(float alpha, float[] x, float[] y, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] += alpha * x[i];
        }
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    @Override
    public void multiplyAdd(float[] x, float[] w, float[] sum, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] += x[i] * w[i];
        }
    }

    @Override
    public void multiplyAddAll(float[][] x, int xAt, float[][] w, int wAt, int count, float[] sum, int from, int to) {
        int k = 0;
        for (; k + 2 < count; k += 3) {
            multiplyAdd3(
                    x[xAt + k],
                    x[xAt + k + 1],
                    x[xAt + k + 2],
                    w[wAt + k],
                    w[wAt + k + 1],
                    w[wAt + k + 2],
                    sum,
                    from,
                    to);
        }
        for (; k < count; k++) {
            multiplyAdd(x[xAt + k], w[wAt + k], sum, from, to);
        }
    }

    private static void multiplyAdd3(
            float[] x0, float[] x1, float[] x2, float[] w0, float[] w1, float[] w2, float[] sum, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] += x0[i] * w0[i] + x1[i] * w1[i] + x2[i] * w2[i];
        }
    }

    @Override
    public void markEqual(float[] best, float[] x, float mark, float[] chosen, int from, int to) {
        // 0 where equal, 1 elsewhere, without a branch.
        for (int i = from; i < to; i++) {
            float differs = Math.min((best[i] - x[i]) * HUGE * HUGE, 1f);
            chosen[i] = mark + (chosen[i] - mark) * differs;
        }
    }

    @Override
    public void scaleShift(float[] x, float[] scale, float[] shift, float[] y, int from, int to) {
        for (int i = from; i < to; i++) {
            y[i] = x[i] * scale[i] + shift[i];
        }
    }

    @Override
    public void activate(Activation activation, float[] y, int from, int to) {
        activate(activation, y, y, from, to);
    }

    private static void activate(Activation activation, float[] x, float[] y, int from, int to) {
        switch (activation) {
            case RELU -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.max(x[i], 0f);
                }
            }
            case RELU6 -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.min(Math.max(x[i], 0f), 6f);
                }
            }
            case NONE -> {}
        }
    }

    @Override
    public void moments(float[] x, float[] origin, float[] sum, float[] squares, int from, int to) {
        for (int i = from; i < to; i++) {
            float d = x[i] - origin[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    @Override
    public void momentGradients(float[] x, float[] dy, float[] mean, float[] sum, float[] products, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] += dy[i];
            products[i] += dy[i] * (x[i] - mean[i]);
        }
    }

    @Override
    public float largest(float[] x, int from, int to) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            largest = x[i] > largest ? x[i] : largest;
        }
        return largest;
    }

    @Override
    public boolean isFinite(float[] x, int from, int to) {
        // The sign of a difference of bits needs no branch, and integers may be combined in any order.
        int largest = Float.floatToRawIntBits(Float.MAX_VALUE);
        int signs = 0;
        for (int i = from; i < to; i++) {
            signs |= largest - (Float.floatToRawIntBits(x[i]) & Integer.MAX_VALUE);
        }
        return signs >= 0;
    }

    @Override
    public void combine(float[] dy, float[] x, float[] p, float[] q, float[] r, float[] dx, int from, int to) {
        for (int i = from; i < to; i++) {
            dx[i] = p[i] * dy[i] + q[i] * x[i] + r[i];
        }
    }

    @Override
    public void widen(DType type, short[] x, float[] y, int count) {
        widen(type, x, y, 0, count);
    }

    static void widen(DType type, short[] x, float[] y, int from, int to) {
        if (type == DType.BF16) {
            for (int i = from; i < to; i++) {
                y[i] = HalfPrecision.fromBrain(x[i]);
            }
        } else {
            for (int i = from; i < to; i++) {
                y[i] = HalfPrecision.fromHalf(x[i]);
            }
        }
    }

    @Override
    public void narrow(DType type, float[] x, short[] y, int count) {
        narrow(type, x, y, 0, count);
    }

    static void narrow(DType type, float[] x, short[] y, int from, int to) {
        if (type == DType.BF16) {
            for (int i = from; i < to; i++) {
                y[i] = HalfPrecision.toBrain(x[i]);
            }
        } else {
            for (int i = from; i < to; i++) {
                y[i] = HalfPrecision.toHalf(x[i]);
            }
        }
    }
}
