package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Optional;

/** Convolution on the Vector API, one group: Winograd's algorithm where it fits, else products of gathered pixels. */
final class VectorConvolution implements Convolution.Algorithm {
    private final Engine engine;
    private final Optional<Winograd> winograd;
    private final Optional<WinogradWeightGradient> winogradWeightGradient;
    private final VectorGemm product;
    private final VectorWeightGradient weightGradient;

    VectorConvolution(Engine engine) {
        Optional<WinogradTransforms> transforms = transforms();
        this.engine = engine;
        this.winograd = transforms.map(t -> new Winograd(engine, t));
        this.winogradWeightGradient = transforms.map(t -> new WinogradWeightGradient(engine, t));
        this.product = new VectorGemm(engine);
        this.weightGradient = new VectorWeightGradient(engine);
    }

    private static Optional<WinogradTransforms> transforms() {
        return switch (WinogradChoice.read()) {
            case F4 -> Optional.of(new WinogradF4());
            case F2 -> Optional.of(new WinogradF2());
            case OFF -> Optional.empty();
        };
    }

    private boolean usesWinograd(View w, Conv2dParams params) {
        return winograd.isPresent() && WinogradChoice.fits(w, params, VectorKernels.LANES);
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        VectorEpilogue end = new VectorEpilogue(epilogue, residual, y.dim(1));
        if (usesWinograd(w, params)) {
            winograd.get().forward(x.dim(0), Images.read(x), w, end, Images.written(y), params);
            return;
        }
        Gather source = gather(x, w, params);
        if (epilogue.maxPool().isPresent()) {
            product.runPooled(x.dim(0), source, TapWeights.forward(w), end, epilogue.maxPool().get(), Images.written(y));
        } else {
            product.run(x.dim(0), source, TapWeights.forward(w), end, Images.written(y));
        }
    }

    @Override
    public boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return epilogue.residual().isEmpty() && VectorMaxPool.fits(epilogue.maxPool().orElseThrow(), w.dim(0))
                && VectorGemm.goesByRows(gather(x, w, params));
    }

    private static Gather gather(View x, View w, Conv2dParams params) {
        int rows = params.outputHeight(x.dim(2), w.dim(2));
        int columns = params.outputWidth(x.dim(3), w.dim(3));
        return Gather.of(x, PixelMap.forward(params, w.dim(2), w.dim(3), rows, columns), params);
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (usesWinograd(w, params)) {
            winograd.get().backwardInput(dx.dim(0), Images.read(dy), w, Images.written(dx), params);
            return;
        }
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            if (map.taps() == 0) {
                Images.written(dx).clear(engine, dx.dim(0), map);
            } else {
                product.run(dx.dim(0), Gather.of(dy, map, params), TapWeights.backward(w, map), VectorEpilogue.NONE, Images.written(dx));
            }
        }
    }

    @Override
    public void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (usesWinograd(dw, params)) {
            winogradWeightGradient.get().run(x.dim(0), Images.read(x), Images.read(dy), dw, params);
            return;
        }
        weightGradient.run(x.dim(0), gather(x, dw, params), Images.read(dy), dw);
    }
}
