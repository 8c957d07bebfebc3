package dev.graft.cpu.pool;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link TapLoops} on vectors. */
public final class VectorTapLoops implements TapLoops {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    @Override
    public void sum(float[] x, int a, float p, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, a + i).mul(p).intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] = p * x[a + i];
        }
    }

    @Override
    public void sum(float[] x, int a, float p, int b, float q, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, a + i)
                    .mul(p)
                    .add(FloatVector.fromArray(SPECIES, x, b + i).mul(q))
                    .intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] = p * x[a + i] + q * x[b + i];
        }
    }

    @Override
    public void sum(
            float[] x, int a, float p, int b, float q, int c, float r, int d, float s, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, a + i)
                    .mul(p)
                    .add(FloatVector.fromArray(SPECIES, x, b + i).mul(q))
                    .add(FloatVector.fromArray(SPECIES, x, c + i).mul(r))
                    .add(FloatVector.fromArray(SPECIES, x, d + i).mul(s))
                    .intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] = p * x[a + i] + q * x[b + i] + r * x[c + i] + s * x[d + i];
        }
    }

    @Override
    public void add(float[] x, int a, float p, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, a + i)
                    .mul(p)
                    .add(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] += p * x[a + i];
        }
    }
}
