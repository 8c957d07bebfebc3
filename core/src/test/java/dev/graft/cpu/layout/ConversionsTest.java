package dev.graft.cpu.layout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.elementwise.PlainElementLoops;
import dev.graft.cpu.elementwise.VectorElementLoops;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.math.BigDecimal;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Conversions between all numeric types and logic of bytes, beside definitions of one element. */
class ConversionsTest {
    private static final int CASES = 12;
    private static final int[] LENGTHS = {1, 7, 15, 16, 17, 63, 1024, 1300};

    private final Fixture f = new Fixture();

    private enum Kind {
        SMALL,
        NEAR_POWERS,
        BITS
    }

    private View vector(DType type, int count, int step, int offset) {
        return new View(f.cpu.allocate(type, offset + count * step), offset, Shape.of(count), new int[] {step});
    }

    private static void fill(ElementAccess x, int at, DType type, Kind kind, Random random) {
        switch (kind) {
            case SMALL -> x.setDouble(at, random.nextInt(4) == 0 ? 0 : random.nextInt(601) / 4.0 - 20);
            case NEAR_POWERS -> {
                double v = Math.scalb(
                        1 + random.nextInt(4) * 0x1p-9 + (random.nextInt(3) - 1) * 0x1p-30, random.nextInt(80) - 30);
                x.setDouble(at, random.nextBoolean() ? v : -v);
            }
            case BITS -> {
                if (type.isFloat()) {
                    double[] special = {
                        -0.0, 0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 65519.9, 65520
                    };
                    x.setDouble(
                            at,
                            random.nextBoolean()
                                    ? special[random.nextInt(special.length)]
                                    : Double.longBitsToDouble(random.nextLong()));
                } else {
                    x.setLong(at, random.nextLong() >> random.nextInt(64));
                }
            }
        }
    }

    /** Nearest to the exact number, ties to even; candidates are {@code guess} and its neighbours. */
    private static short nearest(BigDecimal exact, short guess, boolean brain) {
        short best = guess;
        for (int d = -1; d <= 1; d++) {
            short bits = (short) (guess + d);
            float v = brain ? HalfPrecision.fromBrain(bits) : HalfPrecision.fromHalf(bits);
            float w = brain ? HalfPrecision.fromBrain(best) : HalfPrecision.fromHalf(best);
            if ((bits < 0) != (guess < 0) || Float.isNaN(v)) {
                continue;
            }
            // an infinity stands for the number that would follow
            BigDecimal beyond = new BigDecimal(brain ? 0x1p128 : 65536.0);
            BigDecimal p = Float.isInfinite(v) ? beyond.multiply(new BigDecimal(Math.signum(v))) : new BigDecimal(v);
            BigDecimal q = Float.isInfinite(w) ? beyond.multiply(new BigDecimal(Math.signum(w))) : new BigDecimal(w);
            int order = p.subtract(exact).abs().compareTo(q.subtract(exact).abs());
            if (order < 0 || (order == 0 && (bits & 1) == 0)) {
                best = bits;
            }
        }
        return best;
    }

    private static double expected(ElementAccess x, int at, DType from, DType to) {
        if (to == DType.BOOL) {
            return from.isFloat() ? (x.getDouble(at) != 0 ? 1 : 0) : (x.getLong(at) != 0 ? 1 : 0);
        }
        double v = x.getDouble(at);
        if (to.isFloat()) {
            if (to == DType.F64) {
                return v;
            }
            if (to == DType.F32) {
                return from == DType.I64 ? (float) x.getLong(at) : (float) v;
            }
            boolean brain = to == DType.BF16;
            if (!Double.isFinite(v) || v == 0) {
                return v;
            }
            BigDecimal exact = from == DType.I64 ? BigDecimal.valueOf(x.getLong(at)) : new BigDecimal(v);
            float one = (float) v;
            short guess = brain ? HalfPrecision.toBrain(one) : HalfPrecision.toHalf(one);
            short bits = nearest(exact, guess, brain);
            return brain ? HalfPrecision.fromBrain(bits) : HalfPrecision.fromHalf(bits);
        }
        if (!from.isFloat()) {
            long bits = x.getLong(at);
            return switch (to) {
                case I32 -> (int) bits;
                case U8 -> bits & 0xff;
                case I8 -> (byte) bits;
                case I16 -> (short) bits;
                default -> bits;
            };
        }
        return switch (to) {
            case I32 -> (int) v;
            case U8 -> (int) Math.max(0, Math.min(255, v));
            case I8 -> (int) Math.max(-128, Math.min(127, v));
            case I16 -> (int) Math.max(-32768, Math.min(32767, v));
            default -> (long) v;
        };
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"})
    void everyTypeBecomesEveryOther(DType from) {
        DType[] targets = {
            DType.F32, DType.F64, DType.F16, DType.BF16, DType.I64, DType.I32, DType.I16, DType.I8, DType.U8, DType.BOOL
        };
        for (DType to : targets) {
            for (int seed = 0; seed < CASES && from != to; seed++) {
                Random random = new Random(seed);
                int count = LENGTHS[random.nextInt(LENGTHS.length)];
                View x = vector(from, count, 1 + random.nextInt(2), random.nextInt(4));
                View y = vector(to, count, 1 + random.nextInt(2), random.nextInt(4));
                Kind kind = Kind.values()[seed % Kind.values().length];
                ElementAccess source = ElementAccess.of(x);
                for (int i = 0; i < count; i++) {
                    fill(source, Fixture.place(x, i), from, kind, random);
                }
                f.cpu.copy(x, y);
                ElementAccess target = ElementAccess.of(y);
                for (int i = 0; i < count; i++) {
                    assertThat(target.getDouble(Fixture.place(y, i)))
                            .as(
                                    "%s %s to %s, seed %d, element %d",
                                    from, source.getDouble(Fixture.place(x, i)), to, seed, i)
                            .isEqualTo(Double.valueOf(expected(source, Fixture.place(x, i), from, to)));
                }
            }
        }
    }

    private static Stream<ElementLoops> implementations() {
        return Stream.of(new PlainElementLoops("test"), new VectorElementLoops());
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void manyHalvesHaveTheBitsOfOne(ElementLoops loops) {
        short[] halves = new short[1 << 16];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = (short) i;
        }
        float[] wide = new float[halves.length];
        short[] narrow = new short[halves.length];
        int[] lower = {0, 1, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff};
        for (DType type : new DType[] {DType.F16, DType.BF16}) {
            boolean brain = type == DType.BF16;
            loops.widen(type, halves, wide, halves.length - 3);
            for (int i = 0; i < halves.length - 3; i++) {
                float one = brain ? HalfPrecision.fromBrain((short) i) : HalfPrecision.fromHalf((short) i);
                assertThat(Float.floatToRawIntBits(wide[i]))
                        .as("%s %x", type, i)
                        .isEqualTo(Float.floatToRawIntBits(one));
            }
            for (int low : lower) {
                for (int i = 0; i < wide.length; i++) {
                    wide[i] = Float.intBitsToFloat(i << 16 | low);
                }
                loops.narrow(type, wide, narrow, wide.length - 3);
                for (int i = 0; i < wide.length - 3; i++) {
                    short one = brain ? HalfPrecision.toBrain(wide[i]) : HalfPrecision.toHalf(wide[i]);
                    assertThat(narrow[i]).as("%s of %x%04x", type, i, low).isEqualTo(one);
                }
            }
        }
    }

    /** Any bytes, as a file may hold others than 0 and 1, at any place. */
    @Test
    void logicOfBytesIsThatOfOne() {
        BinaryOp[] ops = {
            BinaryOp.AND,
            BinaryOp.OR,
            BinaryOp.XOR,
            BinaryOp.EQUAL,
            BinaryOp.NOT_EQUAL,
            BinaryOp.LESS,
            BinaryOp.LESS_EQUAL,
            BinaryOp.GREATER,
            BinaryOp.GREATER_EQUAL
        };
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            BinaryOp op = ops[seed % ops.length];
            int count = random.nextInt(70);
            byte[] p = new byte[count + 9];
            byte[] q = new byte[count + 9];
            random.nextBytes(p);
            random.nextBytes(q);
            for (int i = 0; i < p.length; i++) {
                p[i] = random.nextBoolean() ? 0 : p[i];
                q[i] = random.nextBoolean() ? 0 : q[i];
            }
            int pAt = random.nextInt(9);
            int qAt = random.nextInt(9);
            boolean repeated = random.nextBoolean();
            byte[] y = new byte[count + 2];
            y[count + 1] = 77;
            TruthBlocks.combine(op, p, pAt, q, qAt, repeated, y, 1, count);
            assertThat(y[count + 1]).as("beyond the end, seed %d", seed).isEqualTo((byte) 77);
            for (int i = 0; i < count; i++) {
                int a = p[pAt + i] != 0 ? 1 : 0;
                int b = q[repeated ? qAt : qAt + i] != 0 ? 1 : 0;
                boolean holds =
                        switch (op) {
                            case AND -> a + b == 2;
                            case OR -> a + b > 0;
                            case XOR, NOT_EQUAL -> a != b;
                            case EQUAL -> a == b;
                            case LESS -> a < b;
                            case LESS_EQUAL -> a <= b;
                            case GREATER -> a > b;
                            default -> a >= b;
                        };
                assertThat(y[1 + i]).as("%s at %d, seed %d", op, i, seed).isEqualTo((byte) (holds ? 1 : 0));
            }
        }
    }
}
