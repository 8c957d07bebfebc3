package dev.graft.cpu.sequence;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * The gradient of {@link Attention}, with {@code p} the weights: {@code dv = p^T dy}, {@code dp = dy v^T}, {@code ds =
 * p (dp - sum(y dy))}, {@code dq = scale ds k}, {@code dk = scale ds^T q}. A block of queries meets one panel of keys
 * at a time.
 */
public final class AttentionGradient {
    private static final int ROWS = 128;
    private static final int TASKS = 16;
    private static final int LEAST_TASK_ROWS = 128;

    private final ExecutionContext context;
    private final BlockProducts products;

    public AttentionGradient(ExecutionContext context, BlockProducts products) {
        this.context = context;
        this.products = products;
    }

    /** See {@link dev.graft.backend.Backend#attentionBackward}. */
    public void run(
            View q,
            View k,
            View v,
            Optional<View> mask,
            AttentionParams params,
            View y,
            View logSum,
            View dy,
            View dq,
            View dk,
            View dv) {
        context.awaitKernels();
        AttentionSizes sizes = AttentionSizes.of(q, k, v, TASKS, LEAST_TASK_ROWS);
        AttentionMask seen = new AttentionMask(mask, params);
        float[][] in = {CpuStorage.floats(q), CpuStorage.floats(k), CpuStorage.floats(v), CpuStorage.floats(y)};
        float[] dys = CpuStorage.floats(dy);
        float[] sums = CpuStorage.floats(logSum);
        float[] dqs = CpuStorage.floatsToWrite(dq);
        float[] dks = CpuStorage.floatsToWrite(dk);
        float[] dvs = CpuStorage.floatsToWrite(dv);
        int parts = sizes.parts();
        int keyRow = products.padded(sizes.width());
        int valueRow = products.padded(sizes.valueWidth());
        int valuesAt = sizes.keyRows() * keyRow;
        int size = valuesAt + sizes.keyRows() * valueRow;
        // The sums over each task's queries, which are added in the order of the tasks.
        float[] shared = parts == 1
                ? new float[0]
                : context.workspace().array(Workspace.Slot.SHARED_RESULT, Math.multiplyExact(sizes.tasks(), size));
        context.forEach(sizes.tasks(), task -> {
            int n = sizes.item(task);
            int h = sizes.head(task);
            float[] results = parts == 1 ? context.workspace().array(Workspace.Slot.RESULT, size) : shared;
            int at = parts == 1 ? 0 : task * size;
            Arrays.fill(results, at, at + size, 0f);
            new Task(
                            sizes,
                            seen,
                            params.scale(),
                            n,
                            h,
                            HeadMatrix.of(q, in[0], n, h),
                            HeadMatrix.of(y, in[3], n, h),
                            HeadMatrix.of(dy, dys, n, h),
                            HeadMatrix.of(dq, dqs, n, h),
                            results,
                            at,
                            at + valuesAt)
                    .run(
                            HeadMatrix.of(k, in[1], n, h),
                            HeadMatrix.of(v, in[2], n, h),
                            sums,
                            CpuStorage.offset(logSum) + (n * sizes.heads() + h) * sizes.queries(),
                            sizes.first(task),
                            sizes.end(task));
            if (parts == 1) {
                store(results, 0, keyRow, HeadMatrix.of(dk, dks, n, h), sizes.keys(), sizes.width());
                store(results, valuesAt, valueRow, HeadMatrix.of(dv, dvs, n, h), sizes.keys(), sizes.valueWidth());
            }
        });
        if (parts > 1) {
            context.forEach(sizes.tasks() / parts, matrix -> {
                int first = matrix * parts;
                for (int part = 1; part < parts; part++) {
                    int to = first * size;
                    int from = (first + part) * size;
                    for (int i = 0; i < size; i++) {
                        shared[to + i] += shared[from + i];
                    }
                }
                int n = sizes.item(first);
                int h = sizes.head(first);
                int at = first * size;
                store(shared, at, keyRow, HeadMatrix.of(dk, dks, n, h), sizes.keys(), sizes.width());
                store(shared, at + valuesAt, valueRow, HeadMatrix.of(dv, dvs, n, h), sizes.keys(), sizes.valueWidth());
            });
        }
    }

    private static void store(float[] sums, int at, int row, HeadMatrix to, int rows, int count) {
        for (int r = 0; r < rows; r++) {
            to.write(r, 1f, sums, at + r * row, count);
        }
    }

    /** Some queries of one head. The gradients of its keys and values are added to {@code results}. */
    private final class Task {
        private final AttentionSizes sizes;
        private final AttentionMask seen;
        private final float scale;
        private final int n;
        private final int h;
        private final HeadMatrix q;
        private final HeadMatrix y;
        private final HeadMatrix dy;
        private final HeadMatrix dq;
        private final float[] results;
        private final int keysAt;
        private final int valuesAt;
        private final ElementLoops loops = context.elementLoops();
        private final int width = products.width();
        private final int keyRow;
        private final int valueRow;

        private Task(
                AttentionSizes sizes,
                AttentionMask seen,
                float scale,
                int n,
                int h,
                HeadMatrix q,
                HeadMatrix y,
                HeadMatrix dy,
                HeadMatrix dq,
                float[] results,
                int keysAt,
                int valuesAt) {
            this.sizes = sizes;
            this.seen = seen;
            this.scale = scale;
            this.n = n;
            this.h = h;
            this.q = q;
            this.y = y;
            this.dy = dy;
            this.dq = dq;
            this.results = results;
            this.keysAt = keysAt;
            this.valuesAt = valuesAt;
            this.keyRow = products.padded(sizes.width());
            this.valueRow = products.padded(sizes.valueWidth());
        }

        private void run(HeadMatrix k, HeadMatrix v, float[] logSums, int sumsAt, int from, int to) {
            Workspace workspace = context.workspace();
            int keys = seen.keys(to - 1, sizes.keys());
            int e = sizes.width();
            int f = sizes.valueWidth();
            if (seen.hides()
                    && !(q.isFinite(loops, from, to, e)
                            && dy.isFinite(loops, from, to, f)
                            && k.isFinite(loops, 0, keys, e))) {
                runSeen(k, v, logSums, sumsAt, from, to);
                return;
            }
            int columns = products.padded(keys);
            float[] panels = workspace.array(Workspace.Slot.LEFT, (e + f) * columns + keys * keyRow);
            int vAt = e * columns;
            int kAt = vAt + f * columns;
            Panels.pack(products, k.data(), k.at(), k.columnStep(), k.rowStep(), e, keys, panels, 0);
            Panels.scale(scale, panels, 0, vAt);
            Panels.pack(products, v.data(), v.at(), v.columnStep(), v.rowStep(), f, keys, panels, vAt);
            Panels.pack(products, k.data(), k.at(), k.rowStep(), k.columnStep(), keys, e, panels, kAt);
            float[] weights = workspace.floats(0, ROWS * width);
            float[] scores = workspace.floats(1, ROWS * width);
            float[] qs = workspace.floats(2, ROWS * wide(e));
            float[] dys = workspace.floats(3, ROWS * wide(f));
            float[] dqs = workspace.floats(4, ROWS * keyRow);
            float[] inner = workspace.floats(5, ROWS);
            float[] dropped = workspace.floats(6, seen.drops() ? ROWS * width : 1);
            for (int first = from; first < to; first += ROWS) {
                int rows = Math.min(ROWS, to - first);
                Panels.packWide(
                        products, q.data(), q.at() + first * q.rowStep(), q.rowStep(), q.columnStep(), rows, e, qs, 0);
                Panels.packWide(
                        products,
                        dy.data(),
                        dy.at() + first * dy.rowStep(),
                        dy.rowStep(),
                        dy.columnStep(),
                        rows,
                        f,
                        dys,
                        0);
                for (int r = 0; r < rows; r++) {
                    inner[r] = (float) y.dot(first + r, dy, f);
                }
                Arrays.fill(dqs, 0, rows * keyRow, 0f);
                int last = seen.keys(first + rows - 1, sizes.keys());
                for (int j = 0; j < last; j += width) {
                    int count = Math.min(width, last - j);
                    multiplyAll(qs, rows, panels, j * e, keys, j, e, weights);
                    weigh(first, rows, j, count, weights, logSums, sumsAt);
                    multiplyAll(dys, rows, panels, vAt + j * f, keys, j, f, scores);
                    boolean strange = seen.hides()
                            && !(loops.isFinite(inner, 0, rows)
                                    && loops.isFinite(scores, 0, rows * width)
                                    && loops.isFinite(weights, 0, rows * width));
                    if (strange) {
                        clearHidden(first, rows, j, count, weights);
                    }
                    float[] used = weights;
                    if (seen.drops()) {
                        drop(first, rows, j, count, weights, dropped, scores);
                        used = dropped;
                    }
                    for (int r = 0; r < rows; r++) {
                        float d = inner[r];
                        for (int i = r * width; i < (r + 1) * width; i++) {
                            scores[i] = weights[i] * (scores[i] - d) * scale;
                        }
                    }
                    if (strange) {
                        clearHidden(first, rows, j, count, scores);
                    }
                    addTransposed(used, dys, rows, j, count, f, valuesAt, valueRow);
                    addTransposed(scores, qs, rows, j, count, e, keysAt, keyRow);
                    for (int c = 0; c < e; c += width) {
                        int panel = Panels.columns(products, e, c);
                        products.multiply(
                                scores,
                                0,
                                width,
                                panels,
                                kAt + c * keys + j * panel,
                                dqs,
                                c,
                                keyRow,
                                rows,
                                panel,
                                count,
                                true);
                    }
                }
                for (int r = 0; r < rows; r++) {
                    dq.write(first + r, 1f, dqs, r * keyRow, e);
                }
            }
        }

        /** Hidden keys take no part, whatever their values hold and whatever the query's weights are. */
        private void clearHidden(int first, int rows, int j, int count, float[] block) {
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < count; i++) {
                    if (!seen.sees(n, h, first + r, j + i)) {
                        block[r * width + i] = 0f;
                    }
                }
                Arrays.fill(block, r * width + count, (r + 1) * width, 0f);
            }
        }

        /** As {@link #run}, key by key, for numbers of which some are not finite: 0 times such a number is not 0. */
        private void runSeen(HeadMatrix k, HeadMatrix v, float[] logSums, int sumsAt, int from, int to) {
            int e = sizes.width();
            int f = sizes.valueWidth();
            float[] weight = new float[1];
            float[] gradient = new float[1];
            long[] kept = context.workspace().longs(0, 1);
            float[] dqs = context.workspace().floats(4, ROWS * keyRow);
            for (int i = from; i < to; i++) {
                Arrays.fill(dqs, 0, e, 0f);
                float inner = (float) y.dot(i, dy, f);
                for (int j = 0; j < sizes.keys(); j++) {
                    if (!seen.sees(n, h, i, j)) {
                        continue;
                    }
                    float score = 0f;
                    for (int c = 0; c < e; c++) {
                        score += q.get(i, c) * (scale * k.get(j, c));
                    }
                    float shift = logSums[sumsAt + i];
                    float log = logSums[sumsAt + sizes.rows() + i];
                    float p = (float) Math.exp(score + seen.term(n, h, i, j) - shift - log);
                    weight[0] = p;
                    gradient[0] = 0f;
                    for (int c = 0; c < f; c++) {
                        gradient[0] += dy.get(i, c) * v.get(j, c);
                    }
                    if (seen.drops()) {
                        long position = (((long) n * sizes.heads() + h) * sizes.queries() + i) * sizes.keys() + j;
                        seen.fillKept(position, kept, 1);
                        seen.drop(kept, weight, 0, 1);
                        seen.drop(kept, gradient, 0, 1);
                    }
                    float ds = p * (gradient[0] - inner) * scale;
                    for (int c = 0; c < f; c++) {
                        results[valuesAt + j * valueRow + c] += weight[0] * dy.get(i, c);
                    }
                    for (int c = 0; c < e; c++) {
                        results[keysAt + j * keyRow + c] += ds * q.get(i, c);
                        dqs[c] += ds * k.get(j, c);
                    }
                }
                dq.write(i, 1f, dqs, 0, e);
            }
        }

        private int wide(int columns) {
            return (columns + width - 1) / width * width;
        }

        /** The product of rows, in wide panels, and one panel of keys or values. */
        private void multiplyAll(
                float[] left, int rows, float[] panels, int panelAt, int keys, int first, int depth, float[] to) {
            int columns = Panels.columns(products, keys, first);
            if (depth == 0) {
                Arrays.fill(to, 0, rows * width, 0f);
            }
            for (int c = 0; c < depth; c += width) {
                products.multiply(
                        left,
                        c * rows,
                        width,
                        panels,
                        panelAt + c * columns,
                        to,
                        0,
                        width,
                        rows,
                        columns,
                        Math.min(width, depth - c),
                        c > 0);
            }
        }

        /** Products with scaled keys become weights: {@code exp(s + mask - shift - log)}, and 0 beyond the last key. */
        private void weigh(int first, int rows, int j, int count, float[] weights, float[] logSums, int sumsAt) {
            for (int r = 0; r < rows; r++) {
                int at = r * width;
                float shift = logSums[sumsAt + first + r];
                float log = logSums[sumsAt + sizes.rows() + first + r];
                seen.apply(n, h, first + r, j, weights, at, count);
                for (int i = at; i < at + count; i++) {
                    weights[i] = weights[i] - shift - log;
                }
                Arrays.fill(weights, at + count, at + width, Float.NEGATIVE_INFINITY);
            }
            loops.unary(UnaryOp.EXP, 0f, 0f, weights, weights, 0, rows * width);
        }

        private void drop(int first, int rows, int j, int count, float[] weights, float[] dropped, float[] scores) {
            System.arraycopy(weights, 0, dropped, 0, rows * width);
            long[] kept = context.workspace().longs(0, count);
            for (int r = 0; r < rows; r++) {
                long position = (((long) n * sizes.heads() + h) * sizes.queries() + first + r) * sizes.keys() + j;
                seen.fillKept(position, kept, count);
                seen.drop(kept, dropped, r * width, count);
                seen.drop(kept, scores, r * width, count);
            }
        }

        /** Adds {@code weights^T x} to the sums of the keys from {@code j} on. */
        private void addTransposed(
                float[] weights, float[] x, int rows, int j, int count, int columns, int sumsAt, int row) {
            for (int c = 0; c < columns; c += width) {
                products.multiplyTransposed(
                        weights,
                        0,
                        x,
                        c * rows,
                        results,
                        sumsAt + j * row + c,
                        row,
                        (count + 3) / 4 * 4,
                        Panels.columns(products, columns, c),
                        rows,
                        true);
            }
        }
    }
}
