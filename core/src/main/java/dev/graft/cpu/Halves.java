package dev.graft.cpu;

/** Conversions between float and the 16-bit formats: IEEE half and bfloat16, rounding to nearest even. */
final class Halves {
    private Halves() {
    }

    static float fromBrain(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    static short toBrain(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    static float fromHalf(short bits) {
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

    static short toHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int size = bits & 0x7fffffff;
        if (size > 0x7f800000) {
            return (short) (sign | 0x7e00 | size >>> 13 & 0x3ff);
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
        return (short) (sign | rounded - (112 << 23) >>> 13);
    }
}
