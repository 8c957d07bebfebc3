package dev.graft.cpu;

import dev.graft.backend.View;
import java.util.Arrays;

/**
 * Batch normalisation of channels-last images (Ioffe and Szegedy 2015). Statistics are sums of {@code x - x0}, with {@code x0} the first
 * pixel, so that a large mean costs no precision; they are floats for at most {@link #FLUSH} additions, then doubles.
 */
final class BatchNorm {
    private static final int FLUSH = 32;

    private final Engine engine;
    private final Kernels kernels;
    private final ChannelsLast layout;

    BatchNorm(Engine engine, ChannelsLast layout) {
        this.engine = engine;
        this.kernels = engine.kernels();
        this.layout = layout;
    }

    private static ChannelRows rows(View x) {
        return ChannelRows.of(x.dim(1) == 0 ? 0 : x.numel() / x.dim(1), x.dim(1));
    }

    void train(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd, View variance) {
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed out = layout.target(y)) {
            statistics(in.view(), eps, mean, inverseStd, variance);
            apply(in.view(), gamma, beta, mean, inverseStd, out.view());
        }
    }

    void eval(View x, View gamma, View beta, View mean, View inverseStd, View y) {
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed out = layout.target(y)) {
            apply(in.view(), gamma, beta, mean, inverseStd, out.view());
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
        double[] sums = new double[rows.pieces() * channels];
        double[] squares = new double[sums.length];
        engine.forEach(rows.pieces(), piece -> moments(xs, x.offset(), origin, rows, piece, sums, squares));
        int n = rows.rows();
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            double square = 0;
            for (int piece = 0; piece < rows.pieces(); piece++) {
                sum += sums[piece * channels + c];
                square += squares[piece * channels + c];
            }
            double biased = Math.max(0, (square - sum * sum / n) / n);
            means[mean.offset() + c] = (float) (origin[c] + sum / n);
            variances[variance.offset() + c] = (float) biased;
            inverses[inverseStd.offset() + c] = (float) (1 / Math.sqrt(biased + eps));
        }
    }

    private void moments(float[] x, int xAt, float[] origin, ChannelRows rows, int piece, double[] sums, double[] squares) {
        int width = rows.width();
        Workspace workspace = engine.workspace();
        float[] block = workspace.floats(0, width);
        float[] sum = workspace.floats(1, width);
        float[] square = workspace.floats(2, width);
        Arrays.fill(sum, 0, width, 0f);
        Arrays.fill(square, 0, width, 0f);
        int at = piece * rows.channels();
        int blocks = 0;
        int end = rows.pieceEnd(piece);
        for (int row = piece * rows.pieceRows(); row < end; row += rows.blockRows()) {
            int count = Math.min(rows.blockRows(), end - row) * rows.channels();
            System.arraycopy(x, xAt + row * rows.channels(), block, 0, count);
            kernels.moments(block, origin, sum, square, 0, count);
            if (++blocks % FLUSH == 0) {
                rows.flush(sum, sums, at);
                rows.flush(square, squares, at);
            }
        }
        rows.flush(sum, sums, at);
        rows.flush(square, squares, at);
    }

    private void apply(View x, View gamma, View beta, View mean, View inverseStd, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        float[] g = CpuStorage.floats(gamma);
        float[] b = CpuStorage.floats(beta);
        float[] m = CpuStorage.floats(mean);
        float[] s = CpuStorage.floats(inverseStd);
        ChannelRows rows = rows(x);
        int channels = rows.channels();
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            scale[c] = g[gamma.offset() + c] * s[inverseStd.offset() + c];
            shift[c] = (float) (b[beta.offset() + c] - (double) m[mean.offset() + c] * scale[c]);
        }
        float[] scales = rows.spread(scale, 0);
        float[] shifts = rows.spread(shift, 0);
        engine.forEach(rows.pieces(), piece -> {
            float[] block = engine.workspace().floats(0, rows.width());
            int end = rows.pieceEnd(piece);
            for (int row = piece * rows.pieceRows(); row < end; row += rows.blockRows()) {
                int count = Math.min(rows.blockRows(), end - row) * channels;
                System.arraycopy(xs, x.offset() + row * channels, block, 0, count);
                kernels.scaleShift(block, scales, shifts, block, 0, count);
                System.arraycopy(block, 0, ys, y.offset() + row * channels, count);
            }
        });
    }

    void trainBackward(View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        backward(true, x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta);
    }

    void evalBackward(View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        backward(false, x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta);
    }

    /**
     * With {@code z = (x - mean) * inverseStd}: {@code dbeta = sum(dy)}, {@code dgamma = sum(dy * z)}, and
     * {@code dx = gamma * inverseStd * (dy - dbeta / n - z * dgamma / n)}, without the last two terms where the statistics are constants.
     */
    private void backward(boolean train, View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            ChannelRows rows = rows(x);
            int channels = rows.channels();
            double[] sum = new double[channels];
            double[] products = new double[channels];
            gradientSums(in.view(), gradient.view(), mean, rows, sum, products);
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
                dbetas[dbeta.offset() + c] = (float) sum[c];
                dgammas[dgamma.offset() + c] = (float) (products[c] * inverse);
                p[c] = (float) scale;
                if (train && n > 0) {
                    double slope = -scale * products[c] * inverse * inverse / n;
                    q[c] = (float) slope;
                    r[c] = (float) (-scale * sum[c] / n - slope * m[mean.offset() + c]);
                }
            }
            combine(in.view(), gradient.view(), rows, rows.spread(p, 0), rows.spread(q, 0), rows.spread(r, 0), out.view());
        }
    }

    private void gradientSums(View x, View dy, View mean, ChannelRows rows, double[] sum, double[] products) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        float[] means = rows.spread(CpuStorage.floats(mean), mean.offset());
        int channels = rows.channels();
        int width = rows.width();
        double[] sums = new double[rows.pieces() * channels];
        double[] productSums = new double[sums.length];
        engine.forEach(rows.pieces(), piece -> {
            Workspace workspace = engine.workspace();
            float[] xb = workspace.floats(0, width);
            float[] dyb = workspace.floats(1, width);
            float[] s = workspace.floats(2, width);
            float[] p = workspace.floats(3, width);
            Arrays.fill(s, 0, width, 0f);
            Arrays.fill(p, 0, width, 0f);
            int blocks = 0;
            int end = rows.pieceEnd(piece);
            for (int row = piece * rows.pieceRows(); row < end; row += rows.blockRows()) {
                int count = Math.min(rows.blockRows(), end - row) * channels;
                System.arraycopy(xs, x.offset() + row * channels, xb, 0, count);
                System.arraycopy(dys, dy.offset() + row * channels, dyb, 0, count);
                kernels.momentGradients(xb, dyb, means, s, p, 0, count);
                if (++blocks % FLUSH == 0) {
                    rows.flush(s, sums, piece * channels);
                    rows.flush(p, productSums, piece * channels);
                }
            }
            rows.flush(s, sums, piece * channels);
            rows.flush(p, productSums, piece * channels);
        });
        for (int i = 0; i < sums.length; i++) {
            sum[i % channels] += sums[i];
            products[i % channels] += productSums[i];
        }
    }

    private void combine(View x, View dy, ChannelRows rows, float[] p, float[] q, float[] r, View dx) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int channels = rows.channels();
        engine.forEach(rows.pieces(), piece -> {
            Workspace workspace = engine.workspace();
            float[] xb = workspace.floats(0, rows.width());
            float[] dyb = workspace.floats(1, rows.width());
            int end = rows.pieceEnd(piece);
            for (int row = piece * rows.pieceRows(); row < end; row += rows.blockRows()) {
                int count = Math.min(rows.blockRows(), end - row) * channels;
                System.arraycopy(xs, x.offset() + row * channels, xb, 0, count);
                System.arraycopy(dys, dy.offset() + row * channels, dyb, 0, count);
                kernels.combine(dyb, xb, p, q, r, dyb, 0, count);
                System.arraycopy(dyb, 0, dxs, dx.offset() + row * channels, count);
            }
        });
    }
}
