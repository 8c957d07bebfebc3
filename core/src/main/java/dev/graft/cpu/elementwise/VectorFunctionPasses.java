package dev.graft.cpu.elementwise;

import static dev.graft.cpu.elementwise.FloatFunctions.D1;
import static dev.graft.cpu.elementwise.FloatFunctions.D2;
import static dev.graft.cpu.elementwise.FloatFunctions.D3;
import static dev.graft.cpu.elementwise.FloatFunctions.D4;
import static dev.graft.cpu.elementwise.FloatFunctions.D5;
import static dev.graft.cpu.elementwise.FloatFunctions.DOWN;
import static dev.graft.cpu.elementwise.FloatFunctions.E0;
import static dev.graft.cpu.elementwise.FloatFunctions.E1;
import static dev.graft.cpu.elementwise.FloatFunctions.E2;
import static dev.graft.cpu.elementwise.FloatFunctions.E3;
import static dev.graft.cpu.elementwise.FloatFunctions.E4;
import static dev.graft.cpu.elementwise.FloatFunctions.ERF_SMALL_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.EXPONENT_BIAS;
import static dev.graft.cpu.elementwise.FloatFunctions.EXP_HIGHEST;
import static dev.graft.cpu.elementwise.FloatFunctions.EXP_LOWEST;
import static dev.graft.cpu.elementwise.FloatFunctions.FAR_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_CUBIC;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_FAR;
import static dev.graft.cpu.elementwise.FloatFunctions.GELU_LINEAR;
import static dev.graft.cpu.elementwise.FloatFunctions.HALF_LARGEST_BITS;
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
import static dev.graft.cpu.elementwise.FloatFunctions.LN2;
import static dev.graft.cpu.elementwise.FloatFunctions.LN2_HIGH;
import static dev.graft.cpu.elementwise.FloatFunctions.LN2_LOW;
import static dev.graft.cpu.elementwise.FloatFunctions.LN2_REST;
import static dev.graft.cpu.elementwise.FloatFunctions.LOG2_E;
import static dev.graft.cpu.elementwise.FloatFunctions.MANTISSA_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.MANTISSA_MASK;
import static dev.graft.cpu.elementwise.FloatFunctions.MINUS_LARGEST_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.N0;
import static dev.graft.cpu.elementwise.FloatFunctions.N1;
import static dev.graft.cpu.elementwise.FloatFunctions.N2;
import static dev.graft.cpu.elementwise.FloatFunctions.N3;
import static dev.graft.cpu.elementwise.FloatFunctions.N4;
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
import static dev.graft.cpu.elementwise.FloatFunctions.ROUND_EXPONENT;
import static dev.graft.cpu.elementwise.FloatFunctions.SIGN;
import static dev.graft.cpu.elementwise.FloatFunctions.SMALLEST_NORMAL_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.SQRT_2;
import static dev.graft.cpu.elementwise.FloatFunctions.SQRT_HALF_BITS;
import static dev.graft.cpu.elementwise.FloatFunctions.T0;
import static dev.graft.cpu.elementwise.FloatFunctions.T1;
import static dev.graft.cpu.elementwise.FloatFunctions.T2;
import static dev.graft.cpu.elementwise.FloatFunctions.T3;
import static dev.graft.cpu.elementwise.FloatFunctions.T4;
import static dev.graft.cpu.elementwise.FloatFunctions.T5;
import static dev.graft.cpu.elementwise.FloatFunctions.TANH_SMALL_BITS;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link FloatFunctions} on vectors, operation by operation, so that both give the same bits. Choices are made on bits
 * where a mask would do as well, which is slower on JDK 17.
 *
 * <p>A formula calls methods of this class first, and ends with methods of the Vector API: C2 inlines those of any
 * compilation, but its own only up to a number of nodes ({@code NodeCountInliningCutoff}, about 40 vector operations).
 * A vector that passes through a call that is not inlined becomes an object, which makes a loop six times slower.
 */
final class VectorFunctionPasses extends FunctionPasses {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    @Override
    void exp(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            // Not max and min, which look for NaN and for zeros' signs; a NaN is kept here as well.
            v = v.blend(EXP_LOWEST, v.compare(VectorOperators.LT, EXP_LOWEST));
            v = v.blend(EXP_HIGHEST, v.compare(VectorOperators.GT, EXP_HIGHEST));
            FloatVector t = v.fma(all(LOG2_E), all(ROUND));
            FloatVector n = t.sub(all(ROUND));
            FloatVector r = n.fma(all(-LN2_REST), n.fma(all(-LN2), v));
            FloatVector p = r.fma(all(E4), all(E3));
            p = p.fma(r, all(E2))
                    .fma(r, all(E1))
                    .fma(r, all(E0))
                    .fma(r, all(1f))
                    .fma(r, all(1f));
            IntVector k = t.reinterpretAsInts().sub(ROUND_BITS);
            IntVector half = k.lanewise(VectorOperators.ASHR, 1);
            p.mul(power(half)).mul(power(k.sub(half))).intoArray(y, yAt + i);
        }
        super.exp(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void sigmoid(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector bits = v.reinterpretAsInts();
            IntVector nan = whereNaN(bits);
            logistic(bits).or(nan).reinterpretAsFloats().intoArray(y, yAt + i);
        }
        super.sigmoid(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void silu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v.mul(logistic(v.reinterpretAsInts()).reinterpretAsFloats()).intoArray(y, yAt + i);
        }
        super.silu(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void siluGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector dy = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector one = all(1f);
            FloatVector s = logistic(v.reinterpretAsInts()).reinterpretAsFloats();
            dy.mul(s.mul(v.fma(one.sub(s), one))).intoArray(y, yAt + i);
        }
        super.siluGradient(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void tanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector bits = v.reinterpretAsInts();
            IntVector nan = whereNaN(bits);
            IntVector small = below(TANH_SMALL_BITS, bits);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector one = all(1f);
            FloatVector s = v.mul(v);
            FloatVector p = s.fma(all(T5), all(T4));
            p = p.fma(s, all(T3)).fma(s, all(T2)).fma(s, all(T1)).fma(s, all(T0));
            IntVector q = one.sub(a.add(a).div(a.add(one))).reinterpretAsInts();
            p.mul(s)
                    .fma(v, v)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, q)
                    .and(small)
                    .lanewise(VectorOperators.XOR, q)
                    .or(bits.and(SIGN))
                    .or(nan)
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
        }
        super.tanh(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void erf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector bits = v.reinterpretAsInts();
            IntVector nan = whereNaN(bits);
            IntVector small = below(ERF_SMALL_BITS, bits);
            FloatVector tail = FloatVector.fromArray(SPECIES, e, eAt + i);
            IntVector large = all(1f).sub(tail.add(tail)).reinterpretAsInts().or(bits.and(SIGN));
            FloatVector s = v.mul(v);
            FloatVector q = s.fma(all(Q6), all(Q5));
            q = q.fma(s, all(Q4))
                    .fma(s, all(Q3))
                    .fma(s, all(Q2))
                    .fma(s, all(Q1))
                    .fma(s, all(Q0));
            q.fma(v, v)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, large)
                    .and(small)
                    .lanewise(VectorOperators.XOR, large)
                    .or(nan)
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
        }
        super.erf(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void gelu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector bits = v.reinterpretAsInts();
            FloatVector size = upTo(FAR_BITS, bits);
            FloatVector one = all(1f);
            FloatVector tail = tail(size).mul(expOfMinusHalfSquare(size));
            IntVector rest = one.sub(tail).reinterpretAsInts();
            tail.reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, rest)
                    .and(bits.lanewise(VectorOperators.ASHR, 31))
                    .lanewise(VectorOperators.XOR, rest)
                    .reinterpretAsFloats()
                    .mul(v)
                    .intoArray(y, yAt + i);
        }
        super.gelu(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void geluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            IntVector bits = v.reinterpretAsInts();
            FloatVector tail = a.mul(tail(upTo(FAR_BITS, bits)));
            FloatVector normal = bySign(bits, tail, all(1f).sub(tail)).reinterpretAsFloats();
            v.fma(a.mul(all(NORMAL_DENSITY)), normal).intoArray(y, yAt + i);
        }
        super.geluSlope(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void expOfMinusHalfSquareOf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            expOfMinusHalfSquare(upTo(FAR_BITS, v.reinterpretAsInts())).intoArray(y, yAt + i);
        }
        super.expOfMinusHalfSquareOf(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void geluTanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            IntVector argument = geluArgument(v).reinterpretAsInts();
            v.mul(logistic(argument).reinterpretAsFloats()).intoArray(y, yAt + i);
        }
        super.geluTanh(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void geluTanhGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector dy = FloatVector.fromArray(SPECIES, e, eAt + i);
            IntVector argument = geluArgument(v).reinterpretAsInts();
            FloatVector inner = v.mul(v).min(all(GELU_FAR)).fma(all(3f * GELU_CUBIC), all(GELU_LINEAR));
            FloatVector one = all(1f);
            FloatVector a = expOfMinus(upTo(MINUS_LARGEST_BITS, argument));
            FloatVector tail = a.div(a.add(one));
            FloatVector rest = one.sub(tail);
            IntVector other = rest.reinterpretAsInts();
            FloatVector logistic = tail.reinterpretAsInts()
                    .lanewise(VectorOperators.XOR, other)
                    .and(argument.lanewise(VectorOperators.ASHR, 31))
                    .lanewise(VectorOperators.XOR, other)
                    .reinterpretAsFloats();
            dy.mul(v.mul(tail.mul(rest)).fma(inner, logistic)).intoArray(y, yAt + i);
        }
        super.geluTanhGradient(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void expOfMinusAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            expOfMinus(upTo(MINUS_LARGEST_BITS, v.reinterpretAsInts())).intoArray(y, yAt + i);
        }
        super.expOfMinusAbs(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void expOfMinusTwiceAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            expOfMinus(upTo(HALF_LARGEST_BITS, v.reinterpretAsInts()).mul(all(2f)))
                    .intoArray(y, yAt + i);
        }
        super.expOfMinusTwiceAbs(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
    }

    @Override
    void erfTail(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector size = upTo(FAR_BITS, v.mul(all(SQRT_2)).reinterpretAsInts());
            expOfMinusHalfSquare(size).mul(tail(size)).intoArray(y, yAt + i);
        }
        super.erfTail(x, xAt + i, e, eAt + i, y, yAt + i, count - i);
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
    void expm1Rest(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            v = v.blend(EXP_LOWEST, v.compare(VectorOperators.LT, EXP_LOWEST));
            v = v.blend(EXP_HIGHEST, v.compare(VectorOperators.GT, EXP_HIGHEST));
            FloatVector n = v.mul(LOG2_E).add(ROUND).sub(ROUND);
            FloatVector r = v.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW));
            FloatVector p = r.mul(E4).add(E3);
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
    void hardswishGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        FloatVector minusThree = FloatVector.broadcast(SPECIES, -3f);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector a = FloatVector.fromArray(SPECIES, e, eAt + i);
            FloatVector inside = a.mul(v.div(3f).add(0.5f));
            select(belowZero(v.sub(3f)), inside.reinterpretAsInts(), a.reinterpretAsInts())
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
            bySign(v.reinterpretAsInts(), a, v).reinterpretAsFloats().intoArray(y, yAt + i);
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
            select(notAboveZero(v), a.reinterpretAsInts(), one.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .intoArray(y, yAt + i);
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

    private static FloatVector all(float x) {
        return FloatVector.broadcast(SPECIES, x);
    }

    private static FloatVector expOfMinus(FloatVector v) {
        FloatVector t = v.fma(all(-LOG2_E), all(ROUND_EXPONENT));
        FloatVector n = t.sub(all(ROUND_EXPONENT));
        FloatVector r = n.fma(all(LN2_REST), n.fma(all(LN2), v));
        FloatVector p = r.fma(all(DOWN * E4), all(-DOWN * E3));
        p = p.fma(r, all(DOWN * E2)).fma(r, all(-DOWN * E1)).fma(r, all(DOWN * E0));
        return p.fma(r, all(-DOWN)).fma(r, all(DOWN)).mul(exponent(t));
    }

    private static FloatVector expOfMinusHalfSquare(FloatVector v) {
        FloatVector u = v.mul(v);
        FloatVector t = u.fma(all(-0.5f * LOG2_E), all(ROUND_EXPONENT));
        FloatVector r = t.sub(all(ROUND_EXPONENT)).fma(all(2f * LN2), u);
        FloatVector p = r.fma(all(DOWN / 64 * E4), all(-DOWN / 32 * E3));
        p = p.fma(r, all(DOWN / 16 * E2)).fma(r, all(-DOWN / 8 * E1)).fma(r, all(DOWN / 4 * E0));
        return p.fma(r, all(-DOWN / 2)).fma(r, all(DOWN)).mul(exponent(t));
    }

    private static FloatVector exponent(FloatVector t) {
        return t.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .reinterpretAsFloats();
    }

    private static FloatVector tail(FloatVector v) {
        FloatVector p = v.fma(all(N4), all(N3)).fma(v, all(N2)).fma(v, all(N1)).fma(v, all(N0));
        FloatVector q = v.fma(all(D5), all(D4)).fma(v, all(D3)).fma(v, all(D2));
        return p.div(q.fma(v, all(D1)).fma(v, all(1f)));
    }

    private static IntVector logistic(IntVector bits) {
        FloatVector one = all(1f);
        FloatVector a = expOfMinus(upTo(MINUS_LARGEST_BITS, bits));
        FloatVector tail = a.div(a.add(one));
        IntVector rest = one.sub(tail).reinterpretAsInts();
        return tail.reinterpretAsInts()
                .lanewise(VectorOperators.XOR, rest)
                .and(bits.lanewise(VectorOperators.ASHR, 31))
                .lanewise(VectorOperators.XOR, rest);
    }

    private static FloatVector geluArgument(FloatVector v) {
        return v.mul(v.mul(v).fma(all(GELU_CUBIC), all(GELU_LINEAR)));
    }

    private static FloatVector upTo(int mostBits, IntVector bits) {
        return bits.and(Integer.MAX_VALUE).min(mostBits).reinterpretAsFloats();
    }

    /** All ones, which are a NaN, where {@code bits} are a NaN's; else all zeros. */
    private static IntVector whereNaN(IntVector bits) {
        return bits.and(Integer.MAX_VALUE).neg().add(INFINITY_BITS).lanewise(VectorOperators.ASHR, 31);
    }

    /** All ones where a size's bits are below {@code most}, else all zeros. */
    private static IntVector below(int most, IntVector bits) {
        return bits.and(Integer.MAX_VALUE).sub(most).lanewise(VectorOperators.ASHR, 31);
    }

    private static FloatVector power(IntVector exponent) {
        return exponent.add(EXPONENT_BIAS)
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .reinterpretAsFloats();
    }

    private static IntVector bySign(IntVector bits, FloatVector p, FloatVector q) {
        return select(bits.lanewise(VectorOperators.ASHR, 31), p.reinterpretAsInts(), q.reinterpretAsInts());
    }

    private static IntVector select(IntVector mask, IntVector p, IntVector q) {
        // Without "not", which makes objects on JDK 17.
        return p.lanewise(VectorOperators.XOR, q).and(mask).lanewise(VectorOperators.XOR, q);
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
