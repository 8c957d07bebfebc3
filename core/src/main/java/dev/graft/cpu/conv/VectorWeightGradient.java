package dev.graft.cpu.conv;

import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.GradientParts;
import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.winograd.LineTransforms;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.gemm.TransposedMicroKernel;
import dev.graft.cpu.gemm.WindowMicroKernel;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The gradient of a convolution's weights on vectors: transposed output gradients times gathered pixels (im2col). The
 * pixels and the taps of the kernel are divided among tasks; the sums of several shares are added in order.
 */
final class VectorWeightGradient {
    private static final int WIDTH = MicroKernel.WIDTH;
    private static final int MAX_PARTIAL_SUMS = 8;
    /** The fewest pixels that are worth separate sums. */
    private static final int LEAST_PIXELS = 256;
    /** Floats of all sums together, unless a single set takes more. */
    private static final int MAX_SUMS = 1 << 22;
    /** Gathered floats that stay in the second-level cache. */
    private static final int GATHERED = 32 << 10;

    private static final int MAX_ROWS = 256;

    /** Results of a line that are multiplied together, and sums of shares of all lines. */
    private static final int LINE_ROWS = 128;

    private static final int MAX_LINE_SUMS = 32;

    private final ExecutionContext context;

    private final boolean winograd;

    /** @param winograd whether Winograd's algorithm may be used where it pays */
    VectorWeightGradient(ExecutionContext context, boolean winograd) {
        this.context = context;
        this.winograd = winograd;
    }

    /** Writes {@code dw}; returns whether all of it is finite. */
    boolean run(int images, Im2col source, ImageArray dy, View dw) {
        PixelMap map = source.map();
        if (VectorPixelGemm.goesByRows(source)) {
            return GradientParts.run(
                    context,
                    images * map.rows(),
                    Math.max(1, GradientParts.PIXELS / map.columns()),
                    dw,
                    (first, count) -> runByRows(first, count, source, dy, dw));
        }
        if (Lines.fit(source)) {
            if (winograd
                    && LineWinograd.pays(source, MicroKernel.padded(dy.channels()))
                    && runByTiles(images, source, dy, dw)) {
                return true;
            }
            Lines lines = Lines.of(source, LINE_ROWS);
            return GradientParts.run(
                    context,
                    lines.blocks(images),
                    Math.max(1, GradientParts.PIXELS / lines.rows()),
                    dw,
                    (first, count) -> runByLines(first, count, lines, dy, dw));
        }
        return GradientParts.run(
                context,
                images * map.rows() * map.columns(),
                GradientParts.PIXELS,
                dw,
                (first, count) -> runByTaps(first, count, source, dy, dw));
    }

    /** Sums {@code [piece][tap][row][width]}: a row for each output, in whole tiles. */
    private record Sums(float[] data, int pieces, int taps, int outputs, int width) {
        int rows() {
            return wholeTiles(outputs);
        }

        int size() {
            return taps * rows() * width;
        }

        int at(int piece, int tap) {
            return piece * size() + tap * rows() * width;
        }
    }

    private static int wholeTiles(int rows) {
        return (rows + MicroKernel.ROWS - 1) / MicroKernel.ROWS * MicroKernel.ROWS;
    }

    private Sums sums(int pieces, int taps, int outputs, int width) {
        int size = pieces * taps * wholeTiles(outputs) * width;
        return new Sums(context.workspace().array(Workspace.Slot.SHARED_RESULT, size), pieces, taps, outputs, width);
    }

    /** A matrix as {@link TransposedMicroKernel} reads it: buffers {@code [rows][WIDTH]} of its columns. */
    private record Buffers(float[] data, int at, int rows) {
        int at(int column) {
            return at + column * rows;
        }
    }

    /** {@code rows} rows of {@code columns}, {@code step} apart; a matrix that already has this form is not copied. */
    private Buffers buffers(Workspace.Slot slot, float[] matrix, int at, int step, int rows, int columns) {
        if (columns == WIDTH && step == WIDTH) {
            return new Buffers(matrix, at, rows);
        }
        float[] buffers = context.workspace().array(slot, (columns + WIDTH - 1) / WIDTH * WIDTH * rows);
        for (int column = 0; column < columns; column += WIDTH) {
            int count = Math.min(WIDTH, columns - column);
            for (int i = 0; i < rows; i++) {
                System.arraycopy(matrix, at + i * step + column, buffers, column * rows + i * WIDTH, count);
            }
        }
        return new Buffers(buffers, 0, rows);
    }

    /**
     * The product of two matrices of {@code rows} rows, the left one transposed, as {@code count} rows of sums, or
     * added to them.
     */
    private static void multiply(Buffers left, Buffers right, int rows, Sums sums, int sumsAt, int count, boolean add) {
        for (int output = 0; output < count; output += WIDTH) {
            for (int column = 0; column < sums.width; column += WIDTH) {
                TransposedMicroKernel.multiply(
                        left.data,
                        left.at(output),
                        right.data,
                        right.at(column),
                        sums.data,
                        sumsAt + output * sums.width + column,
                        sums.width,
                        wholeTiles(Math.min(WIDTH, count - output)),
                        Math.min(WIDTH, sums.width - column),
                        rows,
                        add);
            }
        }
    }

    /** The taps of a kernel row that are gathered together: without enough inputs, one tap would not fill a tile. */
    private record Spans(int count, int size, int columns) {
        static Spans of(PixelMap map, int inputs) {
            int columns = map.columnOffsets().length;
            int most = Math.max(1, WIDTH / inputs);
            int count = (columns + most - 1) / most;
            return new Spans(count, (columns + count - 1) / count, columns);
        }

        int from(int span) {
            return span * size;
        }

        int to(int span) {
            return Math.min(columns, from(span) + size);
        }
    }

    private boolean runByTaps(int first, int pixels, Im2col source, ImageArray dy, View dw) {
        PixelMap map = source.map();
        int outputs = dy.channels();
        Spans spans = Spans.of(map, source.count());
        int groups = map.rowOffsets().length * spans.count;
        int width = MicroKernel.padded(spans.size * source.count());
        int most = Math.max(
                1,
                Math.min(
                        Math.min(MAX_PARTIAL_SUMS, pixels / LEAST_PIXELS),
                        MAX_SUMS / (groups * wholeTiles(outputs) * width)));
        int share = (pixels + most - 1) / most;
        // Every piece has pixels: its sums begin with its first product.
        Sums sums = sums((pixels + share - 1) / share, groups, outputs, width);
        // One group of taps gives too few tasks, so the outputs are divided as well.
        int parts = groups > 1 ? 1 : Math.max(1, outputs / WIDTH);
        int partSize = wholeTiles((outputs + parts - 1) / parts);
        context.forEach(sums.pieces * groups * parts, task -> {
            int group = task / parts % groups;
            int piece = task / parts / groups;
            int output = task % parts * partSize;
            int count = Math.min(partSize, outputs - output);
            int span = group % spans.count;
            Im2col part = source.with(map.onlyRow(group / spans.count).onlyColumns(spans.from(span), spans.to(span)));
            int inputs = part.depth();
            int sumsAt = sums.at(piece, group) + output * width;
            int rows = Math.max(MicroKernel.ROWS, Math.min(MAX_ROWS, GATHERED / inputs));
            boolean direct = part.isImage();
            float[] gathered = direct ? source.data() : context.workspace().array(Workspace.Slot.LEFT, rows * inputs);
            int start = first + piece * share;
            int end = Math.min(first + pixels, start + share);
            for (int from = start; from < end; from += rows) {
                int to = Math.min(end, from + rows);
                int at = direct ? source.at() + from * inputs : 0;
                if (!direct) {
                    part.fill(from, to, new HeapMatrixBuffer(gathered), 0);
                }
                Buffers right = buffers(Workspace.Slot.RIGHT, gathered, at, inputs, to - from, inputs);
                Buffers left = buffers(
                        Workspace.Slot.RESULT, dy.data(), dy.at() + from * outputs + output, outputs, to - from, count);
                multiply(left, right, to - from, sums, sumsAt, count, from > start);
            }
        });
        int[] strides = CpuStorage.strides(dw);
        int[][] places = new int[groups][];
        for (int group = 0; group < groups; group++) {
            int column = spans.from(group % spans.count);
            int row = group / spans.count;
            places[group] = new int[(spans.to(group % spans.count) - column) * source.count()];
            for (int i = 0; i < places[group].length; i++) {
                places[group][i] =
                        i % source.count() * strides[1] + row * strides[2] + (column + i / source.count()) * strides[3];
            }
        }
        return store(sums, places, dw);
    }

    // Few channels: what a result reads is contiguous in the columns of the image row, and is not gathered.
    private boolean runByRows(int first, int rows, Im2col source, ImageArray dy, View dw) {
        PixelMap map = source.map();
        int outputs = dy.channels();
        int inputs = source.depth();
        int width = MicroKernel.padded(inputs);
        int step = map.stepW() * map.rowOffsets().length * source.count();
        int most = Math.max(1, Math.min(2 * MAX_PARTIAL_SUMS, rows / 4));
        int share = (rows + most - 1) / most;
        Sums sums = sums((rows + share - 1) / share, 1, outputs, width);
        context.forEach(sums.pieces, piece -> {
            float[] columns = context.workspace().array(Workspace.Slot.LEFT, source.columnsLength());
            int start = first + piece * share;
            int end = Math.min(first + rows, start + share);
            for (int row = start; row < end; row++) {
                source.fillColumns(row / map.rows(), row % map.rows(), columns, row > start && row % map.rows() > 0);
                for (int column = 0; column < map.columns(); column += MAX_ROWS) {
                    int count = Math.min(MAX_ROWS, map.columns() - column);
                    Buffers right = buffers(Workspace.Slot.RIGHT, columns, column * step, step, count, inputs);
                    Buffers left = buffers(
                            Workspace.Slot.RESULT,
                            dy.data(),
                            dy.at() + (row * map.columns() + column) * outputs,
                            outputs,
                            count,
                            outputs);
                    multiply(left, right, count, sums, sums.at(piece, 0), outputs, row > start || column > 0);
                }
            }
        });
        return store(sums, new int[][] {byColumns(source, dw)}, dw);
    }

    // A kernel of one row: what a result reads is contiguous in a copy of the pixels (see Lines), and is multiplied
    // there.
    private boolean runByLines(int first, int blocks, Lines lines, ImageArray dy, View dw) {
        Im2col source = lines.source();
        int outputs = dy.channels();
        int width = MicroKernel.padded(source.depth());
        int most = Math.max(
                1,
                Math.min(
                        Math.min(MAX_LINE_SUMS, blocks * lines.rows() / LEAST_PIXELS),
                        MAX_SUMS / (wholeTiles(outputs) * width)));
        int share = (blocks + most - 1) / most;
        Sums sums = sums((blocks + share - 1) / share, 1, outputs, width);
        int left = wholeTiles(outputs);
        context.forEach(sums.pieces, piece -> {
            Workspace workspace = context.workspace();
            // Vectors may reach past the last pixel, and tiles past the last output.
            float[] pixels = workspace.array(Workspace.Slot.LEFT, lines.filled() + width);
            float[] gradients = workspace.array(Workspace.Slot.RIGHT, lines.rows() * left);
            int start = first + piece * share;
            int end = Math.min(first + blocks, start + share);
            boolean add = false;
            for (int block = start; block < end; block++) {
                int count = lines.count(block);
                lines.fill(block, pixels);
                boolean direct = lines.dilation() == 1 && left == outputs;
                if (!direct) {
                    gatherGradients(dy, lines.pixel(block), lines.dilation(), count, gradients, left);
                }
                WindowMicroKernel.multiply(
                        direct ? dy.data() : gradients,
                        direct ? dy.at() + lines.pixel(block) * outputs : 0,
                        left,
                        pixels,
                        0,
                        source.count(),
                        sums.data,
                        sums.at(piece, 0),
                        width,
                        left,
                        width,
                        count,
                        add);
                add = true;
            }
        });
        return store(sums, new int[][] {byColumns(source, dw)}, dw);
    }

    /** By Winograd's algorithm: see {@link LineWinograd}. */
    private boolean runByTiles(int images, Im2col source, ImageArray dy, View dw) {
        LineWinograd transforms = LineWinograd.of(source, images);
        Lines lines = transforms.lines();
        return GradientParts.run(
                context,
                lines.blocks(images),
                Math.max(1, GradientParts.PIXELS / lines.rows()),
                dw,
                (first, count) -> runByTiles(first, count, transforms, dy, dw));
    }

    private boolean runByTiles(int first, int blocks, LineWinograd transforms, ImageArray dy, View dw) {
        Lines lines = transforms.lines();
        int points = LineTransforms.POINTS;
        int tile = LineTransforms.TILE;
        int width = transforms.depth();
        int left = MicroKernel.padded(dy.channels());
        int most = Math.max(
                1,
                Math.min(
                        Math.min(MAX_LINE_SUMS, blocks * lines.rows() / (4 * LEAST_PIXELS)),
                        MAX_SUMS / (points * left * width)));
        int share = (blocks + most - 1) / most;
        int pieces = (blocks + share - 1) / share;
        int size = points * left * width;
        float[] sums = context.workspace().array(Workspace.Slot.SHARED_RESULT, pieces * size);
        context.forEach(pieces, piece -> {
            Workspace workspace = context.workspace();
            int position = LineWinograd.position(transforms.tiles(lines.rows()) * left);
            int start = first + piece * share;
            int end = Math.min(first + blocks, start + share);
            boolean add = false;
            for (int block = start; block < end; block++) {
                int count = lines.count(block);
                int tiles = transforms.tiles(count);
                float[] v = transforms.transformed(workspace, block, transforms.pixels(workspace, block));
                float[] gradients =
                        workspace.array(Workspace.Slot.RESULT, tile * transforms.tiles(lines.rows()) * left);
                float[] m = workspace.array(Workspace.Slot.KEPT, points * position);
                gatherGradients(dy, lines.pixel(block), lines.dilation(), count, gradients, left);
                Arrays.fill(gradients, count * left, tile * tiles * left, 0f);
                for (int i = 0; i < tiles; i++) {
                    LineTransforms.kernel(gradients, tile * i * left, left, m, i * left, position, left);
                }
                for (int p = 0; p < points; p++) {
                    WindowMicroKernel.multiply(
                            m,
                            p * position,
                            left,
                            v,
                            p * transforms.inputPosition(),
                            transforms.channels(),
                            sums,
                            piece * size + p * left * width,
                            width,
                            left,
                            width,
                            tiles,
                            add);
                }
                add = true;
            }
        });
        Sums taps = new Sums(new float[left * tile * width], 1, 1, dy.channels(), tile * width);
        context.forRange(left, 4, (from, to) -> {
            for (int piece = 1; piece < pieces; piece++) {
                for (int p = 0; p < points; p++) {
                    int at = (p * left + from) * width;
                    Vectors.add(sums, piece * size + at, sums, at, (to - from) * width);
                }
            }
            NonFiniteWatch unused = NonFiniteWatch.begin(context.workspace());
            int channels = transforms.channels();
            for (int o = from; o < to; o++) {
                for (int group = 0; group < transforms.groups(); group++) {
                    LineTransforms.output(
                            sums,
                            o * width + group * channels,
                            left * width,
                            taps.data,
                            (o * width + group * channels) * tile,
                            channels,
                            channels,
                            unused.sums());
                }
            }
        });
        return store(taps, new int[][] {byColumns(transforms.lines().source(), dw)}, dw);
    }

    private static void gatherGradients(ImageArray dy, int pixel, int apart, int count, float[] target, int step) {
        int outputs = dy.channels();
        for (int i = 0; i < count; i++) {
            int from = dy.at() + (pixel + i * apart) * outputs;
            System.arraycopy(dy.data(), from, target, i * step, outputs);
            Arrays.fill(target, i * step + outputs, (i + 1) * step, 0f);
        }
    }

    /** The places in a row of {@code dw} of sums in the order of kernel columns, kernel rows and channels. */
    private static int[] byColumns(Im2col source, View dw) {
        int[] strides = CpuStorage.strides(dw);
        int channels = source.count();
        int rows = source.map().rowOffsets().length;
        int[] places = new int[source.depth()];
        for (int i = 0; i < places.length; i++) {
            int tap = i / channels;
            places[i] = i % channels * strides[1] + tap % rows * strides[2] + tap / rows * strides[3];
        }
        return places;
    }

    private static boolean isRun(int[] places) {
        for (int i = 1; i < places.length; i++) {
            if (places[i] != places[0] + i) {
                return false;
            }
        }
        return true;
    }

    /**
     * Adds the pieces up, to dw [O, I, KH, KW] in its own layout.
     *
     * @param places of each tap's columns in a row of dw
     */
    private boolean store(Sums sums, int[][] places, View dw) {
        float[] data = CpuStorage.floatsToWrite(dw);
        int outputStride = CpuStorage.stride(dw, 0);
        boolean[] runs = new boolean[sums.taps];
        for (int tap = 0; tap < sums.taps; tap++) {
            runs[tap] = isRun(places[tap]);
        }
        int grain = Math.max(1, (1 << 14) / (sums.taps * sums.width));
        ElementLoops kernels = context.elementLoops();
        AtomicBoolean strange = new AtomicBoolean();
        context.forRange(sums.outputs, grain, (from, to) -> {
            for (int tap = 0; tap < sums.taps; tap++) {
                int first = sums.at(0, tap) + from * sums.width;
                for (int piece = 1; piece < sums.pieces; piece++) {
                    Vectors.add(
                            sums.data,
                            sums.at(piece, tap) + from * sums.width,
                            sums.data,
                            first,
                            (to - from) * sums.width);
                }
                int[] offsets = places[tap];
                for (int o = from; o < to; o++) {
                    int at = CpuStorage.offset(dw) + o * outputStride;
                    int sum = sums.at(0, tap) + o * sums.width;
                    if (!kernels.isFinite(sums.data, sum, sum + offsets.length)) {
                        strange.set(true);
                    }
                    if (runs[tap]) {
                        System.arraycopy(sums.data, sum, data, at + offsets[0], offsets.length);
                        continue;
                    }
                    for (int j = 0; j < offsets.length; j++) {
                        data[at + offsets[j]] = sums.data[sum + j];
                    }
                }
            }
        });
        return !strange.get();
    }
}
