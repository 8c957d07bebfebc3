package dev.graft.cpu.conv;

import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.conv.winograd.LineTransforms;
import dev.graft.cpu.gemm.DeepSums;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.pool.PoolWindows;
import dev.graft.cpu.pool.VectorMaxPool;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Convolution as a matrix product on vectors: gathered pixels (im2col) times packed weights, by {@link MicroKernel}. An
 * image of few channels is not gathered. Instead the image columns that a row of results reads are put side by side,
 * and each result reads a range of them.
 */
final class VectorPixelGemm {
    private static final int WIDTH = MicroKernel.WIDTH;
    /**
     * Gathered floats of a task: with its results and a piece of the weights, this working set fits the second-level
     * cache.
     */
    private static final int GATHERED = 96 << 10;

    private static final int MAX_ROWS = 96;
    /** Up to this many pixels, deep weights are larger than what they multiply. */
    private static final int FEW = 256;
    /** Depth of a block of weights. */
    private static final int DEPTH_BLOCK = 128;
    /** Up to this depth there is one block: a short second one would spend its time on loading and storing sums. */
    private static final int WHOLE_DEPTH = 160;
    /** Depth of a sum in floats; deeper sums are accumulated in double. */
    private static final int FLOAT_DEPTH = 64 * DEPTH_BLOCK;
    /** Depth of weights that a task packs. */
    private static final int PACKED = 64;
    /** Rows of sums that are stored together: in between, they stay in the first-level cache. */
    private static final int STORED = 16;
    /** Rows of an image for each task, if neighbouring rows read mostly the same pixels. */
    private static final int IMAGE_ROWS = 8;

    /** Rows of maxima for each task, which also computes a row or two of results that the previous task computes. */
    private static final int POOLED_ROWS = 14;

    private final ExecutionContext context;
    private final boolean winograd;

    /** @param winograd whether Winograd's algorithm may be used where it pays */
    VectorPixelGemm(ExecutionContext context, boolean winograd) {
        this.context = context;
        this.winograd = winograd;
    }

    /** The product of one map: {@code source} gathers the pixels that {@code weights} multiply. */
    void run(int images, Im2col source, TapMatrices weights, VectorEpilogue epilogue, ImageArray target) {
        PixelMap map = source.map();
        int pixels = images * map.rows() * map.columns();
        if (pixels == 0) {
            return;
        }
        boolean byRows = goesByRows(source);
        boolean byColumns = !byRows
                && weights.columns() >= 2 * WIDTH
                && (pixels <= MAX_ROWS || (pixels <= FEW && source.depth() >= DEPTH_BLOCK));
        if (!byRows
                && !byColumns
                && winograd
                && Lines.fit(source)
                && LineWinograd.pays(source, MicroKernel.padded(weights.columns()))) {
            runByTiles(images, source, weights, epilogue, target);
            return;
        }
        float[] packed = pack(byRows ? weights.byColumns(map.rowOffsets().length) : weights);
        Product product = new Product(source, packed, weights.columns(), epilogue, target);
        if (byRows) {
            runByRows(images, product);
        } else if (byColumns) {
            runByColumns(pixels, product);
        } else if (Lines.fit(source)) {
            runByLines(images, product);
        } else {
            runByPixels(pixels, product);
        }
    }

    /**
     * Whether a row of results is computed from the image columns that it reads, because channels are too few to be
     * gathered by vectors.
     */
    static boolean goesByRows(Im2col source) {
        return source.count() < Vectors.LANES
                && source.map().taps() > 1
                && source.map().readsRuns();
    }

    private record Product(Im2col source, float[] weights, int columns, VectorEpilogue epilogue, ImageArray target) {
        int depth() {
            return source.depth();
        }

        /** Columns of the buffer from {@code column} on, in whole vectors. */
        int width(int column) {
            return MicroKernel.padded(Math.min(WIDTH, columns - column));
        }

        /** Stores the results of {@code rows} pixels, {@code apart} from each other, from {@code pixel} on. */
        void store(Workspace workspace, float[] block, int width, int pixel, int apart, int rows, int column) {
            int count = Math.min(width, columns - column);
            PixelMap map = source.map();
            if (map.fillsResult()) {
                int place = map.place(target, pixel) + column;
                epilogue.store(
                        workspace,
                        block,
                        0,
                        width,
                        rows,
                        column,
                        count,
                        target.data(),
                        target.at(),
                        place,
                        apart * target.channels());
                return;
            }
            for (int i = 0; i < rows; i++) {
                int place = map.place(target, pixel + i * apart) + column;
                epilogue.store(
                        workspace, block, i * width, width, 1, column, count, target.data(), target.at(), place, 0);
            }
        }
    }

    /** Buffers of columns, each {@code [tap][depth][width]}; columns that fill up the last vector are 0. */
    private float[] pack(TapMatrices weights) {
        return weights.packed(context, "panels", size(weights), packed -> pack(weights, packed));
    }

    private static int size(TapMatrices weights) {
        return weights.depth() * weights.taps().length * MicroKernel.padded(weights.columns());
    }

    private void pack(TapMatrices weights, float[] packed) {
        int depth = weights.depth() * weights.taps().length;
        int columns = weights.columns();
        int pieces = (weights.depth() + PACKED - 1) / PACKED;
        int buffers = (columns + WIDTH - 1) / WIDTH;
        if (MicroKernel.padded(columns) > columns) {
            Arrays.fill(packed, 0, size(weights), 0f);
        }
        context.forEach(buffers * pieces, task -> {
            int column = task / pieces * WIDTH;
            int from = task % pieces * PACKED;
            int count = Math.min(WIDTH, columns - column);
            int width = MicroKernel.padded(count);
            weights.gather(
                    column,
                    count,
                    from,
                    Math.min(weights.depth(), from + PACKED),
                    packed,
                    column * depth + from * width,
                    width,
                    weights.depth() * width);
        });
    }

    private void runByPixels(int pixels, Product product) {
        int depth = product.depth();
        int most = Math.max(
                4 * MicroKernel.ROWS, Math.min(MAX_ROWS, GATHERED / depth / MicroKernel.ROWS * MicroKernel.ROWS));
        Im2col source = product.source;
        boolean direct = source.isImage();
        context.forRange(pixels, MicroKernel.evenRows(pixels, most), (from, to) -> {
            Workspace workspace = context.workspace();
            float[] left = source.data();
            int leftAt = source.at() + from * depth;
            if (!direct) {
                left = workspace.array(Workspace.Slot.LEFT, (to - from) * depth);
                leftAt = 0;
                source.fill(from, to, new HeapMatrixBuffer(left), 0);
            }
            for (int column = 0; column < product.columns; column += WIDTH) {
                multiply(product, left, leftAt, depth, from, 1, to - from, column);
            }
        });
    }

    // Few pixels and many weights: a task takes a buffer of the weights, which are then read once, and all pixels, or
    // half of them where
    // buffers alone would leave a thread without work.
    private void runByColumns(int pixels, Product product) {
        int depth = product.depth();
        Im2col source = product.source;
        float[] left = context.workspace().array(Workspace.Slot.SHARED_LEFT, pixels * depth);
        context.forRange(pixels, 8, (from, to) -> source.fill(from, to, new HeapMatrixBuffer(left), from * depth));
        int buffers = (product.columns + WIDTH - 1) / WIDTH;
        int rows = buffers >= 4 && buffers % 2 == 0 ? pixels : MicroKernel.evenRows(pixels, (pixels + 1) / 2);
        int pieces = (pixels + rows - 1) / rows;
        context.forEach(buffers * pieces, task -> {
            int pixel = task % pieces * rows;
            int count = Math.min(rows, pixels - pixel);
            multiply(product, left, pixel * depth, depth, pixel, 1, count, task / pieces * WIDTH);
        });
    }

    /** A kernel of one row: see {@link Lines}. */
    private void runByLines(int images, Product product) {
        Im2col source = product.source;
        Lines lines = Lines.of(source, MAX_ROWS);
        context.forEach(lines.blocks(images), block -> {
            int rows = lines.count(block);
            if (rows == 0) {
                return;
            }
            float[] pixels = context.workspace().array(Workspace.Slot.LEFT, lines.filled());
            lines.fill(block, pixels);
            for (int column = 0; column < product.columns; column += WIDTH) {
                multiply(product, pixels, 0, source.count(), lines.pixel(block), lines.dilation(), rows, column);
            }
        });
    }

    /** A kernel of one row, by Winograd's algorithm: see {@link LineWinograd}. */
    private void runByTiles(
            int images, Im2col source, TapMatrices weights, VectorEpilogue epilogue, ImageArray target) {
        LineWinograd winograd = LineWinograd.of(source, images);
        Lines lines = winograd.lines();
        int columns = weights.columns();
        int plain = size(weights);
        // The weights themselves stay beside the transformed ones, for blocks that are computed directly.
        float[] packed = weights.packed(context, "lines", plain + winograd.weights(columns), array -> {
            pack(weights, array);
            context.forEach((columns + WIDTH - 1) / WIDTH, i -> {
                int column = i * WIDTH;
                int width = MicroKernel.padded(Math.min(WIDTH, columns - column));
                winograd.transform(
                        array,
                        column * source.depth(),
                        plain + column * LineTransforms.POINTS * winograd.depth(),
                        width);
            });
        });
        Product product = new Product(source, packed, columns, epilogue, target);
        context.forEach(lines.blocks(images), block -> {
            if (lines.count(block) == 0) {
                return;
            }
            Workspace workspace = context.workspace();
            float[] pixels = winograd.pixels(workspace, block);
            float[] v = winograd.transformed(workspace, block, pixels);
            for (int column = 0; column < columns; column += WIDTH) {
                multiplyTiles(product, winograd, block, pixels, v, plain, column);
            }
        });
    }

    private void multiplyTiles(
            Product product, LineWinograd winograd, int block, float[] pixels, float[] v, int weightsAt, int column) {
        Lines lines = winograd.lines();
        Workspace workspace = context.workspace();
        int rows = lines.count(block);
        int tiles = winograd.tiles(rows);
        int width = product.width(column);
        int depth = winograd.depth();
        int piece = depth <= WHOLE_DEPTH ? depth : DEPTH_BLOCK;
        int position = LineWinograd.position(winograd.tiles(lines.rows()) * width);
        float[] m = workspace.array(Workspace.Slot.KEPT, LineTransforms.POINTS * position);
        for (int p = 0; p < LineTransforms.POINTS; p++) {
            int from = weightsAt + column * LineTransforms.POINTS * depth + p * depth * width;
            for (int k = 0; k < depth; k += piece) {
                MicroKernel.multiply(
                        v,
                        p * winograd.inputPosition() + k,
                        winograd.channels(),
                        product.weights,
                        from + k * width,
                        m,
                        p * position,
                        width,
                        tiles,
                        width,
                        Math.min(piece, depth - k),
                        k > 0);
            }
        }
        float[] results =
                workspace.array(Workspace.Slot.RESULT, LineTransforms.TILE * winograd.tiles(lines.rows()) * width);
        NonFiniteWatch watch = NonFiniteWatch.begin(workspace, Workspace.Slot.WATCH_TILES);
        for (int i = 0; i < tiles; i++) {
            LineTransforms.output(
                    m, i * width, position, results, LineTransforms.TILE * i * width, width, width, watch.sums());
        }
        if (watch.isFinite()) {
            product.store(workspace, results, width, lines.pixel(block), lines.dilation(), rows, column);
        } else {
            // Transforms spread what is not finite, and may overflow.
            multiply(product, pixels, 0, winograd.channels(), lines.pixel(block), lines.dilation(), rows, column);
        }
    }

    private void multiply(
            Product product, float[] left, int leftAt, int leftRow, int pixel, int apart, int rows, int column) {
        int depth = product.depth();
        int width = product.width(column);
        Workspace workspace = context.workspace();
        int piece = depth <= WHOLE_DEPTH ? depth : DEPTH_BLOCK;
        int most = depth <= WHOLE_DEPTH ? STORED : rows;
        float[] block = workspace.array(Workspace.Slot.RESULT, Math.min(most, rows) * WIDTH);
        for (int i = 0; i < rows; i += most) {
            int count = Math.min(most, rows - i);
            if (depth > FLOAT_DEPTH) {
                multiplyDeep(product, left, leftAt + i * leftRow, leftRow, column, block, count, width);
            } else {
                for (int k = 0; k < depth; k += piece) {
                    MicroKernel.multiply(
                            left,
                            leftAt + i * leftRow + k,
                            leftRow,
                            product.weights,
                            column * depth + k * width,
                            block,
                            0,
                            width,
                            count,
                            width,
                            Math.min(piece, depth - k),
                            k > 0);
                }
            }
            product.store(workspace, block, width, pixel + i * apart, apart, count, column);
        }
    }

    private void multiplyDeep(
            Product product, float[] left, int leftAt, int leftRow, int column, float[] block, int rows, int width) {
        int depth = product.depth();
        DeepSums sums = new DeepSums(context.workspace(), rows * width);
        for (int start = 0; start < depth; start += FLOAT_DEPTH) {
            for (int k = start; k < Math.min(depth, start + FLOAT_DEPTH); k += DEPTH_BLOCK) {
                MicroKernel.multiply(
                        left,
                        leftAt + k,
                        leftRow,
                        product.weights,
                        column * depth + k * width,
                        block,
                        0,
                        width,
                        rows,
                        width,
                        Math.min(DEPTH_BLOCK, depth - k),
                        k > start);
            }
            sums.add(new HeapMatrixBuffer(block));
        }
        sums.store(new HeapMatrixBuffer(block));
    }

    private void runByRows(int images, Product product) {
        Im2col source = product.source;
        PixelMap map = source.map();
        context.forRange(images * map.rows(), IMAGE_ROWS, (from, to) -> {
            float[] columns = context.workspace().array(Workspace.Slot.LEFT, source.columnsLength());
            for (int row = from; row < to; row++) {
                source.fillColumns(row / map.rows(), row % map.rows(), columns, row > from && row % map.rows() > 0);
                multiplyRow(product, columns, row * map.columns());
            }
        });
    }

    /** The row of results at {@code pixel} of the target, from the image columns it reads. */
    private void multiplyRow(Product product, float[] columns, int pixel) {
        Im2col source = product.source;
        PixelMap map = source.map();
        int step = map.stepW() * map.rowOffsets().length * source.count();
        for (int column = 0; column < product.columns; column += WIDTH) {
            multiply(product, columns, 0, step, pixel, 1, map.columns(), column);
        }
    }

    /**
     * Maxima of a product that {@link #goesByRows}: a task keeps the rows of results that a row of windows covers, at
     * most three. The full results, several times larger than their maxima, never go through memory.
     */
    void runPooled(
            int images,
            Im2col source,
            TapMatrices weights,
            VectorEpilogue epilogue,
            PoolWindows windows,
            ImageArray maxima) {
        PixelMap map = source.map();
        int channels = weights.columns();
        int bands = (windows.outputHeight() + POOLED_ROWS - 1) / POOLED_ROWS;
        float[] packed = pack(weights.byColumns(map.rowOffsets().length));
        VectorMaxPool pool = new VectorMaxPool(windows, map.columns(), channels);
        context.forEach(images * bands, task -> {
            int image = task / bands;
            int first = task % bands * POOLED_ROWS;
            float[] columns = context.workspace().array(Workspace.Slot.LEFT, source.columnsLength());
            float[] kept =
                    context.workspace().array(Workspace.Slot.KEPT, VectorMaxPool.MOST * map.columns() * channels);
            Product product = new Product(
                    source,
                    packed,
                    channels,
                    epilogue,
                    new ImageArray(kept, 0, VectorMaxPool.MOST, map.columns(), channels));
            int next = windows.top()[first];
            for (int q = first; q < Math.min(windows.outputHeight(), first + POOLED_ROWS); q++) {
                for (int row = Math.max(next, windows.top()[q]); row < windows.bottom()[q]; row++) {
                    source.fillColumns(image, row, columns, row == next && row > windows.top()[first]);
                    multiplyRow(product, columns, row % VectorMaxPool.MOST * map.columns());
                    next = row + 1;
                }
                pool.keptRow(kept, q, maxima.data(), maxima.at() + maxima.place(image, q, 0));
            }
        });
    }
}
