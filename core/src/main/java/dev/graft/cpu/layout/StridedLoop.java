package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.List;

/**
 * Runs an element kernel over float views of any strides.
 *
 * <p>C2 vectorizes a loop only if all arrays are read and written at the same index. So kernels take arrays that share
 * an index range. Operands with another layout (other strides, other offsets, broadcast) are copied through small
 * blocks that stay in the first-level cache, which is 2 to 4 times faster than indexing them in the loop.
 */
public final class StridedLoop {
    private static final int GRAIN = 1 << 15;
    /** Runs of at most this length are copied column by column. */
    private static final int SHORT = 16;

    /** A kernel on elements {@code [from, to)} of all arrays. */
    @FunctionalInterface
    public interface Body {
        void run(float[][] arrays, int from, int to);
    }

    /** A view and what the kernel does with it. */
    public record Operand(View view, boolean loaded, boolean stored) {}

    private StridedLoop() {}

    public static Operand in(View view) {
        return new Operand(view, true, false);
    }

    public static Operand out(View view) {
        return new Operand(view, false, true);
    }

    public static Operand inOut(View view) {
        return new Operand(view, true, true);
    }

    /** Runs {@code body} with one array for each operand; the last operand decides the order in memory. */
    public static void run(ExecutionContext context, Body body, Operand... operands) {
        Prepared prepared = Prepared.of(operands);
        context.forRange(prepared.walk.total(), GRAIN, (from, to) -> prepared.run(context, body, from, to));
    }

    /**
     * As {@link #run} for each element of the list, in one loop over all of them, one after another: many small tensors
     * keep the threads as busy as a large one.
     */
    public static void runAll(ExecutionContext context, Body body, List<Operand[]> tensors) {
        Prepared[] all = new Prepared[tensors.size()];
        int count = 0;
        for (Operand[] operands : tensors) {
            Prepared prepared = Prepared.of(operands);
            if (prepared.walk.total() > 0) {
                all[count++] = prepared;
            }
        }
        int next;
        for (int i = 0; i < count; i = next) {
            long total = 0;
            for (next = i; next < count && total + all[next].walk.total() <= Integer.MAX_VALUE; next++) {
                total += all[next].walk.total();
            }
            runTogether(context, body, Arrays.copyOfRange(all, i, next), (int) total);
        }
    }

    private static void runTogether(ExecutionContext context, Body body, Prepared[] all, int total) {
        int[] ends = new int[all.length];
        for (int i = 0; i < all.length; i++) {
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + all[i].walk.total();
        }
        context.forRange(total, GRAIN, (from, to) -> {
            int tensor = Arrays.binarySearch(ends, from + 1);
            tensor = tensor < 0 ? -1 - tensor : tensor;
            for (int at = from; at < to; tensor++) {
                int start = ends[tensor] - all[tensor].walk.total();
                int end = Math.min(to, ends[tensor]);
                all[tensor].run(context, body, at - start, end - start);
                at = end;
            }
        });
    }

    /** Operands with their arrays, and whether a loop may use one index for all of them. */
    private record Prepared(Operand[] operands, float[][] arrays, StridedWalk walk, boolean sharesIndex) {
        static Prepared of(Operand... operands) {
            float[][] arrays = new float[operands.length][];
            View[] views = new View[operands.length];
            for (int i = 0; i < operands.length; i++) {
                views[i] = operands[i].view();
                arrays[i] = operands[i].stored() ? CpuStorage.floatsToWrite(views[i]) : CpuStorage.floats(views[i]);
            }
            StridedWalk walk = StridedWalk.of(operands.length - 1, views);
            return new Prepared(operands, arrays, walk, StridedLoop.sharesIndex(walk, operands.length));
        }

        void run(ExecutionContext context, Body body, int from, int to) {
            if (sharesIndex) {
                int at = walk.offset(0);
                body.run(arrays, at + from, at + to);
            } else {
                staged(context.workspace(), body, operands, arrays, walk, from, to);
            }
        }
    }

    private static boolean sharesIndex(StridedWalk walk, int operands) {
        for (int i = 0; i < operands; i++) {
            if (!walk.isDense(i) || walk.offset(i) != walk.offset(0)) {
                return false;
            }
        }
        return true;
    }

    private static void staged(
            Workspace workspace, Body body, Operand[] operands, float[][] arrays, StridedWalk walk, int from, int to) {
        float[][] blocks = new float[operands.length][];
        for (int i = 0; i < operands.length; i++) {
            blocks[i] = workspace.floats(i, Workspace.BLOCK);
        }
        for (int start = from; start < to; start += Workspace.BLOCK) {
            int end = Math.min(to, start + Workspace.BLOCK);
            for (int i = 0; i < operands.length; i++) {
                if (operands[i].loaded()) {
                    load(walk, i, arrays[i], start, end, blocks[i]);
                }
            }
            body.run(blocks, 0, end - start);
            for (int i = 0; i < operands.length; i++) {
                if (operands[i].stored()) {
                    store(walk, i, arrays[i], start, end, blocks[i]);
                }
            }
        }
    }

    /** Copies walk positions {@code [from, to)} of a view to the start of {@code block}. */
    public static void load(StridedWalk walk, int view, float[] data, int from, int to, float[] block) {
        int step = walk.step(view);
        walk.rows(view, from, to, (at, position, rows, rowStep, count) -> {
            int b = position - from;
            if (step == 1 && rowStep == count) {
                System.arraycopy(data, at, block, b, rows * count);
                return;
            }
            if (count <= SHORT && rows > 1) {
                loadColumns(data, at, rows, rowStep, count, step, block, b);
                return;
            }
            for (int r = 0; r < rows; r++) {
                loadRun(data, at + r * rowStep, step, count, block, b + r * count);
            }
        });
    }

    private static void loadRun(float[] data, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            System.arraycopy(data, at, block, to, count);
        } else if (step == 0) {
            Arrays.fill(block, to, to + count, data[at]);
        } else {
            for (int i = 0, x = at; i < count; i++, x += step) {
                block[to + i] = data[x];
            }
        }
    }

    // A loop over a short row would be too short to be worth its start.
    private static void loadColumns(
            float[] data, int at, int rows, int rowStep, int count, int step, float[] block, int to) {
        for (int i = 0; i < count; i++) {
            int x = at + i * step;
            int b = to + i;
            for (int r = 0; r < rows; r++) {
                block[b + r * count] = data[x + r * rowStep];
            }
        }
    }

    /** The reverse of {@link #load}. */
    public static void store(StridedWalk walk, int view, float[] data, int from, int to, float[] block) {
        int step = walk.step(view);
        walk.rows(view, from, to, (at, position, rows, rowStep, count) -> {
            int b = position - from;
            if (step == 1 && rowStep == count) {
                System.arraycopy(block, b, data, at, rows * count);
                return;
            }
            if (count <= SHORT && rows > 1) {
                storeColumns(block, b, rows, rowStep, count, step, data, at);
                return;
            }
            for (int r = 0; r < rows; r++) {
                storeRun(block, b + r * count, step, count, data, at + r * rowStep);
            }
        });
    }

    private static void storeRun(float[] block, int from, int step, int count, float[] data, int at) {
        if (step == 1) {
            System.arraycopy(block, from, data, at, count);
        } else {
            for (int i = 0, y = at; i < count; i++, y += step) {
                data[y] = block[from + i];
            }
        }
    }

    private static void storeColumns(
            float[] block, int from, int rows, int rowStep, int count, int step, float[] data, int at) {
        for (int i = 0; i < count; i++) {
            int y = at + i * step;
            int b = from + i;
            for (int r = 0; r < rows; r++) {
                data[y + r * rowStep] = block[b + r * count];
            }
        }
    }
}
