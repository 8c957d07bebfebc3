package dev.graft.cpu;

import dev.graft.backend.View;

/**
 * Weights of a 3x3 convolution as matrices {@code [depth][columns]}, one for each tap: forward, depth is the input channel and a column an
 * output channel; for the input's gradient it is the other way about, with the taps in reverse.
 */
record TapWeights(float[] data, int at, int depthStride, int columnStride, int[] taps) {

    static TapWeights forward(View w) {
        return new TapWeights(CpuStorage.floats(w), w.offset(), w.strides()[1], w.strides()[0], taps(w, false));
    }

    static TapWeights backward(View w) {
        return new TapWeights(CpuStorage.floats(w), w.offset(), w.strides()[0], w.strides()[1], taps(w, true));
    }

    private static int[] taps(View w, boolean reverse) {
        int[] taps = new int[9];
        for (int t = 0; t < 9; t++) {
            taps[reverse ? 8 - t : t] = t / 3 * w.strides()[2] + t % 3 * w.strides()[3];
        }
        return taps;
    }

    /** Copies depths {@code [from, to)} of columns {@code [column, column + width)} to {@code block} as {@code [depth][tap][width]}. */
    void gather(int column, int width, int from, int to, float[] block) {
        int t0 = taps[0];
        int t1 = taps[1];
        int t2 = taps[2];
        int t3 = taps[3];
        int t4 = taps[4];
        int t5 = taps[5];
        int t6 = taps[6];
        int t7 = taps[7];
        int t8 = taps[8];
        for (int k = from; k < to; k++) {
            int b = (k - from) * 9 * width;
            int w = at + k * depthStride + column * columnStride;
            for (int j = 0; j < width; j++) {
                block[b] = data[w + t0];
                block[b + width] = data[w + t1];
                block[b + 2 * width] = data[w + t2];
                block[b + 3 * width] = data[w + t3];
                block[b + 4 * width] = data[w + t4];
                block[b + 5 * width] = data[w + t5];
                block[b + 6 * width] = data[w + t6];
                block[b + 7 * width] = data[w + t7];
                block[b + 8 * width] = data[w + t8];
                b++;
                w += columnStride;
            }
        }
    }
}
