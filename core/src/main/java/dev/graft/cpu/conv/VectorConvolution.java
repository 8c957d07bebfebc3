package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.ImageRuns;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.conv.winograd.VectorWinograd;
import dev.graft.cpu.conv.winograd.VectorWinogradWeightGradient;
import dev.graft.cpu.conv.winograd.WinogradF2;
import dev.graft.cpu.conv.winograd.WinogradF4;
import dev.graft.cpu.conv.winograd.WinogradShapes;
import dev.graft.cpu.conv.winograd.WinogradStride1;
import dev.graft.cpu.conv.winograd.WinogradStride2;
import dev.graft.cpu.conv.winograd.WinogradStride2Gradient;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.pool.PoolWindows;
import dev.graft.cpu.pool.VectorMaxPool;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Settings;
import dev.graft.cpu.run.Settings.WinogradChoice;
import dev.graft.cpu.run.Vectors;
import java.util.Optional;

/**
 * Convolution of one group on the Vector API: Winograd's algorithm if it suits the shape, else products of gathered
 * pixels (im2col).
 */
public final class VectorConvolution implements ConvolutionAlgorithm {
    /** The most weights of a tap with stride 2. */
    private static final int STRIDE2_WEIGHTS = 128 * 256;
    /** The same for gradients: in training, weights are often new and not yet transformed. */
    private static final int STRIDE2_CHANGING_WEIGHTS = 128 * 128;

    private final ExecutionContext context;
    private final Optional<VectorWinograd> winograd;
    private final Optional<VectorWinogradWeightGradient> winogradWeightGradient;
    private final Optional<VectorWinograd> winogradStride2;
    private final Optional<VectorWinograd> winogradStride2Gradient;
    private final VectorPixelGemm product;
    private final ScatteredInputGradient scattered;
    private final VectorWeightGradient weightGradient;

    public VectorConvolution(ExecutionContext context) {
        WinogradChoice choice = Settings.ofJvm().winograd();
        Optional<WinogradStride1> stride1 = stride1(choice);
        boolean stride2 = choice == WinogradChoice.F4;
        this.context = context;
        this.winograd = stride1.map(t -> new VectorWinograd(context, t));
        this.winogradWeightGradient = stride1.map(t -> new VectorWinogradWeightGradient(context, t));
        this.winogradStride2 =
                stride2 ? Optional.of(new VectorWinograd(context, new WinogradStride2())) : Optional.empty();
        this.winogradStride2Gradient =
                stride2 ? Optional.of(new VectorWinograd(context, new WinogradStride2Gradient())) : Optional.empty();
        this.product = new VectorPixelGemm(context, choice != WinogradChoice.OFF);
        this.scattered = new ScatteredInputGradient(context);
        this.weightGradient = new VectorWeightGradient(context, choice != WinogradChoice.OFF);
    }

    private static Optional<WinogradStride1> stride1(WinogradChoice choice) {
        return switch (choice) {
            case F4 -> Optional.of(new WinogradF4());
            case F2 -> Optional.of(new WinogradF2());
            case OFF -> Optional.empty();
        };
    }

    private static boolean fits(View w, Conv2dParams params) {
        return WinogradShapes.fits(w, params, Vectors.LANES);
    }

    private static boolean fitsStride2(View w, View y, Conv2dParams params, int most) {
        return WinogradShapes.fitsStride2(w, y, params, Vectors.LANES, most);
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        Optional<VectorWinograd> fast = fits(w, params)
                ? winograd
                : fitsStride2(w, y, params, STRIDE2_WEIGHTS) ? winogradStride2 : Optional.empty();
        if (fast.isPresent()) {
            VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
            boolean[] strange = fast.get().forward(x.dim(0), ImageArray.read(x), w, end, ImageArray.written(y), params);
            ImageRuns.redo(strange, x, residual, y, (xs, added, ys) -> direct(xs, w, epilogue, added, ys, params));
            return;
        }
        direct(x, w, epilogue, residual, y, params);
    }

    private void direct(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
        Im2col source = gather(x, w, params);
        if (epilogue.maxPool().isPresent()) {
            product.runPooled(
                    x.dim(0),
                    source,
                    TapMatrices.forward(w),
                    end,
                    windows(x, w, epilogue, params),
                    ImageArray.written(y));
        } else {
            product.run(x.dim(0), source, TapMatrices.forward(w), end, ImageArray.written(y));
        }
    }

    @Override
    public boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return epilogue.residual().isEmpty()
                && VectorMaxPool.fits(windows(x, w, epilogue, params), w.dim(0))
                && VectorPixelGemm.goesByRows(gather(x, w, params));
    }

    private static PoolWindows windows(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return PoolWindows.of(
                epilogue.maxPool().orElseThrow(),
                params.outputHeight(x.dim(2), w.dim(2)),
                params.outputWidth(x.dim(3), w.dim(3)));
    }

    private static Im2col gather(View x, View w, Conv2dParams params) {
        int rows = params.outputHeight(x.dim(2), w.dim(2));
        int columns = params.outputWidth(x.dim(3), w.dim(3));
        return Im2col.of(x, PixelMap.forward(params, w.dim(2), w.dim(3), rows, columns), params);
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        Optional<VectorWinograd> fast = fits(w, params)
                ? winograd
                : fitsStride2(w, dy, params, STRIDE2_CHANGING_WEIGHTS) ? winogradStride2Gradient : Optional.empty();
        if (fast.isPresent()) {
            boolean[] strange =
                    fast.get().backwardInput(dx.dim(0), ImageArray.read(dy), w, ImageArray.written(dx), params);
            ImageRuns.redo(
                    strange, dy, Optional.empty(), dx, (dys, absent, dxs) -> directBackwardInput(dys, w, dxs, params));
            return;
        }
        directBackwardInput(dy, w, dx, params);
    }

    private void directBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (ScatteredInputGradient.pays(dy, w, dx, params, Vectors.LANES, MicroKernel.ROWS)) {
            VectorScatterProduct.Weights weights = VectorScatterProduct.Weights.pack(context, w);
            scattered.run(dy, w, dx, params, () -> new VectorScatterProduct(weights), MicroKernel.WIDTH);
            return;
        }
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            if (map.taps() == 0) {
                map.clear(context, dx.dim(0), ImageArray.written(dx));
            } else {
                product.run(
                        dx.dim(0),
                        Im2col.of(dy, map, params),
                        TapMatrices.backward(w, map),
                        VectorEpilogue.NONE,
                        ImageArray.written(dx));
            }
        }
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (winogradWeightGradient.isPresent()
                && fits(dw, params)
                && winogradWeightGradient.get().run(x.dim(0), ImageArray.read(x), ImageArray.read(dy), dw, params)) {
            return true;
        }
        return weightGradient.run(x.dim(0), gather(x, dw, params), ImageArray.read(dy), dw);
    }
}
