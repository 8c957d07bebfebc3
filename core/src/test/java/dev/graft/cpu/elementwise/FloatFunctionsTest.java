package dev.graft.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.graft.backend.UnaryOp;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The functions against double precision, at random floats of all sizes and at all special ones. */
class FloatFunctionsTest {
    private static final long SEED = 20261130;
    private static final int COUNT = 1 << 18;
    /** ELU's; the other functions take none. */
    private static final float ALPHA = 0.75f;

    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        1e-40f,
        -1e-40f,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        1f,
        -1f,
        88.72283f,
        88.72284f,
        89f,
        90f,
        -87.33655f,
        -87.33656f,
        -103.97f,
        -103.98f,
        -104f,
        -105f,
        -106f,
        0.625f,
        -0.625f,
        0.62499994f
    };

    /** Half of them bit patterns at random, half evenly from -110 to 110. */
    private static float[] arguments() {
        SplittableRandom random = new SplittableRandom(SEED);
        float[] x = new float[COUNT + SPECIAL.length];
        for (int i = 0; i < COUNT; i++) {
            x[i] = i % 2 == 0 ? Float.intBitsToFloat(random.nextInt()) : (float) random.nextDouble(-110, 110);
        }
        System.arraycopy(SPECIAL, 0, x, COUNT, SPECIAL.length);
        return x;
    }

    private static double exact(UnaryOp op, double x) {
        return switch (op) {
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SIGMOID -> x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case GELU -> x * normal(x);
            case EXPM1 -> Math.expm1(x);
            case ERF -> erf(x);
            case GELU_TANH -> x * exact(UnaryOp.SIGMOID, geluArgument(x));
            case SILU -> x * exact(UnaryOp.SIGMOID, x);
            case ELU -> x > 0 ? x : ALPHA * Math.expm1(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case LOG1P -> Math.log1p(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case HARDSWISH -> x * Math.min(Math.max(x + 3, 0), 6) / 6;
            case HARDSIGMOID -> Math.min(Math.max(x + 3, 0), 6) / 6;
            case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    private static double geluArgument(double x) {
        return 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }

    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 100 && Math.abs(x) < 3; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return Math.abs(x) < 3 ? 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum : 2 * normal(x * Math.sqrt(2)) - 1;
    }

    /** What is allowed beyond {@link FloatFunctions#ULPS} where a rounded number is the argument of an exponential. */
    private static double extraUlps(UnaryOp op, double x) {
        return switch (op) {
            case GELU -> Math.min(4 + x * x, 200);
            case GELU_TANH -> 4 + 3 * Math.min(Math.abs(geluArgument(x)), 100);
            case SILU -> x < -86 ? 110 : 1; // the logistic function is below the smallest normal float there
            // the sum with 3 is rounded where little is left of it
            case HARDSWISH, HARDSIGMOID -> x < -2 ? 0.5 / Math.max(x + 3, 1e-7) : 1;
            default -> 0;
        };
    }

    /**
     * The normal distribution by the series 26.2.11 of Abramowitz and Stegun near 0, by the continued fraction 26.2.14
     * in the tails.
     */
    private static double normal(double x) {
        double size = Math.abs(x);
        double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
        double tail;
        if (size < 2.5) {
            double term = size;
            double sum = size;
            for (int n = 1; term > 1e-18 * sum; n++) {
                term *= size * size / (2 * n + 1);
                sum += term;
            }
            tail = 0.5 - density * sum;
        } else {
            double fraction = 0;
            for (int n = 200; n > 0; n--) {
                fraction = n / (size + fraction);
            }
            tail = density / (size + fraction);
        }
        return x < 0 ? tail : 1 - tail;
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "EXP",
                "LOG",
                "EXPM1",
                "LOG1P",
                "SIN",
                "COS",
                "SIGMOID",
                "TANH",
                "ERF",
                "GELU",
                "GELU_TANH",
                "SILU",
                "ELU",
                "SOFTPLUS",
                "RSQRT",
                "HARDSWISH",
                "HARDSIGMOID"
            })
    void isWithinItsBound(UnaryOp op) {
        float[] x = arguments();
        float[] y = new float[x.length];
        new PlainElementLoops("").unary(op, ALPHA, 0, x, y, 0, x.length);
        double worst = 0;
        float at = 0;
        for (int i = 0; i < x.length; i++) {
            double right = exact(op, x[i]);
            float rounded = (float) right;
            if (op == UnaryOp.HARDSWISH && Math.abs(x[i]) > Float.MAX_VALUE / 6) {
                continue; // 6 x overflows, as in PyTorch
            }
            if (Float.isNaN(rounded) || Float.isInfinite(rounded)) {
                assertThat((Float) y[i]).as("%s of %s", op, x[i]).isEqualTo((Float) rounded);
                continue;
            }
            if (right == 0 && x[i] == 0) {
                assertThat(Float.toString(y[i])).as("%s of %s", op, x[i]).isEqualTo(Float.toString(rounded));
            }
            // Below the smallest normal float, the spacing of floats is absolute; a factor may have lost digits there.
            double ulps = Math.abs(y[i] - right) / Math.max(Math.ulp(rounded), 2 * Float.MIN_VALUE);
            ulps -= extraUlps(op, x[i]);
            if (!(ulps <= worst)) {
                worst = ulps;
                at = x[i];
            }
        }
        assertThat(worst).as("%s at %s, in units in the last place", op, at).isLessThan(FloatFunctions.ULPS);
    }

    private static double exactSlope(UnaryOp op, double x) {
        double s = exact(UnaryOp.SIGMOID, op == UnaryOp.GELU_TANH ? geluArgument(x) : x);
        return switch (op) {
            case GELU -> normal(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            case GELU_TANH -> s + x * s * (1 - s) * 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
            case SILU -> s + x * s * (1 - s);
            case ERF -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
            case ELU -> x > 0 ? 1 : ALPHA * Math.exp(x);
            case HARDSWISH -> x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1;
            case HARDSIGMOID -> x <= -3 || x >= 3 ? 0 : 1 / 6.0;
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"GELU", "GELU_TANH", "SILU", "ERF", "ELU", "HARDSWISH", "HARDSIGMOID"})
    void slopeIsWithinItsBound(UnaryOp op) {
        for (float x : arguments()) {
            if (Float.isInfinite(x) || Float.isNaN(x)) {
                continue;
            }
            double right = Math.abs(x) > 1e4
                    ? (x < 0 || op == UnaryOp.ERF || op == UnaryOp.HARDSIGMOID ? 0 : 1)
                    : exactSlope(op, x);
            assertThat(Math.abs(slope(op, x) - right)).as("%s at %s", op, x).isLessThan(1e-6);
        }
        assertThat(slope(UnaryOp.GELU, Float.NaN)).isNaN();
        assertThat(slope(UnaryOp.SILU, Float.NaN)).isNaN();
        assertThat(slope(UnaryOp.GELU_TANH, Float.NaN)).isNaN();
    }

    private static float slope(UnaryOp op, float x) {
        float[] dx = new float[1];
        new PlainElementLoops("").unaryBackward(op, ALPHA, 0, new float[] {x}, dx, new float[] {1}, dx, 0, 1);
        return dx[0];
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "EXP",
                "LOG",
                "EXPM1",
                "SIGMOID",
                "TANH",
                "ERF",
                "GELU",
                "GELU_TANH",
                "SILU",
                "ELU",
                "SOFTPLUS",
                "RSQRT",
                "HARDSWISH",
                "HARDSIGMOID"
            })
    void aResultMayTakeItsOperandsPlace(UnaryOp op) {
        float[] x = arguments();
        float[] y = new float[x.length];
        float[] tail = Arrays.copyOfRange(x, 5, x.length);
        PlainElementLoops loops = new PlainElementLoops("");
        loops.unary(op, ALPHA, 0, x, y, 5, x.length);
        float[] inPlace = x.clone();
        loops.unary(op, ALPHA, 0, inPlace, inPlace, 5, x.length);
        same(op + " in place", tail, Arrays.copyOfRange(y, 5, y.length), Arrays.copyOfRange(inPlace, 5, y.length));
        float[] dx = new float[x.length];
        loops.unaryBackward(op, ALPHA, 0, x, y, x, dx, 5, x.length);
        for (boolean overX : new boolean[] {true, false}) {
            float[] target = x.clone();
            loops.unaryBackward(op, ALPHA, 0, overX ? target : x, y, overX ? x : target, target, 5, x.length);
            same(
                    "backward of " + op,
                    tail,
                    Arrays.copyOfRange(dx, 5, y.length),
                    Arrays.copyOfRange(target, 5, y.length));
        }
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "EXP",
                "LOG",
                "EXPM1",
                "SIGMOID",
                "TANH",
                "ERF",
                "GELU",
                "GELU_TANH",
                "SILU",
                "ELU",
                "SOFTPLUS",
                "RSQRT",
                "HARDSWISH",
                "HARDSIGMOID"
            })
    void vectorsGiveTheSameBits(UnaryOp op) {
        assumeTrue(hasVectors(), "the module jdk.incubator.vector is not there");
        float[] x = arguments();
        SplittableRandom random = new SplittableRandom(SEED);
        float[] plain = new float[x.length];
        float[] vector = new float[x.length];
        new PlainElementLoops("").unary(op, ALPHA, 0, x, plain, 3, x.length);
        new VectorElementLoops().unary(op, ALPHA, 0, x, vector, 3, x.length);
        same(op + "", x, plain, vector);
        float[] dy = new float[x.length];
        for (int i = 0; i < dy.length; i++) {
            dy[i] = (float) random.nextDouble(-2, 2);
        }
        float[] y = plain.clone();
        new PlainElementLoops("").unaryBackward(op, ALPHA, 0, x, y, dy, plain, 3, x.length);
        new VectorElementLoops().unaryBackward(op, ALPHA, 0, x, y, dy, vector, 3, x.length);
        same("backward of " + op, x, plain, vector);
    }

    private static boolean hasVectors() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    private static void same(String what, float[] x, float[] plain, float[] vector) {
        for (int i = 0; i < x.length; i++) {
            if (Float.floatToIntBits(plain[i]) != Float.floatToIntBits(vector[i])) {
                assertThat(vector[i]).as("%s at %s", what, x[i]).isEqualTo(plain[i]);
            }
        }
    }
}
