package dev.graft.cpu.pool;

/** {@link TapLoops} without vectors. */
public final class PlainTapLoops implements TapLoops {

    @Override
    public void sum(float[] x, int a, float p, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = p * x[a + i];
        }
    }

    @Override
    public void sum(float[] x, int a, float p, int b, float q, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = p * x[a + i] + q * x[b + i];
        }
    }

    @Override
    public void sum(
            float[] x, int a, float p, int b, float q, int c, float r, int d, float s, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = p * x[a + i] + q * x[b + i] + r * x[c + i] + s * x[d + i];
        }
    }

    @Override
    public void add(float[] x, int a, float p, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] += p * x[a + i];
        }
    }
}
