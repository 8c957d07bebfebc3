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

    /**
     * Copies depths {@code [from, to)} of the {@code lanes} columns from {@code column} on to {@code block} as {@code [depth][tap][lanes]}, in
     * the order in which they lie in memory.
     */
    void gather(int column, int lanes, int from, int to, float[] block) {
        int start = at + from * depthStride + column * columnStride;
        if (columnStride > depthStride) {
            for (int j = 0; j < lanes; j++) {
                copy(start + j * columnStride, depthStride, block, j, 9 * lanes, to - from, lanes);
            }
        } else {
            for (int k = 0; k < to - from; k++) {
                copy(start + k * depthStride, columnStride, block, k * 9 * lanes, 1, lanes, lanes);
            }
        }
    }

    private void copy(int start, int stride, float[] block, int blockAt, int blockStride, int count, int lanes) {
        int t0 = taps[0];
        int t1 = taps[1];
        int t2 = taps[2];
        int t3 = taps[3];
        int t4 = taps[4];
        int t5 = taps[5];
        int t6 = taps[6];
        int t7 = taps[7];
        int t8 = taps[8];
        for (int i = 0; i < count; i++) {
            int w = start + i * stride;
            int b = blockAt + i * blockStride;
            block[b] = data[w + t0];
            block[b + lanes] = data[w + t1];
            block[b + 2 * lanes] = data[w + t2];
            block[b + 3 * lanes] = data[w + t3];
            block[b + 4 * lanes] = data[w + t4];
            block[b + 5 * lanes] = data[w + t5];
            block[b + 6 * lanes] = data[w + t6];
            block[b + 7 * lanes] = data[w + t7];
            block[b + 8 * lanes] = data[w + t8];
        }
    }
}
