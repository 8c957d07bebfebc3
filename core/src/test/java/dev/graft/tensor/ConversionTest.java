package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Integers of every width and sign to floats and back, against exact arithmetic. */
class ConversionTest {
    private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

    private static Tensor of(DType type, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            switch (type.bytes()) {
                case 1 -> bytes.put((byte) value);
                case 2 -> bytes.putShort((short) value);
                case 4 -> bytes.putInt((int) value);
                default -> bytes.putLong(value);
            }
        }
        return Tensor.ofBytes(type, Shape.of(values.length), bytes.array());
    }

    private static BigInteger exact(DType type, long bits) {
        int unused = 64 - 8 * type.bytes();
        return switch (type) {
            case U8, U16, U32 -> BigInteger.valueOf(bits << unused >>> unused);
            case U64 ->
                bits >= 0 ? BigInteger.valueOf(bits) : BigInteger.valueOf(bits).add(TWO_64);
            default -> BigInteger.valueOf(bits << unused >> unused);
        };
    }

    private static long[] values() {
        SplittableRandom random = new SplittableRandom(11);
        // Ties that two roundings decide wrongly, ends of all ranges, then random bits of every length.
        List<Long> fixed = List.of(
                0L,
                1L,
                -1L,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                0x8000008000000001L,
                0x4000004000000001L,
                0x8000008000000000L,
                0x7fffffbfffffffffL,
                0xffffff7fffffffffL,
                0xffffff8000000000L,
                0x0020000010000001L,
                127L,
                128L,
                255L,
                256L,
                32767L,
                32768L,
                65535L,
                0x7fffffffL,
                0x80000000L,
                0xffffffffL,
                0x100000000L);
        long[] values = new long[3000];
        for (int i = 0; i < values.length; i++) {
            values[i] = i < fixed.size() ? fixed.get(i) : random.nextLong() >> random.nextInt(64);
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"})
    void integersBecomeTheNearestFloat(DType type) {
        long[] values = values();
        Tensor x = of(type, values);
        float[] floats = x.to(DType.F32).toFloatArray();
        ByteBuffer doubles = ByteBuffer.wrap(x.to(DType.F64).toBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            BigInteger value = exact(type, values[i]);
            assertThat(floats[i]).as("%s to F32", value).isEqualTo(new BigDecimal(value).floatValue());
            assertThat(doubles.getDouble(8 * i)).as("%s to F64", value).isEqualTo(new BigDecimal(value).doubleValue());
        }
        assertThat(x.toFloatArray()).containsExactly(floats);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"})
    void floatsBecomeTheNearestIntegerThatTheTypeHolds(DType type) {
        float[] floats = {
            0,
            -0f,
            0.9f,
            -0.9f,
            1.5f,
            -1.5f,
            127.5f,
            128,
            -128,
            -129,
            255,
            256,
            300,
            32767,
            32768,
            -32769,
            65535,
            65536,
            0x1p31f,
            -0x1p31f,
            0x1p32f,
            Math.nextDown(0x1p32f),
            0x1p63f,
            Math.nextDown(0x1p63f),
            9.3e18f,
            Math.nextDown(0x1p64f),
            0x1p64f,
            -0x1p63f,
            -1e30f,
            1e30f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN
        };
        BigInteger one = BigInteger.ONE;
        int bits = 8 * type.bytes();
        boolean unsigned = type.name().startsWith("U");
        BigInteger least = unsigned ? BigInteger.ZERO : one.shiftLeft(bits - 1).negate();
        BigInteger most = one.shiftLeft(unsigned ? bits : bits - 1).subtract(one);
        byte[] bytes = Tensor.of(floats, floats.length).to(type).toBytes();
        for (int i = 0; i < floats.length; i++) {
            BigInteger expected = Float.isNaN(floats[i])
                    ? BigInteger.ZERO
                    : Float.isInfinite(floats[i])
                            ? floats[i] > 0 ? most : least
                            : new BigDecimal(floats[i])
                                    .toBigInteger()
                                    .max(least)
                                    .min(most);
            long read = 0;
            for (int b = type.bytes() - 1; b >= 0; b--) {
                read = read << 8 | (bytes[i * type.bytes() + b] & 0xff);
            }
            assertThat(exact(type, read)).as("%s to %s", floats[i], type).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"})
    void bytesAndLongsSurvive(DType type) {
        long[] values = values();
        Tensor x = of(type, values);
        assertThat(Tensor.ofBytes(type, x.shape(), x.toBytes()).toBytes()).isEqualTo(x.toBytes());
        long[] longs = x.toLongArray();
        for (int i = 0; i < values.length; i++) {
            assertThat(longs[i]).isEqualTo(exact(type, values[i]).longValue());
        }
        assertThat(x.to(DType.I64).to(type).toBytes()).isEqualTo(x.toBytes());
    }

    @Test
    void anUnsignedNumberIsNotNegative() {
        assertThat(of(DType.U64, Long.MIN_VALUE).to(DType.F32).item()).isEqualTo(0x1p63f);
        assertThat(of(DType.U64, Long.MIN_VALUE).item()).isEqualTo(0x1p63f);
    }
}
