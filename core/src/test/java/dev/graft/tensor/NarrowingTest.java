package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every conversion to a narrower float rounds once, to the nearest and ties to even, against exact arithmetic. */
class NarrowingTest {
    private static final int COUNT = 4_000;

    /** A target: significant bits with the hidden one, and the exponents of its smallest and largest normal number. */
    private enum Format {
        F16(DType.F16, 11, -14, 15),
        BF16(DType.BF16, 8, -126, 127),
        F32(DType.F32, 24, -126, 127);

        private final DType type;
        private final int bits;
        private final int least;
        private final int most;

        Format(DType type, int bits, int least, int most) {
            this.type = type;
            this.bits = bits;
            this.least = least;
            this.most = most;
        }

        double nearest(BigDecimal value) {
            if (value.signum() == 0) {
                return 0;
            }
            BigDecimal size = value.abs();
            // A double's exponent is that of the exact number but where rounding reached the next power of two.
            int exponent = Math.getExponent(size.doubleValue());
            if (exponent > -1000 && power(exponent).compareTo(size) > 0) {
                exponent--;
            }
            BigDecimal quantum = power(Math.max(exponent, least) - bits + 1);
            BigDecimal rounded =
                    size.divide(quantum).setScale(0, RoundingMode.HALF_EVEN).multiply(quantum);
            double result = rounded.compareTo(power(most + 1)) >= 0 ? Double.POSITIVE_INFINITY : rounded.doubleValue();
            return value.signum() * result;
        }

        private static BigDecimal power(int exponent) {
            BigDecimal two = BigDecimal.valueOf(2);
            return exponent >= 0 ? two.pow(exponent) : BigDecimal.ONE.divide(two.pow(-exponent));
        }

        double read(ByteBuffer bytes, int i) {
            return switch (this) {
                case F32 -> bytes.getFloat(4 * i);
                case BF16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                case F16 -> {
                    int half = bytes.getShort(2 * i);
                    int exponent = half >>> 10 & 0x1f;
                    int mantissa = half & 0x3ff;
                    double size = exponent == 0x1f
                            ? Double.POSITIVE_INFINITY
                            : exponent == 0 ? Math.scalb(mantissa, -24) : Math.scalb(mantissa + 1024, exponent - 25);
                    yield half < 0 ? -size : size;
                }
            };
        }

        /** A number halfway between two of this format, and what decides the tie far behind; often no tie at all. */
        BigInteger nearTie(Random random, int width) {
            BigInteger tie = new BigInteger(bits, random).setBit(bits - 1).shiftLeft(1);
            tie = random.nextInt(4) == 0 ? tie : tie.setBit(0);
            int shift = random.nextInt(Math.max(1, width - bits));
            BigInteger number = tie.shiftLeft(shift);
            BigInteger behind = random.nextBoolean() ? BigInteger.ONE : new BigInteger(Math.max(1, shift - 1), random);
            return switch (random.nextInt(3)) {
                case 0 -> number;
                case 1 -> number.add(behind);
                default -> number.subtract(behind);
            };
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"})
    void integersRoundOnce(DType type) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int width = 8 * type.bytes();
        boolean signed = type.name().startsWith("I");
        for (Format format : Format.values()) {
            BigDecimal[] exact = new BigDecimal[COUNT];
            ByteBuffer bytes = ByteBuffer.allocate(COUNT * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < COUNT; i++) {
                BigInteger value = format.nearTie(random, width);
                value = signed && random.nextBoolean() ? value.negate() : value;
                for (int b = 0; b < type.bytes(); b++) {
                    bytes.put(value.shiftRight(8 * b).byteValue());
                }
                value = value.mod(BigInteger.ONE.shiftLeft(width));
                boolean negative = signed && value.testBit(width - 1);
                exact[i] = new BigDecimal(negative ? value.subtract(BigInteger.ONE.shiftLeft(width)) : value);
            }
            check(type, format, bytes, exact, "seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F64"})
    void floatsRoundOnce(DType type) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int width = type == DType.F32 ? 24 : 53;
        for (Format format : Format.values()) {
            BigDecimal[] exact = new BigDecimal[COUNT];
            ByteBuffer bytes = ByteBuffer.allocate(COUNT * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < COUNT; i++) {
                double digits = format.nearTie(random, width).doubleValue();
                int least = format.least - 3 * format.bits;
                int scale = least + random.nextInt(format.most + 3 - least) - format.bits;
                double value = Math.scalb(random.nextBoolean() ? digits : -digits, scale);
                if (type == DType.F32) {
                    value = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, (float) value));
                    bytes.putFloat((float) value);
                } else {
                    bytes.putDouble(value);
                }
                exact[i] = new BigDecimal(value);
            }
            check(type, format, bytes, exact, "seed " + seed);
        }
    }

    @SuppressWarnings("ByteBufferBackingArray") // allocated by the callers, whole
    private static void check(DType type, Format format, ByteBuffer bytes, BigDecimal[] exact, String where) {
        try (Scope scope = Scope.open()) {
            Tensor narrow =
                    Tensor.ofBytes(type, Shape.of(exact.length), bytes.array()).to(format.type);
            ByteBuffer given = ByteBuffer.wrap(narrow.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < exact.length; i++) {
                double value = format.read(given, i);
                double right = format.nearest(exact[i]);
                // no assertion object for each of a hundred thousand numbers
                if (value != right) {
                    assertThat(value)
                            .as("%s of %s %s, %s", format, type, exact[i], where)
                            .isEqualTo(right);
                }
            }
        }
    }
}
