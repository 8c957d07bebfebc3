package dev.graft.cpu.conv.depthwise;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.memory.PackedWeightCache;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Grouped convolution of groups too small for a matrix product, on the Vector API. A tile of the image is copied with
 * each input of a group repeated for every output ({@link RepeatedRows}); on the copy, every channel is convolved by
 * itself, and the inputs of a group are further rows of the kernel. Groups of one channel are the simplest case.
 */
public final class RepeatedConvolution implements ConvolutionAlgorithm {
    private static final int LANES = Vectors.LANES;
    private static final int PIXELS = RepeatedTaps.PIXELS;
    /** Floats of a tile, which should stay in the second-level cache. */
    private static final int TILE = 1 << 16;
    /** Channels of a tile. */
    private static final int CHANNELS = 64;
    /** Taps that are added up in floats before their sum is added to the others. */
    private static final int FLOAT_TAPS = 128;
    /** The most taps, with those of all inputs of a group. */
    private static final int MOST_TAPS = 64 * FLOAT_TAPS;
    /** The most pixels between the first tap and the last, with those of all inputs of a group. */
    private static final int MOST_SURROUNDINGS = 1 << 16;
    /** The most products of a gradient that are added before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 256;
    /** The number of separate sums into which a gradient is divided. */
    private static final int PARTIAL_SUMS = 16;
    /** The fewest multiply-adds of such a sum. */
    private static final long LEAST_WORK = 1 << 18;

    private final ExecutionContext context;

    public RepeatedConvolution(ExecutionContext context) {
        this.context = context;
    }

    /** Whether the taps are few enough for sums in floats, and lie near enough for tiles. */
    public static boolean fits(View w, Conv2dParams params) {
        int perGroup = Math.max(w.dim(1), w.dim(0) / params.groups());
        long taps = (long) w.dim(2) * w.dim(3);
        long height = (w.dim(2) - 1L) * params.dilationH() + 1;
        long width = (w.dim(3) - 1L) * params.dilationW() + 1;
        return taps * perGroup <= MOST_TAPS && height * width <= MOST_SURROUNDINGS / perGroup;
    }

    /** The same for groups of one channel. */
    static boolean fits(PixelMap map) {
        return map.taps() > 0
                && map.taps() <= MOST_TAPS
                && (long) Tiling.reach(map.rowOffsets()) * Tiling.reach(map.columnOffsets()) <= MOST_SURROUNDINGS;
    }

    /** The channels that a pass reads and writes for each group, and how many of all channels a tile has. */
    private record Groups(int inputs, int outputs, int channels, int most) {

        /** With so many channels in a tile that it is not mostly the surroundings of its results. */
        static Groups of(int inputs, int outputs, int channels, PixelMap map) {
            int most = CHANNELS;
            long surroundings = 2L * Tiling.reach(map.rowOffsets()) * Tiling.reach(map.columnOffsets()) * inputs;
            while (most > LANES && surroundings * most > TILE) {
                most /= 2;
            }
            return new Groups(inputs, outputs, channels, most);
        }

        int chunks() {
            return Math.max(1, channels / most);
        }

        int first(int chunk) {
            return chunk * most;
        }

        /** The last chunk takes what is left over. */
        int count(int chunk) {
            return chunk == chunks() - 1 ? channels - first(chunk) : most;
        }

        RepeatedRows[] rows(ImageArray source) {
            RepeatedRows[] rows = new RepeatedRows[chunks()];
            Arrays.setAll(
                    rows, chunk -> new RepeatedRows(source, inputs, outputs, first(chunk), count(chunk), width(chunk)));
            return rows;
        }

        int width(int chunk) {
            return (count(chunk) + LANES - 1) / LANES * LANES;
        }

        /** Channels of all chunks before, rounded up; all but the last are whole vectors. */
        int widthBefore(int chunk) {
            return first(chunk);
        }

        int widths() {
            return widthBefore(chunks() - 1) + width(chunks() - 1);
        }
    }

    /** How the results of a map are divided into tiles. */
    private record Tiling(PixelMap map, int inputs, int rows, int columns, int rowTiles, int columnTiles) {

        static Tiling of(PixelMap map, Groups groups) {
            int width = groups.width(groups.chunks() - 1);
            int deep = reach(map.rowOffsets()) * groups.inputs * width;
            int reachH = reach(map.rowOffsets());
            int reachW = reach(map.columnOffsets());
            int wide = Math.max(reachW / map.stepW() / 2, (TILE / deep - reachW) / map.stepW() + 1);
            int columns = Math.min(map.columns(), Math.max(2 * PIXELS, wide / PIXELS * PIXELS));
            int line = ((columns - 1) * map.stepW() + reachW) * groups.inputs * width;
            int high = Math.max(reachH / map.stepH() / 2, (TILE / line - reachH) / map.stepH() + 1);
            int rows = Math.max(1, Math.min(map.rows(), high));
            return new Tiling(
                    map,
                    groups.inputs,
                    rows,
                    columns,
                    (map.rows() + rows - 1) / rows,
                    (map.columns() + columns - 1) / columns);
        }

        static int reach(int[] offsets) {
            return offsets[offsets.length - 1] - offsets[0] + 1;
        }

        int tiles() {
            return rowTiles * columnTiles;
        }

        int firstRow(int tile) {
            return tile / columnTiles * rows;
        }

        int lastRow(int tile) {
            return Math.min(map.rows(), firstRow(tile) + rows);
        }

        int firstColumn(int tile) {
            return tile % columnTiles * columns;
        }

        int columns(int tile) {
            return Math.min(columns, map.columns() - firstColumn(tile));
        }

        /** Source columns of a tile: enough for a whole block of pixels. */
        int sourceColumns() {
            return (Math.max(PIXELS, columns) - 1) * map.stepW() + reach(map.columnOffsets());
        }

        int sourceRows() {
            return (rows - 1) * map.stepH() + reach(map.rowOffsets());
        }

        /** Where each tap lies, kernel row by input by kernel column, relative to a result's first. */
        int[] offsets(int width) {
            int[] rowOffsets = map.rowOffsets();
            int[] columnOffsets = map.columnOffsets();
            int[] offsets = new int[rowOffsets.length * inputs * columnOffsets.length];
            int t = 0;
            for (int row : rowOffsets) {
                for (int i = 0; i < inputs; i++) {
                    for (int column : columnOffsets) {
                        int line = (row - rowOffsets[0]) * inputs + i;
                        offsets[t++] = (line * sourceColumns() + column - columnOffsets[0]) * width;
                    }
                }
            }
            return offsets;
        }

        /** The results of a tile, from its copy. */
        PixelMap onCopy(int tile) {
            int[] rowOffsets = new int[map.rowOffsets().length * inputs];
            Arrays.setAll(rowOffsets, k -> (map.rowOffsets()[k / inputs] - map.rowOffsets()[0]) * inputs + k % inputs);
            int[] columnOffsets = new int[map.columnOffsets().length];
            Arrays.setAll(columnOffsets, k -> map.columnOffsets()[k] - map.columnOffsets()[0]);
            return new PixelMap(
                    lastRow(tile) - firstRow(tile),
                    columns(tile),
                    map.stepH() * inputs,
                    map.stepW(),
                    rowOffsets,
                    columnOffsets,
                    rowOffsets,
                    columnOffsets,
                    1,
                    1,
                    0,
                    0);
        }

        /** Whether any result reads source row {@code row} of a tile. */
        boolean reads(int row) {
            for (int offset : map.rowOffsets()) {
                int q = row + map.rowOffsets()[0] - offset;
                if (q >= 0 && q % map.stepH() == 0) {
                    return true;
                }
            }
            return false;
        }

        /** Copies what the results of a tile read. */
        void fill(RepeatedRows source, int image, int tile, int width, float[] copy) {
            int columns = sourceColumns();
            int top = firstRow(tile) * map.stepH() + map.rowOffsets()[0];
            int left = firstColumn(tile) * map.stepW() + map.columnOffsets()[0];
            int count = (lastRow(tile) - firstRow(tile) - 1) * map.stepH() + reach(map.rowOffsets());
            for (int row = 0; row < count; row++) {
                if (reads(row)) {
                    source.fill(image, top + row, left, columns, copy, row * inputs * columns * width);
                }
            }
        }
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        Groups groups = Groups.of(w.dim(1), w.dim(0) / params.groups(), w.dim(0), map);
        VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
        run(x.dim(0), ImageArray.read(x), groups, map, packed(w, groups, map, true), end, ImageArray.written(y));
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        ImageArray source = ImageArray.read(dy);
        ImageArray target = ImageArray.written(dx);
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            if (map.taps() == 0) {
                map.clear(context, dx.dim(0), target);
            } else {
                Groups groups = Groups.of(w.dim(0) / params.groups(), w.dim(1), w.dim(1) * params.groups(), map);
                run(dx.dim(0), source, groups, map, packed(w, groups, map, false), VectorEpilogue.NONE, target);
            }
        }
    }

    /** Groups of one channel, by one map with taps. */
    void single(int images, ImageArray source, View w, PixelMap map, ImageArray target, VectorEpilogue end) {
        Groups groups = Groups.of(1, 1, w.dim(0), map);
        run(images, source, groups, map, packed(w, groups, map, true), end, target);
    }

    /** Weights as {@code [chunk][kernel row][input][kernel column][width]}; channels that fill up a vector are 0. */
    private float[] packed(View w, Groups groups, PixelMap map, boolean forward) {
        CpuStorage storage = CpuStorage.of(w);
        PackedWeightCache.Key key = PackedWeightCache.Key.of(
                forward ? "repeated" : "repeated backward",
                new int[] {CpuStorage.offset(w), groups.inputs, groups.outputs, groups.channels, groups.most},
                CpuStorage.strides(w),
                map.kernelRows(),
                map.kernelColumns());
        int taps = map.taps() * groups.inputs;
        int size = taps * groups.widths();
        MatrixBuffer packed = storage.packed()
                .get(
                        key,
                        storage.content(),
                        size,
                        floats -> new HeapMatrixBuffer(new float[floats]),
                        floats -> new HeapMatrixBuffer(context.workspace().array(Workspace.Slot.SHARED_RIGHT, floats)),
                        buffer -> pack(w, groups, map, forward, ((HeapMatrixBuffer) buffer).data()));
        return ((HeapMatrixBuffer) packed).data();
    }

    private void pack(View w, Groups groups, PixelMap map, boolean forward, float[] packed) {
        float[] data = CpuStorage.floats(w);
        int[] strides = CpuStorage.strides(w);
        int taps = map.taps() * groups.inputs;
        context.forEach(groups.chunks(), chunk -> {
            int width = groups.width(chunk);
            int to = taps * groups.widthBefore(chunk);
            Arrays.fill(packed, to, to + taps * width, 0f);
            for (int c = 0; c < groups.count(chunk); c++) {
                int channel = groups.first(chunk) + c;
                int first = forward
                        ? channel * strides[0]
                        : channel / groups.outputs * groups.inputs * strides[0] + channel % groups.outputs * strides[1];
                int at = to + c;
                for (int row : map.kernelRows()) {
                    for (int i = 0; i < groups.inputs; i++) {
                        for (int column : map.kernelColumns()) {
                            packed[at] = data[
                                    CpuStorage.offset(w)
                                            + first
                                            + i * strides[forward ? 1 : 0]
                                            + row * strides[2]
                                            + column * strides[3]];
                            at += width;
                        }
                    }
                }
            }
        });
    }

    private void run(
            int images,
            ImageArray source,
            Groups groups,
            PixelMap map,
            float[] weights,
            VectorEpilogue end,
            ImageArray target) {
        Tiling tiling = Tiling.of(map, groups);
        RepeatedRows[] rows = groups.rows(source);
        int taps = map.taps() * groups.inputs;
        int chunks = groups.chunks();
        context.forEach(images * tiling.tiles() * chunks, task -> {
            int chunk = task % chunks;
            int tile = task / chunks % tiling.tiles();
            int image = task / chunks / tiling.tiles();
            int width = groups.width(chunk);
            Workspace workspace = context.workspace();
            int line = groups.inputs * tiling.sourceColumns() * width;
            float[] copy = workspace.array(Workspace.Slot.LEFT, tiling.sourceRows() * line);
            tiling.fill(rows[chunk], image, tile, width, copy);
            int tileRows = tiling.lastRow(tile) - tiling.firstRow(tile);
            int columns = tiling.columns(tile);
            float[] sums = workspace.array(Workspace.Slot.RESULT, tileRows * Math.max(PIXELS, columns) * width);
            int at = taps * groups.widthBefore(chunk);
            PixelMap local = tiling.onCopy(tile);
            if (taps <= FLOAT_TAPS && DepthwiseBlock.fits(local, width)) {
                ImageArray read =
                        new ImageArray(copy, 0, tiling.sourceRows() * groups.inputs, tiling.sourceColumns(), width);
                ImageArray written = new ImageArray(sums, 0, tileRows, columns, width);
                new DepthwiseBlock(read, local, weights, at, written, VectorEpilogue.NONE, workspace)
                        .rows(0, 0, tileRows);
            } else {
                sum(tiling, source, tile, copy, width, weights, at, sums);
            }
            for (int q = 0; q < tileRows; q++) {
                int place = target.place(
                        image,
                        map.firstRow() + (tiling.firstRow(tile) + q) * map.placeH(),
                        map.firstColumn() + tiling.firstColumn(tile) * map.placeW());
                end.store(
                        workspace,
                        sums,
                        q * columns * width,
                        width,
                        columns,
                        groups.first(chunk),
                        groups.count(chunk),
                        target.data(),
                        target.at(),
                        place + groups.first(chunk),
                        map.placeW() * target.channels());
            }
        });
    }

    /**
     * The sums {@code [row][column][width]} of a tile, with taps at any places. Taps that read only outside the image,
     * which in the gradient of a large kernel are most, are left out.
     */
    private static void sum(
            Tiling tiling,
            ImageArray source,
            int tile,
            float[] copy,
            int width,
            float[] weights,
            int weightsAt,
            float[] sums) {
        PixelMap map = tiling.map;
        int[] offsets = tiling.offsets(width);
        int columns = tiling.columns(tile);
        int pixelStep = map.stepW() * width;
        int line = tiling.inputs * tiling.sourceColumns() * width;
        int taps = map.columnOffsets().length;
        for (int q = 0; q < tiling.lastRow(tile) - tiling.firstRow(tile); q++) {
            int top = (tiling.firstRow(tile) + q) * map.stepH();
            int firstLine = first(map.rowOffsets(), -top) * tiling.inputs;
            int lastLine = first(map.rowOffsets(), source.height() - top) * tiling.inputs;
            for (int r = 0; r < columns; r += PIXELS) {
                int start = Math.max(0, Math.min(r, columns - PIXELS));
                int left = (tiling.firstColumn(tile) + start) * map.stepW();
                int firstTap = first(map.columnOffsets(), -left - (PIXELS - 1) * map.stepW());
                int lastTap = first(map.columnOffsets(), source.width() - left);
                int at = q * map.stepH() * line + start * pixelStep;
                int to = (q * columns + start) * width;
                boolean all = lastTap - firstTap == taps;
                // Lines of all taps are neighbours.
                int first = all ? firstLine * taps : firstLine * taps + firstTap;
                int last = all ? lastLine * taps : firstLine * taps + lastTap;
                if (firstLine >= lastLine || firstTap >= lastTap) {
                    Arrays.fill(sums, to, to + PIXELS * width, 0f);
                    continue;
                }
                for (int l = firstLine; l < (all ? firstLine + 1 : lastLine); l++) {
                    for (int t = first; t < last; t += FLOAT_TAPS) {
                        int end = Math.min(last, t + FLOAT_TAPS);
                        boolean add = l > firstLine || t > first;
                        RepeatedTaps.forward(
                                copy, at, pixelStep, offsets, t, end, weights, weightsAt, sums, to, width, add);
                    }
                    first += taps;
                    last += taps;
                }
            }
        }
    }

    /** The first of ascending offsets that is at least {@code least}. */
    private static int first(int[] offsets, int least) {
        int i = 0;
        while (i < offsets.length && offsets[i] < least) {
            i++;
        }
        return i;
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        Groups groups = Groups.of(dw.dim(1), dw.dim(0) / params.groups(), dw.dim(0), map);
        return gradient(x.dim(0), ImageArray.read(x), ImageArray.read(dy), groups, map, dw);
    }

    /** As {@link #single}, the weights' gradient; returns whether all of it is finite. */
    boolean singleGradient(int images, ImageArray source, ImageArray gradient, PixelMap map, View dw) {
        return gradient(images, source, gradient, Groups.of(1, 1, dw.dim(0), map), map, dw);
    }

    private boolean gradient(int images, ImageArray source, ImageArray gradient, Groups groups, PixelMap map, View dw) {
        Tiling tiling = Tiling.of(map, groups);
        int taps = map.taps() * groups.inputs;
        int tiles = images * tiling.tiles();
        long work = (long) images * map.rows() * map.columns() * taps * CHANNELS;
        int pieces = (int) Math.max(1, Math.min(Math.min(tiles, PARTIAL_SUMS), work / LEAST_WORK));
        RepeatedRows[] rows = groups.rows(source);
        double[][] totals = new double[groups.chunks() * pieces][];
        context.forEach(totals.length, task -> {
            int piece = task / groups.chunks();
            int first = (int) ((long) tiles * piece / pieces);
            int last = (int) ((long) tiles * (piece + 1) / pieces);
            totals[task] = gradients(
                    rows[task % groups.chunks()], gradient, groups, tiling, task % groups.chunks(), first, last);
        });
        return store(totals, groups, map, dw);
    }

    private double[] gradients(
            RepeatedRows rows, ImageArray gradient, Groups groups, Tiling tiling, int chunk, int first, int last) {
        PixelMap map = tiling.map;
        int width = groups.width(chunk);
        int count = groups.count(chunk);
        Workspace workspace = context.workspace();
        int line = groups.inputs * tiling.sourceColumns() * width;
        float[] copy = workspace.array(Workspace.Slot.LEFT, tiling.sourceRows() * line);
        float[] dy = workspace.array(Workspace.Slot.RIGHT, FLOAT_ADDITIONS * width);
        int[] offsets = tiling.offsets(width);
        float[] sums = workspace.array(Workspace.Slot.RESULT, offsets.length * width);
        double[] totals = new double[offsets.length * width];
        Arrays.fill(sums, 0, totals.length, 0f);
        Arrays.fill(dy, 0, FLOAT_ADDITIONS * width, 0f);
        int added = 0;
        for (int t = first; t < last; t++) {
            int tile = t % tiling.tiles();
            int image = t / tiling.tiles();
            tiling.fill(rows, image, tile, width, copy);
            for (int q = tiling.firstRow(tile); q < tiling.lastRow(tile); q++) {
                int at = (q - tiling.firstRow(tile)) * map.stepH() * line;
                for (int r = 0; r < tiling.columns(tile); r += FLOAT_ADDITIONS) {
                    int pixels = Math.min(FLOAT_ADDITIONS, tiling.columns(tile) - r);
                    if (added + pixels > FLOAT_ADDITIONS) {
                        flush(sums, totals);
                        added = 0;
                    }
                    added += pixels;
                    int from = gradient.at()
                            + gradient.place(image, q, tiling.firstColumn(tile) + r)
                            + groups.first(chunk);
                    for (int p = 0; p < pixels; p++) {
                        System.arraycopy(gradient.data(), from + p * gradient.channels(), dy, p * width, count);
                    }
                    for (int tap = 0; tap < offsets.length; tap += RepeatedTaps.TAPS) {
                        RepeatedTaps.gradient(
                                copy,
                                at + r * map.stepW() * width,
                                map.stepW() * width,
                                offsets,
                                tap,
                                dy,
                                pixels,
                                sums,
                                width);
                    }
                }
            }
        }
        flush(sums, totals);
        return totals;
    }

    private static void flush(float[] sums, double[] totals) {
        for (int i = 0; i < totals.length; i++) {
            totals[i] += sums[i];
            sums[i] = 0f;
        }
    }

    /** Adds up the pieces, in order. */
    private boolean store(double[][] totals, Groups groups, PixelMap map, View dw) {
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = CpuStorage.strides(dw);
        int columns = map.columnOffsets().length;
        int taps = map.taps() * groups.inputs;
        int chunks = groups.chunks();
        AtomicBoolean strange = new AtomicBoolean();
        context.forEach(chunks, chunk -> {
            int width = groups.width(chunk);
            for (int piece = chunk + chunks; piece < totals.length; piece += chunks) {
                for (int i = 0; i < taps * width; i++) {
                    totals[chunk][i] += totals[piece][i];
                }
            }
            boolean finite = true;
            for (int c = 0; c < groups.count(chunk); c++) {
                int at = CpuStorage.offset(dw) + (groups.first(chunk) + c) * strides[0];
                for (int t = 0; t < taps; t++) {
                    int i = t / columns % groups.inputs;
                    int row = t / columns / groups.inputs;
                    float value = (float) totals[chunk][t * width + c];
                    data[at + i * strides[1] + row * strides[2] + t % columns * strides[3]] = value;
                    finite &= Float.isFinite(value);
                }
            }
            if (!finite) {
                strange.set(true);
            }
        });
        return !strange.get();
    }
}
