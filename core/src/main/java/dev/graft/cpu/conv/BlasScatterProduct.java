package dev.graft.cpu.conv;

import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;

/** The products of a {@link ScatteredInputGradient} by a BLAS library. */
final class BlasScatterProduct implements ScatteredInputGradient.Product {
    static final int WIDTH = 512;

    private final ExecutionContext context;
    private final MatrixBuffer weights;
    private final int outputs;
    private final int columns;
    private final int step;

    private MatrixBuffer left;

    /** {@code weights} are {@code [outputs][kernel rows][columns]}. */
    BlasScatterProduct(ExecutionContext context, MatrixBuffer weights, int outputs, int kernelRows, int columns) {
        this.context = context;
        this.weights = weights;
        this.outputs = outputs;
        this.columns = columns;
        this.step = kernelRows * columns;
        this.left = context.workspace().buffer(Workspace.Slot.LEFT, 1);
    }

    @Override
    public void load(float[] dy, int at, int rows) {
        left = context.workspace().buffer(Workspace.Slot.LEFT, (long) rows * outputs);
        left.put(0, dy, at, rows * outputs);
    }

    @Override
    public int multiply(int rows, int kernelRow, int column, int count, float[] result) {
        MatrixBuffer product = context.workspace().buffer(Workspace.Slot.RESULT, (long) rows * count);
        context.blas()
                .multiply(
                        false,
                        false,
                        rows,
                        count,
                        outputs,
                        left,
                        0,
                        outputs,
                        weights,
                        kernelRow * columns + column,
                        step,
                        0f,
                        product,
                        0,
                        count);
        product.get(0, result, 0, rows * count);
        return count;
    }
}
