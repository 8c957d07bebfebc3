package dev.graft.cpu;

import dev.graft.backend.UnaryOp;
import jdk.incubator.vector.FloatVector;
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
        if (op == UnaryOp.RELU || op == UnaryOp.RELU6) {
            // No value reaches NaN, infinity would.
            float top = op == UnaryOp.RELU6 ? 6f : Float.NaN;
            int end = to - (to - from) % LANES;
            for (int i = from; i < end; i += LANES) {
                FloatVector v = FloatVector.fromArray(SPECIES, y, i);
                FloatVector.fromArray(SPECIES, dy, i).blend(0f, v.compare(VectorOperators.LE, 0f)).blend(0f, v.compare(VectorOperators.GE, top))
                        .intoArray(dx, i);
            }
            super.unaryBackward(op, a, b, x, y, dy, dx, end, to);
        } else {
            super.unaryBackward(op, a, b, x, y, dy, dx, from, to);
        }
    }
}
