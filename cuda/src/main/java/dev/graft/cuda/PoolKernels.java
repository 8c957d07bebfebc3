package dev.graft.cuda;

import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.View;
import java.util.Optional;

/** Pooling of channels-last images. */
final class PoolKernels {
    private final CudaBackend backend;

    PoolKernels(CudaBackend backend) {
        this.backend = backend;
    }

    private static Launch axes(Launch launch, PoolGeometry geometry, View image) {
        return axis(axis(launch, geometry.rows(image.dim(2))), geometry.columns(image.dim(3)));
    }

    /** A struct Axis of pool.cu. */
    private static Launch axis(Launch launch, PoolAxis axis) {
        return launch.struct()
                .field(
                        axis.size(),
                        axis.count(),
                        axis.kernel(),
                        axis.stride(),
                        axis.padding(),
                        axis.countIncludePad() ? 1 : 0);
    }

    void maxPool(View x, PoolGeometry geometry, View y, Optional<View> index) {
        Launch launch = backend.launch("max_pool")
                .view(y)
                .view(index)
                .view(x)
                .i64(y.numel())
                .i32(y.dim(1));
        axes(launch, geometry, x).each(y.numel());
    }

    void maxPoolBackward(View dy, View index, PoolGeometry geometry, View dx) {
        Launch launch = backend.launch("max_pool_backward")
                .view(dx)
                .view(dy)
                .view(index)
                .i64(dx.numel())
                .i32(dx.dim(1));
        axes(launch, geometry, dx).each(dx.numel());
    }

    void avgPool(View x, PoolGeometry geometry, View y) {
        Launch launch =
                backend.launch("avg_pool").view(y).view(x).i64(y.numel()).i32(y.dim(1));
        axes(launch, geometry, x).each(y.numel());
    }

    void avgPoolBackward(View dy, PoolGeometry geometry, View dx) {
        Launch launch = backend.launch("avg_pool_backward")
                .view(dx)
                .view(dy)
                .i64(dx.numel())
                .i32(dx.dim(1));
        axes(launch, geometry, dx).each(dx.numel());
    }
}
