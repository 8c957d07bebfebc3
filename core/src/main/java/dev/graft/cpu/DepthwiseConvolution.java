package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;

/**
 * Convolution of each channel with its own kernel, by plain loops over blocks of neighbouring pixels: too little arithmetic per float for a
 * matrix product.
 */
final class DepthwiseConvolution {
    private static final int PIECE = 1 << 14;
    private static final int FLUSH = 64;

    private final Engine engine;

    DepthwiseConvolution(Engine engine) {
        this.engine = engine;
    }

    static boolean fits(View x, View w, Conv2dParams params) {
        return params.groups() == x.dim(1) && w.dim(0) == x.dim(1) && x.dim(1) > 1;
    }

    /** Images {@code [N, height, width, channels]}. */
    record Images(float[] data, int at, int height, int width, int channels) {
        static Images read(View x) {
            return new Images(CpuStorage.floats(x), x.offset(), x.dim(2), x.dim(3), x.dim(1));
        }

        static Images written(View y) {
            return new Images(CpuStorage.floatsToWrite(y), y.offset(), y.dim(2), y.dim(3), y.dim(1));
        }

        private int place(int image, int row, int column) {
            return ((image * height + row) * width + column) * channels;
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
        int channels = target.channels;
        ChannelRows pixels = ChannelRows.of(map.columns(), channels);
        float[][] weights = weights(w, map, pixels);
        ConvEpilogue.Channels finish = epilogue.channels(pixels, 0);
        int grain = Math.max(1, PIECE / Math.max(1, map.columns() * channels));
        engine.forRange(images * map.rows(), grain, (from, to) -> {
            Workspace workspace = engine.workspace();
            float[] sum = workspace.floats(0, pixels.width());
            float[] block = workspace.floats(1, pixels.width());
            for (int line = from; line < to; line++) {
                int image = line / map.rows();
                int q = line % map.rows();
                for (int r = 0; r < map.columns(); r += pixels.blockRows()) {
                    int count = Math.min(pixels.blockRows(), map.columns() - r);
                    Arrays.fill(sum, 0, count * channels, 0f);
                    for (int tap = 0; tap < weights.length; tap++) {
                        long lanes = load(source, image, q, r, count, map, tap, block);
                        engine.kernels().multiplyAdd(block, weights[tap], sum, (int) (lanes >>> 32), (int) lanes);
                    }
                    store(sum, image, q, r, count, map, target, finish, block);
                }
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

    /** Copies what tap {@code tap} sees of {@code count} result pixels to {@code block}; returns the lanes that lie in the image, as {@code from << 32 | to}. */
    private static long load(Images source, int image, int q, int r, int count, PixelMap map, int tap, float[] block) {
        int columns = map.columnOffsets().length;
        int h = q * map.stepH() + map.rowOffsets()[tap / columns];
        if (h < 0 || h >= source.height) {
            return 0;
        }
        int left = r * map.stepW() + map.columnOffsets()[tap % columns];
        int step = map.stepW();
        int first = left >= 0 ? 0 : Math.min(count, (-left + step - 1) / step);
        int last = left >= source.width ? first : Math.min(count, (source.width - left + step - 1) / step);
        if (first >= last) {
            return 0;
        }
        int channels = source.channels;
        int from = source.at + source.place(image, h, left + first * step);
        if (step == 1) {
            System.arraycopy(source.data, from, block, first * channels, (last - first) * channels);
        } else {
            for (int i = first; i < last; i++, from += step * channels) {
                System.arraycopy(source.data, from, block, i * channels, channels);
            }
        }
        return (long) first * channels << 32 | last * channels;
    }

    private static void store(float[] sum, int image, int q, int r, int count, PixelMap map, Images target, ConvEpilogue.Channels finish, float[] residuals) {
        int channels = target.channels;
        int place = target.place(image, map.firstRow() + q * map.placeH(), map.firstColumn() + r * map.placeW());
        finish.scaleShift(sum, count * channels);
        if (map.placeW() == 1) {
            finish.loadResidual(place, residuals, 0, count * channels);
            finish.addResidual(residuals, sum, count * channels);
            finish.activate(sum, count * channels);
            System.arraycopy(sum, 0, target.data, target.at + place, count * channels);
            return;
        }
        // Strided places occur in gradients alone, which have no epilogue.
        for (int i = 0; i < count; i++) {
            System.arraycopy(sum, i * channels, target.data, target.at + place + i * map.placeW() * channels, channels);
        }
    }

    void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        Images source = Images.read(x);
        Images gradient = Images.read(dy);
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        int channels = source.channels;
        int taps = map.taps();
        int lines = dy.dim(0) * map.rows();
        int pieceLines = Math.max(1, Math.max((1 << 16) / Math.max(1, map.columns() * channels), (lines + 63) / 64));
        int pieces = (lines + pieceLines - 1) / pieceLines;
        double[] sums = new double[pieces * taps * channels];
        engine.forRange(lines, pieceLines, (from, to) -> gradientSums(source, gradient, map, from, to, sums, from / pieceLines * taps * channels));
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = dw.strides();
        int columns = map.columnOffsets().length;
        for (int tap = 0; tap < taps; tap++) {
            for (int c = 0; c < channels; c++) {
                double total = 0;
                for (int piece = 0; piece < pieces; piece++) {
                    total += sums[(piece * taps + tap) * channels + c];
                }
                data[dw.offset() + c * strides[0] + tap / columns * strides[2] + tap % columns * strides[3]] = (float) total;
            }
        }
    }

    private void gradientSums(Images source, Images gradient, PixelMap map, int from, int to, double[] sums, int at) {
        int channels = source.channels;
        int taps = map.taps();
        ChannelRows pixels = ChannelRows.of(map.columns(), channels);
        float[][] lanes = new float[taps][pixels.width()];
        Workspace workspace = engine.workspace();
        float[] dy = workspace.floats(0, pixels.width());
        float[] block = workspace.floats(1, pixels.width());
        int blocks = 0;
        for (int line = from; line < to; line++) {
            int image = line / map.rows();
            int q = line % map.rows();
            for (int r = 0; r < map.columns(); r += pixels.blockRows()) {
                int count = Math.min(pixels.blockRows(), map.columns() - r);
                System.arraycopy(gradient.data, gradient.at + gradient.place(image, q, r), dy, 0, count * channels);
                for (int tap = 0; tap < taps; tap++) {
                    long range = load(source, image, q, r, count, map, tap, block);
                    engine.kernels().multiplyAdd(block, dy, lanes[tap], (int) (range >>> 32), (int) range);
                }
                if (++blocks % FLUSH == 0) {
                    flush(lanes, pixels, sums, at);
                }
            }
        }
        flush(lanes, pixels, sums, at);
    }

    private static void flush(float[][] lanes, ChannelRows pixels, double[] sums, int at) {
        for (int tap = 0; tap < lanes.length; tap++) {
            pixels.flush(lanes[tap], sums, at + tap * pixels.channels());
        }
    }
}
