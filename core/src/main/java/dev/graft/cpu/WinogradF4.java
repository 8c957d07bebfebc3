package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * F(4x4, 3x3) with the points 0, 1, -1, 2, -2: 36 products in place of 144. Its error is up to about 2e-5 of the largest result, ten times
 * that of a direct convolution.
 */
final class WinogradF4 extends WinogradTransforms {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;

    WinogradF4() {
        super(4);
    }

    @Override
    void input(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector d4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector d5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector four = FloatVector.broadcast(SPECIES, 4f);
        FloatVector five = FloatVector.broadcast(SPECIES, -5f);
        FloatVector minusFour = FloatVector.broadcast(SPECIES, -4f);
        FloatVector even = minusFour.fma(d2, d4);
        FloatVector odd = minusFour.fma(d1, d3);
        FloatVector evenHalf = d4.sub(d2);
        FloatVector oddHalf = d3.sub(d1);
        oddHalf = oddHalf.add(oddHalf);
        four.fma(d0, five.fma(d2, d4)).intoArray(y, to);
        even.add(odd).intoArray(y, to + toStep);
        even.sub(odd).intoArray(y, to + 2 * toStep);
        evenHalf.add(oddHalf).intoArray(y, to + 3 * toStep);
        evenHalf.sub(oddHalf).intoArray(y, to + 4 * toStep);
        four.fma(d1, five.fma(d3, d5)).intoArray(y, to + 5 * toStep);
    }

    @Override
    void output(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector m0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector m1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector m2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector m3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector m4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector m5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector sum1 = m1.add(m2);
        FloatVector difference1 = m1.sub(m2);
        FloatVector sum2 = m3.add(m4);
        FloatVector difference2 = m3.sub(m4);
        m0.add(sum1).add(sum2).intoArray(y, to);
        FloatVector.broadcast(SPECIES, 2f).fma(difference2, difference1).intoArray(y, to + toStep);
        FloatVector.broadcast(SPECIES, 4f).fma(sum2, sum1).intoArray(y, to + 2 * toStep);
        FloatVector.broadcast(SPECIES, 8f).fma(difference2, difference1).add(m5).intoArray(y, to + 3 * toStep);
    }

    @Override
    void weights(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector g0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector g2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector outer = g0.add(g2).mul(-1f / 6);
        FloatVector middle = g1.mul(1f / 6);
        FloatVector outerHalf = g0.mul(1f / 24).add(g2.mul(1f / 6));
        FloatVector middleHalf = g1.mul(1f / 12);
        g0.mul(0.25f).intoArray(y, to);
        outer.sub(middle).intoArray(y, to + toStep);
        outer.add(middle).intoArray(y, to + 2 * toStep);
        outerHalf.add(middleHalf).intoArray(y, to + 3 * toStep);
        outerHalf.sub(middleHalf).intoArray(y, to + 4 * toStep);
        g2.intoArray(y, to + 5 * toStep);
    }

    @Override
    void outputGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector d0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector d1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector d2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector d3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector four = FloatVector.broadcast(SPECIES, 4f);
        FloatVector even = d0.add(d2);
        FloatVector odd = d1.add(d3);
        FloatVector evenDouble = four.fma(d2, d0);
        FloatVector oddDouble = four.fma(d3, d1);
        oddDouble = oddDouble.add(oddDouble);
        d0.intoArray(y, to);
        even.add(odd).intoArray(y, to + toStep);
        even.sub(odd).intoArray(y, to + 2 * toStep);
        evenDouble.add(oddDouble).intoArray(y, to + 3 * toStep);
        evenDouble.sub(oddDouble).intoArray(y, to + 4 * toStep);
        d3.intoArray(y, to + 5 * toStep);
    }

    @Override
    void weightGradient(float[] x, int at, int step, float[] y, int to, int toStep) {
        FloatVector u0 = FloatVector.fromArray(SPECIES, x, at);
        FloatVector u1 = FloatVector.fromArray(SPECIES, x, at + step);
        FloatVector u2 = FloatVector.fromArray(SPECIES, x, at + 2 * step);
        FloatVector u3 = FloatVector.fromArray(SPECIES, x, at + 3 * step);
        FloatVector u4 = FloatVector.fromArray(SPECIES, x, at + 4 * step);
        FloatVector u5 = FloatVector.fromArray(SPECIES, x, at + 5 * step);
        FloatVector sum1 = u1.add(u2).mul(1f / 6);
        FloatVector sum2 = u3.add(u4).mul(1f / 6);
        u0.mul(0.25f).sub(sum1).add(sum2.mul(0.25f)).intoArray(y, to);
        u2.sub(u1).mul(1f / 6).add(u3.sub(u4).mul(1f / 12)).intoArray(y, to + toStep);
        sum2.sub(sum1).add(u5).intoArray(y, to + 2 * toStep);
    }
}
