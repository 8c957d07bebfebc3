package dev.graft.cpu;

import dev.graft.backend.UnaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
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

    @Override
    public void unaryBackward(UnaryOp op, float a, float b, float[] x, float[] y, float[] dy, float[] dx, int from, int to) {
        int end = to - (to - from) % LANES;
        switch (op) {
            case RELU -> {
                for (int i = from; i < end; i += LANES) {
                    where(FloatVector.fromArray(SPECIES, y, i), FloatVector.fromArray(SPECIES, dy, i)).intoArray(dx, i);
                }
            }
            case RELU6 -> {
                for (int i = from; i < end; i += LANES) {
                    FloatVector v = FloatVector.fromArray(SPECIES, y, i);
                    where(v, where(FloatVector.broadcast(SPECIES, 6f).sub(v), FloatVector.fromArray(SPECIES, dy, i))).intoArray(dx, i);
                }
            }
            default -> end = from;
        }
        super.unaryBackward(op, a, b, x, y, dy, dx, end, to);
    }

    /** {@code slope <= 0 ? 0 : dy} on the bits, as in {@link PlainKernels}: masks are slow on JDK 17. */
    static FloatVector where(FloatVector slope, FloatVector dy) {
        IntVector bits = slope.reinterpretAsInts();
        IntVector positive = bits.neg().and(bits.not());
        IntVector notANumber = bits.and(Integer.MAX_VALUE).neg().add(0x7f800000);
        return dy.reinterpretAsInts().and(positive.or(notANumber).lanewise(VectorOperators.ASHR, 31)).reinterpretAsFloats();
    }
}
