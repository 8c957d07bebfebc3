package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** F(2x2, 3x3) with the points 0, 1, -1: 16 products in place of 36, and no less exact than a direct convolution. */
final class WinogradF2 extends WinogradTransforms {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;

    WinogradF2() {
        super(2);
    }

    @Override
    void input(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        d0.sub(d2).intoArray(y, to);
        d1.add(d2).intoArray(y, to + toStep);
        d2.sub(d1).intoArray(y, to + 2 * toStep);
        d1.sub(d3).intoArray(y, to + 3 * toStep);
    }

    @Override
    void output(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector m0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector m1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector m2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector m3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        m0.add(m1).add(m2).intoArray(y, to);
        m1.sub(m2).sub(m3).intoArray(y, to + toStep);
    }

    @Override
    void weights(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector g0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector g2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector outer = g0.add(g2).mul(0.5f);
        FloatVector middle = g1.mul(0.5f);
        g0.intoArray(y, to);
        outer.add(middle).intoArray(y, to + toStep);
        outer.sub(middle).intoArray(y, to + 2 * toStep);
        g2.intoArray(y, to + 3 * toStep);
    }

    @Override
    void outputGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        d0.intoArray(y, to);
        d0.add(d1).intoArray(y, to + toStep);
        d0.sub(d1).intoArray(y, to + 2 * toStep);
        d1.neg().intoArray(y, to + 3 * toStep);
    }

    @Override
    void weightGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector u0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector u1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector u2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector u3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector sum = u1.add(u2).mul(0.5f);
        u0.add(sum).intoArray(y, to);
        u1.sub(u2).mul(0.5f).intoArray(y, to + toStep);
        sum.add(u3).intoArray(y, to + 2 * toStep);
    }
}
