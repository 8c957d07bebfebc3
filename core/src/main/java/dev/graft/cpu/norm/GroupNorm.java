package dev.graft.cpu.norm;

import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Group normalisation of channels-last images (Wu and He 2018). Statistics are those of the channels of each image, as
 * {@link BatchNorm} finds them, put together for each group in double.
 */
public final class GroupNorm {
    /** As in {@link BatchNorm}. */
    private static final int FLOAT_ADDITIONS = 32;

    private static final int STRETCH = 64;
    private static final float FAR = 16;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final NormLoops normLoops;

    public GroupNorm(ExecutionContext context, ChannelsLast layout, NormLoops normLoops) {
        this.context = context;
        this.layout = layout;
        this.normLoops = normLoops;
    }

    private static ChannelBlocks rows(View x) {
        int pixels = x.dim(2) * x.dim(3);
        int channels = x.dim(1);
        return new ChannelBlocks(
                pixels, channels, Math.max(1, Math.min(pixels, Workspace.BLOCK / Math.max(1, channels))));
    }

    /** Calls {@code body} for the rows of one image's piece, at most {@code step} at a time. */
    private static void forRows(ChannelBlocks rows, int task, int step, RowsBody body) {
        int image = task / rows.pieces() * rows.rows();
        int piece = task % rows.pieces();
        int end = rows.pieceEnd(piece);
        for (int row = piece * rows.pieceRows(); row < end; row += step) {
            body.run((image + row) * rows.channels(), Math.min(step, end - row) * rows.channels());
        }
    }

    @FunctionalInterface
    private interface RowsBody {
        void run(int at, int count);
    }

    public void forward(View x, View gamma, View beta, int groups, float eps, View y, View mean, View inverseStd) {
        if (y.numel() == 0) {
            fill(mean);
            fill(inverseStd);
            return;
        }
        context.awaitKernels();
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            ChannelBlocks rows = rows(x);
            float[] xs = CpuStorage.floats(in.view());
            int xAt = CpuStorage.offset(in.view());
            float[] ys = CpuStorage.floatsToWrite(out.view());
            int yAt = CpuStorage.offset(out.view());
            int images = x.dim(0);
            ChannelMoments[] moments = moments(xs, xAt, rows, images);
            double[] means = new double[images * groups];
            double[] variances = new double[images * groups];
            for (int n = 0; n < images; n++) {
                ofGroups(moments[n * rows.pieces()], xs, xAt, rows, n, groups, means, variances);
            }
            float[] m = CpuStorage.floatsToWrite(mean);
            float[] s = CpuStorage.floatsToWrite(inverseStd);
            for (int i = 0; i < means.length; i++) {
                m[CpuStorage.offset(mean) + i] = (float) means[i];
                s[CpuStorage.offset(inverseStd) + i] = (float) (1 / Math.sqrt(variances[i] + eps));
            }
            float[] g = CpuStorage.floats(gamma);
            float[] b = CpuStorage.floats(beta);
            context.forRange(images * rows.pieces(), grain(rows), (from, to) -> {
                Affine affine = new Affine(rows, groups);
                for (int task = from; task < to; task++) {
                    int n = task / rows.pieces();
                    affine.of(
                            n,
                            means,
                            s,
                            CpuStorage.offset(inverseStd),
                            g,
                            CpuStorage.offset(gamma),
                            b,
                            CpuStorage.offset(beta));
                    NormLoops loops = affine.loops();
                    forRows(
                            rows,
                            task,
                            rows.blockRows(),
                            (at, count) ->
                                    loops.scaleShift(xs, xAt + at, affine.scale, affine.shift, ys, yAt + at, count));
                }
            });
        }
    }

    /** Images smaller than a piece share a task. */
    private static int grain(ChannelBlocks rows) {
        int floats = Math.max(1, Math.min(rows.rows(), rows.pieceRows()) * rows.channels());
        return Math.max(1, (1 << 14) / floats);
    }

    private static void fill(View statistics) {
        float[] s = CpuStorage.floatsToWrite(statistics);
        int at = CpuStorage.offset(statistics);
        Arrays.fill(s, at, at + statistics.numel(), Float.NaN);
    }

    /** The moments of each image are at the place of its first piece. */
    private ChannelMoments[] moments(float[] xs, int xAt, ChannelBlocks rows, int images) {
        ChannelMoments[] moments = new ChannelMoments[images * rows.pieces()];
        context.forRange(moments.length, grain(rows), (from, to) -> {
            for (int task = from; task < to; task++) {
                ChannelMoments found = new ChannelMoments(rows, normLoops, context.workspace());
                int piece = task % rows.pieces();
                int first = piece * rows.pieceRows();
                found.begin(
                        xs,
                        xAt + (task / rows.pieces() * rows.rows() + first) * rows.channels(),
                        rows.pieceEnd(piece) - first);
                forRows(rows, task, STRETCH * rows.blockRows(), (at, count) -> found.add(xs, xAt + at, count));
                moments[task] = found;
            }
        });
        for (int n = 0; n < images; n++) {
            for (int piece = 1; piece < rows.pieces(); piece++) {
                moments[n * rows.pieces()].add(moments[n * rows.pieces() + piece]);
            }
        }
        return moments;
    }

    private static void ofGroups(
            ChannelMoments moments,
            float[] xs,
            int xAt,
            ChannelBlocks rows,
            int n,
            int groups,
            double[] means,
            double[] variances) {
        int size = rows.channels() / groups;
        for (int group = 0; group < groups; group++) {
            double sum = 0;
            for (int c = group * size; c < (group + 1) * size; c++) {
                sum += moments.mean(c);
            }
            double mean = sum / size;
            double squares = 0;
            for (int c = group * size; c < (group + 1) * size; c++) {
                double distance = moments.mean(c) - mean;
                squares += moments.variance(c) + distance * distance;
            }
            double variance = squares / size;
            if (!Double.isFinite(mean) || !Double.isFinite(variance)) {
                // Sums of floats may have overflowed where those of doubles do not.
                int at = xAt + n * rows.rows() * rows.channels() + group * size;
                mean = meanInDouble(xs, at, size, rows);
                variance = varianceInDouble(xs, at, size, rows, mean);
            }
            means[n * groups + group] = mean;
            variances[n * groups + group] = variance;
        }
    }

    private static double meanInDouble(float[] x, int at, int size, ChannelBlocks rows) {
        double sum = 0;
        for (int row = 0; row < rows.rows() && !Double.isNaN(sum); row++) {
            for (int c = 0; c < size; c++) {
                sum += x[at + row * rows.channels() + c];
            }
        }
        return sum / rows.rows() / size;
    }

    private static double varianceInDouble(float[] x, int at, int size, ChannelBlocks rows, double mean) {
        double sum = 0;
        for (int row = 0; row < rows.rows() && !Double.isNaN(sum); row++) {
            for (int c = 0; c < size; c++) {
                double d = x[at + row * rows.channels() + c] - mean;
                sum += d * d;
            }
        }
        return sum / rows.rows() / size;
    }

    /** One image's normalisation as {@code x * scale + shift}, or of {@code x - mean} where that is safer. */
    private final class Affine {
        private final ChannelBlocks rows;
        private final int groupSize;
        private final float[] mean;
        private float[] scale = new float[0];
        private float[] shift = new float[0];
        private boolean far;
        private int image = -1;

        Affine(ChannelBlocks rows, int groups) {
            this.rows = rows;
            this.groupSize = rows.channels() / groups;
            this.mean = new float[rows.channels()];
        }

        void of(int n, double[] means, float[] s, int sAt, float[] g, int gAt, float[] b, int bAt) {
            if (n == image) {
                return;
            }
            image = n;
            int groups = rows.channels() / groupSize;
            far = false;
            for (int group = 0; group < groups; group++) {
                far |= Math.abs(means[n * groups + group] * s[sAt + n * groups + group]) > FAR;
            }
            float[] slope = new float[rows.channels()];
            float[] rest = new float[rows.channels()];
            for (int c = 0; c < slope.length; c++) {
                double center = means[n * groups + c / groupSize];
                mean[c] = (float) center;
                slope[c] = g[gAt + c] * s[sAt + n * groups + c / groupSize];
                // Of a large mean, what its float lost counts.
                rest[c] = (float) (b[bAt + c] - (far ? center - mean[c] : center) * slope[c]);
            }
            scale = rows.spread(slope, 0);
            shift = rows.spread(rest, 0);
        }

        NormLoops loops() {
            return centered(far, rows, mean, 0);
        }
    }

    private NormLoops centered(boolean far, ChannelBlocks rows, float[] mean, int at) {
        return far ? new CenteredNormLoops(context, normLoops, rows.spread(mean, at), rows.width()) : normLoops;
    }

    /**
     * With {@code z = (x - mean) * inverseStd} and {@code u = dy * gamma}: {@code dx = inverseStd * (u - mean(u) - z *
     * mean(u * z))}, the means over a group.
     */
    public void backward(
            View x, View dy, View gamma, int groups, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        int channels = x.dim(1);
        double[] ofGamma = new double[channels];
        double[] ofBeta = new double[channels];
        if (x.numel() > 0) {
            context.awaitKernels();
            try (ChannelsLast.Borrowed in = layout.source(x);
                    ChannelsLast.Borrowed given = layout.source(dy);
                    ChannelsLast.Borrowed out = layout.target(dx)) {
                backward(in.view(), given.view(), gamma, groups, mean, inverseStd, out.view(), ofGamma, ofBeta);
            }
        }
        float[] dgammas = CpuStorage.floatsToWrite(dgamma);
        float[] dbetas = CpuStorage.floatsToWrite(dbeta);
        for (int c = 0; c < channels; c++) {
            dgammas[CpuStorage.offset(dgamma) + c] = (float) ofGamma[c];
            dbetas[CpuStorage.offset(dbeta) + c] = (float) ofBeta[c];
        }
    }

    private void backward(
            View x,
            View dy,
            View gamma,
            int groups,
            View mean,
            View inverseStd,
            View dx,
            double[] ofGamma,
            double[] ofBeta) {
        ChannelBlocks rows = rows(x);
        int channels = rows.channels();
        int images = x.dim(0);
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int xAt = CpuStorage.offset(x);
        int dyAt = CpuStorage.offset(dy);
        int dxAt = CpuStorage.offset(dx);
        float[] m = perChannel(mean, groups, channels);
        float[] s = perChannel(inverseStd, groups, channels);
        float[] g = CpuStorage.floats(gamma);
        int gAt = CpuStorage.offset(gamma);
        double[] sums = new double[images * rows.pieces() * channels];
        double[] products = new double[sums.length];
        context.forRange(images * rows.pieces(), grain(rows), (from, to) -> {
            float[] sum = context.workspace().floats(0, rows.width());
            float[] product = context.workspace().floats(1, rows.width());
            Arrays.fill(sum, 0, rows.width(), 0f);
            Arrays.fill(product, 0, rows.width(), 0f);
            float[] center = new float[0];
            int image = -1;
            for (int task = from; task < to; task++) {
                int n = task / rows.pieces();
                center = n == image ? center : rows.spread(m, n * channels);
                image = n;
                float[] middle = center;
                int into = task * channels;
                forRows(rows, task, FLOAT_ADDITIONS * rows.blockRows(), (at, count) -> {
                    normLoops.momentGradients(xs, xAt + at, dys, dyAt + at, middle, sum, product, rows.width(), count);
                    rows.flush(sum, sums, into);
                    rows.flush(product, products, into);
                });
            }
        });
        float[] p = new float[images * channels];
        float[] q = new float[p.length];
        float[] r = new float[p.length];
        boolean[] far = new boolean[images];
        for (int n = 0; n < images; n++) {
            int first = n * rows.pieces() * channels;
            for (int piece = 1; piece < rows.pieces(); piece++) {
                for (int c = 0; c < channels; c++) {
                    sums[first + c] += sums[first + piece * channels + c];
                    products[first + c] += products[first + piece * channels + c];
                }
            }
            for (int c = 0; c < channels; c++) {
                far[n] |= Math.abs(m[n * channels + c] * s[n * channels + c]) > FAR;
                ofBeta[c] += sums[first + c];
                ofGamma[c] += products[first + c] * s[n * channels + c];
            }
            int size = channels / groups;
            double count = (double) size * rows.rows();
            for (int group = 0; group < groups; group++) {
                double ofSums = 0;
                double ofProducts = 0;
                for (int c = group * size; c < (group + 1) * size; c++) {
                    ofSums += g[gAt + c] * sums[first + c];
                    ofProducts += g[gAt + c] * products[first + c];
                }
                double inverse = s[n * channels + group * size];
                double curvature = -inverse * inverse * inverse * ofProducts / count;
                for (int c = group * size; c < (group + 1) * size; c++) {
                    int at = n * channels + c;
                    p[at] = (float) (g[gAt + c] * inverse);
                    q[at] = (float) curvature;
                    r[at] = (float) (-inverse * ofSums / count - (far[n] ? 0 : curvature * m[at]));
                }
            }
        }
        context.forRange(images * rows.pieces(), grain(rows), (from, to) -> {
            float[][] factors = new float[3][];
            int image = -1;
            for (int task = from; task < to; task++) {
                int n = task / rows.pieces();
                if (n != image) {
                    factors = new float[][] {
                        rows.spread(p, n * channels), rows.spread(q, n * channels), rows.spread(r, n * channels)
                    };
                    image = n;
                }
                float[][] f = factors;
                NormLoops loops = centered(far[n], rows, m, n * channels);
                forRows(
                        rows,
                        task,
                        rows.blockRows(),
                        (at, count) ->
                                loops.combine(dys, dyAt + at, xs, xAt + at, f[0], f[1], f[2], dxs, dxAt + at, count));
            }
        });
    }

    /** {@code [N, groups]} as {@code [N, channels]}. */
    private static float[] perChannel(View statistics, int groups, int channels) {
        float[] s = CpuStorage.floats(statistics);
        int at = CpuStorage.offset(statistics);
        float[] out = new float[statistics.numel() / groups * channels];
        for (int i = 0; i < out.length; i++) {
            out[i] = s[at + i / channels * groups + i % channels / (channels / groups)];
        }
        return out;
    }
}
