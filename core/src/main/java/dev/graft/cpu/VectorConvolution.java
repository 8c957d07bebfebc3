package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Optional;

/** Convolution on the Vector API, one group: Winograd's algorithm where it fits, else products of gathered pixels. */
final class VectorConvolution implements Convolution.Algorithm {
    /** Most weights of a tap with stride 2. */
    private static final int STRIDE2_WEIGHTS = 128 * 256;
    /** The same for gradients: where there are some, weights are often new and not transformed yet. */
    private static final int STRIDE2_CHANGING_WEIGHTS = 128 * 128;

    private final Engine engine;
    private final Optional<Winograd> winograd;
    private final Optional<WinogradWeightGradient> winogradWeightGradient;
    private final Optional<Winograd> winogradStride2;
    private final Optional<Winograd> winogradStride2Gradient;
    private final VectorGemm product;
    private final VectorWeightGradient weightGradient;

    VectorConvolution(Engine engine) {
        WinogradChoice choice = Settings.ofJvm().winograd();
        Optional<WinogradStride1> stride1 = stride1(choice);
        boolean stride2 = choice == WinogradChoice.F4;
        this.engine = engine;
        this.winograd = stride1.map(t -> new Winograd(engine, t));
        this.winogradWeightGradient = stride1.map(t -> new WinogradWeightGradient(engine, t));
        this.winogradStride2 = stride2 ? Optional.of(new Winograd(engine, new WinogradStride2())) : Optional.empty();
        this.winogradStride2Gradient =
                stride2 ? Optional.of(new Winograd(engine, new WinogradStride2Gradient())) : Optional.empty();
        this.product = new VectorGemm(engine);
        this.weightGradient = new VectorWeightGradient(engine);
    }

    private static Optional<WinogradStride1> stride1(WinogradChoice choice) {
        return switch (choice) {
            case F4 -> Optional.of(new WinogradF4());
            case F2 -> Optional.of(new WinogradF2());
            case OFF -> Optional.empty();
        };
    }

    private static boolean fits(View w, Conv2dParams params) {
        return WinogradChoice.fits(w, params, VectorKernels.LANES);
    }

    private static boolean fitsStride2(View w, View y, Conv2dParams params, int most) {
        return WinogradChoice.fitsStride2(w, y, params, VectorKernels.LANES, most);
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        Optional<Winograd> fast = fits(w, params)
                ? winograd
                : fitsStride2(w, y, params, STRIDE2_WEIGHTS) ? winogradStride2 : Optional.empty();
        if (fast.isPresent()) {
            VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
            boolean[] strange = fast.get().forward(x.dim(0), Images.read(x), w, end, Images.written(y), params);
            Convolution.redo(
                    strange,
                    (first, count) -> direct(
                            Convolution.images(x, first, count),
                            w,
                            epilogue,
                            residual.map(r -> Convolution.images(r, first, count)),
                            Convolution.images(y, first, count),
                            params));
            return;
        }
        direct(x, w, epilogue, residual, y, params);
    }

    private void direct(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
        Gather source = gather(x, w, params);
        if (epilogue.maxPool().isPresent()) {
            product.runPooled(
                    x.dim(0),
                    source,
                    TapWeights.forward(w),
                    end,
                    epilogue.maxPool().get(),
                    Images.written(y));
        } else {
            product.run(x.dim(0), source, TapWeights.forward(w), end, Images.written(y));
        }
    }

    @Override
    public boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return epilogue.residual().isEmpty()
                && VectorMaxPool.fits(epilogue.maxPool().orElseThrow(), w.dim(0))
                && VectorGemm.goesByRows(gather(x, w, params));
    }

    private static Gather gather(View x, View w, Conv2dParams params) {
        int rows = params.outputHeight(x.dim(2), w.dim(2));
        int columns = params.outputWidth(x.dim(3), w.dim(3));
        return Gather.of(x, PixelMap.forward(params, w.dim(2), w.dim(3), rows, columns), params);
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        Optional<Winograd> fast = fits(w, params)
                ? winograd
                : fitsStride2(w, dy, params, STRIDE2_CHANGING_WEIGHTS) ? winogradStride2Gradient : Optional.empty();
        if (fast.isPresent()) {
            boolean[] strange = fast.get().backwardInput(dx.dim(0), Images.read(dy), w, Images.written(dx), params);
            Convolution.redo(
                    strange,
                    (first, count) -> directBackwardInput(
                            Convolution.images(dy, first, count), w, Convolution.images(dx, first, count), params));
            return;
        }
        directBackwardInput(dy, w, dx, params);
    }

    private void directBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            if (map.taps() == 0) {
                Images.written(dx).clear(engine, dx.dim(0), map);
            } else {
                product.run(
                        dx.dim(0),
                        Gather.of(dy, map, params),
                        TapWeights.backward(w, map),
                        VectorEpilogue.NONE,
                        Images.written(dx));
            }
        }
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (winogradWeightGradient.isPresent()
                && fits(dw, params)
                && winogradWeightGradient.get().run(x.dim(0), Images.read(x), Images.read(dy), dw, params)) {
            return true;
        }
        return weightGradient.run(x.dim(0), gather(x, dw, params), Images.read(dy), dw);
    }
}
