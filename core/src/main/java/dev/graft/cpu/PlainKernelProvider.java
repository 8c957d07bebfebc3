package dev.graft.cpu;

import dev.graft.cpu.conv.BlasConvolution;
import dev.graft.cpu.conv.PlainGroupedConvolution;
import dev.graft.cpu.conv.depthwise.DepthwiseConvolution;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.elementwise.PlainElementLoops;
import dev.graft.cpu.gemm.BlasProducts;
import dev.graft.cpu.gemm.LargeProducts;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.norm.NormLoops;
import dev.graft.cpu.norm.PlainNormLoops;
import dev.graft.cpu.pool.MaxPooling;
import dev.graft.cpu.pool.PlainTapLoops;
import dev.graft.cpu.pool.TapLoops;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.sequence.BlockProducts;
import dev.graft.cpu.sequence.CellLoops;
import dev.graft.cpu.sequence.PlainBlockProducts;

/** Plain loops, which C2 vectorizes automatically, and the matrix products of a BLAS library. */
final class PlainKernelProvider extends KernelProvider {
    private final ElementLoops loops;

    /** @param reason why there are no vector kernels */
    PlainKernelProvider(String reason) {
        this.loops = new PlainElementLoops(reason);
    }

    @Override
    void awaitKernels() {}

    @Override
    ElementLoops elementLoops() {
        return loops;
    }

    @Override
    BlockProducts blockProducts() {
        return new PlainBlockProducts();
    }

    @Override
    CellLoops cellLoops() {
        return new CellLoops(loops);
    }

    @Override
    NormLoops normLoops(ExecutionContext context) {
        return new PlainNormLoops(context, loops);
    }

    @Override
    MaxPooling maxPooling(ExecutionContext context, ChannelsLast layout) {
        return new MaxPooling(context, layout);
    }

    @Override
    TapLoops tapLoops() {
        return new PlainTapLoops();
    }

    @Override
    LargeProducts products(ExecutionContext context) {
        return new BlasProducts(context);
    }

    @Override
    ConvolutionAlgorithm denseConvolution(ExecutionContext context) {
        return new BlasConvolution(context);
    }

    @Override
    ConvolutionAlgorithm groupedConvolution(ExecutionContext context, ChannelsLast layout) {
        return new PlainGroupedConvolution(context, layout);
    }

    @Override
    ConvolutionAlgorithm depthwiseConvolution(ExecutionContext context) {
        return new DepthwiseConvolution(context);
    }
}
