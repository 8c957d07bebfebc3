package dev.graft.cpu.elementwise;

import static dev.graft.cpu.layout.StridedLoop.in;
import static dev.graft.cpu.layout.StridedLoop.inOut;
import static dev.graft.cpu.layout.StridedLoop.out;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ElementAccess;
import dev.graft.cpu.layout.StridedLoop;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.layout.TruthBlocks;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.type.DType;

/** Element-wise operators. */
public final class Pointwise {
    private static final int GRAIN = 1 << 15;

    private final ExecutionContext context;

    public Pointwise(ExecutionContext context) {
        this.context = context;
    }

    public void unary(UnaryOp op, float a, float b, View x, View y) {
        StridedLoop.run(
                context, (v, from, to) -> context.elementLoops().unary(op, a, b, v[0], v[1], from, to), in(x), out(y));
    }

    public void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        StridedLoop.run(
                context,
                (v, from, to) -> context.elementLoops().unaryBackward(op, a, b, v[0], v[1], v[2], v[3], from, to),
                in(x),
                in(y),
                in(dy),
                out(dx));
    }

    public void binary(BinaryOp op, View p, View q, View y) {
        if (!op.isTruth() && y.dtype() != DType.F32) {
            integers(op, p, q, y);
        } else if (!op.isTruth()) {
            StridedLoop.run(
                    context,
                    (v, from, to) -> context.elementLoops().binary(op, v[0], v[1], v[2], from, to),
                    in(p),
                    in(q),
                    out(y));
        } else if (p.dtype() == DType.F32 && q.dtype() == DType.F32) {
            compareFloats(op, p, q, y);
        } else if (p.dtype() == DType.BOOL && q.dtype() == DType.BOOL) {
            combineTruths(op, p, q, y);
        } else {
            compareIntegers(op, p, q, y);
        }
    }

    private void integers(BinaryOp op, View p, View q, View y) {
        ElementAccess ps = ElementAccess.of(p);
        ElementAccess qs = ElementAccess.of(q);
        ElementAccess ys = ElementAccess.of(y);
        ys.changed();
        StridedWalk walk = StridedWalk.of(2, p, q, y);
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            Workspace workspace = context.workspace();
            long[] pb = workspace.longs(0, Workspace.BLOCK);
            long[] qb = workspace.longs(1, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                ps.loadLongs(walk, 0, start, end, pb);
                qs.loadLongs(walk, 1, start, end, qb);
                IntegerLoops.binary(op, pb, qb, end - start);
                ys.storeLongs(walk, 2, start, end, pb);
            }
        });
    }

    private void compareFloats(BinaryOp op, View p, View q, View y) {
        float[] ps = CpuStorage.floats(p);
        float[] qs = CpuStorage.floats(q);
        byte[] ys = bytesToWrite(y);
        StridedWalk walk = StridedWalk.of(2, p, q, y);
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] pb = workspace.floats(0, Workspace.BLOCK);
            float[] qb = workspace.floats(1, Workspace.BLOCK);
            byte[] yb = workspace.bytes(0, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                StridedLoop.load(walk, 0, ps, start, end, pb);
                StridedLoop.load(walk, 1, qs, start, end, qb);
                context.elementLoops().compare(op, pb, qb, yb, 0, end - start);
                TruthBlocks.store(walk, 2, ys, start, end, yb);
            }
        });
    }

    private void combineTruths(BinaryOp op, View p, View q, View y) {
        byte[] ps = CpuStorage.of(p).array(byte[].class);
        byte[] qs = CpuStorage.of(q).array(byte[].class);
        byte[] ys = bytesToWrite(y);
        StridedWalk walk = StridedWalk.of(2, p, q, y);
        boolean repeated = walk.rank() == 1 && walk.stride(1, 0) == 0;
        boolean dense = walk.isDense(0) && walk.isDense(2) && (repeated || walk.isDense(1));
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            if (dense) {
                int qAt = walk.offset(1) + (repeated ? 0 : from);
                TruthBlocks.combine(
                        op, ps, walk.offset(0) + from, qs, qAt, repeated, ys, walk.offset(2) + from, to - from);
                return;
            }
            Workspace workspace = context.workspace();
            byte[] pb = workspace.bytes(0, Workspace.BLOCK);
            byte[] qb = workspace.bytes(1, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                TruthBlocks.load(walk, 0, ps, start, end, pb);
                TruthBlocks.load(walk, 1, qs, start, end, qb);
                TruthBlocks.combine(op, pb, 0, qb, 0, false, pb, 0, end - start);
                TruthBlocks.store(walk, 2, ys, start, end, pb);
            }
        });
    }

    private void compareIntegers(BinaryOp op, View p, View q, View y) {
        ElementAccess ps = ElementAccess.of(p);
        ElementAccess qs = ElementAccess.of(q);
        byte[] ys = bytesToWrite(y);
        StridedWalk walk = StridedWalk.of(2, p, q, y);
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            Workspace workspace = context.workspace();
            long[] pb = workspace.longs(0, Workspace.BLOCK);
            long[] qb = workspace.longs(1, Workspace.BLOCK);
            byte[] yb = workspace.bytes(0, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                ps.loadLongs(walk, 0, start, end, pb);
                qs.loadLongs(walk, 1, start, end, qb);
                IntegerLoops.compare(op, pb, qb, yb, end - start);
                TruthBlocks.store(walk, 2, ys, start, end, yb);
            }
        });
    }

    private static byte[] bytesToWrite(View y) {
        CpuStorage storage = CpuStorage.of(y);
        storage.changed();
        return storage.array(byte[].class);
    }

    public void where(View condition, View p, View q, View y) {
        byte[] cs = CpuStorage.of(condition).array(byte[].class);
        if (y.dtype() != DType.F32) {
            whereIntegers(cs, condition, p, q, y);
            return;
        }
        float[] ps = CpuStorage.floats(p);
        float[] qs = CpuStorage.floats(q);
        float[] ys = CpuStorage.floatsToWrite(y);
        StridedWalk walk = StridedWalk.of(3, p, q, condition, y);
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] pb = workspace.floats(0, Workspace.BLOCK);
            float[] qb = workspace.floats(1, Workspace.BLOCK);
            byte[] cb = workspace.bytes(0, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                StridedLoop.load(walk, 0, ps, start, end, pb);
                StridedLoop.load(walk, 1, qs, start, end, qb);
                TruthBlocks.load(walk, 2, cs, start, end, cb);
                choose(cb, pb, qb, end - start);
                StridedLoop.store(walk, 3, ys, start, end, pb);
            }
        });
    }

    /** {@code p = c ? p : q}, by bits: a branch would be mispredicted half of the time. */
    private static void choose(byte[] c, float[] p, float[] q, int count) {
        for (int i = 0; i < count; i++) {
            int no = Float.floatToRawIntBits(q[i]);
            p[i] = Float.intBitsToFloat(no ^ ((Float.floatToRawIntBits(p[i]) ^ no) & -c[i]));
        }
    }

    private void whereIntegers(byte[] cs, View condition, View p, View q, View y) {
        ElementAccess ps = ElementAccess.of(p);
        ElementAccess qs = ElementAccess.of(q);
        ElementAccess ys = ElementAccess.of(y);
        ys.changed();
        StridedWalk walk = StridedWalk.of(3, p, q, condition, y);
        context.forRange(walk.total(), GRAIN, (from, to) -> {
            Workspace workspace = context.workspace();
            long[] pb = workspace.longs(0, Workspace.BLOCK);
            long[] qb = workspace.longs(1, Workspace.BLOCK);
            byte[] cb = workspace.bytes(0, Workspace.BLOCK);
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                ps.loadLongs(walk, 0, start, end, pb);
                qs.loadLongs(walk, 1, start, end, qb);
                TruthBlocks.load(walk, 2, cs, start, end, cb);
                for (int i = 0; i < end - start; i++) {
                    pb[i] = qb[i] ^ ((pb[i] ^ qb[i]) & -cb[i]);
                }
                ys.storeLongs(walk, 3, start, end, pb);
            }
        });
    }

    public void addScaled(float alpha, View x, View y) {
        StridedLoop.run(
                context,
                (v, from, to) -> context.elementLoops().addScaled(alpha, v[0], v[1], from, to),
                in(x),
                inOut(y));
    }

    public void dropout(float p, long seed, View x, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        DropoutMask mask = DropoutMask.of(p, seed);
        // Counts row-major positions along the walk, because the memory layout must not change the mask.
        View positions = new View(y.storage(), 0, y.shape(), y.shape().contiguousStrides());
        StridedWalk walk = StridedWalk.of(1, x, y, positions);
        int xStep = walk.step(0);
        int yStep = walk.step(1);
        int step = walk.step(2);
        context.forRange(
                walk.total(),
                GRAIN,
                (from, to) -> walk.runs(1, from, to, (at, first, count) -> {
                    int xAt = walk.at(0, first);
                    int position = walk.at(2, first);
                    drop(mask, position, step, xs, xAt, xStep, ys, at, yStep, count);
                }));
    }

    /** Without a branch, which no processor could predict; what is dropped becomes 0 even if it is NaN. */
    private void drop(
            DropoutMask mask,
            long position,
            int apart,
            float[] x,
            int xAt,
            int xStep,
            float[] y,
            int yAt,
            int yStep,
            int count) {
        float scale = mask.scale();
        long[] kept = context.workspace().longs(0, Math.min(count, Workspace.BLOCK));
        for (int start = 0; start < count; start += Workspace.BLOCK) {
            int size = Math.min(Workspace.BLOCK, count - start);
            mask.fill(position + (long) start * apart, apart, kept, size);
            int from = xAt + start * xStep;
            int to = yAt + start * yStep;
            if (xStep == 1 && yStep == 1) {
                for (int i = 0; i < size; i++) {
                    y[to + i] = chosen(x[from + i] * scale, kept[i]);
                }
            } else {
                for (int i = 0; i < size; i++) {
                    y[to + i * yStep] = chosen(x[from + i * xStep] * scale, kept[i]);
                }
            }
        }
    }

    private static float chosen(float value, long kept) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) & -(int) kept);
    }
}
