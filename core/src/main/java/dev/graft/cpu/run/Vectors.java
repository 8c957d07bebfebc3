package dev.graft.cpu.run;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The size of all vectors of floats, and what every kernel on the Vector API needs. */
public final class Vectors {
    /**
     * The machine's widest vectors, and the only float vectors. A second size, loaded anywhere, would make calls on
     * {@link FloatVector} polymorphic and turn their vectors into objects (measured on JDK 17: convolutions became 10
     * times slower).
     */
    public static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    /** Floats in a vector. */
    public static final int LANES = SPECIES.length();

    private Vectors() {}

    /** {@code y += x}. */
    public static void add(float[] x, int xAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .add(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    /** {@code z = x + y}. */
    public static void sum(float[] x, int xAt, float[] y, int yAt, float[] z, int zAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .add(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .intoArray(z, zAt + i);
        }
        for (; i < count; i++) {
            z[zAt + i] = x[xAt + i] + y[yAt + i];
        }
    }
}
