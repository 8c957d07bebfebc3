package dev.graft.cuda;

/** Floats of 16 bits, rounded once to the nearest, ties to even. */
final class ShortFloats {
    private ShortFloats() {}

    static long f16(double value) {
        return rounded(value, 5, 10);
    }

    static long bf16(double value) {
        return rounded(value, 8, 7);
    }

    private static long rounded(double value, int exponentBits, int fractionBits) {
        long infinity = ((1L << exponentBits) - 1) << fractionBits;
        if (Double.isNaN(value)) {
            return infinity | 1L << (fractionBits - 1);
        }
        long sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000L : 0;
        int least = 2 - (1 << (exponentBits - 1));
        int exponent = Math.max(least, Math.getExponent(value));
        if (Double.isInfinite(value) || exponent > -least + 1) {
            return sign | infinity;
        }
        // In units of the last place, which is exact for a power of 2.
        double units = Math.rint(Math.scalb(Math.abs(value), fractionBits - exponent));
        long bits =
                units < 1L << fractionBits ? (long) units : ((long) (exponent - least) << fractionBits) + (long) units;
        return sign | Math.min(bits, infinity);
    }
}
