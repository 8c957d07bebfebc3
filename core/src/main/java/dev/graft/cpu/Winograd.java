package dev.graft.cpu;

import static dev.graft.cpu.WinogradTransforms.PATCH;
import static dev.graft.cpu.WinogradTransforms.POSITIONS;
import static dev.graft.cpu.WinogradTransforms.TILE;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import java.util.Arrays;

/**
 * 3x3 convolution of stride 1, and its gradient for the input, by {@link WinogradTransforms}: patches are transformed, multiplied position by
 * position with transformed weights, and transformed back.
 *
 * <p>Few channels: every task takes a run of tiles through all three steps, and the transformed weights are shared. Many channels: the
 * transformed weights (four times the weights) would not fit a cache, so tasks share the transformed patches instead; each takes a panel of
 * result channels and transforms its weights piece by piece, next to their use.
 */
final class Winograd {
    private static final int LANES = VectorKernels.LANES;
    private static final int WIDTH = MicroKernel.WIDTH;
    /** Tiles of a task that goes by tiles; a multiple of the micro-kernel's rows. */
    private static final int RUN = 6 * MicroKernel.ROWS;
    /** Tiles in flight when tasks go by channels: with a piece of weights, their products fit the second-level cache. */
    private static final int SHARED_RUN = 12 * MicroKernel.ROWS;
    /** Depth of a piece of weights. */
    private static final int PIECE = 32;
    /** Transformed weights up to this many floats are shared whole. */
    private static final int SHARED_WEIGHTS = POSITIONS * 128 * 128;

    private final Engine engine;

    Winograd(Engine engine) {
        this.engine = engine;
    }

    /** Whether the algorithm serves this convolution well: channels in whole vectors, and enough of them to repay the transforms. */
    static boolean fits(View w, Conv2dParams params) {
        return w.dim(2) == 3 && w.dim(3) == 3 && params.strideH() == 1 && params.strideW() == 1 && params.dilationH() == 1
                && params.dilationW() == 1 && params.groups() == 1 && params.padTop() <= 2 && params.padLeft() <= 2
                && w.dim(0) % LANES == 0 && w.dim(1) % LANES == 0 && w.dim(0) >= 32 && w.dim(1) >= 32;
    }

    /** {@code y = epilogue(conv(x, w))}. */
    void forward(int images, Images x, View w, VectorEpilogue epilogue, Images y, Conv2dParams params) {
        run(new Pass(images, x, y, params.padTop(), params.padLeft(), TapWeights.forward(w), epilogue));
    }

    /** {@code dx}: the convolution of {@code dy} with the kernel turned by 180 degrees. */
    void backwardInput(int images, Images dy, View w, Images dx, Conv2dParams params) {
        run(new Pass(images, dy, dx, 2 - params.padTop(), 2 - params.padLeft(), TapWeights.turned(w), VectorEpilogue.NONE));
    }

    /** One convolution: where it reads and writes and how its result is cut into tiles. */
    private record Pass(int images, Images source, Images target, int padTop, int padLeft, TapWeights weights, VectorEpilogue epilogue) {

        int tileRows() {
            return (target.height() + TILE - 1) / TILE;
        }

        int tileColumns() {
            return (target.width() + TILE - 1) / TILE;
        }

        int tiles() {
            return images * tileRows() * tileColumns();
        }
    }

    private void run(Pass pass) {
        int depth = pass.source.channels();
        int columns = pass.target.channels();
        int tiles = pass.tiles();
        boolean fewWeights = POSITIONS * (long) depth * columns <= SHARED_WEIGHTS;
        if (fewWeights && (tiles > 4 * RUN || columns <= WIDTH)) {
            runByTiles(pass, tiles, depth, columns);
        } else {
            runByChannels(pass, tiles, depth, columns);
        }
    }

    private void runByTiles(Pass pass, int tiles, int depth, int columns) {
        int uPosition = position(depth * WIDTH);
        int panelSize = POSITIONS * uPosition;
        float[] u = transformed(pass.weights, depth, columns, uPosition);
        engine.forRange(tiles, RUN, (from, to) -> {
            Workspace workspace = engine.workspace();
            int count = to - from;
            int vPosition = position(count * depth);
            int mPosition = position(count * WIDTH);
            float[] v = workspace.array(Workspace.Slot.LEFT, POSITIONS * vPosition);
            float[] m = workspace.array(Workspace.Slot.RESULT, POSITIONS * mPosition);
            for (int tile = from; tile < to; tile++) {
                transformPatch(pass, tile, v, (tile - from) * depth, vPosition);
            }
            for (int column = 0; column < columns; column += WIDTH) {
                int width = Math.min(WIDTH, columns - column);
                for (int p = 0; p < POSITIONS; p++) {
                    MicroKernel.multiply(v, p * vPosition, depth, 1, u, column / WIDTH * panelSize + p * uPosition, width, m, p * mPosition,
                            width, count, width, depth, false);
                }
                for (int tile = from; tile < to; tile++) {
                    store(pass, tile, m, (tile - from) * width, mPosition, column, width);
                }
            }
        });
    }

    private void runByChannels(Pass pass, int tiles, int depth, int columns) {
        int runs = (tiles + SHARED_RUN - 1) / SHARED_RUN;
        int run = (tiles + runs - 1) / runs;
        int vPosition = position(run * depth);
        int mPosition = position(run * WIDTH);
        int uPosition = position(PIECE * WIDTH);
        float[] v = engine.workspace().array(Workspace.Slot.SHARED_LEFT, POSITIONS * vPosition);
        float[] taps = vectors(pass.weights, depth, columns);
        for (int start = 0; start < tiles; start += run) {
            int first = start;
            int count = Math.min(run, tiles - start);
            engine.forRange(count, 2, (from, to) -> {
                for (int i = from; i < to; i++) {
                    transformPatch(pass, first + i, v, i * depth, vPosition);
                }
            });
            engine.forEach((columns + WIDTH - 1) / WIDTH, panel -> {
                Workspace workspace = engine.workspace();
                int column = panel * WIDTH;
                int width = Math.min(WIDTH, columns - column);
                float[] u = workspace.array(Workspace.Slot.RIGHT, POSITIONS * uPosition);
                float[] m = workspace.array(Workspace.Slot.RESULT, POSITIONS * mPosition);
                for (int k = 0; k < depth; k += PIECE) {
                    int piece = Math.min(PIECE, depth - k);
                    for (int j = 0; j < width; j += LANES) {
                        transform(taps, ((column + j) / LANES * depth + k) * 9 * LANES, piece, u, j, width, uPosition);
                    }
                    for (int p = 0; p < POSITIONS; p++) {
                        MicroKernel.multiply(v, p * vPosition + k, depth, 1, u, p * uPosition, width, m, p * mPosition, width, count,
                                width, piece, k > 0);
                    }
                }
                for (int i = 0; i < count; i++) {
                    store(pass, first + i, m, i * width, mPosition, column, width);
                }
            });
        }
    }

    // A transform writes to all positions in turn: an odd number of cache lines apart, they do not fight for the same sets of a cache.
    private static int position(int floats) {
        int lines = (floats + 15) / 16;
        return (lines % 2 == 0 ? lines + 1 : lines) * 16;
    }

    /** All weights, transformed: a panel of columns after the other, each {@code [position][depth][width]}. */
    private float[] transformed(TapWeights weights, int depth, int columns, int uPosition) {
        int pieces = (depth + PIECE - 1) / PIECE;
        int panels = (columns + WIDTH - 1) / WIDTH;
        return weights.packed(engine, "winograd", panels * POSITIONS * uPosition, u -> engine.forEach(panels * pieces, task -> {
            int column = task / pieces * WIDTH;
            int width = Math.min(WIDTH, columns - column);
            int k = task % pieces * PIECE;
            int piece = Math.min(PIECE, depth - k);
            float[] taps = engine.workspace().floats(0, piece * 9 * LANES);
            for (int j = 0; j < width; j += LANES) {
                weights.gather(column + j, LANES, k, k + piece, taps, 0, 9 * LANES, LANES);
                transform(taps, 0, piece, u, task / pieces * POSITIONS * uPosition + k * width + j, width, uPosition);
            }
        }));
    }

    /** All weights, a vector of columns after the other, each {@code [depth][tap][lanes]}. */
    private float[] vectors(TapWeights weights, int depth, int columns) {
        int vector = depth * 9 * LANES;
        return weights.packed(engine, "winograd taps", columns / LANES * vector, packed -> engine.forEach(columns / LANES,
                i -> weights.gather(i * LANES, LANES, 0, depth, packed, i * vector, 9 * LANES, LANES)));
    }

    /** Transforms {@code depth} rows of one vector of columns. */
    private void transform(float[] taps, int tapsAt, int depth, float[] u, int uAt, int width, int uPosition) {
        float[] scratch = engine.workspace().floats(1, WinogradTransforms.SCRATCH);
        for (int k = 0; k < depth; k++) {
            WinogradTransforms.weights(taps, tapsAt + k * 9 * LANES, LANES, u, uAt + k * width, uPosition, scratch);
        }
    }

    private void transformPatch(Pass pass, int tile, float[] v, int vAt, int vPosition) {
        Images x = pass.source;
        int channels = x.channels();
        int perImage = pass.tileRows() * pass.tileColumns();
        int image = tile / perImage;
        int top = tile % perImage / pass.tileColumns() * TILE - pass.padTop;
        int left = tile % pass.tileColumns() * TILE - pass.padLeft;
        Workspace workspace = engine.workspace();
        float[] scratch = workspace.floats(1, WinogradTransforms.SCRATCH);
        if (top >= 0 && left >= 0 && top + PATCH <= x.height() && left + PATCH <= x.width()) {
            WinogradTransforms.input(x.data(), x.at() + x.place(image, top, left), x.width() * channels, channels, v, vAt, vPosition, channels,
                    scratch);
            return;
        }
        float[] patch = workspace.floats(0, POSITIONS * channels);
        int first = Math.max(0, -left);
        int last = Math.max(first, Math.min(PATCH, x.width() - left));
        for (int i = 0; i < PATCH; i++) {
            int row = i * PATCH * channels;
            if (top + i < 0 || top + i >= x.height()) {
                Arrays.fill(patch, row, row + PATCH * channels, 0f);
                continue;
            }
            Arrays.fill(patch, row, row + first * channels, 0f);
            System.arraycopy(x.data(), x.at() + x.place(image, top + i, left + first), patch, row + first * channels, (last - first) * channels);
            Arrays.fill(patch, row + last * channels, row + PATCH * channels, 0f);
        }
        WinogradTransforms.input(patch, 0, PATCH * channels, channels, v, vAt, vPosition, channels, scratch);
    }

    private void store(Pass pass, int tile, float[] m, int mAt, int mPosition, int column, int width) {
        Images y = pass.target;
        int perImage = pass.tileRows() * pass.tileColumns();
        int image = tile / perImage;
        int top = tile % perImage / pass.tileColumns() * TILE;
        int left = tile % pass.tileColumns() * TILE;
        int rows = Math.min(TILE, y.height() - top);
        int columns = Math.min(TILE, y.width() - left);
        Workspace workspace = engine.workspace();
        float[] scratch = workspace.floats(1, WinogradTransforms.SCRATCH);
        if (pass.epilogue.isEmpty() && rows == TILE && columns == TILE) {
            WinogradTransforms.output(m, mAt, mPosition, y.data(), y.at() + y.place(image, top, left) + column, y.width() * y.channels(),
                    y.channels(), width, scratch);
            return;
        }
        float[] pixels = workspace.floats(2, TILE * TILE * WIDTH);
        WinogradTransforms.output(m, mAt, mPosition, pixels, 0, TILE * width, width, width, scratch);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                pass.epilogue.store(pixels, (i * TILE + j) * width, column, width, y.data(), y.at(), y.place(image, top + i, left + j) + column);
            }
        }
    }
}
