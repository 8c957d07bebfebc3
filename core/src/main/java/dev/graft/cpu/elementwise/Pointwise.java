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
                storeBytes(walk, ys, start, end, yb);
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
                for (int i = 0; i < end - start; i++) {
                    boolean holds =
                            switch (op) {
                                case EQUAL -> pb[i] == qb[i];
                                case NOT_EQUAL, XOR -> pb[i] != qb[i];
                                case LESS -> pb[i] < qb[i];
                                case LESS_EQUAL -> pb[i] <= qb[i];
                                case GREATER -> pb[i] > qb[i];
                                case GREATER_EQUAL -> pb[i] >= qb[i];
                                case AND -> (pb[i] & qb[i]) != 0;
                                case OR -> (pb[i] | qb[i]) != 0;
                                default -> throw new IllegalArgumentException(op + " is not a comparison");
                            };
                    yb[i] = (byte) (holds ? 1 : 0);
                }
                storeBytes(walk, ys, start, end, yb);
            }
        });
    }

    private static byte[] bytesToWrite(View y) {
        CpuStorage storage = CpuStorage.of(y);
        storage.changed();
        return storage.array(byte[].class);
    }

    private static void storeBytes(StridedWalk walk, byte[] data, int from, int to, byte[] block) {
        int step = walk.step(2);
        walk.rows(2, from, to, (at, position, rows, rowStep, count) -> {
            if (step == 1 && rowStep == count) {
                System.arraycopy(block, position - from, data, at, rows * count);
                return;
            }
            for (int r = 0; r < rows; r++) {
                int y = at + r * rowStep;
                int b = position - from + r * count;
                for (int i = 0; i < count; i++) {
                    data[y + i * step] = block[b + i];
                }
            }
        });
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
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                int first = start;
                StridedLoop.load(walk, 0, ps, start, end, pb);
                StridedLoop.load(walk, 1, qs, start, end, qb);
                int step = walk.step(2);
                walk.rows(2, start, end, (at, position, rows, rowStep, count) -> {
                    for (int r = 0; r < rows; r++) {
                        int b = position - first + r * count;
                        int c = at + r * rowStep;
                        for (int i = 0; i < count; i++) {
                            pb[b + i] = cs[c + i * step] != 0 ? pb[b + i] : qb[b + i];
                        }
                    }
                });
                StridedLoop.store(walk, 3, ys, start, end, pb);
            }
        });
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
            for (int start = from; start < to; start += Workspace.BLOCK) {
                int end = Math.min(to, start + Workspace.BLOCK);
                int first = start;
                ps.loadLongs(walk, 0, start, end, pb);
                qs.loadLongs(walk, 1, start, end, qb);
                int step = walk.step(2);
                walk.rows(2, start, end, (at, position, rows, rowStep, count) -> {
                    for (int r = 0; r < rows; r++) {
                        int b = position - first + r * count;
                        int c = at + r * rowStep;
                        for (int i = 0; i < count; i++) {
                            pb[b + i] = cs[c + i * step] != 0 ? pb[b + i] : qb[b + i];
                        }
                    }
                });
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
        float scale = mask.scale();
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
                    for (int i = 0; i < count; i++) {
                        ys[at + i * yStep] = mask.keeps(position + (long) i * step) ? xs[xAt + i * xStep] * scale : 0f;
                    }
                }));
    }
}
