package dev.graft.cpu.conv;

import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.GradientParts;
import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The gradient of a convolution's weights: transposed output gradients times gathered pixels. If pixels are many and
 * weights few, the work is divided by pixels, and the partial sums are added in order. If pixels are few and weights
 * many, it is divided by kernel tap or by output channel.
 */
final class BlasWeightGradient {
    private static final int TILE = 1024;
    private static final int MAX_PARTIAL_SUMS = 16;
    private static final int MAX_PARTIAL = 1 << 22;

    private final ExecutionContext context;

    BlasWeightGradient(ExecutionContext context) {
        this.context = context;
    }

    /** Output gradients {@code [pixels][channels]} from {@code at}. */
    record Gradient(float[] data, int at, int channels) {}

    /**
     * Pixels {@code [from, to)} of group {@code group} into the partial sum {@code piece}, for the taps of {@code map}
     * and the outputs {@code [output, output + outputs)}.
     */
    private record Task(int group, int piece, int from, int to, PixelMap map, int depthAt, int output, int outputs) {}

    /** Writes {@code dw}; returns whether all of it is finite. */
    boolean run(int images, int groups, Im2col source, Gradient dy, View dw) {
        return GradientParts.run(
                context,
                images * source.map().rows() * source.map().columns(),
                GradientParts.PIXELS,
                dw,
                (first, count) -> run(first, count, groups, source, dy, dw));
    }

    private boolean run(int first, int pixels, int groups, Im2col source, Gradient dy, View dw) {
        int depth = source.depth();
        int perGroup = dy.channels / groups;
        int size = dy.channels * depth;
        int pieces = pieces(pixels, groups, size);
        List<Task> tasks = tasks(first, pixels, pieces, groups, perGroup, source);
        MatrixBuffer partial = context.workspace().buffer(Workspace.Slot.SHARED_RESULT, (long) pieces * size);
        context.forEach(
                tasks.size(),
                i -> multiply(tasks.get(i), source, dy, perGroup, depth, partial, tasks.get(i).piece * size));
        return store(partial, pieces, size, depth, source, dw);
    }

    private static int pieces(int pixels, int groups, int size) {
        int wanted = Math.min(MAX_PARTIAL_SUMS, pixels / TILE);
        int affordable = Math.max(1, MAX_PARTIAL / size);
        int pieces = Math.max(1, Math.min(wanted, affordable));
        // The number of threads is usually even; with a single odd piece left over, half of them would wait.
        return pieces > 1 && groups == 1 ? pieces / 2 * 2 : pieces;
    }

    private static List<Task> tasks(int first, int pixels, int pieces, int groups, int perGroup, Im2col source) {
        List<Task> tasks = new ArrayList<>();
        int rows = (pixels + pieces - 1) / pieces;
        for (int group = 0; group < groups; group++) {
            for (int piece = 0; piece < pieces; piece++) {
                int from = first + Math.min(pixels, piece * rows);
                int to = Math.min(first + pixels, from + rows);
                if (pieces > 1 || groups > 1) {
                    tasks.add(new Task(group, piece, from, to, source.map(), 0, 0, perGroup));
                } else if (source.map().taps() >= 4) {
                    addTaps(tasks, from, to, source, perGroup);
                } else {
                    addOutputs(tasks, from, to, source.map(), perGroup);
                }
            }
        }
        return tasks;
    }

    private static void addTaps(List<Task> tasks, int from, int to, Im2col source, int perGroup) {
        PixelMap map = source.map();
        int columns = map.columnOffsets().length;
        for (int i = 0; i < map.rowOffsets().length; i++) {
            for (int j = 0; j < columns; j++) {
                tasks.add(new Task(
                        0, 0, from, to, map.onlyRow(i).onlyColumn(j), (i * columns + j) * source.count(), 0, perGroup));
            }
        }
    }

    private static void addOutputs(List<Task> tasks, int from, int to, PixelMap map, int perGroup) {
        int width = Math.max(32, (perGroup + 7) / 8);
        for (int output = 0; output < perGroup; output += width) {
            tasks.add(new Task(0, 0, from, to, map, 0, output, Math.min(width, perGroup - output)));
        }
    }

    private void multiply(
            Task task, Im2col source, Gradient dy, int perGroup, int depth, MatrixBuffer partial, int partialAt) {
        Workspace workspace = context.workspace();
        Im2col part = new Im2col(
                source.data(),
                source.at(),
                source.height(),
                source.width(),
                source.channels(),
                task.group * source.count(),
                source.count(),
                task.map);
        int columns = part.depth();
        int outputs = task.outputs;
        int resultAt = partialAt + (task.group * perGroup + task.output) * depth + task.depthAt;
        MatrixBuffer left = workspace.buffer(Workspace.Slot.LEFT, (long) TILE * outputs);
        MatrixBuffer right = workspace.buffer(Workspace.Slot.RIGHT, (long) TILE * columns);
        float beta = 0f;
        for (int from = task.from; from < task.to; from += TILE) {
            int to = Math.min(task.to, from + TILE);
            int rows = to - from;
            int dyAt = dy.at + from * dy.channels + task.group * perGroup + task.output;
            if (outputs == dy.channels) {
                left.put(0, dy.data, dyAt, rows * outputs);
            } else {
                for (int r = 0; r < rows; r++) {
                    left.put(r * outputs, dy.data, dyAt + r * dy.channels, outputs);
                }
            }
            part.fill(from, to, right, 0);
            context.blas()
                    .multiply(
                            true, false, outputs, columns, rows, left, 0, outputs, right, 0, columns, beta, partial,
                            resultAt, depth);
            beta = 1f;
        }
        if (task.from >= task.to) {
            for (int o = 0; o < outputs; o++) {
                partial.zero(resultAt + o * depth, columns);
            }
        }
    }

    // partial [pieces][O][taps][I] to dw [O, I, KH, KW] in its own layout.
    private boolean store(MatrixBuffer partial, int pieces, int size, int depth, Im2col source, View dw) {
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = CpuStorage.strides(dw);
        int inputs = source.count();
        PixelMap map = source.map();
        AtomicBoolean strange = new AtomicBoolean();
        context.forRange(dw.dim(0), Math.max(1, (1 << 14) / depth), (from, to) -> {
            Workspace workspace = context.workspace();
            float[] sum = workspace.floats(0, depth);
            float[] piece = workspace.floats(1, depth);
            for (int o = from; o < to; o++) {
                partial.get(o * depth, sum, 0, depth);
                for (int p = 1; p < pieces; p++) {
                    partial.get(p * size + o * depth, piece, 0, depth);
                    context.elementLoops().addScaled(1f, piece, sum, 0, depth);
                }
                if (!context.elementLoops().isFinite(sum, 0, depth)) {
                    strange.set(true);
                }
                int b = 0;
                for (int i = 0; i < map.rowOffsets().length; i++) {
                    for (int j = 0; j < map.columnOffsets().length; j++) {
                        int at = CpuStorage.offset(dw)
                                + o * strides[0]
                                + map.kernelRows()[i] * strides[2]
                                + map.kernelColumns()[j] * strides[3];
                        for (int c = 0; c < inputs; c++) {
                            data[at + c * strides[1]] = sum[b++];
                        }
                    }
                }
            }
        });
        return !strange.get();
    }
}
