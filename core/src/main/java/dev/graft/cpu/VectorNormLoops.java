package dev.graft.cpu;

import static dev.graft.cpu.VectorKernels.LANES;
import static dev.graft.cpu.VectorKernels.SPECIES;

import dev.graft.backend.Activation;
import jdk.incubator.vector.FloatVector;

/** {@link NormLoops} on the Vector API: reads and writes images in place, at any offset. */
final class VectorNormLoops implements NormLoops {

    @Override
    public void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, xAt + i).sub(FloatVector.fromArray(SPECIES, origin, i));
            FloatVector.fromArray(SPECIES, sum, i).add(d).intoArray(sum, i);
            d.fma(d, FloatVector.fromArray(SPECIES, squares, i)).intoArray(squares, i);
        }
        for (int i = end; i < count; i++) {
            float d = x[xAt + i] - origin[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    @Override
    public void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, scale, i), FloatVector.fromArray(SPECIES, shift, i))
                    .intoArray(y, yAt + i);
        }
        for (int i = end; i < count; i++) {
            y[yAt + i] = Math.fma(x[xAt + i], scale[i], shift[i]);
        }
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, y, yAt + i).add(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (int i = end; i < count; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    @Override
    public void activate(Activation activation, float[] y, int yAt, int count) {
        if (activation == Activation.NONE) {
            return;
        }
        int end = SPECIES.loopBound(count);
        if (activation == Activation.RELU) {
            for (int i = 0; i < end; i += LANES) {
                FloatVector.fromArray(SPECIES, y, yAt + i).max(0f).intoArray(y, yAt + i);
            }
        } else {
            for (int i = 0; i < end; i += LANES) {
                FloatVector.fromArray(SPECIES, y, yAt + i).max(0f).min(6f).intoArray(y, yAt + i);
            }
        }
        float top = activation == Activation.RELU6 ? 6f : Float.POSITIVE_INFINITY;
        for (int i = end; i < count; i++) {
            y[yAt + i] = Math.min(Math.max(y[yAt + i], 0f), top);
        }
    }

    @Override
    public void mask(Activation activation, float[] x, int xAt, float[] scale, float[] shift, float[] dy, int dyAt, float[] g, int gAt,
            int count) {
        int end = SPECIES.loopBound(count);
        if (activation == Activation.RELU) {
            for (int i = 0; i < end; i += LANES) {
                FloatVector y = FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, scale, i),
                        FloatVector.fromArray(SPECIES, shift, i));
                VectorKernels.where(y, FloatVector.fromArray(SPECIES, dy, dyAt + i)).intoArray(g, gAt + i);
            }
        } else {
            for (int i = 0; i < end; i += LANES) {
                FloatVector y = FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, scale, i),
                        FloatVector.fromArray(SPECIES, shift, i));
                VectorKernels.where(y, VectorKernels.where(FloatVector.broadcast(SPECIES, 6f).sub(y), FloatVector.fromArray(SPECIES, dy, dyAt + i))).intoArray(g, gAt + i);
            }
        }
        for (int i = end; i < count; i++) {
            float y = Math.fma(x[xAt + i], scale[i], shift[i]);
            g[gAt + i] = y <= 0f || activation == Activation.RELU6 && y >= 6f ? 0f : dy[dyAt + i];
        }
    }

    @Override
    public void momentGradients(float[] x, int xAt, float[] dy, int dyAt, float[] mean, float[] sum, float[] products, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, dy, dyAt + i);
            FloatVector z = FloatVector.fromArray(SPECIES, x, xAt + i).sub(FloatVector.fromArray(SPECIES, mean, i));
            FloatVector.fromArray(SPECIES, sum, i).add(d).intoArray(sum, i);
            d.fma(z, FloatVector.fromArray(SPECIES, products, i)).intoArray(products, i);
        }
        for (int i = end; i < count; i++) {
            sum[i] += dy[dyAt + i];
            products[i] += dy[dyAt + i] * (x[xAt + i] - mean[i]);
        }
    }

    @Override
    public void combine(float[] dy, int dyAt, float[] x, int xAt, float[] p, float[] q, float[] r, float[] dx, int dxAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector rest = FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, q, i),
                    FloatVector.fromArray(SPECIES, r, i));
            FloatVector.fromArray(SPECIES, dy, dyAt + i).fma(FloatVector.fromArray(SPECIES, p, i), rest).intoArray(dx, dxAt + i);
        }
        for (int i = end; i < count; i++) {
            dx[dxAt + i] = p[i] * dy[dyAt + i] + q[i] * x[xAt + i] + r[i];
        }
    }

    @Override
    public void scale(float[] dy, int dyAt, float[] p, float[] dx, int dxAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, dy, dyAt + i).mul(FloatVector.fromArray(SPECIES, p, i)).intoArray(dx, dxAt + i);
        }
        for (int i = end; i < count; i++) {
            dx[dxAt + i] = p[i] * dy[dyAt + i];
        }
    }
}
