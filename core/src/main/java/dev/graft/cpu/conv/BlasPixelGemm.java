package dev.graft.cpu.conv;

import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.PlainEpilogue;
import dev.graft.cpu.gemm.DeepSums;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;

/**
 * Convolution as a matrix product: gathered pixels (im2col) times packed weights, with the epilogue applied on the way
 * back to the heap.
 */
final class BlasPixelGemm {
    // Rows of a tile: enough to make up for packing the weights again for each tile, few enough to stay in the
    // second-level
    // cache.
    private static final int TILE = 256;
    private static final int COLUMNS = 128;
    /** Depth of a sum in floats; deeper sums are accumulated in double. */
    private static final int DEEP = 9 * 512;

    private final ExecutionContext context;

    BlasPixelGemm(ExecutionContext context) {
        this.context = context;
    }

    /**
     * @param group result channels of one group
     * @param weights all groups' matrices, {@code transposed} as {@code [group][depth]} or {@code [depth][group]}
     */
    record Target(ImageArray images, int group, MatrixBuffer weights, boolean transposed) {}

    /**
     * One rectangle of the product: result pixels {@code [from, to)}, channels {@code [channel, channel + count)}
     * within the group.
     */
    private record Block(int group, int from, int to, int channel, int count) {}

    /** Runs the product for all groups; {@code source} describes group 0. */
    void run(int images, Im2col source, Target target, PlainEpilogue epilogue) {
        int pixels = images * source.map().rows() * source.map().columns();
        int groups = target.images.channels() / target.group();
        long weightSize = (long) source.depth() * target.group();
        if (groups == 1 && pixels < 2 * TILE && target.group() >= 2 * COLUMNS && weightSize >= 1 << 17) {
            runByColumns(pixels, source, target, epilogue);
        } else {
            runByPixels(pixels, groups, source, target, epilogue);
        }
    }

    private void runByPixels(int pixels, int groups, Im2col source, Target target, PlainEpilogue epilogue) {
        int tiles = (pixels + TILE - 1) / TILE;
        if (tiles > 1) {
            // The number of threads is usually even.
            tiles = (tiles + 3) / 4 * 4;
        }
        int rows = (pixels + tiles - 1) / tiles;
        int depth = source.depth();
        int count = (pixels + rows - 1) / rows;
        context.forEach(count * groups, task -> {
            int group = task / count;
            int from = task % count * rows;
            Block block = new Block(group, from, Math.min(pixels, from + rows), 0, target.group());
            MatrixBuffer left = context.workspace().buffer(Workspace.Slot.LEFT, (long) rows * depth);
            Im2col part = new Im2col(
                    source.data(),
                    source.at(),
                    source.height(),
                    source.width(),
                    source.channels(),
                    group * source.count(),
                    source.count(),
                    source.map());
            part.fill(block.from, block.to, left, 0);
            multiply(block, left, 0, depth, target, source.map(), epilogue);
        });
    }

    // Few pixels and many weights: every thread takes all pixels and a share of the weights, so that weights are read
    // once.
    private void runByColumns(int pixels, Im2col source, Target target, PlainEpilogue epilogue) {
        int depth = source.depth();
        MatrixBuffer left = context.workspace().buffer(Workspace.Slot.SHARED_LEFT, (long) pixels * depth);
        context.forRange(pixels, 16, (from, to) -> source.fill(from, to, left, from * depth));
        int blocks = Math.min(8, target.group() / COLUMNS);
        int width = (target.group() + blocks - 1) / blocks;
        context.forEach(blocks, task -> {
            int channel = task * width;
            Block block = new Block(0, 0, pixels, channel, Math.min(width, target.group() - channel));
            multiply(block, left, 0, depth, target, source.map(), epilogue);
        });
    }

    private void multiply(
            Block block,
            MatrixBuffer left,
            int leftAt,
            int depth,
            Target target,
            PixelMap map,
            PlainEpilogue epilogue) {
        int rows = block.to - block.from;
        int n = block.count;
        MatrixBuffer result = context.workspace().buffer(Workspace.Slot.RESULT, (long) rows * n);
        int weightsAt = block.group * target.group * depth + block.channel * (target.transposed ? depth : 1);
        int step = target.transposed ? depth : target.group;
        DeepSums sums = new DeepSums(context.workspace(), depth > DEEP ? rows * n : 0);
        for (int k = 0; k < depth; k += DEEP) {
            context.blas()
                    .multiply(
                            false,
                            target.transposed,
                            rows,
                            n,
                            Math.min(DEEP, depth - k),
                            left,
                            leftAt + k,
                            depth,
                            target.weights,
                            weightsAt + k * (target.transposed ? 1 : target.group),
                            step,
                            0f,
                            result,
                            0,
                            n);
            if (depth > DEEP) {
                sums.add(result);
            }
        }
        if (depth > DEEP) {
            sums.store(result);
        }
        store(block, result, target, map, epilogue);
    }

    private void store(Block block, MatrixBuffer result, Target target, PixelMap map, PlainEpilogue epilogue) {
        int n = block.count;
        int firstChannel = block.group * target.group + block.channel;
        ChannelBlocks rows = ChannelBlocks.of(block.to - block.from, n);
        PlainEpilogue.Channels channels = epilogue.channels(rows, firstChannel);
        boolean whole = n == target.images.channels() && map.fillsResult();
        if (whole && channels.isEmpty()) {
            result.get(0, target.images.data(), target.images.at() + block.from * n, rows.rows() * n);
            return;
        }
        float[] values = context.workspace().floats(0, rows.width());
        float[] residuals = context.workspace().floats(1, rows.width());
        for (int row = 0; row < rows.rows(); row += rows.blockRows()) {
            int height = Math.min(rows.blockRows(), rows.rows() - row);
            int count = height * n;
            result.get(row * n, values, 0, count);
            channels.scaleShift(values, count);
            for (int r = 0; r < (whole ? 1 : height); r++) {
                int place = map.place(target.images, block.from + row + r) + firstChannel;
                channels.loadResidual(place, residuals, r * n, whole ? count : n);
            }
            channels.addResidual(residuals, values, count);
            channels.activate(values, count);
            for (int r = 0; r < (whole ? 1 : height); r++) {
                int place = map.place(target.images, block.from + row + r) + firstChannel;
                System.arraycopy(values, r * n, target.images.data(), target.images.at() + place, whole ? count : n);
            }
        }
    }
}
