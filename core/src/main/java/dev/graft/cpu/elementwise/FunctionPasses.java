package dev.graft.cpu.elementwise;

/**
 * Short loops that {@link Functions} makes functions of, one number at a time. {@code y[yAt + i]} becomes a function of
 * {@code x[xAt + i]} and {@code e[eAt + i]}, whichever the loop reads; {@code y} may be one of them.
 */
class FunctionPasses {
    /** {@code y = exp(x)}. */
    void exp(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.exp(x[xAt + i]);
        }
    }

    /** {@code y = log(x)}. */
    void log(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.log(x[xAt + i]);
        }
    }

    /** {@code y = x e}. */
    void times(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = x[xAt + i] * e[eAt + i];
        }
    }

    /** {@code y = max(x, 0) + e}. */
    void plusPositive(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = Math.max(x[xAt + i], 0f) + e[eAt + i];
        }
    }

    /** {@code y = exp(r) - 1} for what is left of {@code x} without whole multiples of log 2. */
    void expm1Rest(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expm1Rest(x[xAt + i]);
        }
    }

    /** {@code y = exp(x) - 1}, from {@code e} by {@link #expm1Rest}. */
    void expm1(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expm1(x[xAt + i], e[eAt + i]);
        }
    }

    /** The gradient of {@code x}, from that of its hardswish, {@code e}. */
    void hardswishGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.hardswishGradient(x[xAt + i], e[eAt + i]);
        }
    }

    /** The gradient of {@code x}, from that of its hardsigmoid, {@code e}. */
    void hardsigmoidGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.hardsigmoidGradient(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = x} where that is positive, else {@code e}. */
    void elu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.elu(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = 1} where {@code x} is positive, else {@code e}. */
    void eluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.eluSlope(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = -x^2}. */
    void minusSquare(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = -(x[xAt + i] * x[xAt + i]);
        }
    }

    /** The logistic function. */
    void sigmoid(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.sigmoid(x[xAt + i]);
        }
    }

    /** {@code y = x sigmoid(x)}. */
    void silu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.silu(x[xAt + i]);
        }
    }

    /** The gradient of {@code x}, from that of {@code x sigmoid(x)}, {@code e}. */
    void siluGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.siluGradient(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = tanh(x)}, from {@code e} by {@link #expOfMinusTwiceAbs}. */
    void tanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.tanh(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = erf(x)}, from {@code e} by {@link #erfTail}. */
    void erf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.erf(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code x} times the standard normal distribution. */
    void gelu(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.gelu(x[xAt + i]);
        }
    }

    /** The slope of GELU at {@code x}, from {@code e} by {@link #expOfMinusHalfSquareOf}. */
    void geluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.geluSlope(x[xAt + i], e[eAt + i]);
        }
    }

    /** GELU's approximation by a hyperbolic tangent. */
    void geluTanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.geluTanh(x[xAt + i]);
        }
    }

    /** The gradient of {@code x}, from that of GELU's approximation, {@code e}. */
    void geluTanhGradient(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.geluTanhGradient(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = exp(-|x|)}; 0 where {@code x} is NaN. */
    void expOfMinusAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expOfMinusAbs(x[xAt + i]);
        }
    }

    /** {@code y = exp(-2 |x|)}; 0 where {@code x} is NaN. */
    void expOfMinusTwiceAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expOfMinusTwiceAbs(x[xAt + i]);
        }
    }

    /** Half of what the error function of {@code |x|} lacks to 1; 0 where {@code x} is NaN. */
    void erfTail(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.erfTail(x[xAt + i]);
        }
    }

    /** {@code y = exp(-x^2 / 2)}; 0 where {@code x} is NaN. */
    void expOfMinusHalfSquareOf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.expOfMinusHalfSquareOf(x[xAt + i]);
        }
    }
}
