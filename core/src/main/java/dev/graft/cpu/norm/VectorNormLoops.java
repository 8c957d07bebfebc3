package dev.graft.cpu.norm;

import static dev.graft.cpu.run.Vectors.LANES;
import static dev.graft.cpu.run.Vectors.SPECIES;

import dev.graft.backend.Activation;
import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link NormLoops} on the Vector API: reads and writes images in place, at any offset. */
public final class VectorNormLoops implements NormLoops {
    private static final int FOLD = 4;

    @Override
    public void moments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int width, int count) {
        int at = 0;
        for (; at + FOLD * width <= count; at += FOLD * width) {
            foldMoments(x, xAt + at, origin, sum, squares, width);
        }
        for (; at < count; at += width) {
            addMoments(x, xAt + at, origin, sum, squares, Math.min(width, count - at));
        }
    }

    // Four rows at a time, because storing sums costs more than adding.
    private static void foldMoments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int width) {
        int end = SPECIES.loopBound(width);
        for (int i = 0; i < end; i += LANES) {
            FloatVector o = FloatVector.fromArray(SPECIES, origin, i);
            FloatVector d0 = FloatVector.fromArray(SPECIES, x, xAt + i).sub(o);
            FloatVector d1 = FloatVector.fromArray(SPECIES, x, xAt + width + i).sub(o);
            FloatVector d2 =
                    FloatVector.fromArray(SPECIES, x, xAt + 2 * width + i).sub(o);
            FloatVector d3 =
                    FloatVector.fromArray(SPECIES, x, xAt + 3 * width + i).sub(o);
            FloatVector.fromArray(SPECIES, sum, i)
                    .add(d0.add(d1).add(d2.add(d3)))
                    .intoArray(sum, i);
            FloatVector s0 = d0.fma(d0, d1.mul(d1));
            FloatVector s1 = d2.fma(d2, d3.mul(d3));
            FloatVector.fromArray(SPECIES, squares, i).add(s0.add(s1)).intoArray(squares, i);
        }
        for (int row = 0; row < FOLD; row++) {
            tailMoments(x, xAt + row * width, origin, sum, squares, end, width);
        }
    }

    private static void addMoments(float[] x, int xAt, float[] origin, float[] sum, float[] squares, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, xAt + i).sub(FloatVector.fromArray(SPECIES, origin, i));
            FloatVector.fromArray(SPECIES, sum, i).add(d).intoArray(sum, i);
            d.fma(d, FloatVector.fromArray(SPECIES, squares, i)).intoArray(squares, i);
        }
        tailMoments(x, xAt, origin, sum, squares, end, count);
    }

    private static void tailMoments(
            float[] x, int xAt, float[] origin, float[] sum, float[] squares, int from, int to) {
        for (int i = from; i < to; i++) {
            float d = x[xAt + i] - origin[i];
            sum[i] += d;
            squares[i] += d * d;
        }
    }

    @Override
    public void center(float[] x, int xAt, float[] mean, float[] y, int yAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, mean, i))
                    .intoArray(y, yAt + i);
        }
        for (int i = end; i < count; i++) {
            y[yAt + i] = x[xAt + i] - mean[i];
        }
    }

    @Override
    public void scaleShift(float[] x, int xAt, float[] scale, float[] shift, float[] y, int yAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .fma(FloatVector.fromArray(SPECIES, scale, i), FloatVector.fromArray(SPECIES, shift, i))
                    .intoArray(y, yAt + i);
        }
        for (int i = end; i < count; i++) {
            y[yAt + i] = Math.fma(x[xAt + i], scale[i], shift[i]);
        }
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        Vectors.add(x, xAt, y, yAt, count);
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
        float top = top(activation);
        for (int i = end; i < count; i++) {
            y[yAt + i] = Math.min(Math.max(y[yAt + i], 0f), top);
        }
    }

    /** The argument from which the activation is flat again. */
    private static float top(Activation activation) {
        return activation == Activation.RELU6 ? 6f : Float.POSITIVE_INFINITY;
    }

    @Override
    public void mask(Activation activation, float[] y, int yAt, float[] dy, int dyAt, float[] g, int gAt, int count) {
        // On the bits, as in PlainElementLoops: masks are slow on JDK 17, and helpers that take vectors may not be
        // inlined.
        float top = top(activation);
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, y, yAt + i);
            IntVector above = v.reinterpretAsInts().and(Integer.MAX_VALUE).neg();
            IntVector below = FloatVector.broadcast(SPECIES, top)
                    .sub(v)
                    .reinterpretAsInts()
                    .and(Integer.MAX_VALUE)
                    .neg();
            FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .reinterpretAsInts()
                    .and(above.and(below).lanewise(VectorOperators.ASHR, 31))
                    .reinterpretAsFloats()
                    .intoArray(g, gAt + i);
        }
        for (int i = end; i < count; i++) {
            g[gAt + i] = y[yAt + i] == 0f || (y[yAt + i] == 6f && activation == Activation.RELU6) ? 0f : dy[dyAt + i];
        }
    }

    /** {@code dy} if {@code 0 < y < top}; an infinite y is below the top of a ReLU. */
    private static float masked(float y, int top, float dy) {
        int bits = Float.floatToRawIntBits(y);
        return (-bits & bits - top) < 0 ? dy : 0f;
    }

    /** The bits of every result that is not clipped are below this. */
    private static int topBits(Activation activation) {
        return activation == Activation.RELU6 ? Float.floatToRawIntBits(6f) : Integer.MIN_VALUE;
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
        int at = 0;
        for (; at + FOLD * width <= count; at += FOLD * width) {
            foldMomentGradients(x, xAt + at, dy, dyAt + at, mean, sum, products, width);
        }
        for (; at < count; at += width) {
            addMomentGradients(x, xAt + at, dy, dyAt + at, mean, sum, products, Math.min(width, count - at));
        }
    }

    private static void foldMomentGradients(
            float[] x, int xAt, float[] dy, int dyAt, float[] mean, float[] sum, float[] products, int width) {
        int end = SPECIES.loopBound(width);
        for (int i = 0; i < end; i += LANES) {
            FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
            FloatVector d0 = FloatVector.fromArray(SPECIES, dy, dyAt + i);
            FloatVector d1 = FloatVector.fromArray(SPECIES, dy, dyAt + width + i);
            FloatVector d2 = FloatVector.fromArray(SPECIES, dy, dyAt + 2 * width + i);
            FloatVector d3 = FloatVector.fromArray(SPECIES, dy, dyAt + 3 * width + i);
            FloatVector.fromArray(SPECIES, sum, i)
                    .add(d0.add(d1).add(d2.add(d3)))
                    .intoArray(sum, i);
            FloatVector p0 = d0.mul(FloatVector.fromArray(SPECIES, x, xAt + i).sub(m));
            FloatVector p1 =
                    d1.mul(FloatVector.fromArray(SPECIES, x, xAt + width + i).sub(m));
            p0 = d2.fma(FloatVector.fromArray(SPECIES, x, xAt + 2 * width + i).sub(m), p0);
            p1 = d3.fma(FloatVector.fromArray(SPECIES, x, xAt + 3 * width + i).sub(m), p1);
            FloatVector.fromArray(SPECIES, products, i).add(p0.add(p1)).intoArray(products, i);
        }
        for (int row = 0; row < FOLD; row++) {
            tailMomentGradients(x, xAt + row * width, dy, dyAt + row * width, mean, sum, products, end, width);
        }
    }

    private static void addMomentGradients(
            float[] x, int xAt, float[] dy, int dyAt, float[] mean, float[] sum, float[] products, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector d = FloatVector.fromArray(SPECIES, dy, dyAt + i);
            FloatVector z = FloatVector.fromArray(SPECIES, x, xAt + i).sub(FloatVector.fromArray(SPECIES, mean, i));
            FloatVector.fromArray(SPECIES, sum, i).add(d).intoArray(sum, i);
            d.fma(z, FloatVector.fromArray(SPECIES, products, i)).intoArray(products, i);
        }
        tailMomentGradients(x, xAt, dy, dyAt, mean, sum, products, end, count);
    }

    private static void tailMomentGradients(
            float[] x, int xAt, float[] dy, int dyAt, float[] mean, float[] sum, float[] products, int from, int to) {
        for (int i = from; i < to; i++) {
            sum[i] += dy[dyAt + i];
            products[i] += dy[dyAt + i] * (x[xAt + i] - mean[i]);
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
        int top = topBits(activation);
        int at = 0;
        for (; at + 2 * width <= count; at += 2 * width) {
            foldMasked(top, x, xAt + at, scale, shift, dy, dyAt + at, mean, sum, products, width);
        }
        for (; at < count; at += width) {
            addMasked(top, x, xAt + at, scale, shift, dy, dyAt + at, mean, sum, products, Math.min(width, count - at));
        }
    }

    // As integers, the bits of positive floats are in their order, and -0 is the smallest of all: dy is kept where both
    // differences are
    // negative.
    private static void foldMasked(
            int top,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int width) {
        int end = SPECIES.loopBound(width);
        for (int i = 0; i < end; i += LANES) {
            FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
            FloatVector s = FloatVector.fromArray(SPECIES, scale, i);
            FloatVector t = FloatVector.fromArray(SPECIES, shift, i);
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector y0 = x0.fma(s, t).reinterpretAsInts();
            IntVector kept0 = y0.neg().and(y0.sub(top)).lanewise(VectorOperators.ASHR, 31);
            FloatVector d0 = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .reinterpretAsInts()
                    .and(kept0)
                    .reinterpretAsFloats();
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, xAt + width + i);
            IntVector y1 = x1.fma(s, t).reinterpretAsInts();
            IntVector kept1 = y1.neg().and(y1.sub(top)).lanewise(VectorOperators.ASHR, 31);
            FloatVector d1 = FloatVector.fromArray(SPECIES, dy, dyAt + width + i)
                    .reinterpretAsInts()
                    .and(kept1)
                    .reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, sum, i).add(d0.add(d1)).intoArray(sum, i);
            FloatVector p = d0.fma(x0.sub(m), d1.mul(x1.sub(m)));
            FloatVector.fromArray(SPECIES, products, i).add(p).intoArray(products, i);
        }
        for (int row = 0; row < 2; row++) {
            tailMasked(
                    top, x, xAt + row * width, scale, shift, dy, dyAt + row * width, mean, sum, products, end, width);
        }
    }

    private static void addMasked(
            int top,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
            FloatVector s = FloatVector.fromArray(SPECIES, scale, i);
            FloatVector t = FloatVector.fromArray(SPECIES, shift, i);
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector y0 = x0.fma(s, t).reinterpretAsInts();
            IntVector kept0 = y0.neg().and(y0.sub(top)).lanewise(VectorOperators.ASHR, 31);
            FloatVector d0 = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .reinterpretAsInts()
                    .and(kept0)
                    .reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, sum, i).add(d0).intoArray(sum, i);
            d0.fma(x0.sub(m), FloatVector.fromArray(SPECIES, products, i)).intoArray(products, i);
        }
        tailMasked(top, x, xAt, scale, shift, dy, dyAt, mean, sum, products, end, count);
    }

    private static void tailMasked(
            int top,
            float[] x,
            int xAt,
            float[] scale,
            float[] shift,
            float[] dy,
            int dyAt,
            float[] mean,
            float[] sum,
            float[] products,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float d = masked(Math.fma(x[xAt + i], scale[i], shift[i]), top, dy[dyAt + i]);
            sum[i] += d;
            products[i] += d * (x[xAt + i] - mean[i]);
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
        int top = topBits(activation);
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector s = FloatVector.fromArray(SPECIES, scale, i);
            FloatVector t = FloatVector.fromArray(SPECIES, shift, i);
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector y0 = x0.fma(s, t).reinterpretAsInts();
            IntVector kept0 = y0.neg().and(y0.sub(top)).lanewise(VectorOperators.ASHR, 31);
            FloatVector d0 = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .reinterpretAsInts()
                    .and(kept0)
                    .reinterpretAsFloats();
            FloatVector rest = x0.fma(FloatVector.fromArray(SPECIES, q, i), FloatVector.fromArray(SPECIES, r, i));
            d0.fma(FloatVector.fromArray(SPECIES, p, i), rest).intoArray(dx, dxAt + i);
        }
        for (int i = end; i < count; i++) {
            float d = masked(Math.fma(x[xAt + i], scale[i], shift[i]), top, dy[dyAt + i]);
            dx[dxAt + i] = p[i] * d + q[i] * x[xAt + i] + r[i];
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
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector rest = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .fma(FloatVector.fromArray(SPECIES, q, i), FloatVector.fromArray(SPECIES, r, i));
            FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .fma(FloatVector.fromArray(SPECIES, p, i), rest)
                    .intoArray(dx, dxAt + i);
        }
        for (int i = end; i < count; i++) {
            dx[dxAt + i] = p[i] * dy[dyAt + i] + q[i] * x[xAt + i] + r[i];
        }
    }

    @Override
    public void scale(float[] dy, int dyAt, float[] p, float[] dx, int dxAt, int count) {
        int end = SPECIES.loopBound(count);
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.fromArray(SPECIES, p, i))
                    .intoArray(dx, dxAt + i);
        }
        for (int i = end; i < count; i++) {
            dx[dxAt + i] = p[i] * dy[dyAt + i];
        }
    }
}
