package dev.graft.cpu.gemm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Blas;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Optional;

/** Products by BLAS, block by block: operands are copied to native memory and results back. */
public final class BlasProducts implements LargeProducts {
    private static final int ROWS = 256;
    private static final int COLUMNS = 512;
    /** Fewer rows or columns than these would spend their time on copying operands. */
    private static final int LEAST = 64;
    /** Tasks that keep many threads busy, if blocks are not too small. */
    private static final int TASKS = 32;

    private static final int DEPTH = 2048;
    /** Depth of a sum in floats; deeper sums are accumulated in double. */
    private static final int DEEP = 2 * DEPTH;

    private final ExecutionContext context;

    public BlasProducts(ExecutionContext context) {
        this.context = context;
    }

    @Override
    public String description() {
        return context.blas().description();
    }

    /** How the result is divided. */
    private record Blocks(int rows, int columns) {
        static Blocks of(Product product) {
            int rows = ROWS;
            int columns = COLUMNS;
            while (count(product, rows, columns) < TASKS && (rows > LEAST || columns > LEAST)) {
                if (columns > rows) {
                    columns /= 2;
                } else {
                    rows /= 2;
                }
            }
            return new Blocks(rows, columns);
        }

        static int count(Product product, int rows, int columns) {
            return product.count() * blocks(product.m(), rows) * blocks(product.n(), columns);
        }
    }

    /** How many tasks there are: enough for every thread, as far as blocks are not too small. */
    static int tasks(Product product) {
        Blocks blocks = Blocks.of(product);
        return Blocks.count(product, blocks.rows, blocks.columns);
    }

    @Override
    public void run(Product product, Optional<View> weights) {
        Blocks blocks = Blocks.of(product);
        int rows = blocks.rows;
        int columns = blocks.columns;
        int rowBlocks = blocks(product.m(), rows);
        int columnBlocks = blocks(product.n(), columns);
        context.forEach(product.count() * rowBlocks * columnBlocks, task -> {
            int matrix = task / (rowBlocks * columnBlocks);
            int row = task / columnBlocks % rowBlocks * rows;
            int column = task % columnBlocks * columns;
            block(
                    product.a().get(matrix).moved(row, 0),
                    product.b().get(matrix).moved(0, column),
                    product.c().get(matrix).moved(row, column),
                    Math.min(rows, product.m() - row),
                    Math.min(columns, product.n() - column),
                    product.k());
            addBias(product, matrix, row, column, rows, columns);
        });
    }

    private static int blocks(int size, int block) {
        return (size + block - 1) / block;
    }

    private static void addBias(Product product, int matrix, int row, int column, int rows, int columns) {
        float[] bias = product.bias();
        if (bias.length == 0) {
            return;
        }
        Matrix c = product.c().get(matrix).moved(row, column);
        for (int i = 0; i < Math.min(rows, product.m() - row); i++) {
            for (int j = 0; j < Math.min(columns, product.n() - column); j++) {
                c.data()[c.at() + i * c.rowStep() + j * c.columnStep()] +=
                        bias[product.biasOfRows() ? row + i : column + j];
            }
        }
    }

    private void block(Matrix a, Matrix b, Matrix c, int m, int n, int k) {
        Workspace workspace = context.workspace();
        Blas blas = context.blas();
        int depth = Math.min(k, DEPTH);
        MatrixBuffer left = workspace.buffer(Workspace.Slot.LEFT, (long) m * depth);
        MatrixBuffer right = workspace.buffer(Workspace.Slot.RIGHT, (long) depth * n);
        MatrixBuffer result = workspace.buffer(Workspace.Slot.RESULT, (long) m * n);
        DeepSums sums = new DeepSums(workspace, k > DEEP ? m * n : 0);
        for (int l = 0; l < k; l += DEPTH) {
            int part = Math.min(DEPTH, k - l);
            boolean transposeA = load(a.moved(0, l), m, part, left, workspace);
            boolean transposeB = load(b.moved(l, 0), part, n, right, workspace);
            blas.multiply(
                    transposeA,
                    transposeB,
                    m,
                    n,
                    part,
                    left,
                    0,
                    transposeA ? m : part,
                    right,
                    0,
                    transposeB ? part : n,
                    l % DEEP == 0 ? 0f : 1f,
                    result,
                    0,
                    n);
            if (k > DEEP && ((l + DEPTH) % DEEP == 0 || l + DEPTH >= k)) {
                sums.add(result);
            }
        }
        if (k > DEEP) {
            sums.store(result);
        }
        for (int i = 0; i < m; i++) {
            result.get(i * n, c.data(), c.at() + i * c.rowStep(), n);
        }
    }

    /** Copies a block to a buffer along its contiguous dimension; returns whether it is transposed there. */
    private static boolean load(Matrix x, int rows, int columns, MatrixBuffer buffer, Workspace workspace) {
        if (x.columnStep() != 1 && x.rowStep() == 1 && rows > 1) {
            load(new Matrix(x.data(), x.at(), x.columnStep(), 1), columns, rows, buffer, workspace);
            return true;
        }
        if (x.columnStep() == 1 && x.rowStep() == columns) {
            buffer.put(0, x.data(), x.at(), rows * columns);
        } else if (x.columnStep() == 1) {
            for (int r = 0; r < rows; r++) {
                buffer.put(r * columns, x.data(), x.at() + r * x.rowStep(), columns);
            }
        } else {
            float[] line = workspace.floats(0, columns);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    line[c] = x.data()[x.at() + r * x.rowStep() + c * x.columnStep()];
                }
                buffer.put(r * columns, line, 0, columns);
            }
        }
        return false;
    }
}
