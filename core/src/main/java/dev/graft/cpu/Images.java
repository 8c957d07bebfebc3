package dev.graft.cpu;

import dev.graft.backend.View;
import java.util.Arrays;

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

    /** Where a map's result pixel lies, counted through its grids, relative to {@code at}. */
    int place(PixelMap map, int pixel) {
        if (map.fillsResult()) {
            return pixel * channels;
        }
        int gridSize = map.rows() * map.columns();
        int row = map.firstRow() + pixel % gridSize / map.columns() * map.placeH();
        int column = map.firstColumn() + pixel % map.columns() * map.placeW();
        return place(pixel / gridSize, row, column);
    }

    /** Zeroes a map's result pixels. */
    void clear(Engine engine, int images, PixelMap map) {
        engine.forRange(images * map.rows() * map.columns(), Math.max(1, (1 << 15) / channels), (from, to) -> {
            for (int pixel = from; pixel < to; pixel++) {
                int start = at + place(map, pixel);
                Arrays.fill(data, start, start + channels, 0f);
            }
        });
    }
}
