package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;

/**
 * Batch normalisation of channels-last images (Ioffe and Szegedy 2015), with the addition of a residual and the activation that follow it.
 * Statistics are sums of {@code x - x0}, with {@code x0} the first pixel, so that a large mean costs no precision; they are floats for at
 * most {@link #FLUSH} additions, then doubles. Forward reads the input twice, once for the statistics; backward reads input and gradient
 * twice, once for the sums over them.
 */
final class BatchNorm {
    private static final int FLUSH = 32;

    private final Engine engine;
    private final NormLoops loops;
    private final ChannelsLast layout;

    BatchNorm(Engine engine, ChannelsLast layout) {
        this.engine = engine;
        this.loops = NormLoops.of(engine);
        this.layout = layout;
    }

    private static ChannelRows rows(View x) {
        return ChannelRows.of(x.dim(1) == 0 ? 0 : x.numel() / x.dim(1), x.dim(1));
    }

    /** Work on one block of rows: {@code count} floats from {@code at}, counted from a view's offset. */
    @FunctionalInterface
    private interface BlockBody {
        void run(int at, int count);
    }

    private static void forBlocks(ChannelRows rows, int piece, BlockBody body) {
        int end = rows.pieceEnd(piece);
        for (int row = piece * rows.pieceRows(); row < end; row += rows.blockRows()) {
            body.run(row * rows.channels(), Math.min(rows.blockRows(), end - row) * rows.channels());
        }
    }

    /** Two sums per lane of a block and thread, added to two sums per channel and piece. */
    private final class Sums {
        private final ChannelRows rows;
        private final double[] first;
        private final double[] second;

        Sums(ChannelRows rows) {
            this.rows = rows;
            this.first = new double[rows.pieces() * rows.channels()];
            this.second = new double[first.length];
        }

        /** Runs {@code body} over all blocks. */
        void run(Body body) {
            engine.forEach(rows.pieces(), piece -> {
                float[] p = cleared(0);
                float[] q = cleared(1);
                int[] blocks = {0};
                forBlocks(rows, piece, (at, count) -> {
                    body.add(at, count, p, q);
                    if (++blocks[0] % FLUSH == 0) {
                        flush(p, q, piece);
                    }
                });
                flush(p, q, piece);
            });
        }

        private float[] cleared(int i) {
            float[] lanes = engine.workspace().floats(i, rows.width());
            Arrays.fill(lanes, 0, rows.width(), 0f);
            return lanes;
        }

        private void flush(float[] p, float[] q, int piece) {
            rows.flush(p, first, piece * rows.channels());
            rows.flush(q, second, piece * rows.channels());
        }

        double first(int channel) {
            return total(first, channel);
        }

        double second(int channel) {
            return total(second, channel);
        }

        private double total(double[] sums, int channel) {
            double total = 0;
            for (int i = channel; i < sums.length; i += rows.channels()) {
                total += sums[i];
            }
            return total;
        }
    }

    /** Adds a block to both sums. */
    @FunctionalInterface
    private interface Body {
        void add(int at, int count, float[] first, float[] second);
    }

    void train(View x, View gamma, View beta, float eps, Optional<View> residual, Activation activation, View y, View mean, View inverseStd,
            View variance) {
        try (ChannelsLast.Borrowed in = layout.source(x)) {
            statistics(in.view(), eps, mean, inverseStd, variance);
            eval(in.view(), gamma, beta, mean, inverseStd, residual, activation, y);
        }
    }

    private void statistics(View x, float eps, View mean, View inverseStd, View variance) {
        float[] xs = CpuStorage.floats(x);
        float[] means = CpuStorage.floatsToWrite(mean);
        float[] inverses = CpuStorage.floatsToWrite(inverseStd);
        float[] variances = CpuStorage.floatsToWrite(variance);
        ChannelRows rows = rows(x);
        int channels = rows.channels();
        if (rows.rows() == 0) {
            Arrays.fill(means, mean.offset(), mean.offset() + channels, Float.NaN);
            Arrays.fill(inverses, inverseStd.offset(), inverseStd.offset() + channels, Float.NaN);
            Arrays.fill(variances, variance.offset(), variance.offset() + channels, Float.NaN);
            return;
        }
        float[] origin = rows.spread(xs, x.offset());
        Sums sums = new Sums(rows);
        sums.run((at, count, sum, squares) -> loops.moments(xs, x.offset() + at, origin, sum, squares, count));
        int n = rows.rows();
        for (int c = 0; c < channels; c++) {
            double sum = sums.first(c);
            double biased = Math.max(0, (sums.second(c) - sum * sum / n) / n);
            means[mean.offset() + c] = (float) (origin[c] + sum / n);
            variances[variance.offset() + c] = (float) biased;
            inverses[inverseStd.offset() + c] = (float) (1 / Math.sqrt(biased + eps));
        }
    }

    void eval(View x, View gamma, View beta, View mean, View inverseStd, Optional<View> residual, Activation activation, View y) {
        Optional<ChannelsLast.Borrowed> added = residual.map(layout::source);
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed out = layout.target(y)) {
            apply(in.view(), Affine.of(rows(x), gamma, beta, mean, inverseStd), added.map(ChannelsLast.Borrowed::view), activation, out.view());
        } finally {
            added.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    /** The normalisation as {@code x * scale + shift}, spread to a block. */
    private record Affine(float[] scale, float[] shift) {

        static Affine of(ChannelRows rows, View gamma, View beta, View mean, View inverseStd) {
            float[] g = CpuStorage.floats(gamma);
            float[] b = CpuStorage.floats(beta);
            float[] m = CpuStorage.floats(mean);
            float[] s = CpuStorage.floats(inverseStd);
            float[] scale = new float[rows.channels()];
            float[] shift = new float[rows.channels()];
            for (int c = 0; c < scale.length; c++) {
                scale[c] = g[gamma.offset() + c] * s[inverseStd.offset() + c];
                shift[c] = (float) (b[beta.offset() + c] - (double) m[mean.offset() + c] * scale[c]);
            }
            return new Affine(rows.spread(scale, 0), rows.spread(shift, 0));
        }

        static Affine identity(ChannelRows rows) {
            float[] ones = Workspace.block(rows.width());
            Arrays.fill(ones, 1f);
            return new Affine(ones, Workspace.block(rows.width()));
        }
    }

    private void apply(View x, Affine affine, Optional<View> residual, Activation activation, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] rs = residual.map(CpuStorage::floats).orElse(xs);
        int residualAt = residual.map(View::offset).orElse(0);
        float[] ys = CpuStorage.floatsToWrite(y);
        ChannelRows rows = rows(x);
        engine.forEach(rows.pieces(), piece -> forBlocks(rows, piece, (at, count) -> {
            loops.scaleShift(xs, x.offset() + at, affine.scale(), affine.shift(), ys, y.offset() + at, count);
            if (residual.isPresent()) {
                loops.add(rs, residualAt + at, ys, y.offset() + at, count);
            }
            loops.activate(activation, ys, y.offset() + at, count);
        }));
    }

    void trainBackward(View x, Optional<View> y, View dy, View gamma, View beta, View mean, View inverseStd, Activation activation, View dx,
            View dgamma, View dbeta, Optional<View> dresidual) {
        backward(true, Optional.of(x), y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    void evalBackward(Optional<View> x, Optional<View> y, View dy, View gamma, View beta, View mean, View inverseStd, Activation activation,
            View dx, View dgamma, View dbeta, Optional<View> dresidual) {
        backward(false, x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    /**
     * With {@code g} the gradient before the activation and {@code z = (x - mean) * inverseStd}: {@code dbeta = sum(g)},
     * {@code dgamma = sum(g * z)}, and {@code dx = gamma * inverseStd * (g - dbeta / n - z * dgamma / n)}, without the last two terms where
     * the statistics are constants; {@code dresidual = g}.
     */
    private void backward(boolean train, Optional<View> x, Optional<View> y, View dy, View gamma, View beta, View mean, View inverseStd,
            Activation activation, View dx, View dgamma, View dbeta, Optional<View> dresidual) {
        Optional<ChannelsLast.Borrowed> in = x.map(layout::source);
        Optional<ChannelsLast.Borrowed> result = y.map(layout::source);
        Optional<ChannelsLast.Borrowed> kept = dresidual.map(layout::target);
        try (ChannelsLast.Borrowed given = layout.source(dy); ChannelsLast.Borrowed out = layout.target(dx)) {
            ChannelRows rows = rows(dy);
            Optional<View> input = in.map(ChannelsLast.Borrowed::view);
            View maskedBy = result.or(() -> in).orElse(given).view();
            Affine slope = result.isPresent() || in.isEmpty() ? Affine.identity(rows) : Affine.of(rows, gamma, beta, mean, inverseStd);
            Gradient gradient = new Gradient(given.view(), activation, maskedBy, slope, kept.map(ChannelsLast.Borrowed::view));
            Sums sums = gradientSums(input.orElse(given.view()), gradient, mean, rows);
            int channels = rows.channels();
            float[] g = CpuStorage.floats(gamma);
            float[] m = CpuStorage.floats(mean);
            float[] s = CpuStorage.floats(inverseStd);
            float[] dgammas = CpuStorage.floatsToWrite(dgamma);
            float[] dbetas = CpuStorage.floatsToWrite(dbeta);
            float[] p = new float[channels];
            float[] q = new float[channels];
            float[] r = new float[channels];
            int n = rows.rows();
            for (int c = 0; c < channels; c++) {
                double inverse = s[inverseStd.offset() + c];
                double scale = g[gamma.offset() + c] * inverse;
                double sum = sums.first(c);
                double products = sums.second(c);
                dbetas[dbeta.offset() + c] = (float) sum;
                dgammas[dgamma.offset() + c] = (float) (products * inverse);
                p[c] = (float) scale;
                if (train && n > 0) {
                    double curvature = -scale * products * inverse * inverse / n;
                    q[c] = (float) curvature;
                    r[c] = (float) (-scale * sum / n - curvature * m[mean.offset() + c]);
                }
            }
            combine(train ? input : Optional.empty(), gradient, rows, rows.spread(p, 0), rows.spread(q, 0), rows.spread(r, 0), out.view());
        } finally {
            in.ifPresent(ChannelsLast.Borrowed::close);
            result.ifPresent(ChannelsLast.Borrowed::close);
            kept.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    /**
     * The gradient before the activation, block by block.
     *
     * @param maskedBy  the activation's argument is {@code maskedBy * slope.scale + slope.shift}, or has that value's sign and size
     * @param dresidual where the masked gradient is kept, which spares the second pass masking it again
     */
    private record Gradient(View dy, Activation activation, View maskedBy, Affine slope, Optional<View> dresidual) {

        /** Writes a masked block to {@code g[gAt..]}. */
        void mask(NormLoops loops, int at, float[] g, int gAt, int count) {
            loops.mask(activation, CpuStorage.floats(maskedBy), maskedBy.offset() + at, slope.scale, slope.shift, CpuStorage.floats(dy),
                    dy.offset() + at, g, gAt, count);
        }
    }

    private Sums gradientSums(View x, Gradient gradient, View mean, ChannelRows rows) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(gradient.dy());
        int dyAt = gradient.dy().offset();
        float[] means = rows.spread(CpuStorage.floats(mean), mean.offset());
        Sums sums = new Sums(rows);
        if (gradient.activation() == Activation.NONE) {
            sums.run((at, count, sum, products) -> loops.momentGradients(xs, x.offset() + at, dys, dyAt + at, means, sum, products, count));
        } else if (gradient.dresidual().isPresent()) {
            float[] kept = CpuStorage.floatsToWrite(gradient.dresidual().get());
            int keptAt = gradient.dresidual().get().offset();
            sums.run((at, count, sum, products) -> {
                gradient.mask(loops, at, kept, keptAt + at, count);
                loops.momentGradients(xs, x.offset() + at, kept, keptAt + at, means, sum, products, count);
            });
        } else {
            sums.run((at, count, sum, products) -> {
                float[] g = engine.workspace().floats(2, rows.width());
                gradient.mask(loops, at, g, 0, count);
                loops.momentGradients(xs, x.offset() + at, g, 0, means, sum, products, count);
            });
        }
        return sums;
    }

    private void combine(Optional<View> x, Gradient gradient, ChannelRows rows, float[] p, float[] q, float[] r, View dx) {
        boolean masks = gradient.activation() != Activation.NONE && gradient.dresidual().isEmpty();
        View dy = gradient.activation() == Activation.NONE ? gradient.dy() : gradient.dresidual().orElse(gradient.dy());
        float[] dys = CpuStorage.floats(dy);
        float[] xs = x.map(CpuStorage::floats).orElse(dys);
        int xAt = x.map(View::offset).orElse(0);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        engine.forEach(rows.pieces(), piece -> forBlocks(rows, piece, (at, count) -> {
            float[] g = dys;
            int gAt = dy.offset() + at;
            if (masks) {
                g = engine.workspace().floats(2, rows.width());
                gAt = 0;
                gradient.mask(loops, at, g, gAt, count);
            }
            if (x.isPresent()) {
                loops.combine(g, gAt, xs, xAt + at, p, q, r, dxs, dx.offset() + at, count);
            } else {
                loops.scale(g, gAt, p, dxs, dx.offset() + at, count);
            }
        }));
    }

    /** {@code scale = gamma / sqrt(variance + eps)} and {@code shift = beta + (bias - mean) * scale}. */
    static void fold(View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        float[] g = CpuStorage.floats(gamma);
        float[] b = CpuStorage.floats(beta);
        float[] m = CpuStorage.floats(mean);
        float[] v = CpuStorage.floats(variance);
        float[] added = bias.map(CpuStorage::floats).orElse(m);
        int addedAt = bias.map(View::offset).orElse(0);
        float[] scales = CpuStorage.floatsToWrite(scale);
        float[] shifts = CpuStorage.floatsToWrite(shift);
        for (int c = 0; c < gamma.numel(); c++) {
            double slope = g[gamma.offset() + c] / Math.sqrt((double) v[variance.offset() + c] + eps);
            double offset = bias.isPresent() ? added[addedAt + c] : 0;
            scales[scale.offset() + c] = (float) slope;
            shifts[shift.offset() + c] = (float) (b[beta.offset() + c] + (offset - m[mean.offset() + c]) * slope);
        }
    }
}
