package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.conv.parts.Im2col;
import dev.graft.cpu.conv.parts.ImageRuns;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.PlainEpilogue;
import dev.graft.cpu.conv.winograd.BlasWinograd;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Settings;
import dev.graft.cpu.run.Settings.WinogradChoice;
import java.util.Optional;

/**
 * Convolution by OpenBLAS's matrix products: Winograd's algorithm if it suits the shape, else products of gathered
 * pixels (im2col).
 */
public final class BlasConvolution implements ConvolutionAlgorithm {
    private final ExecutionContext context;
    private final BlasPixelGemm product;
    private final Optional<BlasWinograd> winograd;
    private final ScatteredInputGradient scattered;
    private final BlasWeightGradient weightGradient;
    private final BlasConvWeights weights;

    public BlasConvolution(ExecutionContext context) {
        this.context = context;
        this.product = new BlasPixelGemm(context);
        this.winograd = Settings.ofJvm().winograd() == WinogradChoice.F4
                ? Optional.of(new BlasWinograd(context))
                : Optional.empty();
        this.scattered = new ScatteredInputGradient(context);
        this.weightGradient = new BlasWeightGradient(context);
        this.weights = new BlasConvWeights(context);
    }

    private boolean usesWinograd(View w, Conv2dParams params) {
        return winograd.isPresent() && BlasWinograd.fits(w, params);
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        if (usesWinograd(w, params)) {
            PlainEpilogue end = new PlainEpilogue(context.elementLoops(), epilogue, residual);
            boolean[] strange =
                    winograd.get().forward(x.dim(0), ImageArray.read(x), w, end, ImageArray.written(y), params);
            ImageRuns.redo(strange, x, residual, y, (xs, added, ys) -> direct(xs, w, epilogue, added, ys, params));
            return;
        }
        direct(x, w, epilogue, residual, y, params);
    }

    private void direct(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        PlainEpilogue end = new PlainEpilogue(context.elementLoops(), epilogue, residual);
        PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
        product.run(x.dim(0), Im2col.of(x, map, params), target(y, w, map, params, true), end);
    }

    private BlasPixelGemm.Target target(View y, View w, PixelMap map, Conv2dParams params, boolean forward) {
        MatrixBuffer packed = weights.packed(w, map, params.groups(), forward);
        return new BlasPixelGemm.Target(ImageArray.written(y), y.dim(1) / params.groups(), packed, forward);
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (usesWinograd(w, params)) {
            PlainEpilogue none = new PlainEpilogue(context.elementLoops(), Epilogue.NONE, Optional.empty());
            boolean[] strange = winograd.get()
                    .backwardInput(dx.dim(0), ImageArray.read(dy), w, none, ImageArray.written(dx), params);
            ImageRuns.redo(
                    strange, dy, Optional.empty(), dx, (dys, absent, dxs) -> directBackwardInput(dys, w, dxs, params));
            return;
        }
        directBackwardInput(dy, w, dx, params);
    }

    private void directBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (params.groups() == 1 && ScatteredInputGradient.pays(dy, w, dx, params, 1, 1)) {
            PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), dy.dim(2), dy.dim(3));
            // [depth][kernel row, kernel column, input]
            MatrixBuffer packed = weights.packed(w, map, 1, true);
            int columns = w.dim(3) * w.dim(1);
            scattered.run(
                    dy,
                    w,
                    dx,
                    params,
                    () -> new BlasScatterProduct(context, packed, w.dim(0), w.dim(2), columns),
                    BlasScatterProduct.WIDTH);
            return;
        }
        PlainEpilogue none = new PlainEpilogue(context.elementLoops(), Epilogue.NONE, Optional.empty());
        for (PixelMap map : PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3))) {
            BlasPixelGemm.Target target = target(dx, w, map, params, false);
            if (map.taps() == 0) {
                map.clear(context, dx.dim(0), target.images());
            } else {
                product.run(dx.dim(0), Im2col.of(dy, map, params), target, none);
            }
        }
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
        return weightGradient.run(
                x.dim(0),
                params.groups(),
                Im2col.of(x, map, params),
                new BlasWeightGradient.Gradient(CpuStorage.floats(dy), CpuStorage.offset(dy), dy.dim(1)),
                dw);
    }
}
