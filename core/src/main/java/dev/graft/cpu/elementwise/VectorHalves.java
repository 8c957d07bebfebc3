package dev.graft.cpu.elementwise;

import dev.graft.cpu.layout.HalfPrecision;
import dev.graft.cpu.run.Vectors;
import dev.graft.type.DType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Conversions between floats and 16-bit types with the bits of {@link HalfPrecision}. Cases are chosen by the signs of
 * differences, because masks are slow on JDK 17.
 */
final class VectorHalves {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
    private static final int LANES = Vectors.LANES;
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Short.SIZE * LANES));

    private static final int INFINITY = 0x7f800000;
    /** The distance of the exponents of a float and a half, in the bits of a float. */
    private static final int REBIAS = 112 << 23;
    /** The least float that is a normal half. */
    private static final int LEAST_NORMAL = 0x38800000;

    private static final int HALF = Float.floatToRawIntBits(0.5f);

    private VectorHalves() {}

    /** The elements of whole vectors; returns their number. */
    static int widen(DType type, short[] x, float[] y, int count) {
        int end = count - count % LANES;
        if (type == DType.BF16) {
            for (int i = 0; i < end; i += LANES) {
                ((IntVector) ShortVector.fromArray(SHORTS, x, i).convertShape(VectorOperators.S2I, INTS, 0))
                        .lanewise(VectorOperators.LSHL, 16)
                        .reinterpretAsFloats()
                        .intoArray(y, i);
            }
            return end;
        }
        for (int i = 0; i < end; i += LANES) {
            IntVector bits = (IntVector) ShortVector.fromArray(SHORTS, x, i).convertShape(VectorOperators.S2I, INTS, 0);
            IntVector size = bits.and(0x7fff);
            // Subnormal halves are subnormal floats times 2^112.
            IntVector finite = size.lanewise(VectorOperators.LSHL, 13)
                    .reinterpretAsFloats()
                    .mul(0x1p112f)
                    .reinterpretAsInts();
            IntVector special =
                    size.neg().add(0x7bff).lanewise(VectorOperators.ASHR, 31).and(INFINITY);
            bits.and(0x8000)
                    .lanewise(VectorOperators.LSHL, 16)
                    .or(finite)
                    .or(special)
                    .reinterpretAsFloats()
                    .intoArray(y, i);
        }
        return end;
    }

    /** The elements of whole vectors; returns their number. */
    static int narrow(DType type, float[] x, short[] y, int count) {
        int end = count - count % LANES;
        if (type == DType.BF16) {
            for (int i = 0; i < end; i += LANES) {
                IntVector bits = FloatVector.fromArray(SPECIES, x, i).reinterpretAsInts();
                IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
                IntVector rounded = bits.add(0x7fff).add(upper.and(1)).lanewise(VectorOperators.LSHR, 16);
                IntVector isNaN =
                        bits.and(Integer.MAX_VALUE).neg().add(INFINITY).lanewise(VectorOperators.ASHR, 31);
                IntVector result = rounded.lanewise(
                        VectorOperators.XOR,
                        upper.or(0x40).lanewise(VectorOperators.XOR, rounded).and(isNaN));
                ((ShortVector) result.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(y, i);
            }
            return end;
        }
        for (int i = 0; i < end; i += LANES) {
            IntVector bits = FloatVector.fromArray(SPECIES, x, i).reinterpretAsInts();
            IntVector size = bits.and(Integer.MAX_VALUE);
            IntVector kept = size.lanewise(VectorOperators.LSHR, 13);
            IntVector normal = size.add(0xfff - REBIAS)
                    .add(kept.and(1))
                    .lanewise(VectorOperators.LSHR, 13)
                    .min(0x7c00);
            IntVector subnormal =
                    size.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(HALF);
            IntVector below = size.sub(LEAST_NORMAL).lanewise(VectorOperators.ASHR, 31);
            IntVector number = normal.lanewise(
                    VectorOperators.XOR,
                    subnormal.lanewise(VectorOperators.XOR, normal).and(below));
            IntVector isNaN = size.neg().add(INFINITY).lanewise(VectorOperators.ASHR, 31);
            IntVector result = number.lanewise(
                            VectorOperators.XOR,
                            kept.and(0x3ff)
                                    .or(0x7e00)
                                    .lanewise(VectorOperators.XOR, number)
                                    .and(isNaN))
                    .or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000));
            ((ShortVector) result.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(y, i);
        }
        return end;
    }
}
