package dev.graft.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The weight gradient of a depthwise convolution from {@value #PIXELS} neighbouring result columns at once, on the
 * Vector API: for each vector of channels and each kernel row the sums of the row's taps stay in registers while the
 * block moves down the image.
 *
 * <p>Columns outside an image are read as any column inside it and masked to zero.
 */
final class DepthwiseGradientBlock {
    /** Result pixels of a block. */
    static final int PIXELS = 7;

    private static final int LANES = VectorKernels.LANES;
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    // Additions to the sums between two moves to double.
    private static final int FLUSH = 64;
    // Rows of results that are summed up in registers.
    private static final int ROWS = 64;
    // Channels at a time: the rows of a strip must stay in the first-level cache.
    private static final int CHUNK = 64;

    private final Images source;
    private final Images gradient;
    private final PixelMap map;
    private final int taps;
    private final float[] x;
    private final float[] dy;
    private final int channels;
    private final int padded;
    private final int xStep;
    private final int dyStep;
    private final int[] column;
    private final int[] inside;
    private final int[] pixel = new int[PIXELS];
    private final int[] counted = new int[PIXELS];
    private final float[] sums;
    private final double[] totals;
    private int added;

    private int firstChannel;
    private int lastChannel;
    private int rows;
    private int xAt;
    private int dyAt;
    private int sumAt;

    DepthwiseGradientBlock(Images source, Images gradient, PixelMap map) {
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
        for (int column = 0; column < map.columns(); column += FLUSH * PIXELS) {
            int end = Math.min(map.columns(), column + FLUSH * PIXELS);
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
        if (added >= FLUSH) {
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
            case 3 -> taps3();
            case 5 -> taps5();
            case 6 -> taps3Stride2();
            default -> taps5Stride2();
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

    private IntVector mask(int j) {
        return IntVector.broadcast(INTS, inside[j]);
    }

    private IntVector pixelMask(int p) {
        return IntVector.broadcast(INTS, counted[p]);
    }

    private void taps3() {
        float[] x = this.x;
        float[] dy = this.dy;
        float[] sums = this.sums;
        int channels = this.channels;
        int xStep = this.xStep;
        int dyStep = this.dyStep;
        int rows = this.rows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        int o8 = column[8];
        int p0 = pixel[0];
        int p1 = pixel[1];
        int p2 = pixel[2];
        int p3 = pixel[3];
        int p4 = pixel[4];
        int p5 = pixel[5];
        int p6 = pixel[6];
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m2 = mask(2);
        IntVector m3 = mask(3);
        IntVector m4 = mask(4);
        IntVector m5 = mask(5);
        IntVector m6 = mask(6);
        IntVector m7 = mask(7);
        IntVector m8 = mask(8);
        IntVector n0 = pixelMask(0);
        IntVector n1 = pixelMask(1);
        IntVector n2 = pixelMask(2);
        IntVector n3 = pixelMask(3);
        IntVector n4 = pixelMask(4);
        IntVector n5 = pixelMask(5);
        IntVector n6 = pixelMask(6);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int k = Math.min(c, channels - LANES);
            int at = xAt + k;
            int from = dyAt + k;
            FloatVector s0 = FloatVector.zero(SPECIES);
            FloatVector s1 = FloatVector.zero(SPECIES);
            FloatVector s2 = FloatVector.zero(SPECIES);
            for (int q = 0; q < rows; q++) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, dy, from + p0)
                        .reinterpretAsInts()
                        .and(n0)
                        .reinterpretAsFloats();
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                s0 = x0.fma(d0, s0);
                FloatVector d1 = FloatVector.fromArray(SPECIES, dy, from + p1)
                        .reinterpretAsInts()
                        .and(n1)
                        .reinterpretAsFloats();
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                s1 = x1.fma(d0, s1);
                s0 = x1.fma(d1, s0);
                FloatVector d2 = FloatVector.fromArray(SPECIES, dy, from + p2)
                        .reinterpretAsInts()
                        .and(n2)
                        .reinterpretAsFloats();
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2)
                        .reinterpretAsInts()
                        .and(m2)
                        .reinterpretAsFloats();
                s2 = x2.fma(d0, s2);
                s1 = x2.fma(d1, s1);
                s0 = x2.fma(d2, s0);
                FloatVector d3 = FloatVector.fromArray(SPECIES, dy, from + p3)
                        .reinterpretAsInts()
                        .and(n3)
                        .reinterpretAsFloats();
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3)
                        .reinterpretAsInts()
                        .and(m3)
                        .reinterpretAsFloats();
                s2 = x3.fma(d1, s2);
                s1 = x3.fma(d2, s1);
                s0 = x3.fma(d3, s0);
                FloatVector d4 = FloatVector.fromArray(SPECIES, dy, from + p4)
                        .reinterpretAsInts()
                        .and(n4)
                        .reinterpretAsFloats();
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4)
                        .reinterpretAsInts()
                        .and(m4)
                        .reinterpretAsFloats();
                s2 = x4.fma(d2, s2);
                s1 = x4.fma(d3, s1);
                s0 = x4.fma(d4, s0);
                FloatVector d5 = FloatVector.fromArray(SPECIES, dy, from + p5)
                        .reinterpretAsInts()
                        .and(n5)
                        .reinterpretAsFloats();
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5)
                        .reinterpretAsInts()
                        .and(m5)
                        .reinterpretAsFloats();
                s2 = x5.fma(d3, s2);
                s1 = x5.fma(d4, s1);
                s0 = x5.fma(d5, s0);
                FloatVector d6 = FloatVector.fromArray(SPECIES, dy, from + p6)
                        .reinterpretAsInts()
                        .and(n6)
                        .reinterpretAsFloats();
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6)
                        .reinterpretAsInts()
                        .and(m6)
                        .reinterpretAsFloats();
                s2 = x6.fma(d4, s2);
                s1 = x6.fma(d5, s1);
                s0 = x6.fma(d6, s0);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7)
                        .reinterpretAsInts()
                        .and(m7)
                        .reinterpretAsFloats();
                s2 = x7.fma(d5, s2);
                s1 = x7.fma(d6, s1);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8)
                        .reinterpretAsInts()
                        .and(m8)
                        .reinterpretAsFloats();
                s2 = x8.fma(d6, s2);
                at += xStep;
                from += dyStep;
            }
            int to = sumAt + c;
            s0.add(FloatVector.fromArray(SPECIES, sums, to)).intoArray(sums, to);
            s1.add(FloatVector.fromArray(SPECIES, sums, to + padded)).intoArray(sums, to + padded);
            s2.add(FloatVector.fromArray(SPECIES, sums, to + 2 * padded)).intoArray(sums, to + 2 * padded);
        }
    }

    private void taps5() {
        float[] x = this.x;
        float[] dy = this.dy;
        float[] sums = this.sums;
        int channels = this.channels;
        int xStep = this.xStep;
        int dyStep = this.dyStep;
        int rows = this.rows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        int o8 = column[8];
        int o9 = column[9];
        int o10 = column[10];
        int p0 = pixel[0];
        int p1 = pixel[1];
        int p2 = pixel[2];
        int p3 = pixel[3];
        int p4 = pixel[4];
        int p5 = pixel[5];
        int p6 = pixel[6];
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m2 = mask(2);
        IntVector m3 = mask(3);
        IntVector m4 = mask(4);
        IntVector m5 = mask(5);
        IntVector m6 = mask(6);
        IntVector m7 = mask(7);
        IntVector m8 = mask(8);
        IntVector m9 = mask(9);
        IntVector m10 = mask(10);
        IntVector n0 = pixelMask(0);
        IntVector n1 = pixelMask(1);
        IntVector n2 = pixelMask(2);
        IntVector n3 = pixelMask(3);
        IntVector n4 = pixelMask(4);
        IntVector n5 = pixelMask(5);
        IntVector n6 = pixelMask(6);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int k = Math.min(c, channels - LANES);
            int at = xAt + k;
            int from = dyAt + k;
            FloatVector s0 = FloatVector.zero(SPECIES);
            FloatVector s1 = FloatVector.zero(SPECIES);
            FloatVector s2 = FloatVector.zero(SPECIES);
            FloatVector s3 = FloatVector.zero(SPECIES);
            FloatVector s4 = FloatVector.zero(SPECIES);
            for (int q = 0; q < rows; q++) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, dy, from + p0)
                        .reinterpretAsInts()
                        .and(n0)
                        .reinterpretAsFloats();
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                s0 = x0.fma(d0, s0);
                FloatVector d1 = FloatVector.fromArray(SPECIES, dy, from + p1)
                        .reinterpretAsInts()
                        .and(n1)
                        .reinterpretAsFloats();
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                s1 = x1.fma(d0, s1);
                s0 = x1.fma(d1, s0);
                FloatVector d2 = FloatVector.fromArray(SPECIES, dy, from + p2)
                        .reinterpretAsInts()
                        .and(n2)
                        .reinterpretAsFloats();
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2)
                        .reinterpretAsInts()
                        .and(m2)
                        .reinterpretAsFloats();
                s2 = x2.fma(d0, s2);
                s1 = x2.fma(d1, s1);
                s0 = x2.fma(d2, s0);
                FloatVector d3 = FloatVector.fromArray(SPECIES, dy, from + p3)
                        .reinterpretAsInts()
                        .and(n3)
                        .reinterpretAsFloats();
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3)
                        .reinterpretAsInts()
                        .and(m3)
                        .reinterpretAsFloats();
                s3 = x3.fma(d0, s3);
                s2 = x3.fma(d1, s2);
                s1 = x3.fma(d2, s1);
                s0 = x3.fma(d3, s0);
                FloatVector d4 = FloatVector.fromArray(SPECIES, dy, from + p4)
                        .reinterpretAsInts()
                        .and(n4)
                        .reinterpretAsFloats();
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4)
                        .reinterpretAsInts()
                        .and(m4)
                        .reinterpretAsFloats();
                s4 = x4.fma(d0, s4);
                s3 = x4.fma(d1, s3);
                s2 = x4.fma(d2, s2);
                s1 = x4.fma(d3, s1);
                s0 = x4.fma(d4, s0);
                FloatVector d5 = FloatVector.fromArray(SPECIES, dy, from + p5)
                        .reinterpretAsInts()
                        .and(n5)
                        .reinterpretAsFloats();
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5)
                        .reinterpretAsInts()
                        .and(m5)
                        .reinterpretAsFloats();
                s4 = x5.fma(d1, s4);
                s3 = x5.fma(d2, s3);
                s2 = x5.fma(d3, s2);
                s1 = x5.fma(d4, s1);
                s0 = x5.fma(d5, s0);
                FloatVector d6 = FloatVector.fromArray(SPECIES, dy, from + p6)
                        .reinterpretAsInts()
                        .and(n6)
                        .reinterpretAsFloats();
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6)
                        .reinterpretAsInts()
                        .and(m6)
                        .reinterpretAsFloats();
                s4 = x6.fma(d2, s4);
                s3 = x6.fma(d3, s3);
                s2 = x6.fma(d4, s2);
                s1 = x6.fma(d5, s1);
                s0 = x6.fma(d6, s0);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7)
                        .reinterpretAsInts()
                        .and(m7)
                        .reinterpretAsFloats();
                s4 = x7.fma(d3, s4);
                s3 = x7.fma(d4, s3);
                s2 = x7.fma(d5, s2);
                s1 = x7.fma(d6, s1);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8)
                        .reinterpretAsInts()
                        .and(m8)
                        .reinterpretAsFloats();
                s4 = x8.fma(d4, s4);
                s3 = x8.fma(d5, s3);
                s2 = x8.fma(d6, s2);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9)
                        .reinterpretAsInts()
                        .and(m9)
                        .reinterpretAsFloats();
                s4 = x9.fma(d5, s4);
                s3 = x9.fma(d6, s3);
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10)
                        .reinterpretAsInts()
                        .and(m10)
                        .reinterpretAsFloats();
                s4 = x10.fma(d6, s4);
                at += xStep;
                from += dyStep;
            }
            int to = sumAt + c;
            s0.add(FloatVector.fromArray(SPECIES, sums, to)).intoArray(sums, to);
            s1.add(FloatVector.fromArray(SPECIES, sums, to + padded)).intoArray(sums, to + padded);
            s2.add(FloatVector.fromArray(SPECIES, sums, to + 2 * padded)).intoArray(sums, to + 2 * padded);
            s3.add(FloatVector.fromArray(SPECIES, sums, to + 3 * padded)).intoArray(sums, to + 3 * padded);
            s4.add(FloatVector.fromArray(SPECIES, sums, to + 4 * padded)).intoArray(sums, to + 4 * padded);
        }
    }

    private void taps3Stride2() {
        float[] x = this.x;
        float[] dy = this.dy;
        float[] sums = this.sums;
        int channels = this.channels;
        int xStep = this.xStep;
        int dyStep = this.dyStep;
        int rows = this.rows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        int o8 = column[8];
        int o9 = column[9];
        int o10 = column[10];
        int o11 = column[11];
        int o12 = column[12];
        int o13 = column[13];
        int o14 = column[14];
        int p0 = pixel[0];
        int p1 = pixel[1];
        int p2 = pixel[2];
        int p3 = pixel[3];
        int p4 = pixel[4];
        int p5 = pixel[5];
        int p6 = pixel[6];
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m2 = mask(2);
        IntVector m3 = mask(3);
        IntVector m4 = mask(4);
        IntVector m5 = mask(5);
        IntVector m6 = mask(6);
        IntVector m7 = mask(7);
        IntVector m8 = mask(8);
        IntVector m9 = mask(9);
        IntVector m10 = mask(10);
        IntVector m11 = mask(11);
        IntVector m12 = mask(12);
        IntVector m13 = mask(13);
        IntVector m14 = mask(14);
        IntVector n0 = pixelMask(0);
        IntVector n1 = pixelMask(1);
        IntVector n2 = pixelMask(2);
        IntVector n3 = pixelMask(3);
        IntVector n4 = pixelMask(4);
        IntVector n5 = pixelMask(5);
        IntVector n6 = pixelMask(6);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int k = Math.min(c, channels - LANES);
            int at = xAt + k;
            int from = dyAt + k;
            FloatVector s0 = FloatVector.zero(SPECIES);
            FloatVector s1 = FloatVector.zero(SPECIES);
            FloatVector s2 = FloatVector.zero(SPECIES);
            for (int q = 0; q < rows; q++) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, dy, from + p0)
                        .reinterpretAsInts()
                        .and(n0)
                        .reinterpretAsFloats();
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                s0 = x0.fma(d0, s0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                s1 = x1.fma(d0, s1);
                FloatVector d1 = FloatVector.fromArray(SPECIES, dy, from + p1)
                        .reinterpretAsInts()
                        .and(n1)
                        .reinterpretAsFloats();
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2)
                        .reinterpretAsInts()
                        .and(m2)
                        .reinterpretAsFloats();
                s2 = x2.fma(d0, s2);
                s0 = x2.fma(d1, s0);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3)
                        .reinterpretAsInts()
                        .and(m3)
                        .reinterpretAsFloats();
                s1 = x3.fma(d1, s1);
                FloatVector d2 = FloatVector.fromArray(SPECIES, dy, from + p2)
                        .reinterpretAsInts()
                        .and(n2)
                        .reinterpretAsFloats();
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4)
                        .reinterpretAsInts()
                        .and(m4)
                        .reinterpretAsFloats();
                s2 = x4.fma(d1, s2);
                s0 = x4.fma(d2, s0);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5)
                        .reinterpretAsInts()
                        .and(m5)
                        .reinterpretAsFloats();
                s1 = x5.fma(d2, s1);
                FloatVector d3 = FloatVector.fromArray(SPECIES, dy, from + p3)
                        .reinterpretAsInts()
                        .and(n3)
                        .reinterpretAsFloats();
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6)
                        .reinterpretAsInts()
                        .and(m6)
                        .reinterpretAsFloats();
                s2 = x6.fma(d2, s2);
                s0 = x6.fma(d3, s0);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7)
                        .reinterpretAsInts()
                        .and(m7)
                        .reinterpretAsFloats();
                s1 = x7.fma(d3, s1);
                FloatVector d4 = FloatVector.fromArray(SPECIES, dy, from + p4)
                        .reinterpretAsInts()
                        .and(n4)
                        .reinterpretAsFloats();
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8)
                        .reinterpretAsInts()
                        .and(m8)
                        .reinterpretAsFloats();
                s2 = x8.fma(d3, s2);
                s0 = x8.fma(d4, s0);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9)
                        .reinterpretAsInts()
                        .and(m9)
                        .reinterpretAsFloats();
                s1 = x9.fma(d4, s1);
                FloatVector d5 = FloatVector.fromArray(SPECIES, dy, from + p5)
                        .reinterpretAsInts()
                        .and(n5)
                        .reinterpretAsFloats();
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10)
                        .reinterpretAsInts()
                        .and(m10)
                        .reinterpretAsFloats();
                s2 = x10.fma(d4, s2);
                s0 = x10.fma(d5, s0);
                FloatVector x11 = FloatVector.fromArray(SPECIES, x, at + o11)
                        .reinterpretAsInts()
                        .and(m11)
                        .reinterpretAsFloats();
                s1 = x11.fma(d5, s1);
                FloatVector d6 = FloatVector.fromArray(SPECIES, dy, from + p6)
                        .reinterpretAsInts()
                        .and(n6)
                        .reinterpretAsFloats();
                FloatVector x12 = FloatVector.fromArray(SPECIES, x, at + o12)
                        .reinterpretAsInts()
                        .and(m12)
                        .reinterpretAsFloats();
                s2 = x12.fma(d5, s2);
                s0 = x12.fma(d6, s0);
                FloatVector x13 = FloatVector.fromArray(SPECIES, x, at + o13)
                        .reinterpretAsInts()
                        .and(m13)
                        .reinterpretAsFloats();
                s1 = x13.fma(d6, s1);
                FloatVector x14 = FloatVector.fromArray(SPECIES, x, at + o14)
                        .reinterpretAsInts()
                        .and(m14)
                        .reinterpretAsFloats();
                s2 = x14.fma(d6, s2);
                at += xStep;
                from += dyStep;
            }
            int to = sumAt + c;
            s0.add(FloatVector.fromArray(SPECIES, sums, to)).intoArray(sums, to);
            s1.add(FloatVector.fromArray(SPECIES, sums, to + padded)).intoArray(sums, to + padded);
            s2.add(FloatVector.fromArray(SPECIES, sums, to + 2 * padded)).intoArray(sums, to + 2 * padded);
        }
    }

    private void taps5Stride2() {
        float[] x = this.x;
        float[] dy = this.dy;
        float[] sums = this.sums;
        int channels = this.channels;
        int xStep = this.xStep;
        int dyStep = this.dyStep;
        int rows = this.rows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        int o8 = column[8];
        int o9 = column[9];
        int o10 = column[10];
        int o11 = column[11];
        int o12 = column[12];
        int o13 = column[13];
        int o14 = column[14];
        int o15 = column[15];
        int o16 = column[16];
        int p0 = pixel[0];
        int p1 = pixel[1];
        int p2 = pixel[2];
        int p3 = pixel[3];
        int p4 = pixel[4];
        int p5 = pixel[5];
        int p6 = pixel[6];
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m2 = mask(2);
        IntVector m3 = mask(3);
        IntVector m4 = mask(4);
        IntVector m5 = mask(5);
        IntVector m6 = mask(6);
        IntVector m7 = mask(7);
        IntVector m8 = mask(8);
        IntVector m9 = mask(9);
        IntVector m10 = mask(10);
        IntVector m11 = mask(11);
        IntVector m12 = mask(12);
        IntVector m13 = mask(13);
        IntVector m14 = mask(14);
        IntVector m15 = mask(15);
        IntVector m16 = mask(16);
        IntVector n0 = pixelMask(0);
        IntVector n1 = pixelMask(1);
        IntVector n2 = pixelMask(2);
        IntVector n3 = pixelMask(3);
        IntVector n4 = pixelMask(4);
        IntVector n5 = pixelMask(5);
        IntVector n6 = pixelMask(6);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int k = Math.min(c, channels - LANES);
            int at = xAt + k;
            int from = dyAt + k;
            FloatVector s0 = FloatVector.zero(SPECIES);
            FloatVector s1 = FloatVector.zero(SPECIES);
            FloatVector s2 = FloatVector.zero(SPECIES);
            FloatVector s3 = FloatVector.zero(SPECIES);
            FloatVector s4 = FloatVector.zero(SPECIES);
            for (int q = 0; q < rows; q++) {
                FloatVector d0 = FloatVector.fromArray(SPECIES, dy, from + p0)
                        .reinterpretAsInts()
                        .and(n0)
                        .reinterpretAsFloats();
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                s0 = x0.fma(d0, s0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                s1 = x1.fma(d0, s1);
                FloatVector d1 = FloatVector.fromArray(SPECIES, dy, from + p1)
                        .reinterpretAsInts()
                        .and(n1)
                        .reinterpretAsFloats();
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2)
                        .reinterpretAsInts()
                        .and(m2)
                        .reinterpretAsFloats();
                s2 = x2.fma(d0, s2);
                s0 = x2.fma(d1, s0);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3)
                        .reinterpretAsInts()
                        .and(m3)
                        .reinterpretAsFloats();
                s3 = x3.fma(d0, s3);
                s1 = x3.fma(d1, s1);
                FloatVector d2 = FloatVector.fromArray(SPECIES, dy, from + p2)
                        .reinterpretAsInts()
                        .and(n2)
                        .reinterpretAsFloats();
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4)
                        .reinterpretAsInts()
                        .and(m4)
                        .reinterpretAsFloats();
                s4 = x4.fma(d0, s4);
                s2 = x4.fma(d1, s2);
                s0 = x4.fma(d2, s0);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5)
                        .reinterpretAsInts()
                        .and(m5)
                        .reinterpretAsFloats();
                s3 = x5.fma(d1, s3);
                s1 = x5.fma(d2, s1);
                FloatVector d3 = FloatVector.fromArray(SPECIES, dy, from + p3)
                        .reinterpretAsInts()
                        .and(n3)
                        .reinterpretAsFloats();
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6)
                        .reinterpretAsInts()
                        .and(m6)
                        .reinterpretAsFloats();
                s4 = x6.fma(d1, s4);
                s2 = x6.fma(d2, s2);
                s0 = x6.fma(d3, s0);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7)
                        .reinterpretAsInts()
                        .and(m7)
                        .reinterpretAsFloats();
                s3 = x7.fma(d2, s3);
                s1 = x7.fma(d3, s1);
                FloatVector d4 = FloatVector.fromArray(SPECIES, dy, from + p4)
                        .reinterpretAsInts()
                        .and(n4)
                        .reinterpretAsFloats();
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8)
                        .reinterpretAsInts()
                        .and(m8)
                        .reinterpretAsFloats();
                s4 = x8.fma(d2, s4);
                s2 = x8.fma(d3, s2);
                s0 = x8.fma(d4, s0);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9)
                        .reinterpretAsInts()
                        .and(m9)
                        .reinterpretAsFloats();
                s3 = x9.fma(d3, s3);
                s1 = x9.fma(d4, s1);
                FloatVector d5 = FloatVector.fromArray(SPECIES, dy, from + p5)
                        .reinterpretAsInts()
                        .and(n5)
                        .reinterpretAsFloats();
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10)
                        .reinterpretAsInts()
                        .and(m10)
                        .reinterpretAsFloats();
                s4 = x10.fma(d3, s4);
                s2 = x10.fma(d4, s2);
                s0 = x10.fma(d5, s0);
                FloatVector x11 = FloatVector.fromArray(SPECIES, x, at + o11)
                        .reinterpretAsInts()
                        .and(m11)
                        .reinterpretAsFloats();
                s3 = x11.fma(d4, s3);
                s1 = x11.fma(d5, s1);
                FloatVector d6 = FloatVector.fromArray(SPECIES, dy, from + p6)
                        .reinterpretAsInts()
                        .and(n6)
                        .reinterpretAsFloats();
                FloatVector x12 = FloatVector.fromArray(SPECIES, x, at + o12)
                        .reinterpretAsInts()
                        .and(m12)
                        .reinterpretAsFloats();
                s4 = x12.fma(d4, s4);
                s2 = x12.fma(d5, s2);
                s0 = x12.fma(d6, s0);
                FloatVector x13 = FloatVector.fromArray(SPECIES, x, at + o13)
                        .reinterpretAsInts()
                        .and(m13)
                        .reinterpretAsFloats();
                s3 = x13.fma(d5, s3);
                s1 = x13.fma(d6, s1);
                FloatVector x14 = FloatVector.fromArray(SPECIES, x, at + o14)
                        .reinterpretAsInts()
                        .and(m14)
                        .reinterpretAsFloats();
                s4 = x14.fma(d5, s4);
                s2 = x14.fma(d6, s2);
                FloatVector x15 = FloatVector.fromArray(SPECIES, x, at + o15)
                        .reinterpretAsInts()
                        .and(m15)
                        .reinterpretAsFloats();
                s3 = x15.fma(d6, s3);
                FloatVector x16 = FloatVector.fromArray(SPECIES, x, at + o16)
                        .reinterpretAsInts()
                        .and(m16)
                        .reinterpretAsFloats();
                s4 = x16.fma(d6, s4);
                at += xStep;
                from += dyStep;
            }
            int to = sumAt + c;
            s0.add(FloatVector.fromArray(SPECIES, sums, to)).intoArray(sums, to);
            s1.add(FloatVector.fromArray(SPECIES, sums, to + padded)).intoArray(sums, to + padded);
            s2.add(FloatVector.fromArray(SPECIES, sums, to + 2 * padded)).intoArray(sums, to + 2 * padded);
            s3.add(FloatVector.fromArray(SPECIES, sums, to + 3 * padded)).intoArray(sums, to + 3 * padded);
            s4.add(FloatVector.fromArray(SPECIES, sums, to + 4 * padded)).intoArray(sums, to + 4 * padded);
        }
    }
}
