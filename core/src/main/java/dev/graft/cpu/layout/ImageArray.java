package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;

/** Images {@code [N, height, width, channels]} in an array, starting at {@code at}. */
public record ImageArray(float[] data, int at, int height, int width, int channels) {

    /** A channels-last view {@code [N, C, H, W]} to read. */
    public static ImageArray read(View x) {
        return new ImageArray(CpuStorage.floats(x), CpuStorage.offset(x), x.dim(2), x.dim(3), x.dim(1));
    }

    /** A channels-last view {@code [N, C, H, W]} to write. */
    public static ImageArray written(View y) {
        return new ImageArray(CpuStorage.floatsToWrite(y), CpuStorage.offset(y), y.dim(2), y.dim(3), y.dim(1));
    }

    /** The position of a pixel, relative to {@code at}. */
    public int place(int image, int row, int column) {
        return ((image * height + row) * width + column) * channels;
    }
}
