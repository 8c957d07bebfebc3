package dev.graft.cpu.conv;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Results of a convolution that read beyond the edge of an image. Algorithms put zeros there. A zero times NaN or
 * infinity is NaN, although by the definition nothing is multiplied. If weights or gradients are non-finite, such
 * results are therefore computed again, pixel by pixel and without the zeros. The non-finite check costs one look at
 * the weights or at the edges, whichever are fewer.
 */
final class EdgeResults {
    /** Floats that one thread checks. */
    private static final int GLANCE = 1 << 15;

    private final ExecutionContext context;

    EdgeResults(ExecutionContext context) {
        this.context = context;
    }

    /** Whether all elements are finite. */
    boolean isFinite(View x) {
        float[] data = CpuStorage.floats(x);
        StridedWalk walk = StridedWalk.of(0, x);
        AtomicBoolean strange = new AtomicBoolean();
        context.forRange(walk.total(), GLANCE, (from, to) -> {
            if (walk.isDense(0)) {
                note(data, walk.offset(0) + from, walk.offset(0) + to, strange);
            } else {
                walk.runs(0, from, to, (at, position, count) -> {
                    for (int i = 0; i < count; i++) {
                        if (!Float.isFinite(data[at + i * walk.step(0)])) {
                            strange.set(true);
                        }
                    }
                });
            }
        });
        return !strange.get();
    }

    private void note(float[] data, int from, int to, AtomicBoolean strange) {
        if (!context.elementLoops().isFinite(data, from, to)) {
            strange.set(true);
        }
    }

    /**
     * How results are computed: the {@code source} pixels that a map selects, times a matrix of weights for each tap.
     */
    private record Sum(ImageArray source, PixelMap map, View w, int perGroup, int depth, boolean forward) {

        /** The value of {@code channel} at the result pixel (q, r), without the pixels outside the image. */
        double at(int image, int q, int r, int channel) {
            float[] weights = CpuStorage.floats(w);
            int[] strides = CpuStorage.strides(w);
            int group = channel / perGroup;
            int weightAt = CpuStorage.offset(w)
                    + (forward ? channel * strides[0] : group * depth * strides[0] + channel % perGroup * strides[1]);
            int step = forward ? strides[1] : strides[0];
            double sum = 0;
            for (int i = 0; i < map.rowOffsets().length; i++) {
                int row = q * map.stepH() + map.rowOffsets()[i];
                for (int j = 0; j < map.columnOffsets().length && row >= 0 && row < source.height(); j++) {
                    int column = r * map.stepW() + map.columnOffsets()[j];
                    if (column < 0 || column >= source.width()) {
                        continue;
                    }
                    int from = source.at() + source.place(image, row, column) + group * depth;
                    int weight = weightAt + map.kernelRows()[i] * strides[2] + map.kernelColumns()[j] * strides[3];
                    for (int k = 0; k < depth; k++) {
                        sum += (double) source.data()[from + k] * weights[weight + k * step];
                    }
                    // NaN stays NaN.
                    if (Double.isNaN(sum)) {
                        return sum;
                    }
                }
            }
            return sum;
        }

        /**
         * The result rows that read only inside the image, as a range: from the first value (inclusive) to the second
         * (exclusive).
         */
        int[] innerRows() {
            return inner(map.rowOffsets(), map.stepH(), map.rows(), source.height());
        }

        int[] innerColumns() {
            return inner(map.columnOffsets(), map.stepW(), map.columns(), source.width());
        }

        private static int[] inner(int[] offsets, int step, int count, int size) {
            if (offsets.length == 0) {
                return new int[] {0, count};
            }
            int first = Math.max(0, -Math.floorDiv(offsets[0], step));
            int end = Math.min(count, Math.floorDiv(size - 1 - offsets[offsets.length - 1], step) + 1);
            return first < end ? new int[] {first, end} : new int[] {count, count};
        }
    }

    void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        Sum sum = new Sum(ImageArray.read(x), map, w, y.dim(1) / params.groups(), w.dim(1), true);
        correct(sum, x.dim(0), y, epilogue, residual);
    }

    void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            Sum sum = new Sum(ImageArray.read(dy), map, w, w.dim(1), w.dim(0) / params.groups(), false);
            correct(sum, dx.dim(0), dx, Epilogue.NONE, Optional.empty());
        }
    }

    private void correct(Sum sum, int images, View result, Epilogue epilogue, Optional<View> residual) {
        int[] rows = sum.innerRows();
        int[] columns = sum.innerColumns();
        PixelMap map = sum.map;
        int edge = map.rows() * map.columns() - (rows[1] - rows[0]) * (columns[1] - columns[0]);
        if (edge == 0 || map.taps() == 0) {
            return;
        }
        ImageArray target = ImageArray.read(result);
        long floats = (long) images * edge * target.channels();
        if (floats < sum.w.numel() ? edgesAreFinite(sum, images, target) : isFinite(sum.w)) {
            return;
        }
        ImageArray written = ImageArray.written(result);
        Finish finish = new Finish(epilogue, residual);
        context.forEach(images * map.rows(), line -> {
            int q = line % map.rows();
            boolean inner = q >= rows[0] && q < rows[1];
            for (int r = 0; r < map.columns(); r++) {
                if (inner && r == columns[0]) {
                    r = columns[1];
                    if (r == map.columns()) {
                        break;
                    }
                }
                int place = place(written, map, line / map.rows(), q, r);
                for (int c = 0; c < written.channels(); c++) {
                    if (Float.isNaN(written.data()[written.at() + place + c])) {
                        written.data()[written.at() + place + c] =
                                finish.value(sum.at(line / map.rows(), q, r, c), place, c);
                    }
                }
            }
        });
    }

    /** Results of empty sums, if there are no channels. */
    void withoutTerms(Epilogue epilogue, Optional<View> residual, View result) {
        ImageArray target = ImageArray.written(result);
        Finish finish = new Finish(epilogue, residual);
        int channels = target.channels();
        context.forRange(result.numel(), GLANCE, (from, to) -> {
            for (int i = from; i < to; i++) {
                target.data()[target.at() + i] = finish.value(0, i - i % channels, i % channels);
            }
        });
    }

    private static int place(ImageArray images, PixelMap map, int image, int q, int r) {
        return images.place(image, map.firstRow() + q * map.placeH(), map.firstColumn() + r * map.placeW());
    }

    private boolean edgesAreFinite(Sum sum, int images, ImageArray target) {
        PixelMap map = sum.map;
        int[] rows = sum.innerRows();
        int[] columns = sum.innerColumns();
        AtomicBoolean strange = new AtomicBoolean();
        context.forRange(
                images * map.rows(),
                Math.max(1, GLANCE / Math.max(1, map.columns() * target.channels())),
                (from, to) -> {
                    for (int line = from; line < to; line++) {
                        int q = line % map.rows();
                        boolean inner = q >= rows[0] && q < rows[1];
                        look(target, map, line, 0, inner ? columns[0] : map.columns(), strange);
                        if (inner) {
                            look(target, map, line, columns[1], map.columns(), strange);
                        }
                    }
                });
        return !strange.get();
    }

    private void look(ImageArray target, PixelMap map, int line, int from, int to, AtomicBoolean strange) {
        if (from == to) {
            return;
        }
        int start = target.at() + place(target, map, line / map.rows(), line % map.rows(), from);
        if (map.placeW() == 1) {
            note(target.data(), start, start + (to - from) * target.channels(), strange);
            return;
        }
        for (int r = from; r < to; r++) {
            int at = start + (r - from) * map.placeW() * target.channels();
            note(target.data(), at, at + target.channels(), strange);
        }
    }

    /** An epilogue for one value at a time. */
    private record Finish(Epilogue epilogue, Optional<View> residual) {

        float value(double sum, int place, int channel) {
            float v = (float) sum;
            if (epilogue.scale().isPresent() || epilogue.shift().isPresent()) {
                // In double, where the product is exact: Math.fma takes microseconds on a JVM that has no instruction
                // for it.
                double scaled =
                        (double) v * epilogue.scale().map(s -> at(s, channel)).orElse(1f);
                v = (float) (scaled + epilogue.shift().map(s -> at(s, channel)).orElse(0f));
            }
            if (residual.isPresent()) {
                v += at(residual.get(), place + channel);
            }
            float raised = epilogue.activation() == Activation.NONE ? v : Math.max(v, 0f);
            return epilogue.activation() == Activation.RELU6 ? Math.min(raised, 6f) : raised;
        }

        private static float at(View view, int place) {
            return CpuStorage.floats(view)[CpuStorage.offset(view) + place];
        }
    }

    /**
     * Computes non-finite weight gradients again: those of taps that multiplied a zero beside the image with a
     * non-finite gradient. Depthwise kernels also multiply pixels with zeros in place of gradients, so all their
     * non-finite gradients are computed again.
     */
    void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        ImageArray source = ImageArray.read(x);
        ImageArray gradient = ImageArray.read(dy);
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        int images = x.dim(0);
        int inputs = dw.dim(1);
        int perGroup = dw.dim(0) / params.groups();
        float[] data = CpuStorage.floatsToWrite(dw);
        context.forEach(dw.dim(0), o -> {
            for (int i = 0; i < dw.dim(2); i++) {
                for (int j = 0; j < dw.dim(3); j++) {
                    Tap tap = new Tap(source, gradient, map, images, i, j);
                    int at = CpuStorage.offset(dw)
                            + o * CpuStorage.stride(dw, 0)
                            + i * CpuStorage.stride(dw, 2)
                            + j * CpuStorage.stride(dw, 3);
                    if (inputs == 1 ? !Float.isFinite(data[at]) : tap.meetsZero(o)) {
                        double[] sums = tap.sums(o, o / perGroup * inputs, inputs);
                        for (int c = 0; c < inputs; c++) {
                            data[at + c * CpuStorage.stride(dw, 1)] = (float) sums[c];
                        }
                    }
                }
            }
        });
    }

    /** The pixels that one tap of a kernel reads. */
    private record Tap(ImageArray source, ImageArray gradient, PixelMap map, int images, int i, int j) {

        private boolean isInside(int q, int r) {
            int row = q * map.stepH() + map.rowOffsets()[i];
            int column = r * map.stepW() + map.columnOffsets()[j];
            return row >= 0 && row < source.height() && column >= 0 && column < source.width();
        }

        private float gradient(int image, int q, int r, int output) {
            return gradient.data()[gradient.at() + gradient.place(image, q, r) + output];
        }

        /** Whether {@code output} has a non-finite gradient at a position where this tap is outside the image. */
        boolean meetsZero(int output) {
            for (int image = 0; image < images; image++) {
                for (int q = 0; q < map.rows(); q++) {
                    for (int r = 0; r < map.columns(); r++) {
                        if (!isInside(q, r) && !Float.isFinite(gradient(image, q, r, output))) {
                            return true;
                        }
                    }
                }
            }
            return false;
        }

        /**
         * The sums of the products of {@code output}'s gradients with {@code inputs} channels, from {@code input} on.
         */
        double[] sums(int output, int input, int inputs) {
            double[] sums = new double[inputs];
            for (int image = 0; image < images; image++) {
                for (int q = 0; q < map.rows(); q++) {
                    for (int r = 0; r < map.columns(); r++) {
                        if (!isInside(q, r)) {
                            continue;
                        }
                        float d = gradient(image, q, r, output);
                        int from = source.at()
                                + source.place(
                                        image,
                                        q * map.stepH() + map.rowOffsets()[i],
                                        r * map.stepW() + map.columnOffsets()[j])
                                + input;
                        for (int c = 0; c < inputs; c++) {
                            sums[c] += (double) d * source.data()[from + c];
                        }
                        if (Float.isNaN(d) || (inputs == 1 && Double.isNaN(sums[0]))) {
                            Arrays.fill(sums, Double.NaN);
                            return sums;
                        }
                    }
                }
            }
            return sums;
        }
    }
}
