package dev.graft.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@value #PIXELS} neighbouring result pixels of a depthwise convolution at once, on the Vector API: for each vector of
 * channels the sums stay in registers while the kernel's rows go by, and each source pixel of a row is loaded once for
 * all taps that look at it.
 *
 * <p>Of the source columns a block reads, the outermost at either side ({@link #edge}) may lie outside the image: there
 * any column inside is read and masked to zero. Where more are outside, as on images narrower than a block, the block
 * reads a copy with zeros around it.
 */
final class DepthwiseBlock {
    /** Result pixels of a block. */
    static final int PIXELS = 7;

    private static final int LANES = VectorKernels.LANES;
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());

    private final Images source;
    private final Images target;
    private final PixelMap map;
    private final int taps;
    private final float[] w;
    private final int channels;
    private final int[] column;
    private final int[] inside;
    private final boolean raw;
    private final float[] scale;
    private final float[] shift;
    private final int low;
    private final int high;
    private final VectorEpilogue epilogue;
    private final Watch watch;
    private final Workspace workspace;
    // A block that is wider than the result goes here first.
    private final float[] narrow;

    private boolean plainly;
    private int firstChannel;
    private int lastChannel;
    private int kernelRows;
    private float[] x;
    private int xAt;
    private int rowStep;
    private int wAt;
    private float[] y;
    private int yAt;
    private int yStep;

    /** {@code w} is {@code [kernel rows, kernel columns, channels]}; {@code epilogue} has no residual. */
    DepthwiseBlock(
            Images source, PixelMap map, float[] w, Images target, VectorEpilogue epilogue, Workspace workspace) {
        this.source = source;
        this.target = target;
        this.map = map;
        this.taps = map.columnOffsets().length;
        this.w = w;
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
        this.watch = Watch.begin(workspace);
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

    /** How many blocks from column {@code r} on read and write inside the images alone. */
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
        wAt = first * taps * channels;
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
            case 1 -> taps1();
            case 2 -> taps2();
            case 3 -> taps3();
            case 5 -> taps5();
            case 6 -> taps3Stride2();
            default -> taps5Stride2();
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

    private IntVector mask(int j) {
        return IntVector.broadcast(INTS, inside[j]);
    }

    private void taps1() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0);
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1);
                a1 = x1.fma(w0, a1);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a2 = x2.fma(w0, a2);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a3 = x3.fma(w0, a3);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a4 = x4.fma(w0, a4);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a5 = x5.fma(w0, a5);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a6 = x6.fma(w0, a6);
                at += rowStep;
                tap += channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }

    private void taps2() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        IntVector m0 = mask(0);
        IntVector m7 = mask(7);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector w1 = FloatVector.fromArray(SPECIES, w, tap + channels);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1);
                a0 = x1.fma(w1, a0);
                a1 = x1.fma(w0, a1);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a1 = x2.fma(w1, a1);
                a2 = x2.fma(w0, a2);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a2 = x3.fma(w1, a2);
                a3 = x3.fma(w0, a3);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a3 = x4.fma(w1, a3);
                a4 = x4.fma(w0, a4);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a4 = x5.fma(w1, a4);
                a5 = x5.fma(w0, a5);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a5 = x6.fma(w1, a5);
                a6 = x6.fma(w0, a6);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7)
                        .reinterpretAsInts()
                        .and(m7)
                        .reinterpretAsFloats();
                a6 = x7.fma(w1, a6);
                at += rowStep;
                tap += 2 * channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }

    private void taps3() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
        int o0 = column[0];
        int o1 = column[1];
        int o2 = column[2];
        int o3 = column[3];
        int o4 = column[4];
        int o5 = column[5];
        int o6 = column[6];
        int o7 = column[7];
        int o8 = column[8];
        IntVector m0 = mask(0);
        IntVector m8 = mask(8);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector w1 = FloatVector.fromArray(SPECIES, w, tap + channels);
                FloatVector w2 = FloatVector.fromArray(SPECIES, w, tap + 2 * channels);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1);
                a0 = x1.fma(w1, a0);
                a1 = x1.fma(w0, a1);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a0 = x2.fma(w2, a0);
                a1 = x2.fma(w1, a1);
                a2 = x2.fma(w0, a2);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a1 = x3.fma(w2, a1);
                a2 = x3.fma(w1, a2);
                a3 = x3.fma(w0, a3);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a2 = x4.fma(w2, a2);
                a3 = x4.fma(w1, a3);
                a4 = x4.fma(w0, a4);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a3 = x5.fma(w2, a3);
                a4 = x5.fma(w1, a4);
                a5 = x5.fma(w0, a5);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a4 = x6.fma(w2, a4);
                a5 = x6.fma(w1, a5);
                a6 = x6.fma(w0, a6);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7);
                a5 = x7.fma(w2, a5);
                a6 = x7.fma(w1, a6);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8)
                        .reinterpretAsInts()
                        .and(m8)
                        .reinterpretAsFloats();
                a6 = x8.fma(w2, a6);
                at += rowStep;
                tap += 3 * channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }

    private void taps5() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
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
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m9 = mask(9);
        IntVector m10 = mask(10);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector w1 = FloatVector.fromArray(SPECIES, w, tap + channels);
                FloatVector w2 = FloatVector.fromArray(SPECIES, w, tap + 2 * channels);
                FloatVector w3 = FloatVector.fromArray(SPECIES, w, tap + 3 * channels);
                FloatVector w4 = FloatVector.fromArray(SPECIES, w, tap + 4 * channels);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                a0 = x1.fma(w1, a0);
                a1 = x1.fma(w0, a1);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a0 = x2.fma(w2, a0);
                a1 = x2.fma(w1, a1);
                a2 = x2.fma(w0, a2);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a0 = x3.fma(w3, a0);
                a1 = x3.fma(w2, a1);
                a2 = x3.fma(w1, a2);
                a3 = x3.fma(w0, a3);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a0 = x4.fma(w4, a0);
                a1 = x4.fma(w3, a1);
                a2 = x4.fma(w2, a2);
                a3 = x4.fma(w1, a3);
                a4 = x4.fma(w0, a4);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a1 = x5.fma(w4, a1);
                a2 = x5.fma(w3, a2);
                a3 = x5.fma(w2, a3);
                a4 = x5.fma(w1, a4);
                a5 = x5.fma(w0, a5);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a2 = x6.fma(w4, a2);
                a3 = x6.fma(w3, a3);
                a4 = x6.fma(w2, a4);
                a5 = x6.fma(w1, a5);
                a6 = x6.fma(w0, a6);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7);
                a3 = x7.fma(w4, a3);
                a4 = x7.fma(w3, a4);
                a5 = x7.fma(w2, a5);
                a6 = x7.fma(w1, a6);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8);
                a4 = x8.fma(w4, a4);
                a5 = x8.fma(w3, a5);
                a6 = x8.fma(w2, a6);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9)
                        .reinterpretAsInts()
                        .and(m9)
                        .reinterpretAsFloats();
                a5 = x9.fma(w4, a5);
                a6 = x9.fma(w3, a6);
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10)
                        .reinterpretAsInts()
                        .and(m10)
                        .reinterpretAsFloats();
                a6 = x10.fma(w4, a6);
                at += rowStep;
                tap += 5 * channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }

    private void taps3Stride2() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
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
        IntVector m0 = mask(0);
        IntVector m14 = mask(14);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector w1 = FloatVector.fromArray(SPECIES, w, tap + channels);
                FloatVector w2 = FloatVector.fromArray(SPECIES, w, tap + 2 * channels);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1);
                a0 = x1.fma(w1, a0);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a0 = x2.fma(w2, a0);
                a1 = x2.fma(w0, a1);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a1 = x3.fma(w1, a1);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a1 = x4.fma(w2, a1);
                a2 = x4.fma(w0, a2);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a2 = x5.fma(w1, a2);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a2 = x6.fma(w2, a2);
                a3 = x6.fma(w0, a3);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7);
                a3 = x7.fma(w1, a3);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8);
                a3 = x8.fma(w2, a3);
                a4 = x8.fma(w0, a4);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9);
                a4 = x9.fma(w1, a4);
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10);
                a4 = x10.fma(w2, a4);
                a5 = x10.fma(w0, a5);
                FloatVector x11 = FloatVector.fromArray(SPECIES, x, at + o11);
                a5 = x11.fma(w1, a5);
                FloatVector x12 = FloatVector.fromArray(SPECIES, x, at + o12);
                a5 = x12.fma(w2, a5);
                a6 = x12.fma(w0, a6);
                FloatVector x13 = FloatVector.fromArray(SPECIES, x, at + o13);
                a6 = x13.fma(w1, a6);
                FloatVector x14 = FloatVector.fromArray(SPECIES, x, at + o14)
                        .reinterpretAsInts()
                        .and(m14)
                        .reinterpretAsFloats();
                a6 = x14.fma(w2, a6);
                at += rowStep;
                tap += 3 * channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }

    private void taps5Stride2() {
        float[] watched = watch.sums();
        float[] x = this.x;
        float[] w = this.w;
        float[] y = this.y;
        int channels = this.channels;
        int rowStep = this.rowStep;
        int yStep = this.yStep;
        int kernelRows = this.kernelRows;
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
        IntVector m0 = mask(0);
        IntVector m1 = mask(1);
        IntVector m15 = mask(15);
        IntVector m16 = mask(16);
        for (int c = firstChannel; c < lastChannel; c += LANES) {
            int at = xAt + c;
            int tap = wAt + c;
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = FloatVector.zero(SPECIES);
            FloatVector a2 = FloatVector.zero(SPECIES);
            FloatVector a3 = FloatVector.zero(SPECIES);
            FloatVector a4 = FloatVector.zero(SPECIES);
            FloatVector a5 = FloatVector.zero(SPECIES);
            FloatVector a6 = FloatVector.zero(SPECIES);
            for (int i = 0; i < kernelRows; i++) {
                FloatVector w0 = FloatVector.fromArray(SPECIES, w, tap);
                FloatVector w1 = FloatVector.fromArray(SPECIES, w, tap + channels);
                FloatVector w2 = FloatVector.fromArray(SPECIES, w, tap + 2 * channels);
                FloatVector w3 = FloatVector.fromArray(SPECIES, w, tap + 3 * channels);
                FloatVector w4 = FloatVector.fromArray(SPECIES, w, tap + 4 * channels);
                FloatVector x0 = FloatVector.fromArray(SPECIES, x, at + o0)
                        .reinterpretAsInts()
                        .and(m0)
                        .reinterpretAsFloats();
                a0 = x0.fma(w0, a0);
                FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + o1)
                        .reinterpretAsInts()
                        .and(m1)
                        .reinterpretAsFloats();
                a0 = x1.fma(w1, a0);
                FloatVector x2 = FloatVector.fromArray(SPECIES, x, at + o2);
                a0 = x2.fma(w2, a0);
                a1 = x2.fma(w0, a1);
                FloatVector x3 = FloatVector.fromArray(SPECIES, x, at + o3);
                a0 = x3.fma(w3, a0);
                a1 = x3.fma(w1, a1);
                FloatVector x4 = FloatVector.fromArray(SPECIES, x, at + o4);
                a0 = x4.fma(w4, a0);
                a1 = x4.fma(w2, a1);
                a2 = x4.fma(w0, a2);
                FloatVector x5 = FloatVector.fromArray(SPECIES, x, at + o5);
                a1 = x5.fma(w3, a1);
                a2 = x5.fma(w1, a2);
                FloatVector x6 = FloatVector.fromArray(SPECIES, x, at + o6);
                a1 = x6.fma(w4, a1);
                a2 = x6.fma(w2, a2);
                a3 = x6.fma(w0, a3);
                FloatVector x7 = FloatVector.fromArray(SPECIES, x, at + o7);
                a2 = x7.fma(w3, a2);
                a3 = x7.fma(w1, a3);
                FloatVector x8 = FloatVector.fromArray(SPECIES, x, at + o8);
                a2 = x8.fma(w4, a2);
                a3 = x8.fma(w2, a3);
                a4 = x8.fma(w0, a4);
                FloatVector x9 = FloatVector.fromArray(SPECIES, x, at + o9);
                a3 = x9.fma(w3, a3);
                a4 = x9.fma(w1, a4);
                FloatVector x10 = FloatVector.fromArray(SPECIES, x, at + o10);
                a3 = x10.fma(w4, a3);
                a4 = x10.fma(w2, a4);
                a5 = x10.fma(w0, a5);
                FloatVector x11 = FloatVector.fromArray(SPECIES, x, at + o11);
                a4 = x11.fma(w3, a4);
                a5 = x11.fma(w1, a5);
                FloatVector x12 = FloatVector.fromArray(SPECIES, x, at + o12);
                a4 = x12.fma(w4, a4);
                a5 = x12.fma(w2, a5);
                a6 = x12.fma(w0, a6);
                FloatVector x13 = FloatVector.fromArray(SPECIES, x, at + o13);
                a5 = x13.fma(w3, a5);
                a6 = x13.fma(w1, a6);
                FloatVector x14 = FloatVector.fromArray(SPECIES, x, at + o14);
                a5 = x14.fma(w4, a5);
                a6 = x14.fma(w2, a6);
                FloatVector x15 = FloatVector.fromArray(SPECIES, x, at + o15)
                        .reinterpretAsInts()
                        .and(m15)
                        .reinterpretAsFloats();
                a6 = x15.fma(w3, a6);
                FloatVector x16 = FloatVector.fromArray(SPECIES, x, at + o16)
                        .reinterpretAsInts()
                        .and(m16)
                        .reinterpretAsFloats();
                a6 = x16.fma(w4, a6);
                at += rowStep;
                tap += 5 * channels;
            }
            int to = yAt + c;
            if (raw) {
                a0.intoArray(y, to);
                a1.intoArray(y, to + yStep);
                a2.intoArray(y, to + 2 * yStep);
                a3.intoArray(y, to + 3 * yStep);
                a4.intoArray(y, to + 4 * yStep);
                a5.intoArray(y, to + 5 * yStep);
                a6.intoArray(y, to + 6 * yStep);
            } else {
                FloatVector s = FloatVector.fromArray(SPECIES, scale, c);
                FloatVector t = FloatVector.fromArray(SPECIES, shift, c);
                a0 = a0.fma(s, t);
                a1 = a1.fma(s, t);
                a2 = a2.fma(s, t);
                a3 = a3.fma(s, t);
                a4 = a4.fma(s, t);
                a5 = a5.fma(s, t);
                a6 = a6.fma(s, t);
                FloatVector.fromArray(SPECIES, watched, 0)
                        .add(a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6)))
                        .intoArray(watched, 0);
                a0.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to);
                a1.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + yStep);
                a2.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 2 * yStep);
                a3.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 3 * yStep);
                a4.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 4 * yStep);
                a5.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 5 * yStep);
                a6.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + 6 * yStep);
            }
        }
    }
}
