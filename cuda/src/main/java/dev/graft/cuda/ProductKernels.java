package dev.graft.cuda;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Products of matrices, and convolutions as products. */
final class ProductKernels {
    /** Rows and columns that a block computes, as in product.cu. */
    private static final int TILE = 64;
    /** Threads along both sides of a block. */
    private static final int SIDE = 16;
    /** Blocks a multiprocessor that a weight's gradient is split into. */
    private static final int BLOCKS_A_PROCESSOR = 4;
    /** Pixels below which a share of a weight's gradient is not worth a block. */
    private static final int LEAST_SHARE = 256;

    private final CudaBackend backend;

    ProductKernels(CudaBackend backend) {
        this.backend = backend;
    }

    private static int tiles(int m, int n) {
        return ((m + TILE - 1) / TILE) * ((n + TILE - 1) / TILE);
    }

    void matmul(View p, View q, View y) {
        product(p, q, Optional.empty(), y);
    }

    void linear(View x, View w, Optional<View> bias, View y) {
        View turned = new View(
                w.storage(), w.offset(), Shape.of(w.dim(1), w.dim(0)), new long[] {w.strides()[1], w.strides()[0]});
        product(x, turned, bias, y);
    }

    private void product(View p, View q, Optional<View> bias, View y) {
        int lead = y.rank() - 2;
        int m = y.dim(lead);
        int n = y.dim(lead + 1);
        int batches = m == 0 || n == 0 ? 0 : y.numel() / m / n;
        Walk batch = Walk.of(
                Arrays.copyOf(y.shape().toArray(), lead),
                Arrays.copyOf(y.strides(), lead),
                Arrays.copyOf(p.strides(), lead),
                Arrays.copyOf(q.strides(), lead));
        backend.launch("matmul")
                .view(y)
                .view(p)
                .view(q)
                .view(bias)
                .walk(batch)
                .i32(m)
                .i32(n)
                .i32(p.dim(lead + 1))
                .i64(p.strides()[lead])
                .i64(p.strides()[lead + 1])
                .i64(q.strides()[lead])
                .i64(q.strides()[lead + 1])
                .i32(batches)
                .grid(tiles(m, n), Math.min(batches, Launch.MOST_BLOCKS), 1, SIDE, SIDE);
    }

    /** A struct Conv of product.cu. */
    private static Launch geometry(Launch launch, View x, View w, View y, Conv2dParams params) {
        return launch.struct()
                .field(
                        x.dim(0),
                        x.dim(2),
                        x.dim(3),
                        w.dim(1),
                        y.dim(2),
                        y.dim(3),
                        w.dim(0) / params.groups(),
                        params.groups(),
                        w.dim(2),
                        w.dim(3),
                        params.strideH(),
                        params.strideW(),
                        params.padTop(),
                        params.padLeft(),
                        params.dilationH(),
                        params.dilationW())
                .field(w.strides());
    }

    private static int pixels(View images) {
        return images.dim(0) * images.dim(2) * images.dim(3);
    }

    /** Without the epilogue's pooling. */
    void conv(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        Launch launch = backend.launch("conv")
                .view(y)
                .view(x)
                .view(w)
                .view(epilogue.scale())
                .view(epilogue.shift())
                .view(epilogue.residual());
        geometry(launch, x, w, y, params)
                .i32(epilogue.activation().ordinal())
                .grid(tiles(pixels(y), w.dim(0) / params.groups()), params.groups(), 1, SIDE, SIDE);
    }

    void convBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        Launch launch = backend.launch("conv_backward_input").view(dx).view(dy).view(w);
        geometry(launch, dx, w, dy, params).grid(tiles(pixels(dx), w.dim(1)), params.groups(), 1, SIDE, SIDE);
    }

    /**
     * In shares of the pixels, whose sums are added afterwards: the weight alone has too few elements to fill a device.
     */
    void convBackwardWeight(View x, View dy, View dw, Conv2dParams params) {
        int groups = params.groups();
        int out = dw.dim(0) / groups;
        int taps = dw.dim(2) * dw.dim(3);
        int pixels = pixels(dy);
        int tiles = tiles(out, taps * dw.dim(1));
        if (tiles == 0) {
            return;
        }
        long wanted = (long) BLOCKS_A_PROCESSOR * backend.gpu().processors() / tiles / groups;
        int most = Math.max(1, pixels / LEAST_SHARE);
        int shares = (int) Math.max(1, Math.min(Math.min(wanted, most), Launch.MOST_BLOCKS));
        int share = Math.max(1, (pixels + shares - 1) / shares);
        try (Scratch scratch = new Scratch(backend)) {
            View parts = scratch.of(DType.F32, shares, dw.dim(0), dw.dim(2), dw.dim(3), dw.dim(1));
            Launch launch =
                    backend.launch("conv_backward_weight").view(parts).view(x).view(dy);
            geometry(launch, x, dw, dy, params).i64(share).grid(tiles, groups, shares, SIDE, SIDE);
            // Both in the order of the parts: out, row, column, in.
            long[] steps = dw.strides();
            View result = new View(
                    dw.storage(), dw.offset(), Shape.of(1, dw.dim(0), dw.dim(2), dw.dim(3), dw.dim(1)), new long[] {
                        0, steps[0], steps[2], steps[3], steps[1]
                    });
            backend.reduce(Reduction.SUM, parts, result);
        }
    }
}
