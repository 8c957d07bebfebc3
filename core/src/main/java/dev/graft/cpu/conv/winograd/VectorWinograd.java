package dev.graft.cpu.conv.winograd;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * 3x3 convolution, or its gradient for the input, by {@link WinogradTransforms}: patches are transformed, multiplied
 * position by position with transformed weights, and transformed back.
 *
 * <p>With few channels, every task takes a run of tiles through all three steps, and the transformed weights are
 * shared. With many channels, the transformed weights (four times the size of the weights) would not fit a cache. Every
 * task then takes a group of tiles and a panel of result channels, and transforms its weights piece by piece, just
 * before their use. The transformed patches of a group are not shared between threads, which might have no cache in
 * common, but they are kept for the thread's next panel.
 */
public final class VectorWinograd {
    private static final int LANES = Vectors.LANES;
    private static final int WIDTH = MicroKernel.WIDTH;
    /** Tiles of a task if the work is divided by tiles; a multiple of the micro-kernel's rows. */
    private static final int RUN = 6 * MicroKernel.ROWS;
    /** The same for tiles with more positions. */
    private static final int SHORT_RUN = 4 * MicroKernel.ROWS;
    /**
     * Tiles of a task if the work is divided by channels: with a piece of the weights, their products fit the
     * second-level cache.
     */
    private static final int GROUP = 16 * MicroKernel.ROWS;
    /** Depth of a block of weights. It is small for few tiles, because gathering weights then dominates. */
    private static final int DEPTH_BLOCK = 64;

    private static final int LONG_DEPTH_BLOCK = 128;
    /** From this many tiles on, pieces are deep. */
    private static final int MANY_TILES = 32;
    /** Up to this many weights of a tap, all transformed weights are shared. */
    private static final int SHARED_WEIGHTS = 128 * 128;
    /** With more positions than this, transformed patches are too large to be kept. */
    private static final int FEW_POSITIONS = 36;

    private final ExecutionContext context;
    private final WinogradTransforms transforms;

    public VectorWinograd(ExecutionContext context, WinogradTransforms transforms) {
        this.context = context;
        this.transforms = transforms;
    }

    /**
     * {@code y = epilogue(conv(x, w))}. Returns for each image whether some of its results are non-finite. These may be
     * right, or come from pixels that other results of the tile read, or from transforms that overflow.
     */
    public boolean[] forward(
            int images, ImageArray x, View w, VectorEpilogue epilogue, ImageArray y, Conv2dParams params) {
        return run(
                images,
                Pass.of(transforms, images, x, y, params.padTop(), params.padLeft(), TapMatrices.forward(w), epilogue));
    }

    /**
     * {@code dx}: the convolution of {@code dy} with the kernel rotated by 180 degrees. Returns the same as
     * {@link #forward}.
     */
    public boolean[] backwardInput(int images, ImageArray dy, View w, ImageArray dx, Conv2dParams params) {
        // With stride 2, the transforms support only padding 1; their first patch begins at the first pixel.
        int top = params.strideH() == 1 ? 2 - params.padTop() : 0;
        int left = params.strideW() == 1 ? 2 - params.padLeft() : 0;
        return run(images, Pass.of(transforms, images, dy, dx, top, left, TapMatrices.turned(w), VectorEpilogue.NONE));
    }

    /** One convolution: what it reads, what it writes. */
    private record Pass(WinogradTiles patches, WinogradTiles results, TapMatrices weights, VectorEpilogue epilogue) {
        static Pass of(
                WinogradTransforms transforms,
                int images,
                ImageArray source,
                ImageArray target,
                int padTop,
                int padLeft,
                TapMatrices weights,
                VectorEpilogue epilogue) {
            WinogradTiles results = WinogradTiles.of(transforms, images, target);
            return new Pass(results.patches(source, padTop, padLeft), results, weights, epilogue);
        }
    }

    private boolean[] run(int images, Pass pass) {
        boolean[] strange = new boolean[images];
        int depth = pass.weights.depth();
        int columns = pass.weights.columns();
        int tiles = pass.results.count();
        boolean fewWeights = (long) depth * columns <= SHARED_WEIGHTS;
        if (manyPositions() || (fewWeights && (tiles > 4 * RUN || columns <= WIDTH))) {
            runByTiles(pass, tiles, depth, columns, strange);
        } else {
            runByChannels(pass, tiles, depth, columns, strange);
        }
        return strange;
    }

    private boolean manyPositions() {
        return transforms.positions > FEW_POSITIONS;
    }

    private void runByTiles(Pass pass, int tiles, int depth, int columns, boolean[] strange) {
        int uPosition = position(depth * WIDTH);
        int panelSize = transforms.matrices * uPosition;
        float[] u = transformed(pass.weights, depth, columns, uPosition);
        context.forRange(tiles, MicroKernel.evenRows(tiles, manyPositions() ? SHORT_RUN : RUN), (from, to) -> {
            Workspace workspace = context.workspace();
            NonFiniteWatch watch = NonFiniteWatch.begin(workspace, Workspace.Slot.WATCH_TILES);
            int count = to - from;
            int vPosition = position(count * depth);
            int mPosition = position(count * WIDTH);
            float[] v = workspace.array(Workspace.Slot.LEFT, transforms.positions * vPosition);
            float[] m = workspace.array(Workspace.Slot.RESULT, transforms.positions * mPosition);
            WinogradTiles.Transformed transformed = WinogradTiles.Transformed.whole(v, depth, vPosition);
            for (int tile = from; tile < to; tile++) {
                pass.patches.transformPatch(workspace, tile, 0, depth, transformed, (tile - from) * depth);
            }
            for (int column = 0; column < columns; column += WIDTH) {
                int width = Math.min(WIDTH, columns - column);
                for (int p = 0; p < transforms.positions; p++) {
                    MicroKernel.multiply(
                            v,
                            p * vPosition,
                            depth,
                            u,
                            column / WIDTH * panelSize + transforms.matrix(p) * uPosition,
                            m,
                            p * mPosition,
                            width,
                            count,
                            width,
                            depth,
                            false);
                }
                for (int tile = from; tile < to; tile++) {
                    pass.results.transformOutput(
                            workspace,
                            tile,
                            m,
                            (tile - from) * width,
                            mPosition,
                            column,
                            width,
                            pass.epilogue,
                            watch,
                            strange);
                }
            }
        });
    }

    private void runByChannels(Pass pass, int tiles, int depth, int columns, boolean[] strange) {
        int groups = (tiles + GROUP - 1) / GROUP;
        int group = (tiles + groups - 1) / groups;
        int most = group < MANY_TILES ? DEPTH_BLOCK : LONG_DEPTH_BLOCK;
        int pieces = (depth + most - 1) / most;
        int vPosition = position(group * most);
        int mPosition = position(group * WIDTH);
        int uPosition = position(most * WIDTH);
        int panels = (columns + WIDTH - 1) / WIDTH;
        Optional<Source> whole = whole(pass.weights, depth, columns, groups);
        Object[] keys = new Object[groups];
        Arrays.setAll(keys, i -> new Object());
        context.forEach(groups * panels, task -> {
            Workspace workspace = context.workspace();
            NonFiniteWatch watch = NonFiniteWatch.begin(workspace, Workspace.Slot.WATCH_TILES);
            int first = task / panels * group;
            int count = Math.min(group, tiles - first);
            float[] v = workspace.filled(
                    Workspace.Slot.LEFT, pieces * transforms.positions * vPosition, keys[task / panels], array -> {
                        WinogradTiles.Transformed transformed =
                                new WinogradTiles.Transformed(array, most, vPosition, transforms.positions * vPosition);
                        for (int i = 0; i < count; i++) {
                            pass.patches.transformPatch(workspace, first + i, 0, depth, transformed, i * most);
                        }
                    });
            int column = task % panels * WIDTH;
            int width = Math.min(WIDTH, columns - column);
            float[] u = workspace.array(Workspace.Slot.RIGHT, transforms.matrices * uPosition);
            float[] m = workspace.array(Workspace.Slot.RESULT, transforms.positions * mPosition);
            for (int k = 0; k < depth; k += most) {
                int piece = Math.min(most, depth - k);
                Source source = whole.isPresent() ? whole.get() : gathered(pass.weights, column, width, k, piece);
                transform(source, column, k, piece, u, 0, width, uPosition);
                for (int p = 0; p < transforms.positions; p++) {
                    MicroKernel.multiply(
                            v,
                            (k / most * transforms.positions + p) * vPosition,
                            most,
                            u,
                            transforms.matrix(p) * uPosition,
                            m,
                            p * mPosition,
                            width,
                            count,
                            width,
                            piece,
                            k > 0);
                }
            }
            for (int i = 0; i < count; i++) {
                pass.results.transformOutput(
                        workspace, first + i, m, i * width, mPosition, column, width, pass.epilogue, watch, strange);
            }
        });
    }

    // A transform writes to all positions in turn. They are an odd number of cache lines apart, so that they do not
    // compete for the same sets of a cache.
    static int position(int floats) {
        int lines = (floats + 15) / 16;
        return (lines % 2 == 0 ? lines + 1 : lines) * 16;
    }

    /** All weights, transformed: one panel of columns after another, each {@code [position][depth][width]}. */
    private float[] transformed(TapMatrices weights, int depth, int columns, int uPosition) {
        int pieces = (depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
        int panels = (columns + WIDTH - 1) / WIDTH;
        return weights.packed(
                context,
                "winograd " + transforms.getClass().getSimpleName(),
                panels * transforms.matrices * uPosition,
                u -> context.forEach(panels * pieces, task -> {
                    int column = task / pieces * WIDTH;
                    int width = Math.min(WIDTH, columns - column);
                    int k = task % pieces * DEPTH_BLOCK;
                    int piece = Math.min(DEPTH_BLOCK, depth - k);
                    Source source = weights.inPlace() ? inPlace(weights) : gathered(weights, column, width, k, piece);
                    transform(
                            source,
                            column,
                            k,
                            piece,
                            u,
                            task / pieces * transforms.matrices * uPosition + k * width,
                            width,
                            uPosition);
                }));
    }

    /** Where weights are read by vectors of columns. */
    private record Source(float[] data, int at, int vectorStep, int depthStep, int tapStep) {}

    private static Source inPlace(TapMatrices weights) {
        return new Source(
                CpuStorage.floats(weights.view()), weights.at(0), LANES, weights.depthStride(), weights.tapStride());
    }

    /** Rows {@code [k, k + depth)} of the {@code width} columns from {@code column} on, and nothing else. */
    private Source gathered(TapMatrices weights, int column, int width, int k, int depth) {
        int vector = depth * 9 * LANES;
        float[] taps = context.workspace().floats(0, width / LANES * vector);
        for (int j = 0; j < width; j += LANES) {
            weights.gather(column + j, LANES, k, k + depth, taps, j / LANES * vector, 9 * LANES, LANES);
        }
        return new Source(taps, -column / LANES * vector - k * 9 * LANES, vector, 9 * LANES, LANES);
    }

    /**
     * The weights themselves, or a copy {@code [vector of columns][depth][tap][lanes]}; empty if weights that have just
     * changed are read only once, because copying all of them would only move them through memory again.
     */
    private Optional<Source> whole(TapMatrices weights, int depth, int columns, int groups) {
        if (weights.inPlace()) {
            return Optional.of(inPlace(weights));
        }
        int vector = depth * 9 * LANES;
        int size = columns / LANES * vector;
        Consumer<float[]> pack = packed -> context.forEach(
                columns / LANES, i -> weights.gather(i * LANES, LANES, 0, depth, packed, i * vector, 9 * LANES, LANES));
        Optional<float[]> copy = groups > 1
                ? Optional.of(weights.packed(context, "winograd taps", size, pack))
                : weights.kept("winograd taps", size, pack);
        return copy.map(c -> new Source(c, 0, vector, 9 * LANES, LANES));
    }

    /** Transforms rows {@code [k, k + depth)} of the {@code width} columns that begin at {@code column}. */
    private void transform(Source source, int column, int k, int depth, float[] u, int uAt, int width, int uPosition) {
        int at = source.at + column / LANES * source.vectorStep + k * source.depthStep;
        for (int i = 0; i < depth; i++) {
            for (int j = 0; j < width; j += LANES) {
                transforms.weights(
                        source.data,
                        at + i * source.depthStep + j / LANES * source.vectorStep,
                        source.tapStep,
                        u,
                        uAt + i * width + j,
                        uPosition);
            }
        }
    }
}
