package dev.graft.cpu.reduce;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;

/** Sums and extremes of I64 over dimensions; sums wrap around. */
final class IntegerReductions {
    private static final int TASK = 1 << 15;

    private IntegerReductions() {}

    /** @param walk over {@code x} and {@code y}, which has stride 0 where it is folded */
    static void reduce(ExecutionContext context, Reduction op, View x, View y, StridedWalk walk) {
        long[] xs = CpuStorage.of(x).array(long[].class);
        CpuStorage target = CpuStorage.of(y);
        target.changed();
        long[] ys = target.array(long[].class);
        StridedWalk kept = walk.where(1, false);
        StridedWalk folded = walk.where(1, true);
        if (x.numel() == 0) {
            StridedWalk all = StridedWalk.of(0, y);
            for (int i = 0; i < all.total(); i++) {
                ys[all.at(0, i)] = start(op);
            }
            return;
        }
        int pieces = (folded.total() + TASK - 1) / TASK;
        long[] partial = new long[kept.total() * pieces];
        int step = folded.step(0);
        context.forRange(partial.length, Math.max(1, TASK / folded.total()), (from, to) -> {
            for (int task = from; task < to; task++) {
                int base = kept.at(0, task / pieces) - kept.offset(0);
                int begin = task % pieces * TASK;
                int end = Math.min(folded.total(), begin + TASK);
                long[] total = {start(op)};
                folded.runs(0, begin, end, (at, position, count) -> {
                    long sum = total[0];
                    for (int i = 0; i < count; i++) {
                        sum = join(op, sum, xs[base + at + i * step]);
                    }
                    total[0] = sum;
                });
                partial[task] = total[0];
            }
        });
        for (int i = 0; i < kept.total(); i++) {
            long total = start(op);
            for (int piece = 0; piece < pieces; piece++) {
                total = join(op, total, partial[i * pieces + piece]);
            }
            ys[kept.at(1, i)] = total;
        }
    }

    private static long start(Reduction op) {
        return switch (op) {
            case SUM -> 0;
            case MAX -> Long.MIN_VALUE;
            case MIN -> Long.MAX_VALUE;
            case MEAN -> throw new IllegalArgumentException("reduce: the mean of integers is not an integer");
        };
    }

    private static long join(Reduction op, long p, long q) {
        return op == Reduction.SUM ? p + q : op == Reduction.MAX ? Math.max(p, q) : Math.min(p, q);
    }
}
