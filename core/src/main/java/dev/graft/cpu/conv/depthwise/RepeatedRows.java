package dev.graft.cpu.conv.depthwise;

import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.Vectors;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of an image with each input of a group repeated for every output of it: input {@code i} of a group of
 * {@code inputs} at the places of the group's {@code outputs} results. With those rows, a grouped convolution is one of
 * single channels.
 */
final class RepeatedRows {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    private final ImageArray source;
    private final int inputs;
    private final int width;
    /** For each result channel, the first input of its group. */
    private final int[] places;

    private final Lanes[] lanes;

    /** How a vector of results finds its inputs, from {@code first} on. Most vectors of an image find them alike. */
    private record Lanes(
            int first, int span, VectorShuffle<Float> low, VectorShuffle<Float> high, VectorMask<Float> isHigh) {

        Lanes movedTo(int place) {
            return new Lanes(place, span, low, high, isHigh);
        }

        static Lanes of(int[] places, int from) {
            int first = places[from];
            int[] low = new int[LANES];
            int[] high = new int[LANES];
            boolean[] isHigh = new boolean[LANES];
            int span = 0;
            for (int l = 0; l < LANES; l++) {
                int place = places[from + l] - first;
                span = Math.max(span, place + 1);
                low[l] = Math.min(place, LANES - 1);
                high[l] = Math.min(Math.max(0, place - LANES), LANES - 1);
                isHigh[l] = place >= LANES;
            }
            return new Lanes(
                    first,
                    span,
                    VectorShuffle.fromArray(SPECIES, low, 0),
                    VectorShuffle.fromArray(SPECIES, high, 0),
                    VectorMask.fromArray(SPECIES, isHigh, 0));
        }
    }

    /**
     * The results {@code [channel, channel + count)}, rounded up to {@code width} channels, of groups of
     * {@code outputs} each.
     */
    RepeatedRows(ImageArray source, int inputs, int outputs, int channel, int count, int width) {
        this.source = source;
        this.inputs = inputs;
        this.width = width;
        this.places = new int[width];
        for (int c = 0; c < width; c++) {
            places[c] = (channel + Math.min(c, count - 1)) / outputs * inputs;
        }
        this.lanes = new Lanes[width / LANES];
        for (int v = 0; v < lanes.length; v++) {
            int at = v * LANES;
            lanes[v] = v > 0 && isShifted(places, at - LANES, at)
                    ? lanes[v - 1].movedTo(places[at])
                    : Lanes.of(places, at);
        }
    }

    private static boolean isShifted(int[] places, int from, int to) {
        for (int l = 1; l < LANES; l++) {
            if (places[from + l] - places[from] != places[to + l] - places[to]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Writes columns {@code [left, left + columns)} of row {@code h} as {@code [input][column][width]}, zero outside
     * the image.
     */
    void fill(int image, int h, int left, int columns, float[] rows, int at) {
        int first = Math.max(0, Math.min(columns, -left));
        int last = Math.max(first, Math.min(columns, source.width() - left));
        if (h < 0 || h >= source.height()) {
            Arrays.fill(rows, at, at + inputs * columns * width, 0f);
            return;
        }
        int from = source.at() + source.place(image, h, left + first);
        for (int i = 0; i < inputs; i++) {
            int to = at + i * columns * width;
            Arrays.fill(rows, to, to + first * width, 0f);
            Arrays.fill(rows, to + last * width, to + columns * width, 0f);
            for (int v = 0; v < lanes.length; v++) {
                repeat(lanes[v], v, from + i, last - first, rows, to + first * width + v * LANES);
            }
        }
    }

    private void repeat(Lanes lane, int v, int from, int pixels, float[] rows, int to) {
        float[] x = source.data();
        int step = source.channels();
        int start = from + lane.first;
        int reach = lane.span <= LANES ? LANES : 2 * LANES;
        int vectors = lane.span > 2 * LANES || pixels == 0
                ? 0
                : Math.max(0, Math.min(pixels, (x.length - reach - start) / step + 1));
        if (x.length - reach - start < 0) {
            vectors = 0;
        }
        if (vectors > 0 && lane.span <= LANES) {
            repeatOne(x, start, step, lane.low, vectors, rows, to, width);
        } else if (vectors > 0) {
            repeatTwo(x, start, step, lane, vectors, rows, to, width);
        }
        for (int p = vectors; p < pixels; p++) {
            int at = to + p * width;
            int pixel = from + p * step;
            for (int l = 0; l < LANES; l++) {
                rows[at + l] = x[pixel + places[v * LANES + l]];
            }
        }
    }

    private static void repeatOne(
            float[] x, int from, int step, VectorShuffle<Float> shuffle, int pixels, float[] rows, int to, int width) {
        for (int p = 0; p < pixels; p++) {
            FloatVector.fromArray(SPECIES, x, from + p * step)
                    .rearrange(shuffle)
                    .intoArray(rows, to + p * width);
        }
    }

    private static void repeatTwo(
            float[] x, int from, int step, Lanes lane, int pixels, float[] rows, int to, int width) {
        VectorShuffle<Float> low = lane.low;
        VectorShuffle<Float> high = lane.high;
        VectorMask<Float> isHigh = lane.isHigh;
        for (int p = 0; p < pixels; p++) {
            FloatVector upper =
                    FloatVector.fromArray(SPECIES, x, from + p * step + LANES).rearrange(high);
            FloatVector.fromArray(SPECIES, x, from + p * step)
                    .rearrange(low)
                    .blend(upper, isHigh)
                    .intoArray(rows, to + p * width);
        }
    }
}
