package dev.graft.cpu.norm;

import dev.graft.backend.Activation;
import dev.graft.cpu.run.ExecutionContext;

/**
 * {@link NormLoops} of {@code x - mean} in place of {@code x}, block by block. If a mean is many standard deviations
 * from 0, the rounding error of {@code mean * scale} as part of a shift is no longer small beside a normalised value.
 * In other cases the extra pass would gain nothing.
 */
final class CenteredNormLoops implements NormLoops {
    /** The caller's blocks have lower numbers; those of {@link PlainNormLoops} have higher ones. */
    private static final int BLOCK = 2;

    private final ExecutionContext context;
    private final NormLoops loops;
    private final float[] mean;
    private final float[] zeros;
    private final int width;

    /** @param mean repeated along a block of {@code width} floats */
    CenteredNormLoops(ExecutionContext context, NormLoops loops, float[] mean, int width) {
        this.context = context;
        this.loops = loops;
        this.mean = mean;
        this.zeros = new float[mean.length];
        this.width = width;
    }

    private float[] centered(float[] x, int xAt, int count) {
        float[] block = context.workspace().floats(BLOCK, width);
        loops.center(x, xAt, mean, block, 0, count);
        return block;
    }

    @Override
    public void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int blockWidth, int count) {
        loops.moments(x, xAt, origin, sum, squares, blockWidth, count);
    }

    @Override
    public void center(float[] x, int xAt, float[] origin, float[] y, int yAt, int count) {
        loops.center(x, xAt, origin, y, yAt, count);
    }

    @Override
    public void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count) {
        loops.scaleShift(centered(x, xAt, count), 0, scale, shift, y, yAt, count);
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        loops.add(x, xAt, y, yAt, count);
    }

    @Override
    public void activate(Activation activation, float[] y, int yAt, int count) {
        loops.activate(activation, y, yAt, count);
    }

    @Override
    public void mask(Activation activation, float[] y, int yAt, float[] dy, int dyAt, float[] g, int gAt, int count) {
        loops.mask(activation, y, yAt, dy, dyAt, g, gAt, count);
    }

    @Override
    public void momentGradients(
            float[] x,
            int xAt,
            float[] dy,
            int dyAt,
            float[] center,
            float[] sum,
            float[] products,
            int blockWidth,
            int count) {
        loops.momentGradients(x, xAt, dy, dyAt, center, sum, products, blockWidth, count);
    }

    @Override
    public void maskedMomentGradients(
            Activation activation,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] center,
            float[] sum,
            float[] products,
            int blockWidth,
            int count) {
        for (int at = 0; at < count; at += width) {
            int n = Math.min(width, count - at);
            loops.maskedMomentGradients(
                    activation,
                    centered(x, xAt + at, n),
                    0,
                    scale,
                    shift,
                    dy,
                    dyAt + at,
                    zeros,
                    sum,
                    products,
                    blockWidth,
                    n);
        }
    }

    @Override
    public void combine(
            float[] dy,
            int dyAt,
            float[] x,
            int xAt,
            float[] p,
            float[] q,
            float[] r,
            float[] dx,
            int dxAt,
            int count) {
        loops.combine(dy, dyAt, centered(x, xAt, count), 0, p, q, r, dx, dxAt, count);
    }

    @Override
    public void maskedCombine(
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
            int count) {
        loops.maskedCombine(activation, centered(x, xAt, count), 0, scale, shift, dy, dyAt, p, q, r, dx, dxAt, count);
    }

    @Override
    public void scale(float[] dy, int dyAt, float[] p, float[] dx, int dxAt, int count) {
        loops.scale(dy, dyAt, p, dx, dxAt, count);
    }
}
