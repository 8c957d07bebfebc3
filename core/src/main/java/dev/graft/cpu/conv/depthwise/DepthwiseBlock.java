package dev.graft.cpu.conv.depthwise;

import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@value #PIXELS} neighbouring result pixels of a depthwise convolution at once, on the Vector API: for each vector of
 * channels, the sums stay in registers over all rows of the kernel, and each source pixel of a row is loaded once for
 * all taps that read it ({@link DepthwiseTaps}).
 *
 * <p>The outermost source columns at either side of a block ({@link #edge}) may be outside the image. For these, some
 * column inside is read and masked to zero. If more columns are outside, as on images narrower than a block, the block
 * reads a copy with zeros around it.
 */
final class DepthwiseBlock {
    /** Result pixels of a block. */
    static final int PIXELS = DepthwiseTaps.PIXELS;

    private static final int LANES = Vectors.LANES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, Vectors.SPECIES.vectorShape());

    private final ImageArray source;
    private final ImageArray target;
    private final PixelMap map;
    private final int taps;
    private final int[] inside;
    private final VectorEpilogue epilogue;
    private final Workspace workspace;
    // A block that is wider than the result is stored here first.
    private final float[] narrow;
    private final int weightsAt;
    private boolean plainly;

    // What DepthwiseTaps reads: the convolution,
    final float[] w;
    final int channels;
    final boolean raw;
    final float[] scale;
    final float[] shift;
    final int low;
    final int high;
    final NonFiniteWatch watch;
    // the block's place,
    final int[] column;
    int kernelRows;
    float[] x;
    int xAt;
    int rowStep;
    int wAt;
    float[] y;
    int yAt;
    int yStep;
    // and the channels that the next call is for.
    int firstChannel;
    int lastChannel;

    /**
     * {@code w} is {@code [kernel rows, kernel columns, channels]} from {@code weightsAt} on; {@code epilogue} has no
     * residual.
     */
    DepthwiseBlock(
            ImageArray source,
            PixelMap map,
            float[] w,
            int weightsAt,
            ImageArray target,
            VectorEpilogue epilogue,
            Workspace workspace) {
        this.source = source;
        this.target = target;
        this.map = map;
        this.taps = map.columnOffsets().length;
        this.w = w;
        this.weightsAt = weightsAt;
        this.channels = source.channels();
        this.column = new int[(PIXELS - 1) * map.stepW() + taps];
        this.inside = new int[column.length];
        this.raw = epilogue.isEmpty();
        this.scale = epilogue.scale();
        this.shift = epilogue.shift();
        this.low = epilogue.low();
        this.high = epilogue.high();
        this.epilogue = epilogue;
        this.workspace = workspace;
        this.watch = NonFiniteWatch.begin(workspace);
        this.narrow = workspace.floats(0, PIXELS * channels);
    }

    /** Whether there is a kernel for these taps. */
    static boolean fits(PixelMap map, int channels) {
        int rows = map.rowOffsets().length;
        int columns = map.columnOffsets().length;
        if (channels < LANES || rows == 0 || columns == 0 || !map.readsRuns()) {
            return false;
        }
        for (int i = 2; i < rows; i++) {
            if (map.rowOffsets()[i] - map.rowOffsets()[i - 1] != map.rowOffsets()[1] - map.rowOffsets()[0]) {
                return false;
            }
        }
        return map.stepW() == 1 ? columns <= 3 || columns == 5 : map.stepW() == 2 && (columns == 3 || columns == 5);
    }

    /** Result rows {@code [firstRow, lastRow)} of an image. */
    void rows(int image, int firstRow, int lastRow) {
        runRows(image, firstRow, lastRow);
        if (!watch.isFinite()) {
            plainly = true;
            runRows(image, firstRow, lastRow);
        }
    }

    private void runRows(int image, int firstRow, int lastRow) {
        int last = Math.max(0, map.columns() - PIXELS);
        for (int q = firstRow; q < lastRow; q++) {
            int r = 0;
            while (r < map.columns()) {
                int inner = innerBlocks(r);
                block(image, q, Math.min(r, last), Math.max(1, inner));
                r += Math.max(1, inner) * PIXELS;
            }
        }
    }

    /** How many blocks from column {@code r} on read and write only inside the images. */
    private int innerBlocks(int r) {
        int left = r * map.stepW() + map.columnOffsets()[0];
        int room = source.width() - left - column.length;
        return left < 0 || room < 0 ? 0 : Math.min(room / (PIXELS * map.stepW()) + 1, (map.columns() - r) / PIXELS);
    }

    private void moveToRow(int image, int q) {
        int[] offsets = map.rowOffsets();
        int top = q * map.stepH();
        int first = 0;
        while (first < offsets.length && top + offsets[first] < 0) {
            first++;
        }
        int end = offsets.length;
        while (end > first && top + offsets[end - 1] >= source.height()) {
            end--;
        }
        kernelRows = end - first;
        x = source.data();
        rowStep = offsets.length == 1 ? 0 : (offsets[1] - offsets[0]) * source.width() * channels;
        xAt = kernelRows == 0 ? 0 : source.at() + source.place(image, top + offsets[first], 0);
        wAt = weightsAt + first * taps * channels;
    }

    private void block(int image, int q, int r, int count) {
        moveToRow(image, q);
        int left = r * map.stepW() + map.columnOffsets()[0];
        for (int j = 0; j < column.length; j++) {
            int place = Math.max(0, Math.min(source.width() - 1, left + j));
            column[j] = place * channels;
            inside[j] = place == left + j ? -1 : 0;
        }
        if (!isInside(edge(), column.length - edge())) {
            readCopy();
        }
        write(image, q, r, count);
    }

    private void write(int image, int q, int r, int count) {
        int place = target.at()
                + target.place(image, map.firstRow() + q * map.placeH(), map.firstColumn() + r * map.placeW());
        int step = map.placeW() * channels;
        int pixels = map.columns() - r;
        if (pixels >= PIXELS) {
            y = target.data();
            yAt = place;
            yStep = step;
            for (int n = 0; n < count; n++) {
                run();
                xAt += PIXELS * map.stepW() * channels;
                yAt += PIXELS * step;
            }
            return;
        }
        y = narrow;
        yAt = 0;
        yStep = channels;
        run();
        for (int p = 0; p < pixels; p++) {
            System.arraycopy(narrow, p * channels, target.data(), place + p * step, channels);
        }
    }

    /** How many source columns are masked at either side of a block. */
    private int edge() {
        return taps / 2;
    }

    private boolean isInside(int from, int to) {
        for (int j = from; j < to; j++) {
            if (inside[j] == 0) {
                return false;
            }
        }
        return true;
    }

    private void readCopy() {
        int step = column.length * channels;
        float[] copy = workspace.floats(1, map.rowOffsets().length * step);
        for (int j = 0; j < column.length; j++) {
            for (int i = 0; i < kernelRows; i++) {
                int to = i * step + j * channels;
                if (inside[j] == 0) {
                    Arrays.fill(copy, to, to + channels, 0f);
                } else {
                    System.arraycopy(x, xAt + i * rowStep + column[j], copy, to, channels);
                }
            }
        }
        for (int j = 0; j < column.length; j++) {
            column[j] = j * channels;
            inside[j] = -1;
        }
        x = copy;
        xAt = 0;
        rowStep = step;
    }

    private void run() {
        if (plainly) {
            runPlainly();
            return;
        }
        firstChannel = 0;
        lastChannel = channels / LANES * LANES;
        runVectors();
        if (lastChannel < channels) {
            firstChannel = channels - LANES;
            lastChannel = channels;
            runVectors();
        }
    }

    private void runVectors() {
        switch (taps * map.stepW()) {
            case 1 -> DepthwiseTaps.taps1(this);
            case 2 -> DepthwiseTaps.taps2(this);
            case 3 -> DepthwiseTaps.taps3(this);
            case 5 -> DepthwiseTaps.taps5(this);
            case 6 -> DepthwiseTaps.taps3Stride2(this);
            default -> DepthwiseTaps.taps5Stride2(this);
        }
    }

    private void runPlainly() {
        for (int p = 0; p < PIXELS; p++) {
            for (int c = 0; c < channels; c++) {
                float sum = 0;
                for (int tap = 0; tap < kernelRows * taps; tap++) {
                    int j = p * map.stepW() + tap % taps;
                    float v = inside[j] == 0 ? 0f : x[xAt + tap / taps * rowStep + column[j] + c];
                    sum = Math.fma(v, w[wAt + tap * channels + c], sum);
                }
                y[yAt + p * yStep + c] = epilogue.finish(sum, c);
            }
        }
    }

    IntVector mask(int j) {
        return IntVector.broadcast(INTS, inside[j]);
    }
}
