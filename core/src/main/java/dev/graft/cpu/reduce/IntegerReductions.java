package dev.graft.cpu.reduce;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Sums and extremes of I64 over dimensions. Sums wrap around, so that their bits do not depend on the order; work is
 * divided by size all the same.
 */
final class IntegerReductions {
    private static final int TASK = 1 << 15;
    /** Results side by side that are folded a row at a time; fewer are folded one by one. */
    private static final int WIDE = 16;

    private final ExecutionContext context;
    private final Reduction op;
    private final long[] xs;
    private final StridedWalk kept;
    private final StridedWalk folded;

    private IntegerReductions(ExecutionContext context, Reduction op, long[] xs, StridedWalk walk) {
        this.context = context;
        this.op = op;
        this.xs = xs;
        this.kept = walk.where(1, false);
        this.folded = walk.where(1, true);
    }

    /** @param walk over {@code x} and {@code y}, which has stride 0 where it is folded */
    static void reduce(ExecutionContext context, Reduction op, View x, View y, StridedWalk walk) {
        long[] xs = CpuStorage.of(x).array(long[].class);
        CpuStorage target = CpuStorage.of(y);
        target.changed();
        long[] ys = target.array(long[].class);
        StridedWalk results = StridedWalk.of(1, y, y);
        long[] totals;
        if (x.numel() == 0) {
            totals = new long[results.total()];
            Arrays.fill(totals, start(op));
        } else {
            IntegerReductions reductions = new IntegerReductions(context, op, xs, walk);
            results = reductions.kept;
            boolean columns = walk.stride(1, walk.rank() - 1) != 0 && results.size(results.rank() - 1) >= WIDE;
            totals = columns ? reductions.columns() : reductions.rows();
        }
        int step = results.step(1);
        results.runs(1, 0, results.total(), (at, position, count) -> {
            for (int i = 0; i < count; i++) {
                ys[at + i * step] = totals[position + i];
            }
        });
    }

    /** Each result by itself, in pieces where it has many elements. */
    private long[] rows() {
        int n = folded.total();
        if (folded.rank() == 1 && n <= TASK) {
            long[] totals = new long[kept.total()];
            int foldedStep = folded.step(0);
            int keptStep = kept.step(0);
            context.forRange(
                    totals.length,
                    Math.max(1, TASK / n),
                    (from, to) -> kept.rows(0, from, to, (at, position, rows, rowStep, count) -> {
                        for (int r = 0; r < rows; r++) {
                            lines(at + r * rowStep, keptStep, foldedStep, n, totals, position + r * count, count);
                        }
                    }));
            return totals;
        }
        int pieces = (n + TASK - 1) / TASK;
        long[] partial = new long[Math.multiplyExact(kept.total(), pieces)];
        int step = folded.step(0);
        context.forRange(partial.length, Math.max(1, TASK / n), (from, to) -> {
            for (int task = from; task < to; task++) {
                int base = kept.at(0, task / pieces) - kept.offset(0);
                int begin = task % pieces * TASK;
                int piece = task;
                partial[task] = start(op);
                folded.rows(0, begin, Math.min(n, begin + TASK), (at, position, rows, rowStep, count) -> {
                    long total = partial[piece];
                    for (int r = 0; r < rows; r++) {
                        total = join(total, line(base + at + r * rowStep, step, count));
                    }
                    partial[piece] = total;
                });
            }
        });
        return joined(partial, kept.total(), pieces, 1);
    }

    // The operator is chosen outside of the loops over lines, which may have two elements.
    private void lines(int at, int keptStep, int step, int n, long[] totals, int to, int count) {
        if (op == Reduction.SUM) {
            for (int i = 0; i < count; i++) {
                totals[to + i] = sum(at + i * keptStep, step, n);
            }
        } else if (op == Reduction.MAX) {
            for (int i = 0; i < count; i++) {
                totals[to + i] = largest(at + i * keptStep, step, n);
            }
        } else {
            for (int i = 0; i < count; i++) {
                totals[to + i] = smallest(at + i * keptStep, step, n);
            }
        }
    }

    private long line(int at, int step, int n) {
        return op == Reduction.SUM
                ? sum(at, step, n)
                : op == Reduction.MAX ? largest(at, step, n) : smallest(at, step, n);
    }

    private long sum(int at, int step, int n) {
        long first = 0;
        long second = 0;
        int i = 0;
        for (; i < n - 1; i += 2) {
            first += xs[at + i * step];
            second += xs[at + (i + 1) * step];
        }
        return i < n ? first + second + xs[at + i * step] : first + second;
    }

    private long largest(int at, int step, int n) {
        long best = xs[at];
        for (int i = 1; i < n; i++) {
            best = Math.max(best, xs[at + i * step]);
        }
        return best;
    }

    private long smallest(int at, int step, int n) {
        long best = xs[at];
        for (int i = 1; i < n; i++) {
            best = Math.min(best, xs[at + i * step]);
        }
        return best;
    }

    /** Rows of elements that belong to neighbouring results, joined element by element. */
    private long[] columns() {
        int width = kept.size(kept.rank() - 1);
        int step = kept.step(0);
        int outer = kept.total() / width;
        int block = Math.min(width, Workspace.BLOCK);
        int blocks = (width + block - 1) / block;
        int n = folded.total();
        int rows = Math.max(1, TASK / block);
        int pieces = (n + rows - 1) / rows;
        long[] partial = new long[Math.multiplyExact(kept.total(), pieces)];
        Arrays.fill(partial, start(op));
        int grain = Math.max(1, TASK / (block * Math.min(rows, n)));
        context.forRange(outer * blocks * pieces, grain, (from, to) -> {
            for (int task = from; task < to; task++) {
                int piece = task % pieces;
                int column = task / pieces % blocks * block;
                int line = task / pieces / blocks;
                int base = kept.at(0, line * width) - kept.offset(0) + column * step;
                int count = Math.min(block, width - column);
                int result = (line * pieces + piece) * width + column;
                int foldedStep = folded.step(0);
                folded.runs(0, piece * rows, Math.min(n, (piece + 1) * rows), (at, position, rowCount) -> {
                    for (int r = 0; r < rowCount; r++) {
                        join(base + at + r * foldedStep, step, count, partial, result);
                    }
                });
            }
        });
        return joined(partial, outer, pieces, width);
    }

    private void join(int at, int step, int count, long[] totals, int to) {
        if (op == Reduction.SUM && step == 1) {
            for (int i = 0; i < count; i++) {
                totals[to + i] += xs[at + i];
            }
        } else if (op == Reduction.SUM) {
            for (int i = 0; i < count; i++) {
                totals[to + i] += xs[at + i * step];
            }
        } else if (op == Reduction.MAX) {
            for (int i = 0; i < count; i++) {
                totals[to + i] = Math.max(totals[to + i], xs[at + i * step]);
            }
        } else {
            for (int i = 0; i < count; i++) {
                totals[to + i] = Math.min(totals[to + i], xs[at + i * step]);
            }
        }
    }

    // partial[outer][pieces][width] to [outer][width].
    private long[] joined(long[] partial, int outer, int pieces, int width) {
        if (pieces == 1) {
            return partial;
        }
        long[] totals = new long[outer * width];
        for (int o = 0; o < outer; o++) {
            for (int i = 0; i < width; i++) {
                long total = start(op);
                for (int piece = 0; piece < pieces; piece++) {
                    total = join(total, partial[(o * pieces + piece) * width + i]);
                }
                totals[o * width + i] = total;
            }
        }
        return totals;
    }

    private static long start(Reduction op) {
        return switch (op) {
            case SUM -> 0;
            case MAX -> Long.MIN_VALUE;
            case MIN -> Long.MAX_VALUE;
            case MEAN -> throw new IllegalArgumentException("reduce: the mean of integers is not an integer");
        };
    }

    private long join(long p, long q) {
        return op == Reduction.SUM ? p + q : op == Reduction.MAX ? Math.max(p, q) : Math.min(p, q);
    }
}
