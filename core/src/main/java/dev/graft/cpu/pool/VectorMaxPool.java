package dev.graft.cpu.pool;

import dev.graft.cpu.run.Vectors;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Maxima of windows of up to 3x3 pixels on vectors of channels. A smaller window counts its last row or column several
 * times, which changes neither the maximum nor its first position.
 */
public final class VectorMaxPool {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final VectorSpecies<Integer> PLACES = VectorSpecies.of(int.class, SPECIES.vectorShape());
    private static final int LANES = Vectors.LANES;

    /** Rows and columns of the largest window. */
    public static final int MOST = 3;

    private final PoolWindows windows;
    private final int width;
    private final int channels;

    public VectorMaxPool(PoolWindows windows, int width, int channels) {
        this.windows = windows;
        this.width = width;
        this.channels = channels;
    }

    /** Whether all windows are small enough and the channels fill vectors. */
    public static boolean fits(PoolWindows windows, int channels) {
        return channels % LANES == 0
                && atMost(windows.top(), windows.bottom())
                && atMost(windows.left(), windows.right());
    }

    private static boolean atMost(int[] first, int[] end) {
        for (int i = 0; i < first.length; i++) {
            if (end[i] - first[i] > MOST || end[i] <= first[i]) {
                return false;
            }
        }
        return true;
    }

    /** One row of maxima and, if requested, of their positions. The first position wins, and NaN counts as largest. */
    void row(float[] x, int image, int row, float[] y, int yAt, Optional<int[]> index, int indexAt) {
        int top = windows.top()[row];
        int bottom = windows.bottom()[row] - 1;
        row(x, image, top, Math.min(top + 1, bottom), bottom, y, yAt, index, indexAt);
    }

    /**
     * One row of maxima if {@code x} holds the last {@link #MOST} image rows, row {@code i} at position {@code i %
     * MOST}.
     */
    public void keptRow(float[] x, int row, float[] y, int yAt) {
        int top = windows.top()[row];
        int bottom = windows.bottom()[row] - 1;
        row(x, 0, top % MOST, Math.min(top + 1, bottom) % MOST, bottom % MOST, y, yAt, Optional.empty(), 0);
    }

    private void row(
            float[] x,
            int image,
            int topRow,
            int middleRow,
            int bottomRow,
            float[] y,
            int yAt,
            Optional<int[]> index,
            int indexAt) {
        int top = topRow * width;
        int middle = middleRow * width;
        int bottom = bottomRow * width;
        for (int column = 0; column < windows.outputWidth(); column++) {
            int left = windows.left()[column];
            int right = windows.right()[column] - 1;
            int centre = Math.min(left + 1, right);
            int at = column * channels;
            maxima(
                    x,
                    image,
                    top + left,
                    top + centre,
                    top + right,
                    middle + left,
                    middle + centre,
                    middle + right,
                    bottom + left,
                    bottom + centre,
                    bottom + right,
                    y,
                    yAt + at);
            if (index.isPresent()) {
                places(
                        x,
                        image,
                        top + left,
                        top + centre,
                        top + right,
                        middle + left,
                        middle + centre,
                        middle + right,
                        bottom + left,
                        bottom + centre,
                        bottom + right,
                        y,
                        yAt + at,
                        index.get(),
                        indexAt + at);
            }
        }
    }

    private void maxima(
            float[] x,
            int image,
            int p0,
            int p1,
            int p2,
            int p3,
            int p4,
            int p5,
            int p6,
            int p7,
            int p8,
            float[] y,
            int yAt) {
        for (int c = 0; c < channels; c += LANES) {
            int at = image + c;
            FloatVector a = FloatVector.fromArray(SPECIES, x, at + p0 * channels)
                    .max(FloatVector.fromArray(SPECIES, x, at + p1 * channels))
                    .max(FloatVector.fromArray(SPECIES, x, at + p2 * channels));
            FloatVector b = FloatVector.fromArray(SPECIES, x, at + p3 * channels)
                    .max(FloatVector.fromArray(SPECIES, x, at + p4 * channels))
                    .max(FloatVector.fromArray(SPECIES, x, at + p5 * channels));
            FloatVector d = FloatVector.fromArray(SPECIES, x, at + p6 * channels)
                    .max(FloatVector.fromArray(SPECIES, x, at + p7 * channels))
                    .max(FloatVector.fromArray(SPECIES, x, at + p8 * channels));
            a.max(b).max(d).intoArray(y, yAt + c);
        }
    }

    private void places(
            float[] x,
            int image,
            int p0,
            int p1,
            int p2,
            int p3,
            int p4,
            int p5,
            int p6,
            int p7,
            int p8,
            float[] y,
            int yAt,
            int[] index,
            int indexAt) {
        for (int c = 0; c < channels; c += LANES) {
            int at = image + c;
            FloatVector best = FloatVector.fromArray(SPECIES, y, yAt + c);
            IntVector places = IntVector.broadcast(PLACES, p8);
            places = places.blend(
                    p7,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p7 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p6,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p6 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p5,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p5 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p4,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p4 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p3,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p3 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p2,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p2 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p1,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p1 * channels))
                            .cast(PLACES));
            places = places.blend(
                    p0,
                    best.eq(FloatVector.fromArray(SPECIES, x, at + p0 * channels))
                            .cast(PLACES));
            places.intoArray(index, indexAt + c);
        }
        for (int c = 0; c < channels; c++) {
            if (Float.isNaN(y[yAt + c])) {
                index[indexAt + c] = firstNaN(x, image + c, new int[] {p0, p1, p2, p3, p4, p5, p6, p7, p8});
            }
        }
    }

    private int firstNaN(float[] x, int at, int[] places) {
        for (int place : places) {
            float v = x[at + place * channels];
            if (Float.isNaN(v)) {
                return place;
            }
        }
        return places[0];
    }

    /**
     * One image row of the gradient: each pixel takes the gradients of the windows that found their maximum there, in
     * order.
     */
    void rowBackward(float[] dy, int dyAt, int[] index, int indexAt, int row, float[] dx, int dxAt) {
        Arrays.fill(dx, dxAt, dxAt + width * channels, 0f);
        for (int q = 0; q < windows.top().length; q++) {
            if (row < windows.top()[q] || row >= windows.bottom()[q]) {
                continue;
            }
            for (int column = 0; column < windows.outputWidth(); column++) {
                int at = (q * windows.outputWidth() + column) * channels;
                for (int w = windows.left()[column]; w < windows.right()[column]; w++) {
                    addWhere(row * width + w, index, indexAt + at, dy, dyAt + at, dx, dxAt + w * channels);
                }
            }
        }
    }

    private void addWhere(int place, int[] index, int indexAt, float[] dy, int dyAt, float[] dx, int dxAt) {
        for (int c = 0; c < channels; c += LANES) {
            VectorMask<Float> elsewhere = IntVector.fromArray(PLACES, index, indexAt + c)
                    .compare(VectorOperators.NE, place)
                    .cast(SPECIES);
            FloatVector.fromArray(SPECIES, dy, dyAt + c)
                    .blend(0f, elsewhere)
                    .add(FloatVector.fromArray(SPECIES, dx, dxAt + c))
                    .intoArray(dx, dxAt + c);
        }
    }
}
