package dev.graft.cpu.norm;

import dev.graft.backend.Activation;
import dev.graft.backend.UnaryOp;
import dev.graft.cpu.layout.StridedLoop;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;

/**
 * {@link NormLoops} on {@link ElementLoops}: operands at an offset are copied through scratch blocks, for the reason
 * that {@link StridedLoop} gives.
 */
public final class PlainNormLoops implements NormLoops {
    // The caller's own blocks have lower numbers.
    private static final int FIRST = 5;

    private final ExecutionContext context;
    private final ElementLoops loops;

    public PlainNormLoops(ExecutionContext context, ElementLoops loops) {
        this.context = context;
        this.loops = loops;
    }

    private float[] block(int i, int count) {
        return context.workspace().floats(FIRST + i, count);
    }

    private float[] load(int i, float[] x, int at, int count) {
        float[] block = block(i, count);
        System.arraycopy(x, at, block, 0, count);
        return block;
    }

    @Override
    public void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int width, int count) {
        for (int at = 0; at < count; at += width) {
            int n = Math.min(width, count - at);
            loops.moments(load(0, x, xAt + at, n), origin, sum, squares, 0, n);
        }
    }

    @Override
    public void center(float[] x, int xAt, float[] mean, float[] y, int yAt, int count) {
        float[] block = load(0, x, xAt, count);
        loops.addScaled(-1f, mean, block, 0, count);
        System.arraycopy(block, 0, y, yAt, count);
    }

    @Override
    public void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count) {
        float[] block = load(0, x, xAt, count);
        loops.scaleShift(block, scale, shift, block, 0, count);
        System.arraycopy(block, 0, y, yAt, count);
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        float[] block = load(0, y, yAt, count);
        loops.addScaled(1f, load(1, x, xAt, count), block, 0, count);
        System.arraycopy(block, 0, y, yAt, count);
    }

    @Override
    public void activate(Activation activation, float[] y, int yAt, int count) {
        loops.activate(activation, y, yAt, yAt + count);
    }

    @Override
    public void mask(Activation activation, float[] y, int yAt, float[] dy, int dyAt, float[] g, int gAt, int count) {
        float[] d = load(1, dy, dyAt, count);
        mask(activation, load(0, y, yAt, count), d, count);
        System.arraycopy(d, 0, g, gAt, count);
    }

    private void mask(Activation activation, float[] y, float[] d, int count) {
        loops.unaryBackward(activation == Activation.RELU6 ? UnaryOp.RELU6 : UnaryOp.RELU, 0, 0, y, y, d, d, 0, count);
    }

    private float[] loadMasked(
            Activation activation, float[] x, int xAt, float[] scale, float[] shift, float[] dy, int dyAt, int count) {
        float[] y = load(0, x, xAt, count);
        loops.scaleShift(y, scale, shift, y, 0, count);
        loops.activate(activation, y, 0, count);
        float[] d = load(1, dy, dyAt, count);
        mask(activation, y, d, count);
        return d;
    }

    @Override
    public void momentGradients(
            float[] x,
            int xAt,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int width,
            int count) {
        for (int at = 0; at < count; at += width) {
            int n = Math.min(width, count - at);
            loops.momentGradients(load(0, x, xAt + at, n), load(1, dy, dyAt + at, n), mean, sum, products, 0, n);
        }
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
            float[] mean,
            float[] sum,
            float[] products,
            int width,
            int count) {
        for (int at = 0; at < count; at += width) {
            int n = Math.min(width, count - at);
            float[] d = loadMasked(activation, x, xAt + at, scale, shift, dy, dyAt + at, n);
            loops.momentGradients(load(0, x, xAt + at, n), d, mean, sum, products, 0, n);
        }
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
        float[] d = loadMasked(activation, x, xAt, scale, shift, dy, dyAt, count);
        loops.combine(d, load(0, x, xAt, count), p, q, r, d, 0, count);
        System.arraycopy(d, 0, dx, dxAt, count);
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
        float[] block = load(0, dy, dyAt, count);
        loops.combine(block, load(1, x, xAt, count), p, q, r, block, 0, count);
        System.arraycopy(block, 0, dx, dxAt, count);
    }

    @Override
    public void scale(float[] dy, int dyAt, float[] p, float[] dx, int dxAt, int count) {
        float[] block = load(0, dy, dyAt, count);
        for (int i = 0; i < count; i++) {
            block[i] *= p[i];
        }
        System.arraycopy(block, 0, dx, dxAt, count);
    }
}
