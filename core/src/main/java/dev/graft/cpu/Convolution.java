package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.List;
import java.util.Optional;

/** Convolution by the best algorithm for its shape: this class alone chooses. */
final class Convolution {
    private final Engine engine;
    private final ChannelsLast layout;
    private final DepthwiseConvolution depthwise;
    private final Winograd winograd;
    private final WinogradWeightGradient winogradWeightGradient;
    private final VectorGemm vectorProduct;
    private final PixelGemm product;
    private final WeightGradient weightGradient;
    private final ConvWeights weights;

    Convolution(Engine engine, ChannelsLast layout) {
        this.engine = engine;
        this.layout = layout;
        this.depthwise = new DepthwiseConvolution(engine);
        this.winograd = new Winograd(engine);
        this.winogradWeightGradient = new WinogradWeightGradient(engine);
        this.vectorProduct = new VectorGemm(engine);
        this.product = new PixelGemm(engine);
        this.weightGradient = new WeightGradient(engine);
        this.weights = new ConvWeights(engine);
    }

    void forward(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        if (y.numel() == 0) {
            return;
        }
        Optional<ChannelsLast.Borrowed> residual = epilogue.residual().map(layout::source);
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed out = layout.target(y)) {
            Optional<View> added = residual.map(ChannelsLast.Borrowed::view);
            if (DepthwiseConvolution.fits(x, w, params)) {
                depthwise.forward(in.view(), w, epilogue, added, out.view(), params);
                return;
            }
            PixelMap map = PixelMap.forward(params, w.dim(2), w.dim(3), y.dim(2), y.dim(3));
            if (engine.kernels().usesVectors() && params.groups() == 1) {
                VectorEpilogue end = new VectorEpilogue(epilogue, added, y.dim(1));
                if (Winograd.fits(w, params)) {
                    winograd.forward(x.dim(0), Images.read(in.view()), w, end, Images.written(out.view()), params);
                } else {
                    vectorProduct.run(x.dim(0), gather(in.view(), map, params), TapWeights.forward(w), end, Images.written(out.view()));
                }
                return;
            }
            product.run(x.dim(0), gather(in.view(), map, params), target(out.view(), w, map, params, true),
                    new ConvEpilogue(engine.kernels(), epilogue, added));
        } finally {
            residual.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    private static Gather gather(View x, PixelMap map, Conv2dParams params) {
        return new Gather(CpuStorage.floats(x), x.offset(), x.dim(2), x.dim(3), x.dim(1), 0, x.dim(1) / params.groups(), map);
    }

    private PixelGemm.Target target(View y, View w, PixelMap map, Conv2dParams params, boolean forward) {
        Panel packed = weights.packed(w, map, params.groups(), forward);
        return new PixelGemm.Target(CpuStorage.floatsToWrite(y), y.offset(), y.dim(2), y.dim(3), y.dim(1), y.dim(1) / params.groups(),
                packed, forward);
    }

    void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (dx.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(dy); ChannelsLast.Borrowed out = layout.target(dx)) {
            if (DepthwiseConvolution.fits(dx, w, params)) {
                depthwise.backwardInput(in.view(), w, out.view(), params);
                return;
            }
            List<PixelMap> maps = PixelMap.backward(params, w.dim(2), w.dim(3), dx.dim(2), dx.dim(3));
            if (engine.kernels().usesVectors() && params.groups() == 1) {
                Images target = Images.written(out.view());
                if (Winograd.fits(w, params)) {
                    winograd.backwardInput(dx.dim(0), Images.read(in.view()), w, target, params);
                    return;
                }
                for (PixelMap map : maps) {
                    if (map.taps() == 0) {
                        vectorProduct.clear(dx.dim(0), map, target);
                    } else {
                        vectorProduct.run(dx.dim(0), gather(in.view(), map, params), TapWeights.backward(w, map), VectorEpilogue.NONE, target);
                    }
                }
                return;
            }
            ConvEpilogue none = new ConvEpilogue(engine.kernels(), Epilogue.NONE, Optional.empty());
            for (PixelMap map : maps) {
                PixelGemm.Target target = target(out.view(), w, map, params, false);
                if (map.taps() == 0) {
                    product.clear(dx.dim(0), target, map);
                } else {
                    product.run(dx.dim(0), gather(in.view(), map, params), target, none);
                }
            }
        }
    }

    void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (dw.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed gradient = layout.source(dy)) {
            if (DepthwiseConvolution.fits(x, dw, params)) {
                depthwise.backwardWeight(in.view(), gradient.view(), dw, params);
                return;
            }
            if (engine.kernels().usesVectors() && Winograd.fits(dw, params)) {
                winogradWeightGradient.run(x.dim(0), Images.read(in.view()), Images.read(gradient.view()), dw, params);
                return;
            }
            PixelMap map = PixelMap.forward(params, dw.dim(2), dw.dim(3), dy.dim(2), dy.dim(3));
            View d = gradient.view();
            weightGradient.run(x.dim(0), params.groups(), gather(in.view(), map, params),
                    new WeightGradient.Gradient(CpuStorage.floats(d), d.offset(), d.dim(1)), dw);
        }
    }
}
