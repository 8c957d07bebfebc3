package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;

/**
 * Convolution of each channel with its own kernel, by plain loops over blocks of neighbouring pixels that move down the image: too little
 * arithmetic per float for a matrix product.
 */
final class DepthwiseConvolution {
    private static final int PIECES = 16;
    private static final int SHORTEST_STRIP = 8;
    private static final int FLUSH = 32;

    private final Engine engine;

    DepthwiseConvolution(Engine engine) {
        this.engine = engine;
    }

    static boolean fits(View x, View w, Conv2dParams params) {
        return params.groups() == x.dim(1) && w.dim(0) == x.dim(1) && x.dim(1) > 1;
    }

    /** The result grid cut into blocks of columns and strips of rows. */
    private record Cut(int images, PixelMap map, ChannelRows pixels, int blocks, int strips) {
        private static Cut of(int images, PixelMap map, int channels) {
            ChannelRows pixels = ChannelRows.of(map.columns(), channels);
            int blocks = (map.columns() + pixels.blockRows() - 1) / pixels.blockRows();
            int wanted = (PIECES + images * blocks - 1) / Math.max(1, images * blocks);
            return new Cut(images, map, pixels, blocks, Math.max(1, Math.min(wanted, map.rows() / SHORTEST_STRIP)));
        }

        private int count() {
            return images * blocks * strips;
        }

        private int image(int task) {
            return task / blocks / strips;
        }

        private int firstColumn(int task) {
            return task % blocks * pixels.blockRows();
        }

        private int columns(int task) {
            return Math.min(pixels.blockRows(), map.columns() - firstColumn(task));
        }

        private int firstRow(int task) {
            return (int) ((long) map.rows() * (task / blocks % strips) / strips);
        }

        private int lastRow(int task) {
            return (int) ((long) map.rows() * (task / blocks % strips + 1) / strips);
        }
    }

    void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        run(x.dim(0), Images.read(x), w, map, Images.written(y), new ConvEpilogue(engine.kernels(), epilogue, residual));
    }

    void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        Images source = Images.read(dy);
        Images target = Images.written(dx);
        ConvEpilogue none = new ConvEpilogue(engine.kernels(), Epilogue.NONE, Optional.empty());
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            run(dx.dim(0), source, w, map, target, none);
        }
    }

    private void run(int images, Images source, View w, PixelMap map, Images target, ConvEpilogue epilogue) {
        Cut cut = Cut.of(images, map, target.channels());
        float[][] weights = weights(w, map, cut.pixels);
        ConvEpilogue.Channels finish = epilogue.channels(cut.pixels, 0);
        engine.forEach(cut.count(), task -> {
            Workspace workspace = engine.workspace();
            StagedRows staged = new StagedRows(source, map, cut.pixels.width(), workspace);
            float[] sum = workspace.floats(0, cut.pixels.width());
            float[] residuals = workspace.floats(1, cut.pixels.width());
            int columns = map.columnOffsets().length;
            int count = cut.columns(task) * target.channels();
            staged.moveTo(cut.image(task), cut.firstColumn(task), cut.columns(task));
            for (int q = cut.firstRow(task); q < cut.lastRow(task); q++) {
                Arrays.fill(sum, 0, count, 0f);
                for (int i = 0; i < map.rowOffsets().length; i++) {
                    int at = staged.find(q * map.stepH() + map.rowOffsets()[i]);
                    if (at >= 0) {
                        engine.kernels().multiplyAddAll(staged.copies(), at, weights, i * columns, columns, sum, 0, count);
                    }
                }
                store(sum, cut.image(task), q, cut.firstColumn(task), cut.columns(task), map, target, finish, residuals);
            }
        });
    }

    /** Weights of each tap, repeated for the pixels of a block. */
    private static float[][] weights(View w, PixelMap map, ChannelRows pixels) {
        float[] data = CpuStorage.floats(w);
        int[] strides = w.strides();
        float[][] weights = new float[map.taps()][];
        float[] one = new float[pixels.channels()];
        int columns = map.kernelColumns().length;
        for (int tap = 0; tap < weights.length; tap++) {
            int at = w.offset() + map.kernelRows()[tap / columns] * strides[2] + map.kernelColumns()[tap % columns] * strides[3];
            for (int c = 0; c < one.length; c++) {
                one[c] = data[at + c * strides[0]];
            }
            weights[tap] = pixels.spread(one, 0);
        }
        return weights;
    }

    private static void store(float[] sum, int image, int q, int r, int pixels, PixelMap map, Images target, ConvEpilogue.Channels finish,
            float[] residuals) {
        int channels = target.channels();
        int count = pixels * channels;
        int place = target.place(image, map.firstRow() + q * map.placeH(), map.firstColumn() + r * map.placeW());
        if (map.placeW() == 1) {
            finish.scaleShift(sum, count);
            finish.loadResidual(place, residuals, 0, count);
            finish.addResidual(residuals, sum, count);
            finish.activate(sum, count);
            System.arraycopy(sum, 0, target.data(), target.at() + place, count);
            return;
        }
        // Strided places occur in gradients alone, which have no epilogue.
        for (int i = 0; i < pixels; i++) {
            System.arraycopy(sum, i * channels, target.data(), target.at() + place + i * map.placeW() * channels, channels);
        }
    }

    void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        Images source = Images.read(x);
        Images gradient = Images.read(dy);
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        Cut cut = Cut.of(dy.dim(0), map, source.channels());
        int taps = map.taps();
        int size = taps * source.channels();
        int pieceTasks = (cut.count() + PIECES - 1) / PIECES;
        double[] sums = new double[PIECES * size];
        engine.forRange(cut.count(), Math.max(1, pieceTasks), (from, to) ->
                gradientSums(source, gradient, cut, from, to, sums, from / pieceTasks * size));
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = dw.strides();
        int columns = map.columnOffsets().length;
        for (int tap = 0; tap < taps; tap++) {
            for (int c = 0; c < source.channels(); c++) {
                double total = 0;
                for (int piece = 0; piece < PIECES; piece++) {
                    total += sums[piece * size + tap * source.channels() + c];
                }
                data[dw.offset() + c * strides[0] + tap / columns * strides[2] + tap % columns * strides[3]] = (float) total;
            }
        }
    }

    private void gradientSums(Images source, Images gradient, Cut cut, int from, int to, double[] sums, int at) {
        PixelMap map = cut.map;
        int columns = map.columnOffsets().length;
        float[][] lanes = new float[map.taps()][];
        Arrays.setAll(lanes, tap -> Workspace.block(cut.pixels.width()));
        Workspace workspace = engine.workspace();
        float[] dy = workspace.floats(0, cut.pixels.width());
        StagedRows staged = new StagedRows(source, map, cut.pixels.width(), workspace);
        int lines = 0;
        for (int task = from; task < to; task++) {
            int count = cut.columns(task) * source.channels();
            staged.moveTo(cut.image(task), cut.firstColumn(task), cut.columns(task));
            for (int q = cut.firstRow(task); q < cut.lastRow(task); q++) {
                System.arraycopy(gradient.data(), gradient.at() + gradient.place(cut.image(task), q, cut.firstColumn(task)), dy, 0, count);
                for (int tap = 0; tap < lanes.length; tap++) {
                    int found = staged.find(q * map.stepH() + map.rowOffsets()[tap / columns]);
                    if (found >= 0) {
                        engine.kernels().multiplyAdd(staged.copies()[found + tap % columns], dy, lanes[tap], 0, count);
                    }
                }
                if (++lines % FLUSH == 0) {
                    flush(lanes, cut.pixels, sums, at);
                }
            }
        }
        flush(lanes, cut.pixels, sums, at);
    }

    private static void flush(float[][] lanes, ChannelRows pixels, double[] sums, int at) {
        for (int tap = 0; tap < lanes.length; tap++) {
            pixels.flush(lanes[tap], sums, at + tap * pixels.channels());
        }
    }
}
