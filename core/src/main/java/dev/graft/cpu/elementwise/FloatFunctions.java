package dev.graft.cpu.elementwise;

import dev.graft.cpu.run.VectorCheck;

/**
 * Exponential, logarithm and what is made of them, in float: at most {@link #ULPS} units in the last place from the
 * exact value, results below the smallest normal float aside. The operations are the same, in the same order, here and
 * in {@link VectorFunctionPasses}, so that both give the same bits.
 *
 * <p>Arguments are reduced as Cody and Waite do ("Software Manual for the Elementary Functions", 1980); the
 * polynomials' coefficients come from {@code core/src/test/python/fit_functions.py}.
 */
final class FloatFunctions {
    /** The bound that {@code FloatFunctionsTest} holds all functions to. */
    static final int ULPS = 3;

    /** Below, {@code exp} is 0; above, infinity. */
    static final float EXP_LOWEST = -105f;

    static final float EXP_HIGHEST = 89f;
    static final float LOG2_E = 1.442695f;
    /** Added and taken away again, it rounds to an integer, which then lies in the low bits. */
    static final float ROUND = 0x1.8p23f;

    static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
    /** Times an integer, rounded once with what it is added to, it takes that integer's multiple of log 2 away. */
    static final float LN2 = 0.6931472f;
    /** What {@link #LN2} lacks to log 2. */
    static final float LN2_REST = -1.9046542e-9f;
    /** The first bits of log 2: a multiple of it is exact. */
    static final float LN2_HIGH = 0.693359375f;

    static final float LN2_LOW = -2.1219444e-4f;
    static final int EXPONENT_BIAS = 127;
    static final int MANTISSA_BITS = 23;

    /** {@code (exp(r) - 1 - r) / r^2} for {@code |r| <= ln(2) / 2}. */
    static final float E0 = 4.9999994e-1f;

    static final float E1 = 1.6666515e-1f;
    static final float E2 = 4.1668456e-2f;
    static final float E3 = 8.369419e-3f;
    static final float E4 = 1.3813142e-3f;

    /**
     * The exponential of a negative number is computed as {@code DOWN * exp(r)} times {@code 2^k / DOWN}, both of which
     * are normal floats, also where their product is none.
     */
    static final float DOWN = 0x1p-24f;
    /** As {@link #ROUND}; leaves the exponent of {@code 2^k / DOWN} in the low bits. */
    static final float ROUND_EXPONENT = ROUND + EXPONENT_BIAS + 24;
    /** The largest number whose negative is an argument of {@link #expOfMinus}: beyond, the result is 0. */
    static final float MINUS_LARGEST = 105f;

    static final int MINUS_LARGEST_BITS = Float.floatToRawIntBits(MINUS_LARGEST);

    /** {@code (tanh(x) / x - 1) / x^2} for {@code |x| <= 0.625}, by {@code x^2}. */
    static final float T0 = -3.333333e-1f;

    static final float T1 = 1.3333204e-1f;
    static final float T2 = -5.3946454e-2f;
    static final float T3 = 2.1698691e-2f;
    static final float T4 = -8.171705e-3f;
    static final float T5 = 2.1371627e-3f;
    static final float TANH_SMALL = 0.625f;
    static final int TANH_SMALL_BITS = Float.floatToRawIntBits(TANH_SMALL);
    static final int HALF_LARGEST_BITS = Float.floatToRawIntBits(MINUS_LARGEST / 2);

    /** {@code (log(1 + f) - f + f^2 / 2) / f^3} for {@code 1 + f} from sqrt(1/2) to sqrt(2). */
    static final float L0 = 3.333331e-1f;

    static final float L1 = -2.500001e-1f;
    static final float L2 = 2.0002273e-1f;
    static final float L3 = -1.666811e-1f;
    static final float L4 = 1.4216211e-1f;
    static final float L5 = -1.2400977e-1f;
    static final float L6 = 1.1909968e-1f;
    static final float L7 = -1.1715954e-1f;
    static final float L8 = 6.7463644e-2f;
    static final int SQRT_HALF_BITS = Float.floatToRawIntBits(0.70710677f);
    static final int MANTISSA_MASK = (1 << MANTISSA_BITS) - 1;

    /** {@code exp(x^2 / 2)} times the normal distribution at {@code -x}, up to {@link #FAR}: a polynomial of x... */
    static final float N0 = 0.5f;

    static final float N1 = 4.382949e-1f;
    static final float N2 = 1.832351e-1f;
    static final float N3 = 4.0633213e-2f;
    static final float N4 = 4.1163075e-3f;
    /** ...divided by another one, whose first coefficient is 1. */
    static final float D1 = 1.6744747f;

    static final float D2 = 1.202503f;
    static final float D3 = 4.694705e-1f;
    static final float D4 = 1.0185881e-1f;
    static final float D5 = 1.0317934e-2f;
    /** From here on, the tail of the normal distribution is below half of the smallest float. */
    static final float FAR = 14.4f;

    static final int FAR_BITS = Float.floatToRawIntBits(FAR);
    static final float SQRT_2 = 1.4142135f;
    /** {@code erf(x) / x - 1} for {@code |x| <= 0.85}, by {@code x^2}. */
    static final float Q0 = 1.2837917e-1f;

    static final float Q1 = -3.7612638e-1f;
    static final float Q2 = 1.1283745e-1f;
    static final float Q3 = -2.6862342e-2f;
    static final float Q4 = 5.2088886e-3f;
    static final float Q5 = -8.238821e-4f;
    static final float Q6 = 8.8090856e-5f;
    static final int ERF_SMALL_BITS = Float.floatToRawIntBits(0.85f);
    /** {@code 2 / sqrt(pi)}. */
    static final float ERF_SLOPE = 1.1283792f;

    /**
     * {@code 2 sqrt(2 / pi)}; the hyperbolic tangent in GELU's approximation is a logistic function of twice as much.
     */
    static final float GELU_LINEAR = 1.5957691f;
    /** {@code GELU_LINEAR * 0.044715}. */
    static final float GELU_CUBIC = 7.1354814e-2f;
    /** Of a square: beyond its root, tails are 0 and may meet no infinity. */
    static final float GELU_FAR = 1e4f;

    /** {@code 1 / sqrt(2 pi)}. */
    static final float NORMAL_DENSITY = 0.3989423f;

    static final int SMALLEST_NORMAL_BITS = Float.floatToRawIntBits(Float.MIN_NORMAL);
    static final int LARGEST_BITS = Float.floatToRawIntBits(Float.MAX_VALUE);
    static final int INFINITY_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    static final int SIGN = Integer.MIN_VALUE;

    private static final boolean FUSED = VectorCheck.hasFusedMultiplyAdd();

    private FloatFunctions() {}

    /** {@code a * b + c}, rounded once if the processor can. */
    static float fma(float a, float b, float c) {
        return FUSED ? Math.fma(a, b, c) : a * b + c;
    }

    static float exp(float x) {
        float v = Math.min(Math.max(x, EXP_LOWEST), EXP_HIGHEST);
        float t = fma(v, LOG2_E, ROUND);
        float n = t - ROUND;
        float r = fma(n, -LN2_REST, fma(n, -LN2, v));
        float p = fma(r, E4, E3);
        p = fma(p, r, E2);
        p = fma(p, r, E1);
        p = fma(p, r, E0);
        p = fma(p, r, 1f);
        p = fma(p, r, 1f);
        // In two halves, since 2^n alone may be no normal float.
        int k = Float.floatToRawIntBits(t) - ROUND_BITS;
        int half = k >> 1;
        return p * power(half) * power(k - half);
    }

    /** {@code exp(-v)} for {@code v} from 0 to {@link #MINUS_LARGEST}. */
    static float expOfMinus(float v) {
        float t = fma(v, -LOG2_E, ROUND_EXPONENT);
        float n = t - ROUND_EXPONENT;
        float r = fma(n, LN2_REST, fma(n, LN2, v));
        float p = fma(r, DOWN * E4, -DOWN * E3);
        p = fma(p, r, DOWN * E2);
        p = fma(p, r, -DOWN * E1);
        p = fma(p, r, DOWN * E0);
        p = fma(p, r, -DOWN);
        p = fma(p, r, DOWN);
        return p * Float.intBitsToFloat(Float.floatToRawIntBits(t) << MANTISSA_BITS);
    }

    /** {@code exp(x - largest)} where {@code x} is no larger; NaN where {@code x} is. */
    static float expOfDifference(float x, float largest) {
        // A NaN of x is negative, and less than all others as an integer, or found by the search for the largest.
        int bits = Math.min(Float.floatToRawIntBits(largest - x), MINUS_LARGEST_BITS);
        return expOfMinus(Float.intBitsToFloat(bits));
    }

    /** {@code exp(r) - 1} for what the reduction of an argument leaves: {@code |r| <= ln(2) / 2}. */
    private static float restMinus1(float r) {
        float p = E4 * r + E3;
        p = p * r + E2;
        p = p * r + E1;
        p = p * r + E0;
        return p * (r * r) + r;
    }

    /** {@code exp(r) - 1} for what is left of {@code x} without whole multiples of log 2. */
    static float expm1Rest(float x) {
        float v = Math.min(Math.max(x, EXP_LOWEST), EXP_HIGHEST);
        float t = v * LOG2_E + ROUND;
        float n = t - ROUND;
        return restMinus1(v - n * LN2_HIGH - n * LN2_LOW);
    }

    /**
     * {@code exp(x) - 1}, with the sign of {@code x}: the terms of {@link #exp}, without the 1 that would swallow them.
     *
     * @param q {@code expm1Rest(x)}
     */
    static float expm1(float x, float q) {
        float v = Math.min(Math.max(x, EXP_LOWEST), EXP_HIGHEST);
        float t = v * LOG2_E + ROUND;
        // 2^k (q + 1) - 1 in two halves.
        int k = Float.floatToRawIntBits(t) - ROUND_BITS;
        int half = k >> 1;
        float first = power(half);
        float y = (q * first + (first - power(half - k))) * power(k - half);
        return Float.intBitsToFloat(
                (Float.floatToRawIntBits(y) & Integer.MAX_VALUE) | (Float.floatToRawIntBits(x) & SIGN));
    }

    /** Half of what the error function of {@code |x|} lacks to 1; 0 where {@code x} is NaN. */
    static float erfTail(float x) {
        float v = upTo(FAR_BITS, x * SQRT_2);
        return expOfMinusHalfSquare(v) * tail(v);
    }

    /** @param tail {@code erfTail(x)} */
    static float erf(float x, float tail) {
        float s = x * x;
        float q = fma(s, Q6, Q5);
        q = fma(q, s, Q4);
        q = fma(q, s, Q3);
        q = fma(q, s, Q2);
        q = fma(q, s, Q1);
        q = fma(q, s, Q0);
        float small = fma(q, x, x);
        int bits = Float.floatToRawIntBits(x);
        float large = 1f - 2f * tail;
        return orNaN(
                x,
                select(
                        ((bits & Integer.MAX_VALUE) - ERF_SMALL_BITS) >> 31,
                        small,
                        Float.intBitsToFloat(Float.floatToRawIntBits(large) | (bits & SIGN))));
    }

    static float geluTanh(float x) {
        return x * logistic(geluArgument(x));
    }

    static float geluTanhGradient(float x, float dy) {
        float argument = geluArgument(x);
        float e = expOfMinus(upTo(MINUS_LARGEST_BITS, argument));
        float tail = e / (1f + e);
        float rest = 1f - tail;
        float inner = fma(Math.min(x * x, GELU_FAR), 3f * GELU_CUBIC, GELU_LINEAR);
        return dy * fma(x * (tail * rest), inner, bySign(argument, tail, rest));
    }

    /** Twice the argument of the hyperbolic tangent in GELU's approximation. */
    private static float geluArgument(float x) {
        return x * fma(x * x, GELU_CUBIC, GELU_LINEAR);
    }

    /** {@code exp(-|x|)}; 0 where {@code x} is NaN. */
    static float expOfMinusAbs(float x) {
        return expOfMinus(upTo(MINUS_LARGEST_BITS, x));
    }

    /** {@code dy} from 3 on, 0 up to -3, between them {@code dy * (x / 3 + 0.5)}. */
    static float hardswishGradient(float x, float dy) {
        float inside = dy * (x / 3f + 0.5f);
        return masked(~atLeastZero(-3f - x), select(atLeastZero(x - 3f), dy, inside));
    }

    /** {@code dy / 6} between -3 and 3, else 0. */
    static float hardsigmoidGradient(float x, float dy) {
        return masked(aboveZero(x + 3f) & aboveZero(3f - x), dy * (1f / 6f));
    }

    /** All ones if {@code v} is positive, all zeros if not, or if it is NaN. */
    private static int aboveZero(float v) {
        int bits = Float.floatToRawIntBits(v);
        return ~(bits | (bits - 1) | (INFINITY_BITS - bits)) >> 31;
    }

    /** All ones if {@code v} is positive or 0, all zeros if it is below, -0 or NaN. */
    private static int atLeastZero(float v) {
        int bits = Float.floatToRawIntBits(v);
        return ~(bits | (INFINITY_BITS - bits)) >> 31;
    }

    private static float masked(int mask, float v) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(v) & mask);
    }

    /** {@code x} if positive, else {@code e}; {@code x} if it is NaN. */
    static float elu(float x, float e) {
        return bySign(x, e, x);
    }

    /** 1 if {@code x} is positive, else {@code e}. */
    static float eluSlope(float x, float e) {
        return select(aboveZero(x), 1f, e);
    }

    private static float power(int exponent) {
        return Float.intBitsToFloat((exponent + EXPONENT_BIAS) << MANTISSA_BITS);
    }

    /** {@code x < 0 ? p : q}, by the sign bit alone. */
    private static float bySign(float x, float p, float q) {
        return select(Float.floatToRawIntBits(x) >> 31, p, q);
    }

    /** @param mask all ones or all zeros */
    private static float select(int mask, float p, float q) {
        return Float.intBitsToFloat((Float.floatToRawIntBits(p) & mask) | (Float.floatToRawIntBits(q) & ~mask));
    }

    /** {@code 1 / (1 + exp(-x))}. Near 1 it is rounded once, since its slope is computed from what is missing to 1. */
    static float sigmoid(float x) {
        return orNaN(x, logistic(x));
    }

    /** {@link #sigmoid}, but any number where {@code x} is NaN. */
    private static float logistic(float x) {
        float e = expOfMinus(upTo(MINUS_LARGEST_BITS, x));
        float tail = e / (1f + e);
        return bySign(x, tail, 1f - tail);
    }

    static float silu(float x) {
        return x * logistic(x);
    }

    static float siluGradient(float x, float dy) {
        float s = logistic(x);
        return dy * (s * fma(x, 1f - s, 1f));
    }

    /** The size of {@code x}, but at most {@code mostBits}, also for NaN. */
    private static float upTo(int mostBits, float x) {
        return Float.intBitsToFloat(Math.min(Float.floatToRawIntBits(x) & Integer.MAX_VALUE, mostBits));
    }

    /** {@code y}, but NaN where {@code x} is. */
    private static float orNaN(float x, float y) {
        int above = INFINITY_BITS - (Float.floatToRawIntBits(x) & Integer.MAX_VALUE);
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) | (above >> 31));
    }

    /** {@code exp(-2 |x|)}; 0 where {@code x} is NaN. */
    static float expOfMinusTwiceAbs(float x) {
        return expOfMinus(2f * upTo(HALF_LARGEST_BITS, x));
    }

    /**
     * Near 1 it is rounded once, as {@link #sigmoid}.
     *
     * @param e {@code expOfMinusTwiceAbs(x)}
     */
    static float tanh(float x, float e) {
        float s = x * x;
        float p = fma(s, T5, T4);
        p = fma(p, s, T3);
        p = fma(p, s, T2);
        p = fma(p, s, T1);
        p = fma(p, s, T0);
        float small = fma(p * s, x, x);
        float large = 1f - 2f * e / (1f + e);
        int bits = Float.floatToRawIntBits(x);
        float y = select(((bits & Integer.MAX_VALUE) - TANH_SMALL_BITS) >> 31, small, large);
        return orNaN(x, Float.intBitsToFloat(Float.floatToRawIntBits(y) | (bits & SIGN)));
    }

    /** {@code x} times the standard normal distribution, within {@code 7 + x^2} units in the last place. */
    static float gelu(float x) {
        float v = upTo(FAR_BITS, x);
        float tail = tail(v) * expOfMinusHalfSquare(v);
        return x * bySign(x, tail, 1f - tail);
    }

    /** {@code exp(-x^2 / 2)}; 0 where {@code x} is NaN. */
    static float expOfMinusHalfSquareOf(float x) {
        return expOfMinusHalfSquare(upTo(FAR_BITS, x));
    }

    /** @param e {@code expOfMinusHalfSquareOf(x)} */
    static float geluSlope(float x, float e) {
        float tail = e * tail(upTo(FAR_BITS, x));
        return fma(x, e * NORMAL_DENSITY, bySign(x, tail, 1f - tail));
    }

    /** {@code exp(-v^2 / 2)} for {@code v} from 0 to {@link #FAR}; the factor of 1 / 2 is in the constants. */
    private static float expOfMinusHalfSquare(float v) {
        float u = v * v;
        float t = fma(u, -0.5f * LOG2_E, ROUND_EXPONENT);
        float r = fma(t - ROUND_EXPONENT, 2f * LN2, u);
        float p = fma(r, DOWN / 64 * E4, -DOWN / 32 * E3);
        p = fma(p, r, DOWN / 16 * E2);
        p = fma(p, r, -DOWN / 8 * E1);
        p = fma(p, r, DOWN / 4 * E0);
        p = fma(p, r, -DOWN / 2);
        p = fma(p, r, DOWN);
        return p * Float.intBitsToFloat(Float.floatToRawIntBits(t) << MANTISSA_BITS);
    }

    /** {@code exp(v^2 / 2)} times the standard normal distribution at {@code -v}, without cancellation. */
    private static float tail(float v) {
        float p = fma(v, N4, N3);
        p = fma(p, v, N2);
        p = fma(p, v, N1);
        p = fma(p, v, N0);
        float q = fma(v, D5, D4);
        q = fma(q, v, D3);
        q = fma(q, v, D2);
        q = fma(q, v, D1);
        q = fma(q, v, 1f);
        return p / q;
    }

    static float log(float x) {
        if (x < Float.MIN_NORMAL) {
            // NaN goes on below
            return x < 0f ? Float.NaN : x == 0f ? Float.NEGATIVE_INFINITY : logOfNormal(x * 0x1p25f, -25);
        }
        return x == Float.POSITIVE_INFINITY || Float.isNaN(x) ? x : logOfNormal(x, 0);
    }

    /** @param shift added to the exponent */
    private static float logOfNormal(float x, int shift) {
        int above = Float.floatToRawIntBits(x) - SQRT_HALF_BITS;
        float n = (above >> MANTISSA_BITS) + shift;
        float f = Float.intBitsToFloat((above & MANTISSA_MASK) + SQRT_HALF_BITS) - 1f;
        float s = f * f;
        float p = L8 * f + L7;
        p = p * f + L6;
        p = p * f + L5;
        p = p * f + L4;
        p = p * f + L3;
        p = p * f + L2;
        p = p * f + L1;
        p = p * f + L0;
        float y = p * (f * s) + n * LN2_LOW - 0.5f * s;
        return f + y + n * LN2_HIGH;
    }
}
