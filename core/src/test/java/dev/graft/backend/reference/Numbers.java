package dev.graft.backend.reference;

import dev.graft.type.DType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;

/** Elements of all types as numbers and back, exactly: each rounds once, to the nearest, ties to even. */
final class Numbers {
    private Numbers() {}

    static boolean isComplex(DType type) {
        return type == DType.C64 || type == DType.C128;
    }

    static boolean isShortFloat(DType type) {
        return type == DType.F8_E4M3 || type == DType.F8_E5M2;
    }

    static double toDouble(DType type, ByteBuffer at) {
        return switch (type) {
            case F32 -> at.getFloat();
            case F64 -> at.getDouble();
            case F16 -> small(at.getShort(), 5, 10);
            case BF16 -> small(at.getShort(), 8, 7);
            case F8_E5M2 -> small(at.get(), 5, 2);
            case F8_E4M3 -> e4m3(at.get());
            case C64, C128 -> throw new IllegalStateException(type + " is not a real number");
            default -> exact(type, at).doubleValue();
        };
    }

    static long toLong(DType type, ByteBuffer at) {
        return type.isFloat() ? (long) toDouble(type, at) : exact(type, at).longValue();
    }

    /** The value of an integer of any width and sign. */
    static BigInteger exact(DType type, ByteBuffer at) {
        byte[] bigEndian = new byte[type.bytes()];
        for (int i = bigEndian.length - 1; i >= 0; i--) {
            bigEndian[i] = at.get();
        }
        BigInteger value = isUnsigned(type) ? new BigInteger(1, bigEndian) : new BigInteger(bigEndian);
        return type == DType.BOOL ? BigInteger.valueOf(value.signum()) : value;
    }

    private static boolean isUnsigned(DType type) {
        return switch (type) {
            case BOOL, U8, U16, U32, U64 -> true;
            default -> false;
        };
    }

    /** A float of few bits: sign, exponent, fraction, as IEEE 754 has them. */
    private static double small(int bits, int exponentBits, int fractionBits) {
        int fraction = bits & (1 << fractionBits) - 1;
        int exponent = bits >> fractionBits & (1 << exponentBits) - 1;
        int bias = (1 << (exponentBits - 1)) - 1;
        double sign = (bits >> (exponentBits + fractionBits) & 1) == 1 ? -1 : 1;
        if (exponent == (1 << exponentBits) - 1) {
            return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        return exponent == 0
                ? sign * Math.scalb((double) fraction, 1 - bias - fractionBits)
                : sign * Math.scalb((double) (fraction + (1 << fractionBits)), exponent - bias - fractionBits);
    }

    /** Has no infinities; all ones is NaN. */
    private static double e4m3(byte b) {
        int magnitude = b & 0x7f;
        double sign = b < 0 ? -1 : 1;
        if (magnitude == 0x7f) {
            return Double.NaN;
        }
        int exponent = magnitude >> 3;
        int fraction = magnitude & 7;
        return sign
                * (exponent == 0
                        ? Math.scalb((double) fraction, -9)
                        : Math.scalb((double) (fraction + 8), exponent - 10));
    }

    static void put(DType type, ByteBuffer at, double value) {
        switch (type) {
            case F32 -> at.putFloat((float) value);
            case F64 -> at.putDouble(value);
            case F16, BF16 ->
                at.putShort(
                        value == 0 || Double.isNaN(value) || Double.isInfinite(value)
                                ? special(type, value)
                                : rounded(type, new BigDecimal(value)));
            case BOOL -> at.put((byte) (value != 0 ? 1 : 0));
            case F8_E4M3, F8_E5M2, C64, C128 -> throw new IllegalStateException(type + " is not written here");
            default -> putExact(type, at, Double.isNaN(value) ? BigInteger.ZERO : clamped(type, value));
        }
    }

    static void putLong(DType type, ByteBuffer at, long value) {
        putExact(type, at, BigInteger.valueOf(value));
    }

    /** An integer of any type as another type. */
    static void putExact(DType type, ByteBuffer at, BigInteger value) {
        switch (type) {
            case F32 -> at.putFloat(new BigDecimal(value).floatValue());
            case F64 -> at.putDouble(new BigDecimal(value).doubleValue());
            case F16, BF16 ->
                at.putShort(value.signum() == 0 ? special(type, 0.0) : rounded(type, new BigDecimal(value)));
            case BOOL -> at.put((byte) (value.signum() == 0 ? 0 : 1));
            default -> {
                for (int i = 0; i < type.bytes(); i++) {
                    at.put(value.shiftRight(8 * i).byteValue());
                }
            }
        }
    }

    /** The nearest integer towards 0 that the type holds. */
    private static BigInteger clamped(DType type, double value) {
        int bits = 8 * type.bytes();
        BigInteger two = BigInteger.TWO;
        BigInteger least =
                isUnsigned(type) ? BigInteger.ZERO : two.pow(bits - 1).negate();
        BigInteger most = two.pow(isUnsigned(type) ? bits : bits - 1).subtract(BigInteger.ONE);
        if (Double.isInfinite(value)) {
            return value > 0 ? most : least;
        }
        return new BigDecimal(value).toBigInteger().max(least).min(most);
    }

    private static short special(DType type, double value) {
        if (Double.isNaN(value)) {
            return (short) (type == DType.F16 ? 0x7e00 : 0x7fc0);
        }
        int infinity = type == DType.F16 ? 0x7c00 : 0x7f80;
        boolean negative = value < 0 || (value == 0 && 1 / value < 0);
        return (short) ((negative ? 0x8000 : 0) | (value == 0 ? 0 : infinity));
    }

    /** A number other than 0 to the nearest of 16 bits. */
    private static short rounded(DType type, BigDecimal value) {
        int fractionBits = type == DType.F16 ? 10 : 7;
        int least = type == DType.F16 ? -14 : -126; // exponent of the smallest normal number
        int most = type == DType.F16 ? 15 : 127;
        BigDecimal magnitude = value.abs();
        int exponent = least;
        while (exponent <= most && magnitude.compareTo(power(exponent + 1)) >= 0) {
            exponent++;
        }
        // Units in the last place; 2^(fractionBits + 1) of them are the next power of 2, and carry over.
        int units = magnitude
                .divide(power(exponent - fractionBits), 0, RoundingMode.HALF_EVEN)
                .intValueExact();
        int bits = units < 1 << fractionBits ? units : (exponent - least) * (1 << fractionBits) + units;
        int infinity = type == DType.F16 ? 0x7c00 : 0x7f80;
        return (short) ((value.signum() < 0 ? 0x8000 : 0) | Math.min(bits, infinity));
    }

    private static BigDecimal power(int exponent) {
        return exponent >= 0
                ? new BigDecimal(BigInteger.TWO.pow(exponent))
                : BigDecimal.ONE.divide(new BigDecimal(BigInteger.TWO.pow(-exponent)));
    }
}
