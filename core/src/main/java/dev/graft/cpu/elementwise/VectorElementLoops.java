package dev.graft.cpu.elementwise;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.cpu.run.Vectors;
import dev.graft.type.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Loops on the Vector API, for those that the JIT compiler vectorizes less well. */
public final class VectorElementLoops extends PlainElementLoops {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    public VectorElementLoops() {
        super(
                "for what is not worth vectors",
                new Functions(new VectorFunctionPasses()),
                VectorRowLoops.fits() ? new VectorRowLoops() : new PlainRowLoops());
    }

    @Override
    public String description() {
        return "Vector API, " + SPECIES.vectorBitSize() + " bits";
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int count) {
        Vectors.add(x, xAt, y, yAt, count);
    }

    @Override
    public float largest(float[] x, int from, int to) {
        // Not max, which looks for NaN and for zeros' signs.
        FloatVector largest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int end = to - (to - from) % LANES;
        for (int i = from; i < end; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, i);
            largest = largest.blend(v, v.compare(VectorOperators.GT, largest));
        }
        return Math.max(largest.reduceLanes(VectorOperators.MAX), super.largest(x, end, to));
    }

    @Override
    public boolean isFinite(float[] x, int from, int to) {
        // Finite numbers times 0 add nothing.
        int end = to - (to - from) % (2 * LANES);
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector p = zero;
        FloatVector q = zero;
        for (int i = from; i < end; i += 2 * LANES) {
            p = FloatVector.fromArray(SPECIES, x, i).fma(zero, p);
            q = FloatVector.fromArray(SPECIES, x, i + LANES).fma(zero, q);
        }
        return p.add(q).reduceLanes(VectorOperators.ADD) == 0 && super.isFinite(x, end, to);
    }

    @Override
    public void unaryBackward(
            UnaryOp op, float a, float b, float[] x, float[] y, float[] dy, float[] dx, int from, int to) {
        // On the bits, as in PlainElementLoops: masks are slow on JDK 17.
        int end = to - (to - from) % LANES;
        switch (op) {
            case RELU -> {
                for (int i = from; i < end; i += LANES) {
                    IntVector kept = FloatVector.fromArray(SPECIES, y, i)
                            .reinterpretAsInts()
                            .and(Integer.MAX_VALUE)
                            .neg();
                    FloatVector.fromArray(SPECIES, dy, i)
                            .reinterpretAsInts()
                            .and(kept.lanewise(VectorOperators.ASHR, 31))
                            .reinterpretAsFloats()
                            .intoArray(dx, i);
                }
            }
            case RELU6 -> {
                for (int i = from; i < end; i += LANES) {
                    FloatVector v = FloatVector.fromArray(SPECIES, y, i);
                    IntVector above =
                            v.reinterpretAsInts().and(Integer.MAX_VALUE).neg();
                    IntVector below = FloatVector.broadcast(SPECIES, 6f)
                            .sub(v)
                            .reinterpretAsInts()
                            .and(Integer.MAX_VALUE)
                            .neg();
                    FloatVector.fromArray(SPECIES, dy, i)
                            .reinterpretAsInts()
                            .and(above.and(below).lanewise(VectorOperators.ASHR, 31))
                            .reinterpretAsFloats()
                            .intoArray(dx, i);
                }
            }
            case LEAKY_RELU -> {
                for (int i = from; i < end; i += LANES) {
                    FloatVector d = FloatVector.fromArray(SPECIES, dy, i);
                    IntVector other = d.mul(a).reinterpretAsInts();
                    IntVector bits = FloatVector.fromArray(SPECIES, x, i).reinterpretAsInts();
                    IntVector minus = bits.neg();
                    IntVector above = minus.and(minus.sub(1))
                            .and(bits.sub(FloatFunctions.INFINITY_BITS + 1))
                            .lanewise(VectorOperators.ASHR, 31);
                    d.reinterpretAsInts()
                            .lanewise(VectorOperators.XOR, other)
                            .and(above)
                            .lanewise(VectorOperators.XOR, other)
                            .reinterpretAsFloats()
                            .intoArray(dx, i);
                }
            }
            default -> end = from;
        }
        super.unaryBackward(op, a, b, x, y, dy, dx, end, to);
    }

    @Override
    public void unary(UnaryOp op, float a, float b, float[] x, float[] y, int from, int to) {
        if (op != UnaryOp.LEAKY_RELU) {
            super.unary(op, a, b, x, y, from, to);
            return;
        }
        int end = to - (to - from) % LANES;
        for (int i = from; i < end; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, i);
            IntVector bits = v.reinterpretAsInts();
            IntVector other = v.mul(a).reinterpretAsInts();
            IntVector minus = bits.neg();
            IntVector above = minus.and(minus.sub(1))
                    .and(bits.sub(FloatFunctions.INFINITY_BITS + 1))
                    .lanewise(VectorOperators.ASHR, 31);
            bits.lanewise(VectorOperators.XOR, other)
                    .and(above)
                    .lanewise(VectorOperators.XOR, other)
                    .reinterpretAsFloats()
                    .intoArray(y, i);
        }
        super.unary(op, a, b, x, y, end, to);
    }

    @Override
    public void binary(BinaryOp op, float[] p, float[] q, float[] y, int from, int to) {
        if (op != BinaryOp.PRELU) {
            super.binary(op, p, q, y, from, to);
            return;
        }
        int end = to - (to - from) % LANES;
        for (int i = from; i < end; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, p, i);
            IntVector bits = v.reinterpretAsInts();
            IntVector other = v.mul(FloatVector.fromArray(SPECIES, q, i)).reinterpretAsInts();
            IntVector minus = bits.neg();
            IntVector above = minus.and(minus.sub(1))
                    .and(bits.sub(FloatFunctions.INFINITY_BITS + 1))
                    .lanewise(VectorOperators.ASHR, 31);
            bits.lanewise(VectorOperators.XOR, other)
                    .and(above)
                    .lanewise(VectorOperators.XOR, other)
                    .reinterpretAsFloats()
                    .intoArray(y, i);
        }
        super.binary(op, p, q, y, end, to);
    }

    @Override
    public void widen(DType type, short[] x, float[] y, int count) {
        int end = VectorHalves.widen(type, x, y, count);
        widen(type, x, y, end, count);
    }

    @Override
    public void narrow(DType type, float[] x, short[] y, int count) {
        int end = VectorHalves.narrow(type, x, y, count);
        narrow(type, x, y, end, count);
    }
}
