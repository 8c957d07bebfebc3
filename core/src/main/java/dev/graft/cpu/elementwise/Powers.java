package dev.graft.cpu.elementwise;

import java.util.Arrays;

/** {@code x^a} of floats; small whole exponents by products, as the general function takes twenty times as long. */
final class Powers {
    private Powers() {}

    /** {@code y = x^a}; {@code y} may be {@code x}. */
    static void values(float a, float[] x, float[] y, int from, int to) {
        if (a == 2f) {
            for (int i = from; i < to; i++) {
                y[i] = x[i] * x[i];
            }
        } else if (a == 3f) {
            for (int i = from; i < to; i++) {
                y[i] = x[i] * x[i] * x[i];
            }
        } else if (a == -1f) {
            for (int i = from; i < to; i++) {
                y[i] = 1f / x[i];
            }
        } else {
            for (int i = from; i < to; i++) {
                y[i] = (float) Math.pow(x[i], a);
            }
        }
    }

    /** {@code dx = dy a x^(a - 1)}, the product in double; {@code dx} may be {@code x} or {@code dy}. */
    static void gradients(float a, float[] x, float[] dy, float[] dx, int from, int to) {
        if (a == 0f) {
            Arrays.fill(dx, from, to, 0f);
        } else if (a == 2f) {
            for (int i = from; i < to; i++) {
                dx[i] = (float) (2.0 * dy[i] * x[i]);
            }
        } else if (a == 3f) {
            for (int i = from; i < to; i++) {
                dx[i] = (float) (3.0 * dy[i] * ((double) x[i] * x[i]));
            }
        } else {
            for (int i = from; i < to; i++) {
                dx[i] = (float) (dy[i] * a * Math.pow(x[i], a - 1.0));
            }
        }
    }
}
