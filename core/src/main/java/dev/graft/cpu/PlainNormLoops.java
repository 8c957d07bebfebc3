package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.UnaryOp;

/** {@link NormLoops} on {@link Kernels}: what lies at an offset passes through scratch blocks, see {@link Blocks} for why. */
final class PlainNormLoops implements NormLoops {
    // The caller's own blocks have lower numbers.
    private static final int FIRST = 5;

    private final Engine engine;
    private final Kernels kernels;

    PlainNormLoops(Engine engine) {
        this.engine = engine;
        this.kernels = engine.kernels();
    }

    private float[] block(int i, int count) {
        return engine.workspace().floats(FIRST + i, count);
    }

    private float[] load(int i, float[] x, int at, int count) {
        float[] block = block(i, count);
        System.arraycopy(x, at, block, 0, count);
        return block;
    }

    @Override
    public void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int count) {
        kernels.moments(load(0, x, xAt, count), origin, sum, squares, 0, count);
    }

    @Override
    public void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count) {
        float[] block = load(0, x, xAt, count);
        kernels.scaleShift(block, scale, shift, block, 0, count);
        System.arraycopy(block, 0, y, yAt, count);
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        float[] block = load(0, y, yAt, count);
        kernels.addScaled(1f, load(1, x, xAt, count), block, 0, count);
        System.arraycopy(block, 0, y, yAt, count);
    }

    @Override
    public void activate(Activation activation, float[] y, int yAt, int count) {
        kernels.activate(activation, y, yAt, yAt + count);
    }

    @Override
    public void mask(Activation activation, float[] x, int xAt, float[] scale, float[] shift, float[] dy, int dyAt, float[] g, int gAt,
            int count) {
        float[] y = load(0, x, xAt, count);
        kernels.scaleShift(y, scale, shift, y, 0, count);
        float[] d = load(1, dy, dyAt, count);
        kernels.unaryBackward(activation == Activation.RELU6 ? UnaryOp.RELU6 : UnaryOp.RELU, 0, 0, y, y, d, d, 0, count);
        System.arraycopy(d, 0, g, gAt, count);
    }

    @Override
    public void momentGradients(float[] x, int xAt, float[] dy, int dyAt, float[] mean, float[] sum, float[] products, int count) {
        kernels.momentGradients(load(0, x, xAt, count), load(1, dy, dyAt, count), mean, sum, products, 0, count);
    }

    @Override
    public void combine(float[] dy, int dyAt, float[] x, int xAt, float[] p, float[] q, float[] r, float[] dx, int dxAt, int count) {
        float[] block = load(0, dy, dyAt, count);
        kernels.combine(block, load(1, x, xAt, count), p, q, r, block, 0, count);
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
