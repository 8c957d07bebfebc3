package dev.graft.cpu;

import dev.graft.cpu.conv.VectorConvolution;
import dev.graft.cpu.conv.VectorGroupedConvolution;
import dev.graft.cpu.conv.depthwise.VectorDepthwiseConvolution;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.elementwise.VectorElementLoops;
import dev.graft.cpu.gemm.LargeProducts;
import dev.graft.cpu.gemm.VectorProducts;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.norm.NormLoops;
import dev.graft.cpu.norm.VectorNormLoops;
import dev.graft.cpu.pool.MaxPooling;
import dev.graft.cpu.pool.TapLoops;
import dev.graft.cpu.pool.VectorMaxPooling;
import dev.graft.cpu.pool.VectorTapLoops;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.sequence.BlockProducts;
import dev.graft.cpu.sequence.CellLoops;
import dev.graft.cpu.sequence.VectorBlockProducts;
import dev.graft.cpu.sequence.VectorCellLoops;

/** Kernels on the Vector API. Loaded only if the JVM has its module. */
final class VectorKernelProvider extends KernelProvider {
    static {
        KernelWarmUp.start();
    }

    private final ElementLoops loops = new VectorElementLoops();

    @Override
    void awaitKernels() {
        KernelWarmUp.await();
    }

    @Override
    ElementLoops elementLoops() {
        return loops;
    }

    @Override
    BlockProducts blockProducts() {
        return new VectorBlockProducts();
    }

    @Override
    CellLoops cellLoops() {
        return new VectorCellLoops(loops);
    }

    @Override
    NormLoops normLoops(ExecutionContext context) {
        return new VectorNormLoops();
    }

    @Override
    MaxPooling maxPooling(ExecutionContext context, ChannelsLast layout) {
        return new VectorMaxPooling(context, layout);
    }

    @Override
    TapLoops tapLoops() {
        return new VectorTapLoops();
    }

    @Override
    LargeProducts products(ExecutionContext context) {
        return new VectorProducts(context);
    }

    @Override
    ConvolutionAlgorithm denseConvolution(ExecutionContext context) {
        return new VectorConvolution(context);
    }

    @Override
    ConvolutionAlgorithm groupedConvolution(ExecutionContext context, ChannelsLast layout) {
        return new VectorGroupedConvolution(context, layout, denseConvolution(context));
    }

    @Override
    ConvolutionAlgorithm depthwiseConvolution(ExecutionContext context) {
        return new VectorDepthwiseConvolution(context);
    }
}
