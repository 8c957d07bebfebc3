package dev.graft.cpu.elementwise;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PointwiseTest {
    private static final double[] A = {0.2, 0.9};

    private final Fixture f = new Fixture();

    private static double value(UnaryOp op, double a, double b, double x) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case SQUARE -> x * x;
            case RECIPROCAL -> 1 / x;
            case RSQRT -> 1 / Math.sqrt(x);
            case LOG1P -> Math.log1p(x);
            case EXPM1 -> Math.expm1(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case FLOOR -> Math.floor(x);
            case ROUND -> Math.rint(x);
            case ERF -> 2 * normal(x * Math.sqrt(2)) - 1;
            case GELU_TANH -> x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x / (1 + Math.exp(-x));
            case HARDSWISH -> x * Math.min(Math.max(x + 3, 0), 6) / 6;
            case HARDSIGMOID -> Math.min(Math.max(x + 3, 0), 6) / 6;
            case ELU -> x > 0 ? x : a * Math.expm1(x);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case RELU -> Math.max(x, 0);
            case RELU6 -> Math.min(Math.max(x, 0), 6);
            case LEAKY_RELU -> x > 0 ? x : a * x;
            case GELU -> x * normal(x);
            case SOFTPLUS -> x > 30 ? x : Math.log1p(Math.exp(x));
            case POW -> Math.pow(x, a);
            case CLAMP -> Math.min(Math.max(x, a), b);
            case AFFINE -> a * x + b;
        };
    }

    /** The normal distribution function by Simpson's rule. */
    private static double normal(double x) {
        int n = 400;
        double h = x / n;
        double sum = 0;
        for (int i = 0; i <= n; i++) {
            double t = i * h;
            sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-t * t / 2);
        }
        return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
    }

    private View domain(UnaryOp op, Layout layout, int... dims) {
        View x = f.gaussian(layout, dims);
        boolean positive =
                switch (op) {
                    case LOG, LOG1P, SQRT, RSQRT, POW, RECIPROCAL -> true;
                    default -> false;
                };
        float[] data = CpuStorage.floatsToWrite(x);
        for (int i = 0; i < data.length; i++) {
            // Away from 0 and from the bounds, where one-sided slopes differ.
            data[i] = positive ? Math.abs(data[i]) + 0.3f : 3 * data[i] + Math.copySign(0.02f, data[i]);
        }
        return x;
    }

    @ParameterizedTest
    @EnumSource(UnaryOp.class)
    void valueAndSlope(UnaryOp op) {
        for (int n : new int[] {1, 17, 1023, 40_001}) {
            View x = domain(op, Layout.ROW_MAJOR, n);
            double[] xs = values(x);
            double[] expected = Arrays.stream(xs)
                    .map(v -> value(op, (float) A[0], (float) A[1], v))
                    .toArray();
            View y = f.empty(Layout.ROW_MAJOR, n);
            f.cpu.unary(op, (float) A[0], (float) A[1], x, y);
            assertClose(op + " of " + n, y, expected, 4e-7, 0.2);

            View dy = f.gaussian(Layout.ROW_MAJOR, n);
            double[] slopes = values(dy);
            for (int i = 0; i < n; i++) {
                double h = 1e-5;
                double above = value(op, (float) A[0], (float) A[1], xs[i] + h);
                double below = value(op, (float) A[0], (float) A[1], xs[i] - h);
                slopes[i] *= (above - below) / (2 * h);
            }
            View dx = f.sameBits(op.name(), () -> {
                View result = f.empty(Layout.ROW_MAJOR, n);
                f.cpu.unaryBackward(op, (float) A[0], (float) A[1], x, y, dy, result);
                return result;
            });
            // slopes of tanh and sigmoid come from their values, as in PyTorch, and err by a rounding of 1 times dy
            assertClose(op + " backward of " + n, dx, slopes, 2e-6, 0.2);
        }
    }

    @Test
    void nanStaysNanAndZerosHaveNoReluGradient() {
        View x = f.of(Float.NaN, 0f, -0f, -1f, Float.MIN_VALUE, Float.POSITIVE_INFINITY);
        for (UnaryOp op : new UnaryOp[] {
            UnaryOp.RELU, UnaryOp.RELU6, UnaryOp.CLAMP, UnaryOp.GELU, UnaryOp.SIGMOID, UnaryOp.LEAKY_RELU
        }) {
            View y = f.empty(Layout.ROW_MAJOR, 6);
            f.cpu.unary(op, 0f, 1f, x, y);
            assertThat(values(y)[0]).as(op.name()).isNaN();
        }
        View y = f.empty(Layout.ROW_MAJOR, 6);
        f.cpu.unary(UnaryOp.RELU, 0, 0, x, y);
        View dx = f.empty(Layout.ROW_MAJOR, 6);
        f.cpu.unaryBackward(UnaryOp.RELU, 0, 0, x, y, f.of(1f, Float.POSITIVE_INFINITY, 5f, -5f, -7f, 1e30f), dx);
        assertThat(Arrays.copyOfRange(values(dx), 1, 6)).containsExactly(0, 0, 0, -7, 1e30f);
        View six = f.of(6f, 5.9f, 7f, 0.1f, 0f);
        View clipped = f.empty(Layout.ROW_MAJOR, 5);
        f.cpu.unary(UnaryOp.RELU6, 0, 0, six, clipped);
        View slope = f.empty(Layout.ROW_MAJOR, 5);
        f.cpu.unaryBackward(UnaryOp.RELU6, 0, 0, six, clipped, f.of(1f, 1f, 1f, 1f, 1f), slope);
        assertThat(values(slope)).containsExactly(0, 1, 0, 1, 0);
    }

    @Test
    void inPlace() {
        View x = f.of(-1f, 2f, -3f);
        f.cpu.unary(UnaryOp.RELU, 0, 0, x, x);
        assertThat(values(x)).containsExactly(0, 2, 0);
        f.cpu.binary(BinaryOp.ADD, x, x, x);
        assertThat(values(x)).containsExactly(0, 4, 0);
    }

    private static double value(BinaryOp op, double p, double q) {
        return switch (op) {
            case ADD -> p + q;
            case SUB -> p - q;
            case MUL -> p * q;
            case DIV -> p / q;
            case MAXIMUM -> Math.max(p, q);
            case MINIMUM -> Math.min(p, q);
            case FLOOR_DIVIDE -> Math.floor(p / q);
            case REMAINDER -> p - q * Math.floor(p / q);
            case PRELU -> p > 0 ? p : q * p;
            case EQUAL -> p == q ? 1 : 0;
            case NOT_EQUAL -> p != q ? 1 : 0;
            case GREATER -> p > q ? 1 : 0;
            case GREATER_EQUAL -> p >= q ? 1 : 0;
            case AND, OR, XOR -> throw new IllegalArgumentException(op.name());
            case LESS -> p < q ? 1 : 0;
            case LESS_EQUAL -> p <= q ? 1 : 0;
        };
    }

    @ParameterizedTest
    @EnumSource(
            value = BinaryOp.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"AND", "OR", "XOR"})
    void binaryInAllLayoutsAndBroadcasts(BinaryOp op) {
        int[] dims = {3, 5, 6, 7};
        for (Layout left : Layout.values()) {
            for (Layout right : Layout.values()) {
                View p = f.gaussian(left, dims);
                View q = f.gaussian(right, dims);
                check(op, p, q);
                check(op, p, Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 5), dims, new int[] {0, 1, 0, 0}));
                check(op, Fixture.viewed(f.gaussian(Layout.ROW_MAJOR, 21), dims, new int[] {7, 0, 0, 1}), q);
                check(op, p, p);
            }
        }
        check(op, f.of(2f), f.of(3f));
        check(op, f.gaussian(Layout.ROW_MAJOR, 100_001), f.gaussian(Layout.GAPS, 100_001));
        check(op, f.empty(Layout.ROW_MAJOR, 0), f.empty(Layout.ROW_MAJOR, 0));
    }

    private void check(BinaryOp op, View p, View q) {
        double[] expected = values(p);
        double[] other = values(q);
        for (int i = 0; i < expected.length; i++) {
            expected[i] = value(op, (float) expected[i], (float) other[i]);
        }
        View y = op.isComparison()
                ? f.empty(DType.BOOL, p.shape().toArray())
                : f.empty(Layout.GAPS, p.shape().toArray());
        f.cpu.binary(op, p, q, y);
        assertClose(op.name(), y, expected, 1e-7);
    }

    @Test
    void comparesIntegersExactly() {
        long big = (1L << 53) + 1;
        View y = f.empty(DType.BOOL, 3);
        f.cpu.binary(BinaryOp.EQUAL, f.of(big, 1L, -5L), f.of(big - 1, 1L, 5L), y);
        assertThat(values(y)).containsExactly(0, 1, 0);
        f.cpu.binary(BinaryOp.LESS, f.of(big, 1L, -5L), f.of(big - 1, 1L, 5L), y);
        assertThat(values(y)).containsExactly(0, 0, 1);
    }

    /** The rest is computed in double where that is exact; the processor's own is the reference. */
    @Test
    void remaindersAreExact() {
        int count = 200_000;
        float[] p = new float[count];
        float[] q = new float[count];
        float[] special = {
            0f, -0f, 1f, -1f, 3f, -3f, Float.MIN_VALUE, Float.MAX_VALUE, 0x1p28f, Float.NaN, 1f / 0, -1f / 0
        };
        for (int i = 0; i < count; i++) {
            int near = f.random.nextInt(60) - 30;
            q[i] = (float) (f.random.nextGaussian() * Math.scalb(1.0, f.random.nextInt(40) - 20));
            // often a multiple, or next to one
            p[i] = i % 3 == 0 ? q[i] * near : (float) (q[i] * f.random.nextGaussian() * Math.scalb(1.0, near));
            p[i] = i % 6 == 0 ? Math.nextUp(p[i]) : p[i];
            if (i < special.length * special.length) {
                p[i] = special[i / special.length];
                q[i] = special[i % special.length];
            }
        }
        View rest = f.empty(Layout.ROW_MAJOR, count);
        View quotient = f.empty(Layout.ROW_MAJOR, count);
        f.cpu.binary(BinaryOp.REMAINDER, f.of(p), f.of(q), rest);
        f.cpu.binary(BinaryOp.FLOOR_DIVIDE, f.of(p), f.of(q), quotient);
        for (int i = 0; i < count; i++) {
            float exact = p[i] % q[i];
            boolean down = exact != 0 && q[i] < 0 != exact < 0;
            assertThat((Float) Fixture.at(rest, i)).as("%s mod %s", p[i], q[i]).isEqualTo((Float)
                    (down ? exact + q[i] : exact));
            assertThat((Float) Fixture.at(quotient, i))
                    .as("%s div %s", p[i], q[i])
                    .isEqualTo((Float) floorDivide(p[i], q[i]));
        }
    }

    /** As CPython. */
    private static float floorDivide(float p, float q) {
        if (q == 0) {
            return p / q;
        }
        float rest = p % q;
        float quotient = (p - rest) / q;
        if (rest != 0 && q < 0 != rest < 0) {
            quotient -= 1;
        }
        if (quotient == 0) {
            return Math.copySign(0f, p / q);
        }
        float floor = (float) Math.floor(quotient);
        return quotient - floor > 0.5f ? floor + 1 : floor;
    }

    /** Eight at a time, in any layout; any byte but 0 is true. */
    @ParameterizedTest
    @EnumSource(
            value = BinaryOp.class,
            names = {"AND", "OR", "XOR", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"})
    void combinesTruths(BinaryOp op) {
        int rows = 61;
        int columns = 53;
        byte[] some = new byte[rows * columns];
        byte[] others = new byte[rows * columns];
        for (int i = 0; i < some.length; i++) {
            some[i] = (byte) (f.random.nextBoolean() ? 0 : f.random.nextInt(255) + 1);
            others[i] = (byte) (f.random.nextBoolean() ? 0 : 1);
        }
        View p = f.of(DType.BOOL, new int[] {rows, columns}, some);
        View q = f.of(DType.BOOL, new int[] {columns, rows}, others);
        View turned = Fixture.viewed(q, new int[] {rows, columns}, new int[] {1, rows});
        View row = Fixture.viewed(q, new int[] {rows, columns}, new int[] {0, 1});
        View one = Fixture.viewed(q, new int[] {rows, columns}, new int[] {0, 0});
        for (View other : new View[] {turned, row, one, p}) {
            View y = f.sameBits(op + "", () -> {
                View result = f.empty(DType.BOOL, rows, columns);
                f.cpu.binary(op, p, other, result);
                return result;
            });
            double[] expected = values(p);
            double[] second = values(other);
            for (int i = 0; i < expected.length; i++) {
                expected[i] = truth(op, expected[i] != 0, second[i] != 0) ? 1 : 0;
            }
            assertThat(values(y)).as(op + "").containsExactly(expected);
        }
    }

    private static boolean truth(BinaryOp op, boolean p, boolean q) {
        return switch (op) {
            case AND -> p && q;
            case OR -> p || q;
            case XOR, NOT_EQUAL -> p != q;
            case EQUAL -> p == q;
            case LESS -> !p && q;
            case LESS_EQUAL -> !p || q;
            case GREATER -> p && !q;
            case GREATER_EQUAL -> p || !q;
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    @Test
    void whereChooses() {
        View condition = f.of(DType.BOOL, new int[] {2, 2}, (byte) 1, (byte) 0, (byte) 0, (byte) 1);
        View p = f.gaussian(Layout.REVERSED, 2, 2);
        View q = Fixture.viewed(f.of(9f), new int[] {2, 2}, new int[] {0, 0});
        View y = f.empty(Layout.ROW_MAJOR, 2, 2);
        f.cpu.where(condition, p, q, y);
        double[] ps = values(p);
        assertThat(values(y)).containsExactly(ps[0], 9, 9, ps[3]);

        View flags = f.of(DType.BOOL, new int[] {3}, (byte) 0, (byte) 1, (byte) 0);
        View longs = f.empty(DType.I64, 3);
        f.cpu.where(flags, f.of(1L, 2L, 3L), f.of(4L, 5L, Long.MAX_VALUE), longs);
        assertThat(CpuStorage.of(longs).array(long[].class)).startsWith(4L, 2L, Long.MAX_VALUE);
    }

    @Test
    void addScaledInAllLayouts() {
        for (Layout layout : Layout.values()) {
            View x = f.gaussian(layout, 2, 3, 20, 31);
            View y = f.gaussian(Layout.CHANNELS_LAST, 2, 3, 20, 31);
            double[] expected = values(y);
            double[] xs = values(x);
            for (int i = 0; i < expected.length; i++) {
                expected[i] += -1.5 * xs[i];
            }
            f.cpu.addScaled(-1.5f, x, y);
            assertClose(layout.name(), y, expected, 1e-6);
        }
    }

    @Test
    void dropoutKeepsTheMeanAndRepeatsItsMask() {
        int n = 200_000;
        View x = f.empty(Layout.ROW_MAJOR, n);
        f.cpu.fill(x, 1);
        View y = f.sameBits("dropout", () -> {
            View result = f.empty(Layout.ROW_MAJOR, n);
            f.cpu.dropout(0.3f, 42, x, result);
            return result;
        });
        double kept = Arrays.stream(values(y)).filter(v -> v != 0).count() / (double) n;
        assertThat(kept).isBetween(0.695, 0.705);
        assertThat(values(y)).containsOnly(0, 1 / 0.7f);
        View other = f.empty(Layout.ROW_MAJOR, n);
        f.cpu.dropout(0.3f, 43, x, other);
        assertThat(values(other)).isNotEqualTo(values(y));
        f.cpu.dropout(0f, 1, x, other);
        assertThat(values(other)).containsOnly(1);
        f.cpu.dropout(1f, 1, x, other);
        assertThat(values(other)).containsOnly(0);
    }
}
