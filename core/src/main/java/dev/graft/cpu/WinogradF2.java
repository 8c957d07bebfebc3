package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** F(2x2, 3x3) with the points 0, 1, -1: 16 products in place of 36, and no less exact than a direct convolution. */
final class WinogradF2 extends WinogradStride1 {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;

    WinogradF2() {
        super(2);
    }

    @Override
    void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition) {
        FloatVector d00 = FloatVector.fromArray(SPECIES, d, dAt);
        FloatVector d10 = FloatVector.fromArray(SPECIES, d, dAt + dRow);
        FloatVector d20 = FloatVector.fromArray(SPECIES, d, dAt + 2 * dRow);
        FloatVector d30 = FloatVector.fromArray(SPECIES, d, dAt + 3 * dRow);
        FloatVector t00 = d00.sub(d20);
        FloatVector t10 = d10.add(d20);
        FloatVector t20 = d20.sub(d10);
        FloatVector t30 = d10.sub(d30);
        FloatVector d01 = FloatVector.fromArray(SPECIES, d, dAt + dColumn);
        FloatVector d11 = FloatVector.fromArray(SPECIES, d, dAt + dRow + dColumn);
        FloatVector d21 = FloatVector.fromArray(SPECIES, d, dAt + 2 * dRow + dColumn);
        FloatVector d31 = FloatVector.fromArray(SPECIES, d, dAt + 3 * dRow + dColumn);
        FloatVector t01 = d01.sub(d21);
        FloatVector t11 = d11.add(d21);
        FloatVector t21 = d21.sub(d11);
        FloatVector t31 = d11.sub(d31);
        FloatVector d02 = FloatVector.fromArray(SPECIES, d, dAt + 2 * dColumn);
        FloatVector d12 = FloatVector.fromArray(SPECIES, d, dAt + dRow + 2 * dColumn);
        FloatVector d22 = FloatVector.fromArray(SPECIES, d, dAt + 2 * dRow + 2 * dColumn);
        FloatVector d32 = FloatVector.fromArray(SPECIES, d, dAt + 3 * dRow + 2 * dColumn);
        FloatVector t02 = d02.sub(d22);
        FloatVector t12 = d12.add(d22);
        FloatVector t22 = d22.sub(d12);
        FloatVector t32 = d12.sub(d32);
        FloatVector d03 = FloatVector.fromArray(SPECIES, d, dAt + 3 * dColumn);
        FloatVector d13 = FloatVector.fromArray(SPECIES, d, dAt + dRow + 3 * dColumn);
        FloatVector d23 = FloatVector.fromArray(SPECIES, d, dAt + 2 * dRow + 3 * dColumn);
        FloatVector d33 = FloatVector.fromArray(SPECIES, d, dAt + 3 * dRow + 3 * dColumn);
        FloatVector t03 = d03.sub(d23);
        FloatVector t13 = d13.add(d23);
        FloatVector t23 = d23.sub(d13);
        FloatVector t33 = d13.sub(d33);
        t00.sub(t02).intoArray(v, vAt);
        t01.add(t02).intoArray(v, vAt + vPosition);
        t02.sub(t01).intoArray(v, vAt + 2 * vPosition);
        t01.sub(t03).intoArray(v, vAt + 3 * vPosition);
        t10.sub(t12).intoArray(v, vAt + 4 * vPosition);
        t11.add(t12).intoArray(v, vAt + 5 * vPosition);
        t12.sub(t11).intoArray(v, vAt + 6 * vPosition);
        t11.sub(t13).intoArray(v, vAt + 7 * vPosition);
        t20.sub(t22).intoArray(v, vAt + 8 * vPosition);
        t21.add(t22).intoArray(v, vAt + 9 * vPosition);
        t22.sub(t21).intoArray(v, vAt + 10 * vPosition);
        t21.sub(t23).intoArray(v, vAt + 11 * vPosition);
        t30.sub(t32).intoArray(v, vAt + 12 * vPosition);
        t31.add(t32).intoArray(v, vAt + 13 * vPosition);
        t32.sub(t31).intoArray(v, vAt + 14 * vPosition);
        t31.sub(t33).intoArray(v, vAt + 15 * vPosition);
    }

    @Override
    void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, float[] watched) {
        FloatVector m00 = FloatVector.fromArray(SPECIES, m, mAt);
        FloatVector m10 = FloatVector.fromArray(SPECIES, m, mAt + 4 * mPosition);
        FloatVector m20 = FloatVector.fromArray(SPECIES, m, mAt + 8 * mPosition);
        FloatVector m30 = FloatVector.fromArray(SPECIES, m, mAt + 12 * mPosition);
        FloatVector t00 = m00.add(m10).add(m20);
        FloatVector t10 = m10.sub(m20).sub(m30);
        FloatVector m01 = FloatVector.fromArray(SPECIES, m, mAt + mPosition);
        FloatVector m11 = FloatVector.fromArray(SPECIES, m, mAt + 5 * mPosition);
        FloatVector m21 = FloatVector.fromArray(SPECIES, m, mAt + 9 * mPosition);
        FloatVector m31 = FloatVector.fromArray(SPECIES, m, mAt + 13 * mPosition);
        FloatVector t01 = m01.add(m11).add(m21);
        FloatVector t11 = m11.sub(m21).sub(m31);
        FloatVector m02 = FloatVector.fromArray(SPECIES, m, mAt + 2 * mPosition);
        FloatVector m12 = FloatVector.fromArray(SPECIES, m, mAt + 6 * mPosition);
        FloatVector m22 = FloatVector.fromArray(SPECIES, m, mAt + 10 * mPosition);
        FloatVector m32 = FloatVector.fromArray(SPECIES, m, mAt + 14 * mPosition);
        FloatVector t02 = m02.add(m12).add(m22);
        FloatVector t12 = m12.sub(m22).sub(m32);
        FloatVector m03 = FloatVector.fromArray(SPECIES, m, mAt + 3 * mPosition);
        FloatVector m13 = FloatVector.fromArray(SPECIES, m, mAt + 7 * mPosition);
        FloatVector m23 = FloatVector.fromArray(SPECIES, m, mAt + 11 * mPosition);
        FloatVector m33 = FloatVector.fromArray(SPECIES, m, mAt + 15 * mPosition);
        FloatVector t03 = m03.add(m13).add(m23);
        FloatVector t13 = m13.sub(m23).sub(m33);
        FloatVector y00 = t00.add(t01).add(t02);
        FloatVector y01 = t01.sub(t02).sub(t03);
        FloatVector y10 = t10.add(t11).add(t12);
        FloatVector y11 = t11.sub(t12).sub(t13);
        y00.intoArray(y, yAt);
        y01.intoArray(y, yAt + yColumn);
        y10.intoArray(y, yAt + yRow);
        y11.intoArray(y, yAt + yRow + yColumn);
        FloatVector.fromArray(SPECIES, watched, 0)
                .add(y00.add(y01).add(y10.add(y11)))
                .intoArray(watched, 0);
    }

    @Override
    void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uPosition) {
        FloatVector g00 = FloatVector.fromArray(SPECIES, g, gAt);
        FloatVector g10 = FloatVector.fromArray(SPECIES, g, gAt + 3 * gTap);
        FloatVector g20 = FloatVector.fromArray(SPECIES, g, gAt + 6 * gTap);
        FloatVector c0outer = g00.add(g20).mul(0.5f);
        FloatVector c0middle = g10.mul(0.5f);
        FloatVector t00 = g00;
        FloatVector t10 = c0outer.add(c0middle);
        FloatVector t20 = c0outer.sub(c0middle);
        FloatVector t30 = g20;
        FloatVector g01 = FloatVector.fromArray(SPECIES, g, gAt + gTap);
        FloatVector g11 = FloatVector.fromArray(SPECIES, g, gAt + 4 * gTap);
        FloatVector g21 = FloatVector.fromArray(SPECIES, g, gAt + 7 * gTap);
        FloatVector c1outer = g01.add(g21).mul(0.5f);
        FloatVector c1middle = g11.mul(0.5f);
        FloatVector t01 = g01;
        FloatVector t11 = c1outer.add(c1middle);
        FloatVector t21 = c1outer.sub(c1middle);
        FloatVector t31 = g21;
        FloatVector g02 = FloatVector.fromArray(SPECIES, g, gAt + 2 * gTap);
        FloatVector g12 = FloatVector.fromArray(SPECIES, g, gAt + 5 * gTap);
        FloatVector g22 = FloatVector.fromArray(SPECIES, g, gAt + 8 * gTap);
        FloatVector c2outer = g02.add(g22).mul(0.5f);
        FloatVector c2middle = g12.mul(0.5f);
        FloatVector t02 = g02;
        FloatVector t12 = c2outer.add(c2middle);
        FloatVector t22 = c2outer.sub(c2middle);
        FloatVector t32 = g22;
        FloatVector r0outer = t00.add(t02).mul(0.5f);
        FloatVector r0middle = t01.mul(0.5f);
        t00.intoArray(u, uAt);
        r0outer.add(r0middle).intoArray(u, uAt + uPosition);
        r0outer.sub(r0middle).intoArray(u, uAt + 2 * uPosition);
        t02.intoArray(u, uAt + 3 * uPosition);
        FloatVector r1outer = t10.add(t12).mul(0.5f);
        FloatVector r1middle = t11.mul(0.5f);
        t10.intoArray(u, uAt + 4 * uPosition);
        r1outer.add(r1middle).intoArray(u, uAt + 5 * uPosition);
        r1outer.sub(r1middle).intoArray(u, uAt + 6 * uPosition);
        t12.intoArray(u, uAt + 7 * uPosition);
        FloatVector r2outer = t20.add(t22).mul(0.5f);
        FloatVector r2middle = t21.mul(0.5f);
        t20.intoArray(u, uAt + 8 * uPosition);
        r2outer.add(r2middle).intoArray(u, uAt + 9 * uPosition);
        r2outer.sub(r2middle).intoArray(u, uAt + 10 * uPosition);
        t22.intoArray(u, uAt + 11 * uPosition);
        FloatVector r3outer = t30.add(t32).mul(0.5f);
        FloatVector r3middle = t31.mul(0.5f);
        t30.intoArray(u, uAt + 12 * uPosition);
        r3outer.add(r3middle).intoArray(u, uAt + 13 * uPosition);
        r3outer.sub(r3middle).intoArray(u, uAt + 14 * uPosition);
        t32.intoArray(u, uAt + 15 * uPosition);
    }

    @Override
    void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition) {
        FloatVector d00 = FloatVector.fromArray(SPECIES, dy, dyAt);
        FloatVector d10 = FloatVector.fromArray(SPECIES, dy, dyAt + dyRow);
        FloatVector t00 = d00;
        FloatVector t10 = d00.add(d10);
        FloatVector t20 = d00.sub(d10);
        FloatVector t30 = d10.neg();
        FloatVector d01 = FloatVector.fromArray(SPECIES, dy, dyAt + dyColumn);
        FloatVector d11 = FloatVector.fromArray(SPECIES, dy, dyAt + dyRow + dyColumn);
        FloatVector t01 = d01;
        FloatVector t11 = d01.add(d11);
        FloatVector t21 = d01.sub(d11);
        FloatVector t31 = d11.neg();
        t00.intoArray(m, mAt);
        t00.add(t01).intoArray(m, mAt + mPosition);
        t00.sub(t01).intoArray(m, mAt + 2 * mPosition);
        t01.neg().intoArray(m, mAt + 3 * mPosition);
        t10.intoArray(m, mAt + 4 * mPosition);
        t10.add(t11).intoArray(m, mAt + 5 * mPosition);
        t10.sub(t11).intoArray(m, mAt + 6 * mPosition);
        t11.neg().intoArray(m, mAt + 7 * mPosition);
        t20.intoArray(m, mAt + 8 * mPosition);
        t20.add(t21).intoArray(m, mAt + 9 * mPosition);
        t20.sub(t21).intoArray(m, mAt + 10 * mPosition);
        t21.neg().intoArray(m, mAt + 11 * mPosition);
        t30.intoArray(m, mAt + 12 * mPosition);
        t30.add(t31).intoArray(m, mAt + 13 * mPosition);
        t30.sub(t31).intoArray(m, mAt + 14 * mPosition);
        t31.neg().intoArray(m, mAt + 15 * mPosition);
    }

    @Override
    void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap, float[] watched) {
        FloatVector u00 = FloatVector.fromArray(SPECIES, u, uAt);
        FloatVector u10 = FloatVector.fromArray(SPECIES, u, uAt + 4 * uPosition);
        FloatVector u20 = FloatVector.fromArray(SPECIES, u, uAt + 8 * uPosition);
        FloatVector u30 = FloatVector.fromArray(SPECIES, u, uAt + 12 * uPosition);
        FloatVector c0sum = u10.add(u20).mul(0.5f);
        FloatVector t00 = u00.add(c0sum);
        FloatVector t10 = u10.sub(u20).mul(0.5f);
        FloatVector t20 = c0sum.add(u30);
        FloatVector u01 = FloatVector.fromArray(SPECIES, u, uAt + uPosition);
        FloatVector u11 = FloatVector.fromArray(SPECIES, u, uAt + 5 * uPosition);
        FloatVector u21 = FloatVector.fromArray(SPECIES, u, uAt + 9 * uPosition);
        FloatVector u31 = FloatVector.fromArray(SPECIES, u, uAt + 13 * uPosition);
        FloatVector c1sum = u11.add(u21).mul(0.5f);
        FloatVector t01 = u01.add(c1sum);
        FloatVector t11 = u11.sub(u21).mul(0.5f);
        FloatVector t21 = c1sum.add(u31);
        FloatVector u02 = FloatVector.fromArray(SPECIES, u, uAt + 2 * uPosition);
        FloatVector u12 = FloatVector.fromArray(SPECIES, u, uAt + 6 * uPosition);
        FloatVector u22 = FloatVector.fromArray(SPECIES, u, uAt + 10 * uPosition);
        FloatVector u32 = FloatVector.fromArray(SPECIES, u, uAt + 14 * uPosition);
        FloatVector c2sum = u12.add(u22).mul(0.5f);
        FloatVector t02 = u02.add(c2sum);
        FloatVector t12 = u12.sub(u22).mul(0.5f);
        FloatVector t22 = c2sum.add(u32);
        FloatVector u03 = FloatVector.fromArray(SPECIES, u, uAt + 3 * uPosition);
        FloatVector u13 = FloatVector.fromArray(SPECIES, u, uAt + 7 * uPosition);
        FloatVector u23 = FloatVector.fromArray(SPECIES, u, uAt + 11 * uPosition);
        FloatVector u33 = FloatVector.fromArray(SPECIES, u, uAt + 15 * uPosition);
        FloatVector c3sum = u13.add(u23).mul(0.5f);
        FloatVector t03 = u03.add(c3sum);
        FloatVector t13 = u13.sub(u23).mul(0.5f);
        FloatVector t23 = c3sum.add(u33);
        FloatVector r0sum = t01.add(t02).mul(0.5f);
        FloatVector g0 = t00.add(r0sum);
        g0.intoArray(dg, dgAt);
        FloatVector g1 = t01.sub(t02).mul(0.5f);
        g1.intoArray(dg, dgAt + dgTap);
        FloatVector g2 = r0sum.add(t03);
        g2.intoArray(dg, dgAt + 2 * dgTap);
        FloatVector.fromArray(SPECIES, watched, 0).add(g0.add(g1).add(g2)).intoArray(watched, 0);
        FloatVector r1sum = t11.add(t12).mul(0.5f);
        FloatVector g3 = t10.add(r1sum);
        g3.intoArray(dg, dgAt + 3 * dgTap);
        FloatVector g4 = t11.sub(t12).mul(0.5f);
        g4.intoArray(dg, dgAt + 4 * dgTap);
        FloatVector g5 = r1sum.add(t13);
        g5.intoArray(dg, dgAt + 5 * dgTap);
        FloatVector.fromArray(SPECIES, watched, 0).add(g3.add(g4).add(g5)).intoArray(watched, 0);
        FloatVector r2sum = t21.add(t22).mul(0.5f);
        FloatVector g6 = t20.add(r2sum);
        g6.intoArray(dg, dgAt + 6 * dgTap);
        FloatVector g7 = t21.sub(t22).mul(0.5f);
        g7.intoArray(dg, dgAt + 7 * dgTap);
        FloatVector g8 = r2sum.add(t23);
        g8.intoArray(dg, dgAt + 8 * dgTap);
        FloatVector.fromArray(SPECIES, watched, 0).add(g6.add(g7).add(g8)).intoArray(watched, 0);
    }
}
