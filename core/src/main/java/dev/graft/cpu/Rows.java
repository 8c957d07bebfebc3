package dev.graft.cpu;

import dev.graft.backend.View;
import java.util.Arrays;

/** Rows of a table by index. */
final class Rows {
    private static final int PIECE = 1 << 14;

    private final Engine engine;

    Rows(Engine engine) {
        this.engine = engine;
    }

    void gather(View table, View rows, View y) {
        float[] source = CpuStorage.floats(table);
        long[] index = CpuStorage.of(rows).array(long[].class);
        float[] target = CpuStorage.floatsToWrite(y);
        int width = y.dim(1);
        engine.forRange(y.dim(0), Math.max(1, PIECE / Math.max(1, width)), (from, to) -> {
            for (int i = from; i < to; i++) {
                System.arraycopy(source, table.offset() + (int) index[rows.offset() + i] * width, target, y.offset() + i * width, width);
            }
        });
    }

    // Each piece owns a range of the table and looks at all rows in order, so that sums have one order.
    void gatherBackward(View dy, View rows, View dtable) {
        float[] gradient = CpuStorage.floats(dy);
        long[] index = CpuStorage.of(rows).array(long[].class);
        float[] target = CpuStorage.floatsToWrite(dtable);
        int width = dtable.dim(1);
        int height = dtable.dim(0);
        engine.forRange(height, Math.max(1, Math.max(PIECE / Math.max(1, width), height / 16)), (from, to) -> {
            Arrays.fill(target, dtable.offset() + from * width, dtable.offset() + to * width, 0f);
            for (int i = 0; i < rows.numel(); i++) {
                int row = (int) index[rows.offset() + i];
                if (row >= from && row < to) {
                    int d = dy.offset() + i * width;
                    int t = dtable.offset() + row * width;
                    for (int c = 0; c < width; c++) {
                        target[t + c] += gradient[d + c];
                    }
                }
            }
        });
    }
}
