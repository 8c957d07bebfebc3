package dev.graft.cpu.elementwise;

import static dev.graft.cpu.elementwise.FloatFunctions.E0;
import static dev.graft.cpu.elementwise.FloatFunctions.E1;
import static dev.graft.cpu.elementwise.FloatFunctions.E2;
import static dev.graft.cpu.elementwise.FloatFunctions.E3;
import static dev.graft.cpu.elementwise.FloatFunctions.E4;
import static dev.graft.cpu.elementwise.FloatFunctions.E5;
import static dev.graft.cpu.elementwise.FloatFunctions.ERF_SMALL_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.ERF_TAIL;
import static dev.graft.cpu.elementwise.FloatFunctions.EXPONENT_BIAS;
import static dev.graft.cpu.elementwise.FloatFunctions.EXP_HIGHEST;
import static dev.graft.cpu.elementwise.FloatFunctions.EXP_LOWEST;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_CUBIC;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_FAR;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_LINEAR;
import static dev.graft.cpu.elementwise.FloatFunctions.H0;
import static dev.graft.cpu.elementwise.FloatFunctions.H1;
import static dev.graft.cpu.elementwise.FloatFunctions.H2;
import static dev.graft.cpu.elementwise.FloatFunctions.H3;
import static dev.graft.cpu.elementwise.FloatFunctions.H4;
import static dev.graft.cpu.elementwise.FloatFunctions.H5;
import static dev.graft.cpu.elementwise.FloatFunctions.H6;
import static dev.graft.cpu.elementwise.FloatFunctions.H7;
import static dev.graft.cpu.elementwise.FloatFunctions.H8;
import static dev.graft.cpu.elementwise.FloatFunctions.H9;
import static dev.graft.cpu.elementwise.FloatFunctions.INFINITY_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.L0;
import static dev.graft.cpu.elementwise.FloatFunctions.L1;
import static dev.graft.cpu.elementwise.FloatFunctions.L2;
import static dev.graft.cpu.elementwise.FloatFunctions.L3;
import static dev.graft.cpu.elementwise.FloatFunctions.L4;
import static dev.graft.cpu.elementwise.FloatFunctions.L5;
import static dev.graft.cpu.elementwise.FloatFunctions.L6;
import static dev.graft.cpu.elementwise.FloatFunctions.L7;
import static dev.graft.cpu.elementwise.FloatFunctions.L8;
import static dev.graft.cpu.elementwise.FloatFunctions.LARGEST_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.LN2_HIGH;
import static dev.graft.cpu.elementwise.FloatFunctions.LN2_LOW;
import static dev.graft.cpu.elementwise.FloatFunctions.LOG2_E;
import static dev.graft.cpu.elementwise.FloatFunctions.MANTISSA_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.MANTISSA_MASK;
import static dev.graft.cpu.elementwise.FloatFunctions.NORMAL_DENSITY;
import static dev.graft.cpu.elementwise.FloatFunctions.Q0;
import static dev.graft.cpu.elementwise.FloatFunctions.Q1;
import static dev.graft.cpu.elementwise.FloatFunctions.Q2;
import static dev.graft.cpu.elementwise.FloatFunctions.Q3;
import static dev.graft.cpu.elementwise.FloatFunctions.Q4;
import static dev.graft.cpu.elementwise.FloatFunctions.Q5;
import static dev.graft.cpu.elementwise.FloatFunctions.Q6;
import static dev.graft.cpu.elementwise.FloatFunctions.ROUND;
import static dev.graft.cpu.elementwise.FloatFunctions.ROUND_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.SIGN;
import static dev.graft.cpu.elementwise.FloatFunctions.SMALLEST_NORMAL_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.SQRT_HALF_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.T0;
import static dev.graft.cpu.elementwise.FloatFunctions.T1;
import static dev.graft.cpu.elementwise.FloatFunctions.T2;
import static dev.graft.cpu.elementwise.FloatFunctions.T3;
import static dev.graft.cpu.elementwise.FloatFunctions.T4;
import static dev.graft.cpu.elementwise.FloatFunctions.T5;
import static dev.graft.cpu.elementwise.FloatFunctions.TAIL;
import static dev.graft.cpu.elementwise.FloatFunctions.TANH_SMALL_BITS;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link FloatFunctions} on vectors, operation by operation, so that both give the same bits. Choices are made on bits
 * where a mask would do as well, which is slower on JDK 17.
 */
final class VectorFunctionPasses extends FunctionPasses {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    @Override
    void exp(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, e, eAt + i);
            // Not max and min, which look for NaN and for zeros' signs; a NaN is kept here as well.
            v = v.blend(EXP_LOWEST, v.compare(VectorOperators.LT, EXP_LOWEST));
            v = v.blend(EXP_HIGHEST, v.compare(VectorOperators.GT, EXP_HIGHEST));
            FloatVector t = v.mul(LOG2_E).add(ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = v.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW));
            FloatVector p = r.mul(E5).add(E4);
            p = p.mul(r).add(E3);
            p = p.mul(r).add(E2);
            p = p.mul(r).add(E1);
            p = p.mul(r).add(E0);
            p = p.mul(r.mul(r)).add(r).add(1f);
            IntVector k = t.reinterpretAsInts().sub(ROUND_BITS);
            IntVector half = k.lanewise(VectorOperators.ASHR, 1);
            p.mul(power(half)).mul(power(k.sub(half))).intoArray(y, yAt + i);
        }
        super.exp(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void log(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            if (isNormal(v)) {
                logOfNormal(v).intoArray(y, yAt + i);
            } else {
                for (int j = i; j < i + LANES; j++) {
                    y[yAt + j] = FloatFunctions.log(x[xAt + j]);
                }
            }
        }
        super.log(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void sigmoid(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector tail = a.div(a.add(1f));
            bySign(v, tail, one.sub(tail)).intoArray(y, yAt + i);
        }
        super.sigmoid(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void tanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector s = v.mul(v);
            FloatVector p = s.mul(T5).add(T4);
            p = p.mul(s).add(T3);
            p = p.mul(s).add(T2);
            p = p.mul(s).add(T1);
            p = p.mul(s).add(T0);
            FloatVector small = p.mul(s).mul(v).add(v);
            FloatVector large = one.sub(a.mul(2f).div(a.add(1f)));
            IntVector bits = v.reinterpretAsInts();
            select(
                            bits.and(Integer.MAX_VALUE).sub(TANH_SMALL_BITS).lanewise(VectorOperators.ASHR, 31),
                            small,
                            large.reinterpretAsInts().or(bits.and(SIGN)).reinterpretAsFloats())
                    .intoArray(y, yAt + i);
        }
        super.tanh(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void normal(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector size = v.reinterpretAsInts().and(Integer.MAX_VALUE).reinterpretAsFloats();
            FloatVector tail = FloatVector.fromArray(SPECIES, e, eAt + i)
                    .mul(tail(one.div(size.mul(TAIL).add(1f))));
            bySign(v, tail, one.sub(tail)).intoArray(y, yAt + i);
        }
        super.normal(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void minusAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.reinterpretAsInts().or(SIGN).reinterpretAsFloats().intoArray(y, yAt + i);
        }
        super.minusAbs(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void minusTwiceAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.reinterpretAsInts().or(SIGN).reinterpretAsFloats().mul(2f).intoArray(y, yAt + i);
        }
        super.minusTwiceAbs(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void minusHalfSquare(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.mul(v).mul(-0.5f).intoArray(y, yAt + i);
        }
        super.minusHalfSquare(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void times(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.mul(FloatVector.fromArray(SPECIES, e, eAt + i)).intoArray(y, yAt + i);
        }
        super.times(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void plusPositive(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.max(0f).add(FloatVector.fromArray(SPECIES, e, eAt + i)).intoArray(y, yAt + i);
        }
        super.plusPositive(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void plusDensityTimes(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector.fromArray(SPECIES, y, yAt + i)
                    .add(v.mul(FloatVector.fromArray(SPECIES, e, eAt + i).mul(NORMAL_DENSITY)))
                    .intoArray(y, yAt + i);
        }
        super.plusDensityTimes(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void expm1Rest(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v = v.blend(EXP_LOWEST, v.compare(VectorOperators.LT, EXP_LOWEST));
            v = v.blend(EXP_HIGHEST, v.compare(VectorOperators.GT, EXP_HIGHEST));
            FloatVector n = v.mul(LOG2_E).add(ROUND).sub(ROUND);
            FloatVector r = v.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW));
            FloatVector p = r.mul(E5).add(E4);
            p = p.mul(r).add(E3);
            p = p.mul(r).add(E2);
            p = p.mul(r).add(E1);
            p = p.mul(r).add(E0);
            p.mul(r.mul(r)).add(r).intoArray(y, yAt + i);
        }
        super.expm1Rest(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void expm1(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector v = x0.blend(EXP_LOWEST, x0.compare(VectorOperators.LT, EXP_LOWEST));
            v = v.blend(EXP_HIGHEST, v.compare(VectorOperators.GT, EXP_HIGHEST));
            IntVector k = v.mul(LOG2_E).add(ROUND).reinterpretAsInts().sub(ROUND_BITS);
            IntVector half = k.lanewise(VectorOperators.ASHR, 1);
            FloatVector first = power(half);
            IntVector y0 = FloatVector.fromArray(SPECIES, e, eAt + i)
                    .mul(first)
                    .add(first.sub(power(half.sub(k))))
                    .mul(power(k.sub(half)))
                    .reinterpretAsInts();
            y0.and(Integer.MAX_VALUE)
                    .or(x0.reinterpretAsInts().and(SIGN))
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
        }
        super.expm1(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void erfTail(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector size = v.reinterpretAsInts().and(Integer.MAX_VALUE).reinterpretAsFloats();
            FloatVector.fromArray(SPECIES, e, eAt + i)
                    .mul(tail(one.div(size.mul(ERF_TAIL).add(1f))))
                    .intoArray(y, yAt + i);
        }
        super.erfTail(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void erf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector tail = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector s = v.mul(v);
            FloatVector q = s.mul(Q6).add(Q5);
            q = q.mul(s).add(Q4);
            q = q.mul(s).add(Q3);
            q = q.mul(s).add(Q2);
            q = q.mul(s).add(Q1);
            q = q.mul(s).add(Q0);
            FloatVector small = q.mul(v).add(v);
            FloatVector large = one.sub(tail.mul(2f));
            IntVector bits = v.reinterpretAsInts();
            select(
                            bits.and(Integer.MAX_VALUE).sub(ERF_SMALL_BITS).lanewise(VectorOperators.ASHR, 31),
                            small,
                            large.reinterpretAsInts().or(bits.and(SIGN)).reinterpretAsFloats())
                    .intoArray(y, yAt + i);
        }
        super.erf(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void geluArgument(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.mul(v.mul(v).mul(GELU_CUBIC).add(GELU_LINEAR)).intoArray(y, yAt + i);
        }
        super.geluArgument(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void geluTanhSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector tail = a.div(a.add(1f));
            FloatVector rest = one.sub(tail);
            FloatVector inner = v.mul(v).min(GELU_FAR).mul(3f * GELU_CUBIC).add(GELU_LINEAR);
            v.mul(tail.mul(rest)).mul(inner).add(bySign(v, tail, rest)).intoArray(y, yAt + i);
        }
        super.geluTanhSlope(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void siluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            a.mul(v.mul(one.sub(a)).add(1f)).intoArray(y, yAt + i);
        }
        super.siluSlope(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void hardswishGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector minusThree = FloatVector.broadcast(SPECIES, -3f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector inside = a.mul(v.div(3f).add(0.5f));
            select(belowZero(v.sub(3f)), inside, a)
                    .reinterpretAsInts()
                    .and(belowZero(minusThree.sub(v)))
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
        }
        super.hardswishGradient(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void hardsigmoidGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector three = FloatVector.broadcast(SPECIES, 3f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            a.mul(1f / 6f)
                    .reinterpretAsInts()
                    .and(aboveZero(v.add(3f)))
                    .and(aboveZero(three.sub(v)))
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
        }
        super.hardsigmoidGradient(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void elu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            bySign(v, a, v).intoArray(y, yAt + i);
        }
        super.elu(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void eluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            select(notAboveZero(v), a, one).intoArray(y, yAt + i);
        }
        super.eluSlope(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void minusSquare(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.mul(v).reinterpretAsInts().or(SIGN).reinterpretAsFloats().intoArray(y, yAt + i);
        }
        super.minusSquare(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    /** All ones if a lane is positive, else all zeros. */
    private static IntVector aboveZero(FloatVector x) {
        return notAboveZero(x).lanewise(VectorOperators.XOR, -1);
    }

    private static IntVector notAboveZero(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        return bits.or(bits.sub(1)).or(bits.neg().add(INFINITY_BITS)).lanewise(VectorOperators.ASHR, 31);
    }

    /** All ones if a lane is below 0, -0 or NaN, else all zeros. */
    private static IntVector belowZero(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        return bits.or(bits.neg().add(INFINITY_BITS)).lanewise(VectorOperators.ASHR, 31);
    }

    private static FloatVector tail(FloatVector w) {
        FloatVector p = w.mul(H9).add(H8);
        p = p.mul(w).add(H7);
        p = p.mul(w).add(H6);
        p = p.mul(w).add(H5);
        p = p.mul(w).add(H4);
        p = p.mul(w).add(H3);
        p = p.mul(w).add(H2);
        p = p.mul(w).add(H1);
        return p.mul(w).add(H0);
    }

    private static FloatVector power(IntVector exponent) {
        return exponent.add(EXPONENT_BIAS)
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .reinterpretAsFloats();
    }

    private static FloatVector bySign(FloatVector x, FloatVector p, FloatVector q) {
        return select(x.reinterpretAsInts().lanewise(VectorOperators.ASHR, 31), p, q);
    }

    private static FloatVector select(IntVector mask, FloatVector p, FloatVector q) {
        // Without "not", which makes objects on JDK 17.
        IntVector other = q.reinterpretAsInts();
        return p.reinterpretAsInts()
                .lanewise(VectorOperators.XOR, other)
                .and(mask)
                .lanewise(VectorOperators.XOR, other)
                .reinterpretAsFloats();
    }

    /** Whether all lanes are positive normal floats, which {@link #logOfNormal} takes. */
    private static boolean isNormal(FloatVector x) {
        // A sign bit where one is not: below the smallest normal, above the largest, negative.
        IntVector bits = x.reinterpretAsInts();
        IntVector outside =
                bits.or(bits.sub(SMALLEST_NORMAL_BITS)).or(bits.neg().add(LARGEST_BITS));
        return outside.reduceLanes(VectorOperators.OR) >= 0;
    }

    private static FloatVector logOfNormal(FloatVector x) {
        IntVector above = x.reinterpretAsInts().sub(SQRT_HALF_BITS);
        // To float by the way that exp goes back: the conversion of JDK 17 makes objects.
        FloatVector n = above.lanewise(VectorOperators.ASHR, MANTISSA_BITS)
                .add(ROUND_BITS)
                .reinterpretAsFloats()
                .sub(ROUND);
        FloatVector f = above.and(MANTISSA_MASK)
                .add(SQRT_HALF_BITS)
                .reinterpretAsFloats()
                .sub(1f);
        FloatVector s = f.mul(f);
        FloatVector p = f.mul(L8).add(L7);
        p = p.mul(f).add(L6);
        p = p.mul(f).add(L5);
        p = p.mul(f).add(L4);
        p = p.mul(f).add(L3);
        p = p.mul(f).add(L2);
        p = p.mul(f).add(L1);
        p = p.mul(f).add(L0);
        FloatVector y = p.mul(f.mul(s)).add(n.mul(LN2_LOW)).sub(s.mul(0.5f));
        return f.add(y).add(n.mul(LN2_HIGH));
    }
}
