package dev.graft.cpu.conv.depthwise;

import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.Vectors;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The weight gradient of a depthwise convolution from {@value #PIXELS} neighbouring result columns at once, on the
 * Vector API: for each vector of channels and each kernel row, the sums of the row's taps stay in registers while the
 * block moves down the image ({@link DepthwiseGradientTaps}).
 *
 * <p>Columns outside an image are read as any column inside it and masked to zero.
 */
final class DepthwiseGradientBlock {
    /** Result pixels of a block. */
    static final int PIXELS = DepthwiseTaps.PIXELS;

    private static final int LANES = Vectors.LANES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, Vectors.SPECIES.vectorShape());
    // Additions to the sums before they are moved to double.
    private static final int FLOAT_ADDITIONS = 64;
    // Rows of results that are summed in registers.
    private static final int ROWS = 64;
    // Channels at a time: the rows of a strip must stay in the first-level cache.
    private static final int CHUNK = 64;

    private final ImageArray source;
    private final ImageArray gradient;
    private final PixelMap map;
    private final int taps;
    private final int[] inside;
    private final int[] counted = new int[PIXELS];
    private final double[] totals;
    private int added;

    // What DepthwiseGradientTaps reads: the convolution,
    final float[] x;
    final float[] dy;
    final float[] sums;
    final int channels;
    final int padded;
    final int xStep;
    final int dyStep;
    // the block's place,
    final int[] column;
    final int[] pixel = new int[PIXELS];
    int rows;
    int xAt;
    int dyAt;
    int sumAt;
    // and the channels that the next call is for.
    int firstChannel;
    int lastChannel;

    DepthwiseGradientBlock(ImageArray source, ImageArray gradient, PixelMap map) {
        this.source = source;
        this.gradient = gradient;
        this.map = map;
        this.taps = map.columnOffsets().length;
        this.x = source.data();
        this.dy = gradient.data();
        this.channels = source.channels();
        this.padded = (channels + LANES - 1) / LANES * LANES;
        this.xStep = map.stepH() * source.width() * channels;
        this.dyStep = gradient.width() * channels;
        this.column = new int[(PIXELS - 1) * map.stepW() + taps];
        this.inside = new int[column.length];
        this.sums = new float[map.taps() * padded];
        this.totals = new double[sums.length];
    }

    /** Whether there is a kernel for these taps. */
    static boolean fits(PixelMap map, int channels) {
        int columns = map.columnOffsets().length;
        return channels >= LANES && map.readsRuns() && map.stepW() <= 2 && (columns == 3 || columns == 5);
    }

    /** Adds result rows {@code [firstRow, lastRow)} of an image. */
    void add(int image, int firstRow, int lastRow) {
        for (int column = 0; column < map.columns(); column += FLOAT_ADDITIONS * PIXELS) {
            int end = Math.min(map.columns(), column + FLOAT_ADDITIONS * PIXELS);
            for (int row = firstRow; row < lastRow; row += ROWS) {
                add(image, row, Math.min(lastRow, row + ROWS), column, end);
            }
        }
    }

    private void add(int image, int firstRow, int lastRow, int firstColumn, int lastColumn) {
        for (int c = 0; c < channels; c += CHUNK) {
            firstChannel = c;
            lastChannel = Math.min(channels, c + CHUNK);
            for (int r = firstColumn; r < lastColumn; r += PIXELS) {
                moveToColumn(r);
                for (int i = 0; i < map.rowOffsets().length; i++) {
                    kernelRow(image, i, firstRow, lastRow);
                }
            }
        }
        added += (lastColumn - firstColumn + PIXELS - 1) / PIXELS;
        if (added >= FLOAT_ADDITIONS) {
            flush();
        }
    }

    private void moveToColumn(int r) {
        int left = r * map.stepW() + map.columnOffsets()[0];
        for (int j = 0; j < column.length; j++) {
            int place = Math.max(0, Math.min(source.width() - 1, left + j));
            column[j] = place * channels;
            inside[j] = place == left + j ? -1 : 0;
        }
        for (int p = 0; p < PIXELS; p++) {
            int place = Math.min(map.columns() - 1, r + p);
            pixel[p] = place * channels;
            counted[p] = place == r + p ? -1 : 0;
        }
    }

    private void kernelRow(int image, int i, int firstRow, int lastRow) {
        int offset = map.rowOffsets()[i];
        int first = firstRow;
        while (first < lastRow && first * map.stepH() + offset < 0) {
            first++;
        }
        int end = lastRow;
        while (end > first && (end - 1) * map.stepH() + offset >= source.height()) {
            end--;
        }
        if (first == end) {
            return;
        }
        rows = end - first;
        xAt = source.at() + source.place(image, first * map.stepH() + offset, 0);
        dyAt = gradient.at() + gradient.place(image, first, 0);
        sumAt = i * taps * padded;
        switch (taps * map.stepW()) {
            case 3 -> DepthwiseGradientTaps.taps3(this);
            case 5 -> DepthwiseGradientTaps.taps5(this);
            case 6 -> DepthwiseGradientTaps.taps3Stride2(this);
            default -> DepthwiseGradientTaps.taps5Stride2(this);
        }
    }

    private void flush() {
        for (int i = 0; i < sums.length; i++) {
            totals[i] += sums[i];
        }
        Arrays.fill(sums, 0f);
        added = 0;
    }

    /** The gradient of channel {@code c}'s weight number {@code tap}. */
    double total(int tap, int c) {
        int overlap = c >= channels / LANES * LANES ? padded - channels : 0;
        int at = tap * padded + c + overlap;
        return totals[at] + sums[at];
    }

    IntVector mask(int j) {
        return IntVector.broadcast(INTS, inside[j]);
    }

    IntVector pixelMask(int p) {
        return IntVector.broadcast(INTS, counted[p]);
    }
}
