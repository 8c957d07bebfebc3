package dev.graft.cpu;

import dev.graft.backend.View;

/** Images {@code [N, height, width, channels]} in an array from {@code at}. */
record Images(float[] data, int at, int height, int width, int channels) {

    /** A channels-last view {@code [N, C, H, W]} to read. */
    static Images read(View x) {
        return new Images(CpuStorage.floats(x), x.offset(), x.dim(2), x.dim(3), x.dim(1));
    }

    /** A channels-last view {@code [N, C, H, W]} to write. */
    static Images written(View y) {
        return new Images(CpuStorage.floatsToWrite(y), y.offset(), y.dim(2), y.dim(3), y.dim(1));
    }

    /** Where a pixel lies, relative to {@code at}. */
    int place(int image, int row, int column) {
        return ((image * height + row) * width + column) * channels;
    }
}
