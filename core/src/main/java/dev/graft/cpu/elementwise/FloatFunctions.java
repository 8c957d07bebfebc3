package dev.graft.cpu.elementwise;

/**
 * Exponential, logarithm and what is made of them, in float: at most {@link #ULPS} units in the last place from the
 * exact value, results below the smallest normal float aside. Multiplications and additions are written apart and in
 * one order, here and in {@link VectorFunctionPasses}, so that both give the same bits, on processors with fused
 * multiply-add and without.
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
    /** The first bits of ln 2: a multiple of it is exact. */
    static final float LN2_HIGH = 0.693359375f;

    static final float LN2_LOW = -2.1219444e-4f;
    static final int EXPONENT_BIAS = 127;
    static final int MANTISSA_BITS = 23;

    /** {@code (exp(r) - 1 - r) / r^2} for {@code |r| <= ln(2) / 2}. */
    static final float E0 = 0.5f;

    static final float E1 = 1.6666666e-1f;
    static final float E2 = 4.166628e-2f;
    static final float E3 = 8.333504e-3f;
    static final float E4 = 1.3945752e-3f;
    static final float E5 = 1.9789266e-4f;

    /** {@code (tanh(x) / x - 1) / x^2} for {@code |x| <= 0.625}, by {@code x^2}. */
    static final float T0 = -3.333333e-1f;

    static final float T1 = 1.3333204e-1f;
    static final float T2 = -5.3946454e-2f;
    static final float T3 = 2.1698691e-2f;
    static final float T4 = -8.171705e-3f;
    static final float T5 = 2.1371627e-3f;
    static final float TANH_SMALL = 0.625f;
    static final int TANH_SMALL_BITS = Float.floatToRawIntBits(TANH_SMALL);

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

    /** {@code exp(x^2 / 2)} times the normal distribution at {@code -x}, by {@code 1 / (1 + TAIL x)}. */
    static final float TAIL = 0.35f;

    static final float H0 = -1.4543742e-6f;
    static final float H1 = 1.396536e-1f;
    static final float H2 = 1.3956158e-1f;
    static final float H3 = 1.2138553e-1f;
    static final float H4 = 1.0059277e-1f;
    static final float H5 = -1.3199703e-2f;
    static final float H6 = 1.4640537e-1f;
    static final float H7 = -2.4554133e-1f;
    static final float H8 = 1.394092e-1f;
    static final float H9 = -2.8265558e-2f;
    /** {@code erf(x) / x - 1} for {@code |x| <= 0.85}, by {@code x^2}. */
    static final float Q0 = 1.2837917e-1f;

    static final float Q1 = -3.7612638e-1f;
    static final float Q2 = 1.1283745e-1f;
    static final float Q3 = -2.6862342e-2f;
    static final float Q4 = 5.2088886e-3f;
    static final float Q5 = -8.238821e-4f;
    static final float Q6 = 8.8090856e-5f;
    static final int ERF_SMALL_BITS = Float.floatToRawIntBits(0.85f);
    /** {@link #TAIL} times the square root of 2. */
    static final float ERF_TAIL = 0.4949747f;
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

    private FloatFunctions() {}

    static float exp(float x) {
        float v = Math.min(Math.max(x, EXP_LOWEST), EXP_HIGHEST);
        float t = v * LOG2_E + ROUND;
        float n = t - ROUND;
        float r = v - n * LN2_HIGH - n * LN2_LOW;
        float y = restMinus1(r) + 1f;
        // In two halves, since 2^n alone may be no normal float.
        int k = Float.floatToRawIntBits(t) - ROUND_BITS;
        int half = k >> 1;
        return y * power(half) * power(k - half);
    }

    /** {@code exp(r) - 1} for what the reduction of an argument leaves: {@code |r| <= ln(2) / 2}. */
    private static float restMinus1(float r) {
        float p = E5 * r + E4;
        p = p * r + E3;
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

    /** Half of what the error function of {@code |x|} lacks to 1, from {@code e = exp(-x^2)}. */
    static float erfTail(float x, float e) {
        return e * tail(1f / (1f + ERF_TAIL * Math.abs(x)));
    }

    /** @param tail {@code erfTail(x)} */
    static float erf(float x, float tail) {
        float s = x * x;
        float q = Q6 * s + Q5;
        q = q * s + Q4;
        q = q * s + Q3;
        q = q * s + Q2;
        q = q * s + Q1;
        q = q * s + Q0;
        float small = q * x + x;
        float large = 1f - 2f * tail;
        int bits = Float.floatToRawIntBits(x);
        return select(
                ((bits & Integer.MAX_VALUE) - ERF_SMALL_BITS) >> 31,
                small,
                Float.intBitsToFloat(Float.floatToRawIntBits(large) | (bits & SIGN)));
    }

    /** Twice the argument of the hyperbolic tangent in GELU's approximation. */
    static float geluArgument(float x) {
        return x * (GELU_CUBIC * (x * x) + GELU_LINEAR);
    }

    /**
     * The slope of GELU's approximation.
     *
     * @param e {@code exp(-|geluArgument(x)|)}
     */
    static float geluTanhSlope(float x, float e) {
        float tail = e / (1f + e);
        float rest = 1f - tail;
        float inner = 3f * GELU_CUBIC * Math.min(x * x, GELU_FAR) + GELU_LINEAR;
        return x * (tail * rest) * inner + bySign(x, tail, rest);
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

    /**
     * {@code 1 / (1 + exp(-x))}. Near 1 it is rounded once, since its slope is computed from what is missing to 1.
     *
     * @param e {@code exp(-|x|)}, which never overflows
     */
    static float sigmoid(float x, float e) {
        float tail = e / (1f + e);
        return bySign(x, tail, 1f - tail);
    }

    /**
     * Near 1 it is rounded once, as {@link #sigmoid}.
     *
     * @param e {@code exp(-2 |x|)}
     */
    static float tanh(float x, float e) {
        float s = x * x;
        float p = T5 * s + T4;
        p = p * s + T3;
        p = p * s + T2;
        p = p * s + T1;
        p = p * s + T0;
        float small = p * s * x + x;
        float large = 1f - 2f * e / (1f + e);
        int bits = Float.floatToRawIntBits(x);
        return select(
                ((bits & Integer.MAX_VALUE) - TANH_SMALL_BITS) >> 31,
                small,
                Float.intBitsToFloat(Float.floatToRawIntBits(large) | (bits & SIGN)));
    }

    /**
     * The standard normal distribution, {@code (1 + erf(x / sqrt 2)) / 2}; without cancellation in its left tail.
     * {@code x} times it is GELU, within {@code 7 + x^2} units in the last place.
     *
     * @param e {@code exp(-x^2 / 2)}
     */
    static float normal(float x, float e) {
        float tail = e * tail(1f / (1f + TAIL * Math.abs(x)));
        return bySign(x, tail, 1f - tail);
    }

    private static float tail(float w) {
        float p = H9 * w + H8;
        p = p * w + H7;
        p = p * w + H6;
        p = p * w + H5;
        p = p * w + H4;
        p = p * w + H3;
        p = p * w + H2;
        p = p * w + H1;
        return p * w + H0;
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
