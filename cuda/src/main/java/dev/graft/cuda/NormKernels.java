package dev.graft.cuda;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.Optional;

/** Normalisation: of images by channels, and of rows. */
final class NormKernels {
    /** Channels and lines of a block that sums columns, as in norm.cu. */
    private static final int WIDE = 32;

    private static final int LINES = 8;
    /** Rows that a block sums at least. */
    private static final int LEAST_SHARE = 512;

    private static final int MOST_SHARES = 1024;

    private final CudaBackend backend;

    NormKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** How rows are shared among blocks: by their number alone, so that results do not depend on the device. */
    private record Shares(int count, int rows) {
        static Shares of(int rows) {
            int share = Math.max(LEAST_SHARE, (rows + MOST_SHARES - 1) / MOST_SHARES);
            return new Shares(Math.max(1, (rows + share - 1) / share), share);
        }
    }

    private static int tiles(int columns) {
        return (columns + WIDE - 1) / WIDE;
    }

    void batchStatistics(View x, float eps, View mean, View inverseStd, View variance) {
        int channels = x.dim(1);
        int pixels = channels == 0 ? 0 : x.numel() / channels;
        Shares shares = Shares.of(pixels);
        try (Scratch scratch = new Scratch(backend)) {
            View parts = scratch.of(DType.F32, shares.count(), channels, 3);
            if (pixels == 0) {
                backend.fill(parts, 0);
            } else {
                backend.launch("batch_moments")
                        .view(parts)
                        .view(x)
                        .i64(pixels)
                        .i32(channels)
                        .i64(shares.rows())
                        .grid(tiles(channels), shares.count(), 1, WIDE, LINES);
            }
            backend.launch("batch_statistics")
                    .view(mean)
                    .view(inverseStd)
                    .view(variance)
                    .view(parts)
                    .i32(shares.count())
                    .i32(channels)
                    .f32(eps)
                    .each(channels);
        }
    }

    void batchApply(
            View x,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Optional<View> residual,
            Activation activation,
            View y) {
        backend.launch("batch_apply")
                .view(y)
                .view(x)
                .view(gamma)
                .view(beta)
                .view(mean)
                .view(inverseStd)
                .view(residual)
                .i64(y.numel())
                .i32(y.dim(1))
                .i32(activation.ordinal())
                .each(y.numel());
    }

    /** @param through whether the statistics came from {@code x}, so that the gradient passes through them */
    void batchBackward(
            boolean through,
            Optional<View> x,
            Optional<View> y,
            View dy,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Activation activation,
            View dx,
            View dgamma,
            View dbeta,
            Optional<View> dresidual) {
        int channels = dy.dim(1);
        int pixels = channels == 0 ? 0 : dy.numel() / channels;
        Shares shares = Shares.of(pixels);
        try (Scratch scratch = new Scratch(backend)) {
            View parts = scratch.of(DType.F32, shares.count(), 2, channels);
            Launch sums = backend.launch("batch_gradient_sums").view(parts);
            normalised(sums, x, y, dy, gamma, beta, mean, inverseStd, activation)
                    .i64(pixels)
                    .i32(channels)
                    .i64(shares.rows())
                    .grid(tiles(channels), shares.count(), 1, WIDE, LINES);
            join(parts, shares, dgamma, dbeta, channels);
        }
        Launch apply = backend.launch("batch_gradient_apply").view(dx).view(dresidual);
        normalised(apply, x, y, dy, gamma, beta, mean, inverseStd, activation)
                .view(dgamma)
                .view(dbeta)
                .i64(dx.numel())
                .i32(channels)
                .f32(1f / pixels)
                .i32(through)
                .each(dx.numel());
    }

    /** A struct Normalised of norm.cu. */
    private static Launch normalised(
            Launch launch,
            Optional<View> x,
            Optional<View> y,
            View dy,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Activation activation) {
        return launch.struct()
                .field(x)
                .field(y)
                .field(dy)
                .field(gamma)
                .field(beta)
                .field(mean)
                .field(inverseStd)
                .field(activation.ordinal(), 0);
    }

    private void join(View parts, Shares shares, View dgamma, View dbeta, int columns) {
        backend.launch("batch_gradient_join")
                .view(dgamma)
                .view(dbeta)
                .view(parts)
                .i32(shares.count())
                .i32(columns)
                .each(columns);
    }

    void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        backend.launch("fold_batch_norm")
                .view(scale)
                .view(shift)
                .view(gamma)
                .view(beta)
                .view(mean)
                .view(variance)
                .view(bias)
                .i64(gamma.numel())
                .f32(eps)
                .each(gamma.numel());
    }

    void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        backend.launch("layer_norm")
                .view(y)
                .view(mean)
                .view(inverseStd)
                .view(x)
                .view(gamma)
                .view(beta)
                .i32(x.dim(1))
                .f32(eps)
                .blocks(x.dim(0), Launch.BLOCK);
    }

    void rmsNorm(View x, View gamma, float eps, View y, View inverseRms) {
        backend.launch("rms_norm")
                .view(y)
                .view(inverseRms)
                .view(x)
                .view(gamma)
                .i32(x.dim(1))
                .f32(eps)
                .blocks(x.dim(0), Launch.BLOCK);
    }

    /** Of layer norm, or of RMS norm without {@code mean} and {@code dbeta}. */
    void rowsBackward(
            View x,
            View dy,
            View gamma,
            Optional<View> mean,
            View inverseStd,
            View dx,
            View dgamma,
            Optional<View> dbeta) {
        int rows = x.dim(0);
        int width = x.dim(1);
        backend.launch("layer_norm_backward")
                .view(dx)
                .view(x)
                .view(dy)
                .view(gamma)
                .view(mean)
                .view(inverseStd)
                .i32(width)
                .blocks(rows, Launch.BLOCK);
        Shares shares = Shares.of(rows);
        try (Scratch scratch = new Scratch(backend)) {
            View parts = scratch.of(DType.F32, shares.count(), 2, width);
            backend.launch("row_gradient_sums")
                    .view(parts)
                    .view(x)
                    .view(dy)
                    .view(mean)
                    .view(inverseStd)
                    .i64(rows)
                    .i32(width)
                    .i64(shares.rows())
                    .grid(tiles(width), shares.count(), 1, WIDE, LINES);
            join(parts, shares, dgamma, dbeta.orElseGet(() -> scratch.of(DType.F32, width)), width);
        }
    }
}
