package dev.graft.cpu.conv.winograd;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.PlainEpilogue;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * 3x3 convolution of stride 1, and its gradient for the input, by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2016) without the Vector API: {@link PlainWinogradF4} transforms the
 * channels of several tiles in each loop, and OpenBLAS computes the 36 products of a run of tiles.
 * {@link VectorWinograd} is its counterpart on vectors.
 */
public final class BlasWinograd {
    private static final int TILE = 4;
    private static final int PATCH = 6;
    private static final int POSITIONS = PATCH * PATCH;
    /** The number of floats in the widest vectors that C2 uses. */
    private static final int LANES = 16;
    /** Tiles of a task: enough to make up for OpenBLAS packing the weights again for each product. */
    private static final int RUN = 64;
    /** The number of input channels whose weights are gathered at once. */
    private static final int DEPTH = 16;
    /**
     * Transformed weights are four times as large as the weights. Beyond this size, reading them costs as much as the
     * saved products.
     */
    private static final int MOST_WEIGHTS = 256 * 256;

    private final ExecutionContext context;

    public BlasWinograd(ExecutionContext context) {
        this.context = context;
    }

    /** Whether the algorithm suits this convolution. */
    public static boolean fits(View w, Conv2dParams params) {
        return WinogradShapes.fits(w, params, LANES) && w.dim(0) * w.dim(1) <= MOST_WEIGHTS;
    }

    /**
     * {@code y = epilogue(conv(x, w))}; returns for each image whether some of its results are non-finite (see
     * {@link VectorWinograd#forward}).
     */
    public boolean[] forward(
            int images, ImageArray x, View w, PlainEpilogue epilogue, ImageArray y, Conv2dParams params) {
        return run(
                new Pass(grid(images, y), x, y, params.padTop(), params.padLeft(), epilogue, new boolean[images]),
                TapMatrices.forward(w));
    }

    /**
     * {@code dx}: the convolution of {@code dy} with the kernel rotated by 180 degrees. Returns the same as
     * {@link #forward}.
     */
    public boolean[] backwardInput(
            int images, ImageArray dy, View w, PlainEpilogue none, ImageArray dx, Conv2dParams params) {
        return run(
                new Pass(
                        grid(images, dx), dy, dx, 2 - params.padTop(), 2 - params.padLeft(), none, new boolean[images]),
                TapMatrices.turned(w));
    }

    private static TileGrid grid(int images, ImageArray result) {
        return TileGrid.covering(images, result.height(), result.width(), TILE);
    }

    private boolean[] run(Pass pass, TapMatrices weights) {
        int depth = weights.depth();
        int columns = weights.columns();
        MatrixBuffer u = transformed(weights);
        context.forRange(pass.grid.count(), evenly(pass.grid.count()), (from, to) -> {
            Workspace workspace = context.workspace();
            int count = to - from;
            MatrixBuffer v = workspace.buffer(Workspace.Slot.LEFT, (long) POSITIONS * count * depth);
            MatrixBuffer m = workspace.buffer(Workspace.Slot.RESULT, (long) POSITIONS * count * columns);
            pass.transformPatches(workspace, from, count, depth, v);
            for (int p = 0; p < POSITIONS; p++) {
                context.blas()
                        .multiply(
                                false,
                                false,
                                count,
                                columns,
                                depth,
                                v,
                                p * count * depth,
                                depth,
                                u,
                                p * depth * columns,
                                columns,
                                0f,
                                m,
                                p * count * columns,
                                columns);
            }
            pass.transformResults(context.elementLoops(), workspace, from, count, columns, m);
        });
        return pass.strange;
    }

    /**
     * Tiles of a task, at most {@link #RUN}, chosen so that the number of tasks is even, as the number of threads
     * usually is.
     */
    private static int evenly(int tiles) {
        int tasks = (tiles + 2 * RUN - 1) / (2 * RUN) * 2;
        return (tiles + tasks - 1) / tasks;
    }

    /** {@code G g G'} as {@code [position][depth][columns]}. */
    private MatrixBuffer transformed(TapMatrices weights) {
        CpuStorage storage = CpuStorage.of(weights.view());
        int size = POSITIONS * weights.depth() * weights.columns();
        return storage.packed()
                .get(
                        weights.key("blas winograd"),
                        storage.content(),
                        size,
                        context.blas()::allocate,
                        floats -> context.workspace().buffer(Workspace.Slot.SHARED_RIGHT, floats),
                        buffer -> transform(weights, buffer));
    }

    private void transform(TapMatrices weights, MatrixBuffer u) {
        int depth = weights.depth();
        int columns = weights.columns();
        context.forRange(depth, DEPTH, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] taps = workspace.floats(0, DEPTH * 9 * columns);
            weights.gather(0, columns, from, to, taps, 0, 9 * columns, columns);
            float[][] rows = workspace.rows(POSITIONS, columns);
            for (int k = from; k < to; k++) {
                for (int tap = 0; tap < 9; tap++) {
                    float[] row = rows[tap / 3 * PATCH + tap % 3];
                    System.arraycopy(taps, ((k - from) * 9 + tap) * columns, row, 0, columns);
                }
                for (int j = 0; j < 3; j++) {
                    PlainWinogradF4.weights(rows, j, PATCH, columns);
                }
                for (int i = 0; i < PATCH; i++) {
                    PlainWinogradF4.weights(rows, i * PATCH, 1, columns);
                }
                for (int p = 0; p < POSITIONS; p++) {
                    u.put((p * depth + k) * columns, rows[p], 0, columns);
                }
            }
        });
    }

    /** Images, and how their results are divided into tiles. */
    private record Pass(
            TileGrid grid,
            ImageArray x,
            ImageArray y,
            int padTop,
            int padLeft,
            PlainEpilogue epilogue,
            boolean[] strange) {
        /** {@code B' d B} of tiles from {@code from} on, as {@code [position][tile][depth]}. */
        void transformPatches(Workspace workspace, int from, int count, int depth, MatrixBuffer v) {
            int group = ChannelBlocks.of(count, depth).blockRows();
            float[][] d = workspace.rows(POSITIONS, group * depth);
            for (int first = 0; first < count; first += group) {
                int tiles = Math.min(group, count - first);
                for (int t = 0; t < tiles; t++) {
                    stage(from + first + t, d, t * depth, depth);
                }
                for (int j = 0; j < PATCH; j++) {
                    PlainWinogradF4.input(d, j, PATCH, tiles * depth);
                }
                for (int i = 0; i < PATCH; i++) {
                    PlainWinogradF4.input(d, i * PATCH, 1, tiles * depth);
                }
                for (int p = 0; p < POSITIONS; p++) {
                    v.put((p * count + first) * depth, d[p], 0, tiles * depth);
                }
            }
        }

        private void stage(int tile, float[][] d, int to, int depth) {
            int top = grid.top(tile) - padTop;
            int left = grid.left(tile) - padLeft;
            for (int p = 0; p < POSITIONS; p++) {
                int row = top + p / PATCH;
                int column = left + p % PATCH;
                if (row < 0 || row >= x.height() || column < 0 || column >= x.width()) {
                    Arrays.fill(d[p], to, to + depth, 0f);
                } else {
                    System.arraycopy(x.data(), x.at() + x.place(grid.image(tile), row, column), d[p], to, depth);
                }
            }
        }

        /** {@code A' m A} through the epilogue to its pixels. */
        void transformResults(
                ElementLoops kernels, Workspace workspace, int from, int count, int channels, MatrixBuffer m) {
            ChannelBlocks rows = ChannelBlocks.of(count, channels);
            PlainEpilogue.Channels end = epilogue.channels(rows, 0);
            int group = rows.blockRows();
            float[][] r = workspace.rows(POSITIONS, rows.width());
            float[] residuals = workspace.floats(1, rows.width());
            float[] watched = workspace.floats(2, rows.width());
            for (int first = 0; first < count; first += group) {
                int tiles = Math.min(group, count - first);
                for (int p = 0; p < POSITIONS; p++) {
                    m.get((p * count + first) * channels, r[p], 0, tiles * channels);
                }
                for (int j = 0; j < PATCH; j++) {
                    PlainWinogradF4.output(r, j, PATCH, tiles * channels);
                }
                for (int i = 0; i < TILE; i++) {
                    PlainWinogradF4.output(r, i * PATCH, 1, tiles * channels);
                }
                Arrays.fill(watched, 0, tiles * channels, 0f);
                for (int i = 0; i < TILE; i++) {
                    for (int j = 0; j < TILE; j++) {
                        kernels.addScaled(1f, r[i * PATCH + j], watched, 0, tiles * channels);
                        store(end, r[i * PATCH + j], residuals, from + first, tiles, i, j);
                    }
                }
                for (int t = 0; t < tiles; t++) {
                    if (!kernels.isFinite(watched, t * channels, (t + 1) * channels)) {
                        strange[grid.image(from + first + t)] = true;
                    }
                }
            }
        }

        /** The position of a tile's pixel (i, j) in the result; -1 beyond its edge. */
        private int place(int tile, int i, int j) {
            int row = grid.top(tile) + i;
            int column = grid.left(tile) + j;
            return row < y.height() && column < y.width() ? y.place(grid.image(tile), row, column) : -1;
        }

        /** Pixel (i, j) of {@code tiles} tiles. */
        private void store(
                PlainEpilogue.Channels end, float[] values, float[] residuals, int from, int tiles, int i, int j) {
            int channels = y.channels();
            int[] places = new int[tiles];
            Arrays.setAll(places, t -> place(from + t, i, j));
            end.scaleShift(values, tiles * channels);
            for (int t = 0; t < tiles; t++) {
                if (places[t] >= 0) {
                    end.loadResidual(places[t], residuals, t * channels, channels);
                }
            }
            end.addResidual(residuals, values, tiles * channels);
            end.activate(values, tiles * channels);
            for (int t = 0; t < tiles; t++) {
                if (places[t] >= 0) {
                    System.arraycopy(values, t * channels, y.data(), y.at() + places[t], channels);
                }
            }
        }
    }
}
