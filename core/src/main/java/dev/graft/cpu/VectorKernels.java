package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Loops on the Vector API where the JIT compiler alone does worse, and the choice of convolutions that rest on it. */
final class VectorKernels extends PlainKernels {
    /** The machine's widest vectors. */
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    /** Floats in a vector. */
    static final int LANES = SPECIES.length();

    @Override
    public String description() {
        return "Vector API, " + SPECIES.vectorBitSize() + " bits";
    }

    @Override
    public boolean usesVectors() {
        return true;
    }

    /** {@code y += x}. */
    static void add(float[] x, int xAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).add(FloatVector.fromArray(SPECIES, y, yAt + i)).intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }
}
