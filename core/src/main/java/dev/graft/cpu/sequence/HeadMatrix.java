package dev.graft.cpu.sequence;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ElementLoops;

/** One head's matrix within an array. */
record HeadMatrix(float[] data, int at, int rowStep, int columnStep) {

    /** Of a view {@code [N, H, rows, columns]} of {@code data}. */
    static HeadMatrix of(View view, float[] data, int n, int h) {
        int[] strides = CpuStorage.strides(view);
        return new HeadMatrix(data, CpuStorage.offset(view) + n * strides[0] + h * strides[1], strides[2], strides[3]);
    }

    float get(int row, int column) {
        return data[at + row * rowStep + column * columnStep];
    }

    /** Whether no number of the rows {@code from} to {@code to} is NaN or infinite. */
    boolean isFinite(ElementLoops loops, int from, int to, int count) {
        boolean finite = true;
        for (int r = from; r < to && finite; r++) {
            int first = at + r * rowStep;
            if (columnStep == 1) {
                finite = loops.isFinite(data, first, first + count);
            } else {
                for (int j = 0; j < count; j++) {
                    finite &= Float.isFinite(data[first + j * columnStep]);
                }
            }
        }
        return finite;
    }

    /** One row. */
    void read(int row, float[] to, int toAt, int count) {
        int from = at + row * rowStep;
        if (columnStep == 1) {
            System.arraycopy(data, from, to, toAt, count);
        } else {
            for (int j = 0; j < count; j++) {
                to[toAt + j] = data[from + j * columnStep];
            }
        }
    }

    /** One row becomes {@code factor} times what is given. */
    void write(int row, float factor, float[] from, int fromAt, int count) {
        int to = at + row * rowStep;
        if (columnStep == 1) {
            for (int j = 0; j < count; j++) {
                data[to + j] = factor * from[fromAt + j];
            }
        } else {
            for (int j = 0; j < count; j++) {
                data[to + j * columnStep] = factor * from[fromAt + j];
            }
        }
    }

    /** The product of two rows of different matrices, in double. */
    double dot(int row, HeadMatrix other, int count) {
        double sum = 0;
        int p = at + row * rowStep;
        int q = other.at + row * other.rowStep;
        for (int j = 0; j < count; j++) {
            sum += (double) data[p + j * columnStep] * other.data[q + j * other.columnStep];
        }
        return sum;
    }
}
