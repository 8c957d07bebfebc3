package dev.graft.cpu.layout;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.type.DType;
import java.util.Arrays;

/** Copies between layouts and dtypes. */
public final class Copy {
    private static final int GRAIN = 1 << 15;
    private static final int TILE = 16;

    private final ExecutionContext context;

    public Copy(ExecutionContext context) {
        this.context = context;
    }

    public void copy(View x, View y) {
        CpuStorage target = CpuStorage.of(y);
        if (x.overlaps(y)) {
            if (!x.sameElements(y)) {
                copyAside(x, y);
            }
            return;
        }
        target.changed();
        StridedWalk walk = StridedWalk.of(1, x, y);
        if (walk.total() == 0) {
            return;
        }
        if (x.dtype() != y.dtype()) {
            convert(x, y, walk);
        } else if (walk.isDense(0) && walk.isDense(1)) {
            Object from = CpuStorage.of(x).array(Object.class);
            Object to = target.array(Object.class);
            int width = arrayElements(x.dtype());
            context.forRange(
                    walk.total(),
                    GRAIN,
                    (begin, end) -> System.arraycopy(
                            from,
                            (walk.offset(0) + begin) * width,
                            to,
                            (walk.offset(1) + begin) * width,
                            (end - begin) * width));
        } else if (x.dtype() == DType.F32) {
            floats(CpuStorage.floats(x), target.array(float[].class), walk);
        } else {
            raw(x, y, walk);
        }
    }

    // Tasks run in any order, so no order of copying is safe for elements that are both read and written.
    private void copyAside(View x, View y) {
        Storage temporary = x.storage().backend().allocate(x.dtype(), x.numel());
        try {
            View aside = new View(temporary, 0, x.shape(), x.shape().contiguousStrides());
            copy(x, aside);
            copy(aside, y);
        } finally {
            temporary.release();
        }
    }

    private static int arrayElements(DType dtype) {
        return switch (dtype) {
            case F32, I64, I32 -> 1;
            default -> dtype.bytes();
        };
    }

    private void floats(float[] x, float[] y, StridedWalk walk) {
        int last = walk.rank() - 1;
        int other = -1;
        for (int d = 0; d < last; d++) {
            if (walk.stride(0, d) == 1) {
                other = d;
            }
        }
        if (other >= 0 && walk.stride(1, last) == 1 && walk.size(last) > 1 && walk.size(other) > 1) {
            transpose(x, y, walk, other);
        } else if (walk.rank() == 2 && walk.step(0) == 1 && walk.step(1) == 1) {
            int count = walk.size(1);
            context.forRange(walk.size(0), Math.max(1, GRAIN / count), (from, to) -> {
                for (int i = from; i < to; i++) {
                    System.arraycopy(
                            x,
                            walk.offset(0) + i * walk.stride(0, 0),
                            y,
                            walk.offset(1) + i * walk.stride(1, 0),
                            count);
                }
            });
        } else {
            context.forRange(walk.total(), GRAIN, (from, to) -> gather(x, y, walk, from, to));
        }
    }

    private static void gather(float[] x, float[] y, StridedWalk walk, int from, int to) {
        float[] block = new float[Math.min(Workspace.BLOCK, to - from)];
        for (int start = from; start < to; start += Workspace.BLOCK) {
            int end = Math.min(to, start + Workspace.BLOCK);
            StridedLoop.load(walk, 0, x, start, end, block);
            StridedLoop.store(walk, 1, y, start, end, block);
        }
    }

    // Contiguous in x along one dimension and in y along another: square tiles touch few cache lines of either.
    private void transpose(float[] x, float[] y, StridedWalk walk, int across) {
        int last = walk.rank() - 1;
        int rows = walk.size(across);
        int columns = walk.size(last);
        int outer = walk.total() / rows / columns;
        int rowTiles = (rows + TILE - 1) / TILE;
        int grain = Math.max(1, GRAIN / (TILE * columns));
        context.forRange(outer * rowTiles, grain, (from, to) -> {
            for (int task = from; task < to; task++) {
                int rest = task / rowTiles;
                int xAt = walk.offset(0);
                int yAt = walk.offset(1);
                for (int d = last - 1; d >= 0; d--) {
                    if (d != across) {
                        int i = rest % walk.size(d);
                        rest /= walk.size(d);
                        xAt += i * walk.stride(0, d);
                        yAt += i * walk.stride(1, d);
                    }
                }
                int row = task % rowTiles * TILE;
                int height = Math.min(TILE, rows - row);
                transposeRows(
                        x,
                        xAt + row,
                        walk.stride(0, last),
                        y,
                        yAt + row * walk.stride(1, across),
                        walk.stride(1, across),
                        height,
                        columns);
            }
        });
    }

    private static void transposeRows(
            float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int height, int columns) {
        for (int column = 0; column < columns; column += TILE) {
            int width = Math.min(TILE, columns - column);
            for (int r = 0; r < height; r++) {
                int to = yAt + r * yStep + column;
                int from = xAt + r + column * xStep;
                for (int c = 0; c < width; c++) {
                    y[to + c] = x[from + c * xStep];
                }
            }
        }
    }

    private void raw(View x, View y, StridedWalk walk) {
        Object from = CpuStorage.of(x).array(Object.class);
        Object to = CpuStorage.of(y).array(Object.class);
        int width = arrayElements(x.dtype());
        int xStep = walk.step(0);
        int yStep = walk.step(1);
        context.forRange(walk.total(), GRAIN, (begin, end) -> {
            int[] places = new int[end - begin];
            walk.runs(0, begin, end, (at, position, count) -> {
                for (int i = 0; i < count; i++) {
                    places[position - begin + i] = at + i * xStep;
                }
            });
            walk.runs(1, begin, end, (at, position, count) -> {
                int p = position - begin;
                if (from instanceof long[] longs) {
                    take(longs, places, p, count, (long[]) to, at, yStep);
                } else if (from instanceof int[] ints) {
                    take(ints, places, p, count, (int[]) to, at, yStep);
                } else if (width == 1) {
                    take((byte[]) from, places, p, count, (byte[]) to, at, yStep);
                } else {
                    for (int i = 0; i < count; i++) {
                        System.arraycopy(from, places[p + i] * width, to, (at + i * yStep) * width, width);
                    }
                }
            });
        });
    }

    private static void take(long[] x, int[] places, int from, int count, long[] y, int at, int step) {
        for (int i = 0; i < count; i++) {
            y[at + i * step] = x[places[from + i]];
        }
    }

    private static void take(int[] x, int[] places, int from, int count, int[] y, int at, int step) {
        for (int i = 0; i < count; i++) {
            y[at + i * step] = x[places[from + i]];
        }
    }

    private static void take(byte[] x, int[] places, int from, int count, byte[] y, int at, int step) {
        for (int i = 0; i < count; i++) {
            y[at + i * step] = x[places[from + i]];
        }
    }

    private void convert(View x, View y, StridedWalk walk) {
        ElementAccess from = ElementAccess.of(x);
        ElementAccess to = ElementAccess.of(y);
        DType source = x.dtype();
        DType target = y.dtype();
        if (isByte(source) && isByte(target) && (source == DType.BOOL || target == DType.BOOL)) {
            truths(CpuStorage.of(x).array(byte[].class), CpuStorage.of(y).array(byte[].class), walk);
        } else if (isSmallFloat(source) || isSmallFloat(target)) {
            convertFloats(from, source, to, target, walk);
        } else if (source == DType.F64 || target == DType.F64) {
            context.forRange(walk.total(), GRAIN, (begin, end) -> {
                double[] block = new double[Math.min(Workspace.BLOCK, end - begin)];
                for (int start = begin; start < end; start += Workspace.BLOCK) {
                    int stop = Math.min(end, start + Workspace.BLOCK);
                    from.loadDoubles(walk, 0, start, stop, block);
                    to.storeDoubles(walk, 1, start, stop, block);
                }
            });
        } else {
            context.forRange(walk.total(), GRAIN, (begin, end) -> {
                long[] block = context.workspace().longs(0, Workspace.BLOCK);
                for (int start = begin; start < end; start += Workspace.BLOCK) {
                    int stop = Math.min(end, start + Workspace.BLOCK);
                    from.loadLongs(walk, 0, start, stop, block);
                    to.storeLongs(walk, 1, start, stop, block);
                }
            });
        }
    }

    private static boolean isByte(DType dtype) {
        return dtype == DType.BOOL || dtype == DType.U8 || dtype == DType.I8;
    }

    /** Whether every number of the type is a float. */
    private static boolean isSmallFloat(DType dtype) {
        return dtype.isFloat() && dtype != DType.F64;
    }

    private void truths(byte[] x, byte[] y, StridedWalk walk) {
        context.forRange(walk.total(), GRAIN, (begin, end) -> {
            byte[] block = context.workspace().bytes(0, Workspace.BLOCK);
            for (int start = begin; start < end; start += Workspace.BLOCK) {
                int stop = Math.min(end, start + Workspace.BLOCK);
                TruthBlocks.load(walk, 0, x, start, stop, block);
                TruthBlocks.store(walk, 1, y, start, stop, block);
            }
        });
    }

    /** By way of floats, which hold every number of one of the two types. */
    private void convertFloats(ElementAccess from, DType source, ElementAccess to, DType target, StridedWalk walk) {
        ElementLoops loops = context.elementLoops();
        boolean halves = source == DType.F16 || source == DType.BF16;
        boolean toHalves = target == DType.F16 || target == DType.BF16;
        context.forRange(walk.total(), GRAIN, (begin, end) -> {
            float[] block = context.workspace().floats(0, Workspace.BLOCK);
            short[] bits = new short[halves || toHalves ? Math.min(Workspace.BLOCK, end - begin) : 0];
            for (int start = begin; start < end; start += Workspace.BLOCK) {
                int stop = Math.min(end, start + Workspace.BLOCK);
                if (halves) {
                    from.loadShorts(walk, 0, start, stop, bits);
                    loops.widen(source, bits, block, stop - start);
                } else if (source == DType.F32) {
                    StridedLoop.load(walk, 0, from.floats(), start, stop, block);
                } else if (toHalves) {
                    from.loadOddFloats(walk, 0, start, stop, block);
                } else {
                    from.loadFloats(walk, 0, start, stop, block);
                }
                if (toHalves) {
                    loops.narrow(target, block, bits, stop - start);
                    to.storeShorts(walk, 1, start, stop, bits);
                } else if (target == DType.F32) {
                    StridedLoop.store(walk, 1, to.floats(), start, stop, block);
                } else {
                    to.storeFloats(walk, 1, start, stop, block);
                }
            }
        });
    }

    public void fill(View y, double value) {
        CpuStorage storage = CpuStorage.of(y);
        storage.changed();
        StridedWalk walk = StridedWalk.of(0, y);
        if (y.dtype() == DType.F32 && walk.step(0) == 1) {
            float[] data = storage.array(float[].class);
            context.forRange(
                    walk.total(),
                    GRAIN,
                    (begin, end) -> walk.runs(
                            0, begin, end, (at, position, count) -> Arrays.fill(data, at, at + count, (float) value)));
            return;
        }
        if (value == 0 && walk.isDense(0) && storage.array(Object.class) instanceof byte[] bytes) {
            int width = y.dtype().bytes();
            Arrays.fill(bytes, walk.offset(0) * width, (walk.offset(0) + walk.total()) * width, (byte) 0);
            return;
        }
        ElementAccess elements = ElementAccess.of(y);
        int step = walk.step(0);
        walk.runs(0, 0, walk.total(), (at, position, count) -> {
            for (int i = 0; i < count; i++) {
                elements.setDouble(at + i * step, value);
            }
        });
    }
}
