package dev.graft.cpu.elementwise;

/**
 * Short loops that {@link Functions} makes functions of, one number at a time. {@code y[yAt + i]} becomes a function of
 * {@code x[xAt + i]} and {@code e[eAt + i]}, whichever the loop reads; {@code y} may be one of them.
 */
class FunctionPasses {
    /** {@code y = exp(e)}. */
    void exp(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.exp(e[eAt + i]);
        }
    }

    /** {@code y = log(x)}. */
    void log(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.log(x[xAt + i]);
        }
    }

    /** The logistic function of {@code x}, from {@code e = exp(-|x|)}. */
    void sigmoid(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.sigmoid(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = tanh(x)}, from {@code e = exp(-2 |x|)}. */
    void tanh(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.tanh(x[xAt + i], e[eAt + i]);
        }
    }

    /** The standard normal distribution at {@code x}, from {@code e = exp(-x^2 / 2)}. */
    void normal(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.normal(x[xAt + i], e[eAt + i]);
        }
    }

    /** {@code y = -|x|}. */
    void minusAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = -Math.abs(x[xAt + i]);
        }
    }

    /** {@code y = -2 |x|}. */
    void minusTwiceAbs(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = -2f * Math.abs(x[xAt + i]);
        }
    }

    /** {@code y = -x^2 / 2}. */
    void minusHalfSquare(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = -0.5f * (x[xAt + i] * x[xAt + i]);
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

    /** {@code y += x e / sqrt(2 pi)}. */
    void plusDensityTimes(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = y[yAt + i] + x[xAt + i] * (e[eAt + i] * FloatFunctions.NORMAL_DENSITY);
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

    /** Half of what the error function of {@code |x|} lacks to 1, from {@code e = exp(-x^2)}. */
    void erfTail(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.erfTail(x[xAt + i], e[eAt + i]);
        }
    }

    /** The error function of {@code x}, from {@code e} by {@link #erfTail}. */
    void erf(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.erf(x[xAt + i], e[eAt + i]);
        }
    }

    /** Twice the argument of the hyperbolic tangent in GELU's approximation at {@code x}. */
    void geluArgument(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.geluArgument(x[xAt + i]);
        }
    }

    /** The slope of GELU's approximation at {@code x}, from {@code e = exp(-|geluArgument|)}. */
    void geluTanhSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = FloatFunctions.geluTanhSlope(x[xAt + i], e[eAt + i]);
        }
    }

    /** The slope of {@code x * sigmoid(x)}, from {@code e = sigmoid(x)}. */
    void siluSlope(float[] x, int xAt, float[] e, int eAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = e[eAt + i] * (1f + x[xAt + i] * (1f - e[eAt + i]));
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
}
