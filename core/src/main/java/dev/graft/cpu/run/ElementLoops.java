package dev.graft.cpu.run;

import dev.graft.backend.Activation;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;

/**
 * The inner loops, behind one interface so that an implementation can be chosen for the machine. All arrays of a call
 * are used at the same indices {@code [from, to)}. A result may be an operand.
 */
public interface ElementLoops {
    /** The implementation's name and why it was chosen. */
    String description();

    /** Loops over rows. */
    RowLoops rows();

    /** {@code y = op(x)} with the parameters of {@link UnaryOp}. */
    void unary(UnaryOp op, float a, float b, float[] x, float[] y, int from, int to);

    /** {@code dx = dy * op'(x)}, where {@code y = op(x)}. */
    void unaryBackward(UnaryOp op, float a, float b, float[] x, float[] y, float[] dy, float[] dx, int from, int to);

    /** {@code y = op(p, q)} for the arithmetic operators. */
    void binary(BinaryOp op, float[] p, float[] q, float[] y, int from, int to);

    /** {@code y = op(p, q)} as 0 or 1, for the comparisons. */
    void compare(BinaryOp op, float[] p, float[] q, byte[] y, int from, int to);

    /** {@code y += alpha * x}. */
    void addScaled(float alpha, float[] x, float[] y, int from, int to);

    /** {@code y += x}: {@code count} elements, at places of their own. */
    void add(float[] x, int xAt, float[] y, int yAt, int count);

    /** {@code sum += x * w}. */
    void multiplyAdd(float[] x, float[] w, float[] sum, int from, int to);

    /** {@code sum += x[xAt] * w[wAt] + x[xAt + 1] * w[wAt + 1] + ...}, {@code count} products. */
    void multiplyAddAll(float[][] x, int xAt, float[][] w, int wAt, int count, float[] sum, int from, int to);

    /**
     * {@code chosen = x == best ? mark : chosen}, where {@code best >= x}; NaN where the two are both infinite or one
     * is NaN.
     */
    void markEqual(float[] best, float[] x, float mark, float[] chosen, int from, int to);

    /** {@code y = x * scale + shift}. */
    void scaleShift(float[] x, float[] scale, float[] shift, float[] y, int from, int to);

    /** {@code y = activation(y)}. */
    void activate(Activation activation, float[] y, int from, int to);

    /** {@code d = x - origin; sum += d; squares += d * d}. */
    void moments(float[] x, float[] origin, float[] sum, float[] squares, int from, int to);

    /** {@code sum += dy; products += dy * (x - mean)}. */
    void momentGradients(float[] x, float[] dy, float[] mean, float[] sum, float[] products, int from, int to);

    /** The largest of {@code x}, where NaN does not count; minus infinity if there is none. */
    float largest(float[] x, int from, int to);

    /** Whether neither NaN nor an infinity is among {@code x}. */
    boolean isFinite(float[] x, int from, int to);

    /** {@code dx = p * dy + q * x + r}. */
    void combine(float[] dy, float[] x, float[] p, float[] q, float[] r, float[] dx, int from, int to);

    /** {@code y = x}, {@code count} elements from the bits of a 16-bit type. */
    void widen(DType type, short[] x, float[] y, int count);

    /** {@code y = x}, {@code count} elements to the bits of a 16-bit type, to nearest even. */
    void narrow(DType type, float[] x, short[] y, int count);
}
