package dev.graft.cpu.sequence;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.reduce.RowSums;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * Scaled dot-product attention, head by head. The weights of a block of queries live in scratch memory alone: no
 * {@code [N, H, L, S]} array exists. The gradient computes them again from each query's {@code logSum} (Dao et al.
 * 2022, https://arxiv.org/abs/2205.14135).
 */
public final class Attention {
    /** Floats of a block's weights, which stay in the second-level cache. */
    private static final int BLOCK = 1 << 15;

    private static final int MAX_ROWS = 64;
    /** Enough tasks for many threads; each packs the keys and values of its head again. */
    private static final int TASKS = 32;

    private static final int LEAST_TASK_ROWS = 64;
    /** The depth of a sum in floats before it is added to the sum of others. */
    private static final int DEPTH = 1024;

    private final ExecutionContext context;
    private final BlockProducts products;

    public Attention(ExecutionContext context, BlockProducts products) {
        this.context = context;
        this.products = products;
    }

    /** See {@link dev.graft.backend.Backend#attention}. */
    public void forward(View q, View k, View v, Optional<View> mask, AttentionParams params, View y, View logSum) {
        context.awaitKernels();
        AttentionSizes sizes = AttentionSizes.of(q, k, v, TASKS, LEAST_TASK_ROWS);
        AttentionMask seen = new AttentionMask(mask, params);
        float[] qs = CpuStorage.floats(q);
        float[] ks = CpuStorage.floats(k);
        float[] vs = CpuStorage.floats(v);
        float[] ys = CpuStorage.floatsToWrite(y);
        float[] sums = CpuStorage.floatsToWrite(logSum);
        context.forEach(sizes.tasks(), task -> {
            int n = sizes.item(task);
            int h = sizes.head(task);
            new Forward(sizes, seen, params.scale(), n, h)
                    .run(
                            HeadMatrix.of(q, qs, n, h),
                            HeadMatrix.of(k, ks, n, h),
                            HeadMatrix.of(v, vs, n, h),
                            HeadMatrix.of(y, ys, n, h),
                            sums,
                            CpuStorage.offset(logSum) + (n * sizes.heads() + h) * sizes.queries(),
                            sizes.first(task),
                            sizes.end(task));
        });
    }

    /** The queries of one task. */
    private final class Forward {
        private final AttentionSizes sizes;
        private final AttentionMask seen;
        private final float scale;
        private final int n;
        private final int h;
        private final ElementLoops loops = context.elementLoops();
        private final int width = products.width();
        private final int scoreRow;
        private final int outRow;

        private Forward(AttentionSizes sizes, AttentionMask seen, float scale, int n, int h) {
            this.sizes = sizes;
            this.seen = seen;
            this.scale = scale;
            this.n = n;
            this.h = h;
            this.scoreRow = products.padded(sizes.keys());
            this.outRow = products.padded(sizes.valueWidth());
        }

        private void run(
                HeadMatrix q, HeadMatrix k, HeadMatrix v, HeadMatrix y, float[] sums, int sumsAt, int from, int to) {
            Workspace workspace = context.workspace();
            int keys = seen.keys(to - 1, sizes.keys());
            float[] kt = workspace.array(Workspace.Slot.LEFT, Panels.size(products, sizes.width(), keys));
            float[] vp = workspace.array(Workspace.Slot.RIGHT, Panels.size(products, keys, sizes.valueWidth()));
            Panels.pack(products, k.data(), k.at(), k.columnStep(), k.rowStep(), sizes.width(), keys, kt, 0);
            // The gradient scales keys too, so that a product overflows in both or in none.
            Panels.scale(scale, kt, 0, Panels.size(products, sizes.width(), keys));
            boolean exact = seen.hides() && !v.isFinite(loops, 0, keys, sizes.valueWidth());
            Panels.pack(products, v.data(), v.at(), v.rowStep(), v.columnStep(), keys, sizes.valueWidth(), vp, 0);
            int rows = Math.max(4, Math.min(MAX_ROWS, BLOCK / Math.max(1, scoreRow) / 4 * 4));
            float[] scores = workspace.array(Workspace.Slot.RESULT, rows * scoreRow);
            float[] queries = workspace.floats(0, rows * sizes.width());
            float[] out = workspace.floats(1, rows * outRow);
            float[] inverse = workspace.floats(2, rows);
            for (int first = from; first < to; first += rows) {
                int count = Math.min(rows, to - first);
                for (int r = 0; r < count; r++) {
                    q.read(first + r, queries, r * sizes.width(), sizes.width());
                }
                int last = seen.keys(first + count - 1, sizes.keys());
                Panels.multiply(
                        products, queries, 0, sizes.width(), kt, keys, last, scores, scoreRow, count, sizes.width());
                for (int r = 0; r < count; r++) {
                    shift(first + r, scores, r * scoreRow, last, sums, sumsAt + first + r);
                }
                // All rows at once, with what lies between them: no row has a tail then.
                loops.unary(UnaryOp.EXP, 0f, 0f, scores, scores, 0, (count - 1) * scoreRow + last);
                for (int r = 0; r < count; r++) {
                    inverse[r] = weigh(first + r, scores, r * scoreRow, last, sums, sumsAt + first + r);
                }
                if (exact) {
                    combineSeen(scores, v, last, out, inverse, count, y, first);
                } else {
                    combine(scores, vp, keys, last, out, inverse, count, y, first);
                }
            }
        }

        /** As {@link #combine}, for values of which some are not finite: 0 times such a hidden value is not 0. */
        private void combineSeen(
                float[] weights,
                HeadMatrix v,
                int keys,
                float[] out,
                float[] inverse,
                int count,
                HeadMatrix y,
                int first) {
            for (int r = 0; r < count; r++) {
                Arrays.fill(out, r * outRow, r * outRow + sizes.valueWidth(), 0f);
                for (int j = 0; j < keys; j++) {
                    if (seen.sees(n, h, first + r, j)) {
                        float weight = weights[r * scoreRow + j];
                        for (int f = 0; f < sizes.valueWidth(); f++) {
                            out[r * outRow + f] += weight * v.get(j, f);
                        }
                    }
                }
                y.write(first + r, inverse[r], out, r * outRow, sizes.valueWidth());
            }
        }

        /** Scores become differences from the row's largest, which is kept. */
        private void shift(int row, float[] scores, int at, int keys, float[] sums, int sumAt) {
            seen.apply(n, h, row, 0, scores, at, keys);
            float largest = loops.largest(scores, at, at + keys);
            sums[sumAt] = largest > Float.NEGATIVE_INFINITY ? largest : 0f;
            if (largest > Float.NEGATIVE_INFINITY) {
                for (int j = at; j < at + keys; j++) {
                    scores[j] -= largest;
                }
            }
        }

        /** Drops weights; returns the factor that makes their sum 1. */
        private float weigh(int row, float[] scores, int at, int keys, float[] sums, int sumAt) {
            double sum = RowSums.sum(scores, at, keys);
            int logAt = sumAt + sizes.rows();
            if (sum == 0) {
                sums[logAt] = Float.POSITIVE_INFINITY;
                return 1;
            }
            sums[logAt] = (float) Math.log(sum);
            if (seen.drops()) {
                long[] kept = context.workspace().longs(0, keys);
                seen.fillKept((((long) n * sizes.heads() + h) * sizes.queries() + row) * sizes.keys(), kept, keys);
                seen.drop(kept, scores, at, keys);
            }
            return (float) (1 / sum);
        }

        private void combine(
                float[] weights,
                float[] vp,
                int packed,
                int keys,
                float[] out,
                float[] inverse,
                int count,
                HeadMatrix y,
                int first) {
            for (int f = 0; f < sizes.valueWidth(); f += width) {
                int columns = Panels.columns(products, sizes.valueWidth(), f);
                for (int j = 0; j < keys; j += DEPTH) {
                    products.multiply(
                            weights,
                            j,
                            scoreRow,
                            vp,
                            f * packed + j * columns,
                            out,
                            f,
                            outRow,
                            count,
                            columns,
                            Math.min(DEPTH, keys - j),
                            j > 0);
                }
            }
            for (int r = 0; r < count; r++) {
                if (keys == 0) {
                    Arrays.fill(out, r * outRow, (r + 1) * outRow, 0f);
                }
                y.write(first + r, inverse[r], out, r * outRow, sizes.valueWidth());
            }
        }
    }
}
