package dev.graft.cpu.conv.winograd;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.GradientParts;
import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.gemm.TransposedMicroKernel;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The gradient of a 3x3 convolution's weights by {@link WinogradStride1}: the transformed gradient of the weights is,
 * position by position, the sum over tiles of transformed output gradients times transformed patches. It is computed in
 * blocks of {@link #WIDTH} by {@link #WIDTH} channels.
 *
 * <p>With few blocks, every task transforms a share of the tiles for one block, and the shares are added in order. With
 * many blocks, all tiles are transformed once, one run at a time, and every task computes one block of the gradient.
 */
public final class VectorWinogradWeightGradient {
    private static final int LANES = Vectors.LANES;
    private static final int WIDTH = MicroKernel.WIDTH;
    /** Tiles that one task transforms at a time: with the block's sums, they fit the second-level cache. */
    private static final int RUN = 36;
    /** Tiles that all tasks transform at a time. */
    private static final int SHARED_RUN = 128;
    /** The distance from one position to the next in a block's sums. */
    private static final int STEP = VectorWinograd.position(WIDTH * WIDTH);

    private static final int MAX_TASKS = 16;

    private final ExecutionContext context;
    private final WinogradStride1 transforms;

    public VectorWinogradWeightGradient(ExecutionContext context, WinogradStride1 transforms) {
        this.context = context;
        this.transforms = transforms;
    }

    /** Floats in a block's sums. */
    private int sumsSize() {
        return transforms.positions * STEP;
    }

    /**
     * Writes {@code dw}; returns whether all of it is finite. A non-finite value may be right or wrong, as
     * {@link VectorWinograd#forward} explains.
     */
    public boolean run(int images, ImageArray x, ImageArray dy, View dw, Conv2dParams params) {
        WinogradTiles gradients = WinogradTiles.of(transforms, images, dy);
        Pass pass =
                new Pass(gradients, gradients.patches(x, params.padTop(), params.padLeft()), dw, new AtomicBoolean());
        int blocks = pass.outputBlocks() * pass.inputBlocks();
        return GradientParts.run(
                context,
                pass.gradients.count(),
                GradientParts.PIXELS / (transforms.tile * transforms.tile),
                dw,
                (first, count) -> {
                    if (blocks > MAX_TASKS / 2) {
                        runByBlocks(pass, first, count, blocks);
                    } else {
                        runByTiles(pass, first, count, blocks);
                    }
                    return !pass.strange.get();
                });
    }

    private record Pass(WinogradTiles gradients, WinogradTiles patches, View dw, AtomicBoolean strange) {
        int outputBlocks() {
            return (dw.dim(0) + WIDTH - 1) / WIDTH;
        }

        int inputBlocks() {
            return (dw.dim(1) + WIDTH - 1) / WIDTH;
        }

        int firstOutput(int block) {
            return block / inputBlocks() * WIDTH;
        }

        int outputs(int block) {
            return Math.min(WIDTH, dw.dim(0) - firstOutput(block));
        }

        int firstInput(int block) {
            return block % inputBlocks() * WIDTH;
        }

        int inputs(int block) {
            return Math.min(WIDTH, dw.dim(1) - firstInput(block));
        }
    }

    private static int position(int floats) {
        return VectorWinograd.position(floats);
    }

    private void runByTiles(Pass pass, int firstTile, int tiles, int blocks) {
        int most = Math.max(1, Math.min(MAX_TASKS / blocks, tiles / (2 * RUN)));
        int share = (tiles + most - 1) / most;
        // Every piece has tiles: its sums begin with its first product.
        int pieces = (tiles + share - 1) / share;
        float[] sums = context.workspace().array(Workspace.Slot.SHARED_RESULT, pieces * blocks * sumsSize());
        context.forEach(pieces * blocks, task -> {
            int block = task % blocks;
            int sumsAt = task * sumsSize();
            int position = position(RUN * WIDTH);
            Workspace workspace = context.workspace();
            float[] m = workspace.array(Workspace.Slot.LEFT, transforms.positions * position);
            float[] v = workspace.array(Workspace.Slot.RIGHT, transforms.positions * position);
            WinogradTiles.Transformed gradients = WinogradTiles.Transformed.whole(m, WIDTH, position);
            WinogradTiles.Transformed patches = WinogradTiles.Transformed.whole(v, WIDTH, position);
            int start = firstTile + task / blocks * share;
            int end = Math.min(firstTile + tiles, start + share);
            for (int tile = start; tile < end; tile += RUN) {
                int count = Math.min(RUN, end - tile);
                for (int i = 0; i < count; i++) {
                    pass.gradients.transformGradient(
                            transforms,
                            workspace,
                            tile + i,
                            pass.firstOutput(block),
                            pass.outputs(block),
                            gradients,
                            i * WIDTH);
                    pass.patches.transformPatch(
                            workspace, tile + i, pass.firstInput(block), pass.inputs(block), patches, i * WIDTH);
                }
                multiply(pass, block, m, 0, v, 0, position, count, sums, sumsAt, tile > start);
            }
        });
        context.forEach(blocks, block -> {
            for (int piece = 1; piece < pieces; piece++) {
                Vectors.add(sums, (piece * blocks + block) * sumsSize(), sums, block * sumsSize(), sumsSize());
            }
            store(pass, block, sums, block * sumsSize());
        });
    }

    private void runByBlocks(Pass pass, int firstTile, int tiles, int blocks) {
        int runs = (tiles + SHARED_RUN - 1) / SHARED_RUN;
        int run = (tiles + runs - 1) / runs;
        int position = position(run * WIDTH);
        int panel = transforms.positions * position;
        float[] m = context.workspace().array(Workspace.Slot.SHARED_LEFT, pass.outputBlocks() * panel);
        float[] v = context.workspace().array(Workspace.Slot.SHARED_RIGHT, pass.inputBlocks() * panel);
        WinogradTiles.Transformed gradients = new WinogradTiles.Transformed(m, WIDTH, position, panel);
        WinogradTiles.Transformed patches = new WinogradTiles.Transformed(v, WIDTH, position, panel);
        float[] kept =
                runs == 1 ? new float[0] : context.workspace().array(Workspace.Slot.SHARED_RESULT, blocks * sumsSize());
        int end = firstTile + tiles;
        for (int first = firstTile; first < end; first += run) {
            int start = first;
            int count = Math.min(run, end - first);
            context.forRange(count, 2, (from, to) -> {
                Workspace workspace = context.workspace();
                for (int i = from; i < to; i++) {
                    pass.gradients.transformGradient(
                            transforms, workspace, start + i, 0, pass.dw.dim(0), gradients, i * WIDTH);
                    pass.patches.transformPatch(workspace, start + i, 0, pass.dw.dim(1), patches, i * WIDTH);
                }
            });
            context.forEach(blocks, block -> {
                float[] sums = runs == 1 ? context.workspace().array(Workspace.Slot.RESULT, sumsSize()) : kept;
                int sumsAt = runs == 1 ? 0 : block * sumsSize();
                multiply(
                        pass,
                        block,
                        m,
                        block / pass.inputBlocks() * panel,
                        v,
                        block % pass.inputBlocks() * panel,
                        position,
                        count,
                        sums,
                        sumsAt,
                        start > firstTile);
                if (start + count == end) {
                    store(pass, block, sums, sumsAt);
                }
            });
        }
    }

    /** Stores the products of {@code count} tiles in a block's sums {@code [position][output][input]}, or adds them. */
    private void multiply(
            Pass pass,
            int block,
            float[] m,
            int mAt,
            float[] v,
            int vAt,
            int position,
            int count,
            float[] sums,
            int sumsAt,
            boolean add) {
        int outputs = pass.outputs(block);
        int inputs = pass.inputs(block);
        for (int p = 0; p < transforms.positions; p++) {
            TransposedMicroKernel.multiply(
                    m,
                    mAt + p * position,
                    v,
                    vAt + p * position,
                    sums,
                    sumsAt + p * STEP,
                    WIDTH,
                    outputs,
                    inputs,
                    count,
                    add);
        }
    }

    private void store(Pass pass, int block, float[] sums, int sumsAt) {
        View dw = pass.dw;
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = CpuStorage.strides(dw);
        Workspace workspace = context.workspace();
        NonFiniteWatch watch = NonFiniteWatch.begin(workspace);
        float[] taps = workspace.floats(0, 9 * LANES);
        boolean inPlace = strides[1] == 1 && strides[2] == 3 * strides[3];
        for (int o = 0; o < pass.outputs(block); o++) {
            for (int c = 0; c < pass.inputs(block); c += LANES) {
                int from = sumsAt + o * WIDTH + c;
                int at = CpuStorage.offset(dw)
                        + (pass.firstOutput(block) + o) * strides[0]
                        + (pass.firstInput(block) + c) * strides[1];
                if (inPlace) {
                    transforms.weightGradient(sums, from, STEP, data, at, strides[3], watch.sums());
                    continue;
                }
                transforms.weightGradient(sums, from, STEP, taps, 0, LANES, watch.sums());
                for (int lane = 0; lane < LANES; lane++) {
                    scatter(taps, lane, data, at + lane * strides[1], strides[2], strides[3]);
                }
            }
        }
        if (!watch.isFinite()) {
            pass.strange.set(true);
        }
    }

    private static void scatter(float[] taps, int lane, float[] data, int at, int row, int column) {
        data[at] = taps[lane];
        data[at + column] = taps[LANES + lane];
        data[at + 2 * column] = taps[2 * LANES + lane];
        data[at + row] = taps[3 * LANES + lane];
        data[at + row + column] = taps[4 * LANES + lane];
        data[at + row + 2 * column] = taps[5 * LANES + lane];
        data[at + 2 * row] = taps[6 * LANES + lane];
        data[at + 2 * row + column] = taps[7 * LANES + lane];
        data[at + 2 * row + 2 * column] = taps[8 * LANES + lane];
    }
}
