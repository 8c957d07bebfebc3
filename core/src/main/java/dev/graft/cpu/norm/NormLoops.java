package dev.graft.cpu.norm;

import dev.graft.backend.Activation;
import dev.graft.cpu.layout.ChannelBlocks;

/**
 * The inner loops of batch norm on {@code count} floats of channels-last rows. Each image operand has its own offset.
 * Values per channel are repeated along a block (see {@link ChannelBlocks#spread}) and read from index 0. A result may
 * be an operand at the same offset. Loops are short enough that what one writes is still in the first-level cache when
 * the next reads it.
 */
public interface NormLoops {

    /**
     * {@code d = x - origin; sum += d; squares += d * d}, the values per channel repeated every {@code width} floats.
     */
    void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int width, int count);

    /** {@code y = x - mean}. */
    void center(float[] x, int xAt, float[] mean, float[] y, int yAt, int count);

    /** {@code y = x * scale + shift}. */
    void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count);

    /** {@code y += x}. */
    void add(float[] x, int xAt, float[] y, int yAt, int count);

    /** {@code y = activation(y)}. */
    void activate(Activation activation, float[] y, int yAt, int count);

    /**
     * {@code g = dy * activation'}, for the activation's result {@code y}; 0 if the slope is 0, even if {@code dy} is
     * non-finite, as in PyTorch.
     */
    void mask(Activation activation, float[] y, int yAt, float[] dy, int dyAt, float[] g, int gAt, int count);

    /** {@code sum += dy; products += dy * (x - mean)}, the values per channel repeated every {@code width} floats. */
    void momentGradients(
            float[] x,
            int xAt,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int width,
            int count);

    /**
     * {@link #momentGradients} of {@code dy * activation'(x * scale + shift)}, where the argument has the bits of
     * {@link #scaleShift}.
     */
    void maskedMomentGradients(
            Activation activation,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int width,
            int count);

    /** {@code dx = p * dy + q * x + r}. */
    void combine(
            float[] dy, int dyAt, float[] x, int xAt, float[] p, float[] q, float[] r, float[] dx, int dxAt, int count);

    /** {@link #combine} of {@code dy * activation'(x * scale + shift)}. */
    void maskedCombine(
            Activation activation,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] p,
            float[] q,
            float[] r,
            float[] dx,
            int dxAt,
            int count);

    /** {@code dx = p * dy}. */
    void scale(float[] dy, int dyAt, float[] p, float[] dx, int dxAt, int count);
}
