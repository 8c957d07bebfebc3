package dev.graft.cpu.layout;

/**
 * Conversions between float and the 16-bit formats, IEEE half and bfloat16, rounding to nearest even; and from the
 * 8-bit format E4M3.
 *
 * <p>A value that a float cannot hold exactly is first rounded to odd: towards 0, with the last bit set if anything was
 * lost. This cannot create a tie in a format with at least two bits less, so the second rounding gives the same result
 * as a single one.
 *
 * @see <a href="https://doi.org/10.1109/TC.2007.70819">Boldo and Melquiond 2008, Emulation of FMA and correctly rounded
 *     sums: proved algorithms using rounding to odd</a>
 */
public final class HalfPrecision {
    /** The bits of a double's mantissa that a float does not have. */
    private static final long LOST_BITS = (1L << 29) - 1;

    private HalfPrecision() {}

    public static float fromBrain(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Rounded to odd. */
    static float oddFloat(double value) {
        if (Math.abs(value) >= Float.MIN_NORMAL) {
            // On the bits of a double that is odd as a float would be: without a branch.
            long bits = Double.doubleToRawLongBits(value);
            long odd = ((bits & LOST_BITS) + LOST_BITS) & (LOST_BITS + 1);
            return (float) Double.longBitsToDouble((bits & ~LOST_BITS) | odd);
        }
        float nearest = (float) value;
        if (nearest == value || Double.isNaN(value)) {
            return nearest;
        }
        int bits = Float.floatToRawIntBits(nearest);
        return Float.intBitsToFloat((Math.abs(nearest) > Math.abs(value) ? bits - 1 : bits) | 1);
    }

    /** Rounded to odd. */
    static double oddDouble(long value) {
        return value >= 0 ? oddUnsigned(value) : -oddUnsigned(-value);
    }

    /** As {@link #oddDouble}, for an unsigned 64-bit integer. */
    static double oddUnsigned(long bits) {
        int lost = Math.max(0, 11 - Long.numberOfLeadingZeros(bits));
        long kept = bits >>> lost;
        return (double) (kept << lost == bits ? kept : kept | 1) * (1L << lost);
    }

    public static short toBrain(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /**
     * A sign bit, four bits of exponent (bias 7) and three of mantissa. There are no infinities, and NaN has all seven
     * bits set. (E5M2 is a half's upper byte.)
     *
     * @see <a href="https://arxiv.org/abs/2209.05433">Micikevicius et al. 2022, FP8 formats for deep learning</a>
     */
    static float fromE4M3(byte bits) {
        int exponent = bits >>> 3 & 0xf;
        int mantissa = bits & 0x7;
        float size = (bits & 0x7f) == 0x7f
                ? Float.NaN
                : exponent == 0 ? mantissa * 0x1p-9f : Math.scalb(1 + mantissa / 8f, exponent - 7);
        return bits < 0 ? -size : size;
    }

    public static float fromHalf(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >>> 10 & 0x1f;
        int mantissa = bits & 0x3ff;
        if (exponent == 0) {
            float size = mantissa * 0x1p-24f;
            return sign == 0 ? size : -size;
        }
        int wide = exponent == 0x1f ? 0xff : exponent + 112;
        return Float.intBitsToFloat(sign | wide << 23 | mantissa << 13);
    }

    public static short toHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int size = bits & 0x7fffffff;
        if (size > 0x7f800000) {
            return (short) (sign | 0x7e00 | (size >>> 13 & 0x3ff));
        }
        if (size >= 0x477ff000) {
            // 65520 and more round to infinity.
            return (short) (sign | 0x7c00);
        }
        if (size < 0x38800000) {
            // Subnormal: the float adder rounds to multiples of 2^-24.
            float shifted = Float.intBitsToFloat(size) + 0.5f;
            return (short) (sign | Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(0.5f));
        }
        int rounded = size + 0xfff + (size >>> 13 & 1);
        return (short) (sign | (rounded - (112 << 23)) >>> 13);
    }
}
