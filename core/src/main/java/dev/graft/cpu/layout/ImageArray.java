package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;

/** Images {@code [N, height, width, channels]} in an array from {@code at}. */
public record ImageArray(float[] data, int at, int height, int width, int channels) {

    /** A channels-last view {@code [N, C, H, W]} to read. */
    public static ImageArray read(View x) {
        return new ImageArray(CpuStorage.floats(x), x.offset(), x.dim(2), x.dim(3), x.dim(1));
    }

    /** A channels-last view {@code [N, C, H, W]} to write. */
    public static ImageArray written(View y) {
        return new ImageArray(CpuStorage.floatsToWrite(y), y.offset(), y.dim(2), y.dim(3), y.dim(1));
    }

    /** Where a pixel lies, relative to {@code at}. */
    public int place(int image, int row, int column) {
        return ((image * height + row) * width + column) * channels;
    }

    /** Where a map's result pixel lies, counted through its grids, relative to {@code at}. */
    public int place(PixelMap map, int pixel) {
        if (map.fillsResult()) {
            return pixel * channels;
        }
        int gridSize = map.rows() * map.columns();
        int row = map.firstRow() + pixel % gridSize / map.columns() * map.placeH();
        int column = map.firstColumn() + pixel % map.columns() * map.placeW();
        return place(pixel / gridSize, row, column);
    }

    /** Zeroes a map's result pixels. */
    public void clear(ExecutionContext context, int images, PixelMap map) {
        context.forRange(images * map.rows() * map.columns(), Math.max(1, (1 << 15) / channels), (from, to) -> {
            for (int pixel = from; pixel < to; pixel++) {
                int start = at + place(map, pixel);
                Arrays.fill(data, start, start + channels, 0f);
            }
        });
    }
}
