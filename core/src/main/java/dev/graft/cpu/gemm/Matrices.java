package dev.graft.cpu.gemm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;

/** The matrices of a view: its last two dimensions, at every index of the others. */
public final class Matrices {
    private static final int[] NONE = {};

    private final float[] data;
    private final int at;
    private final int[] sizes;
    private final int[] steps;
    private final int rowStep;
    private final int columnStep;

    private Matrices(float[] data, int at, int[] sizes, int[] steps, int rowStep, int columnStep) {
        this.data = data;
        this.at = at;
        this.sizes = sizes;
        this.steps = steps;
        this.rowStep = rowStep;
        this.columnStep = columnStep;
    }

    static Matrices of(View view, float[] data) {
        int lead = view.rank() - 2;
        int[] sizes = new int[lead];
        int[] steps = new int[lead];
        for (int d = 0; d < lead; d++) {
            sizes[d] = view.dim(d);
            steps[d] = CpuStorage.stride(view, d);
        }
        return new Matrices(
                data,
                CpuStorage.offset(view),
                sizes,
                steps,
                CpuStorage.stride(view, lead),
                CpuStorage.stride(view, lead + 1));
    }

    Matrix get(int index) {
        int place = at;
        int rest = index;
        for (int d = sizes.length - 1; d >= 0; d--) {
            place += rest % sizes[d] * steps[d];
            rest /= sizes[d];
        }
        return new Matrix(data, place, rowStep, columnStep);
    }

    Matrices transposed() {
        return new Matrices(data, at, sizes, steps, columnStep, rowStep);
    }

    int rowStep() {
        return rowStep;
    }

    int columnStep() {
        return columnStep;
    }

    /** Whether all are the same matrix. */
    boolean isOne() {
        for (int d = 0; d < sizes.length; d++) {
            if (sizes[d] > 1 && steps[d] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the matrices, of so many rows, lie one below the other as a single one. */
    boolean isStack(int rows) {
        int step = rows * rowStep;
        for (int d = sizes.length - 1; d >= 0; d--) {
            if (sizes[d] > 1 && steps[d] != step) {
                return false;
            }
            step *= sizes[d];
        }
        return true;
    }

    /** Matrix number {@code index} alone. */
    Matrices only(int index) {
        return new Matrices(data, get(index).at(), NONE, NONE, rowStep, columnStep);
    }

    /** All from an element of theirs on. */
    Matrices moved(int row, int column) {
        return new Matrices(data, at + row * rowStep + column * columnStep, sizes, steps, rowStep, columnStep);
    }

    /** One matrix of {@code columns} columns, without gaps. */
    static Matrices of(float[] data, int columns) {
        return new Matrices(data, 0, NONE, NONE, columns, 1);
    }
}
