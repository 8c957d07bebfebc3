package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Optional;

/** Convolution by matrix products of OpenBLAS: Winograd's algorithm where it fits, else products of gathered pixels. */
final class BlasConvolution implements Convolution.Algorithm {
    private final Engine engine;
    private final PixelGemm product;
    private final Optional<BlasWinograd> winograd;
    private final WeightGradient weightGradient;
    private final ConvWeights weights;

    BlasConvolution(Engine engine) {
        this.engine = engine;
        this.product = new PixelGemm(engine);
        this.winograd = Settings.ofJvm().winograd() == WinogradChoice.F4
                ? Optional.of(new BlasWinograd(engine))
                : Optional.empty();
        this.weightGradient = new WeightGradient(engine);
        this.weights = new ConvWeights(engine);
    }

    private boolean usesWinograd(View w, Conv2dParams params) {
        return winograd.isPresent() && BlasWinograd.fits(w, params);
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        if (usesWinograd(w, params)) {
            ConvEpilogue end = new ConvEpilogue(engine.kernels(), epilogue, residual);
            boolean[] strange = winograd.get().forward(x.dim(0), Images.read(x), w, end, Images.written(y), params);
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
        ConvEpilogue end = new ConvEpilogue(engine.kernels(), epilogue, residual);
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        product.run(x.dim(0), Gather.of(x, map, params), target(y, w, map, params, true), end);
    }

    private PixelGemm.Target target(View y, View w, PixelMap map, Conv2dParams params, boolean forward) {
        Panel packed = weights.packed(w, map, params.groups(), forward);
        return new PixelGemm.Target(Images.written(y), y.dim(1) / params.groups(), packed, forward);
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (usesWinograd(w, params)) {
            ConvEpilogue none = new ConvEpilogue(engine.kernels(), Epilogue.NONE, Optional.empty());
            boolean[] strange =
                    winograd.get().backwardInput(dx.dim(0), Images.read(dy), w, none, Images.written(dx), params);
            Convolution.redo(
                    strange,
                    (first, count) -> directBackwardInput(
                            Convolution.images(dy, first, count), w, Convolution.images(dx, first, count), params));
            return;
        }
        directBackwardInput(dy, w, dx, params);
    }

    private void directBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        ConvEpilogue none = new ConvEpilogue(engine.kernels(), Epilogue.NONE, Optional.empty());
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            PixelGemm.Target target = target(dx, w, map, params, false);
            if (map.taps() == 0) {
                target.images().clear(engine, dx.dim(0), map);
            } else {
                product.run(dx.dim(0), Gather.of(dy, map, params), target, none);
            }
        }
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        return weightGradient.run(
                x.dim(0),
                params.groups(),
                Gather.of(x, map, params),
                new WeightGradient.Gradient(CpuStorage.floats(dy), dy.offset(), dy.dim(1)),
                dw);
    }
}
