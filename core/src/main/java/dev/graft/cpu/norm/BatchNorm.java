package dev.graft.cpu.norm;

import dev.graft.backend.Activation;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.Optional;

/**
 * Batch normalisation of channels-last images (Ioffe and Szegedy 2015), followed by the addition of a residual and an
 * activation. Statistics come from {@link ChannelMoments}. Sums are floats for at most {@link #FLOAT_ADDITIONS}
 * additions, then doubles. The forward pass reads the input twice, once for the statistics; the backward pass reads
 * input and gradient twice, once for their sums.
 */
public final class BatchNorm {
    /** The most numbers that are added in floats before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;
    /** The same for {@link ChannelMoments}, which take longer to merge. */
    private static final int STRETCH = 64;
    /**
     * Up to this many standard deviations, the rounding error of a mean times a scale is no larger than that of other
     * values.
     */
    private static final float FAR = 16;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final NormLoops normLoops;

    public BatchNorm(ExecutionContext context, ChannelsLast layout, NormLoops normLoops) {
        this.context = context;
        this.layout = layout;
        this.normLoops = normLoops;
    }

    private NormLoops normLoops() {
        context.awaitKernels();
        return normLoops;
    }

    private static ChannelBlocks rows(View x) {
        return ChannelBlocks.of(x.dim(1) == 0 ? 0 : x.numel() / x.dim(1), x.dim(1));
    }

    /** Processes some rows: {@code count} floats from {@code at}, counted from a view's offset. */
    @FunctionalInterface
    private interface RowsBody {
        void run(int at, int count);
    }

    private static void forRows(ChannelBlocks rows, int piece, int step, RowsBody body) {
        int end = rows.pieceEnd(piece);
        for (int row = piece * rows.pieceRows(); row < end; row += step) {
            body.run(row * rows.channels(), Math.min(step, end - row) * rows.channels());
        }
    }

    private void forBlocks(ChannelBlocks rows, RowsBody body) {
        context.forEach(rows.pieces(), piece -> forRows(rows, piece, rows.blockRows(), body));
    }

    /** Two sums for each lane of a block and each thread, which are added to two sums for each channel and piece. */
    private final class Sums {
        private final ChannelBlocks rows;
        private final double[] first;
        private final double[] second;

        Sums(ChannelBlocks rows) {
            this.rows = rows;
            this.first = new double[rows.pieces() * rows.channels()];
            this.second = new double[first.length];
        }

        /** Runs {@code body} over all rows, at most as many at a time as may be added in floats. */
        void run(Body body) {
            context.forEach(rows.pieces(), piece -> {
                float[] p = cleared(0);
                float[] q = cleared(1);
                forRows(rows, piece, FLOAT_ADDITIONS * rows.blockRows(), (at, count) -> {
                    body.add(at, count, p, q);
                    rows.flush(p, first, piece * rows.channels());
                    rows.flush(q, second, piece * rows.channels());
                });
            });
        }

        private float[] cleared(int i) {
            float[] lanes = context.workspace().floats(i, rows.width());
            Arrays.fill(lanes, 0, rows.width(), 0f);
            return lanes;
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

    /** Adds some rows to both sums. */
    @FunctionalInterface
    private interface Body {
        void add(int at, int count, float[] first, float[] second);
    }

    public void train(
            View x,
            View gamma,
            View beta,
            float eps,
            Optional<View> residual,
            Activation activation,
            View y,
            View mean,
            View inverseStd,
            View variance) {
        try (ChannelsLast.Borrowed in = layout.source(x)) {
            statistics(in.view(), eps, mean, inverseStd, variance);
            eval(in.view(), gamma, beta, mean, inverseStd, residual, activation, y);
        }
    }

    private void statistics(View x, float eps, View mean, View inverseStd, View variance) {
        NormLoops loops = normLoops();
        float[] xs = CpuStorage.floats(x);
        float[] means = CpuStorage.floatsToWrite(mean);
        float[] inverses = CpuStorage.floatsToWrite(inverseStd);
        float[] variances = CpuStorage.floatsToWrite(variance);
        ChannelBlocks rows = rows(x);
        int channels = rows.channels();
        if (rows.rows() == 0) {
            Arrays.fill(means, CpuStorage.offset(mean), CpuStorage.offset(mean) + channels, Float.NaN);
            Arrays.fill(inverses, CpuStorage.offset(inverseStd), CpuStorage.offset(inverseStd) + channels, Float.NaN);
            Arrays.fill(variances, CpuStorage.offset(variance), CpuStorage.offset(variance) + channels, Float.NaN);
            return;
        }
        ChannelMoments[] pieces = new ChannelMoments[rows.pieces()];
        context.forEach(pieces.length, piece -> {
            ChannelMoments moments = new ChannelMoments(rows, loops, context.workspace());
            moments.begin(
                    xs,
                    CpuStorage.offset(x) + piece * rows.pieceRows() * channels,
                    rows.pieceEnd(piece) - piece * rows.pieceRows());
            forRows(
                    rows,
                    piece,
                    STRETCH * rows.blockRows(),
                    (at, count) -> moments.add(xs, CpuStorage.offset(x) + at, count));
            pieces[piece] = moments;
        });
        for (int piece = 1; piece < pieces.length; piece++) {
            pieces[0].add(pieces[piece]);
        }
        for (int c = 0; c < channels; c++) {
            double average = pieces[0].mean(c);
            double biased = pieces[0].variance(c);
            if (!Double.isFinite(average) || !Double.isFinite(biased)) {
                average = meanInDouble(xs, CpuStorage.offset(x) + c, channels, rows.rows());
                biased = varianceInDouble(xs, CpuStorage.offset(x) + c, channels, rows.rows(), average);
            }
            means[CpuStorage.offset(mean) + c] = (float) average;
            variances[CpuStorage.offset(variance) + c] = (float) biased;
            inverses[CpuStorage.offset(inverseStd) + c] = (float) (1 / Math.sqrt(biased + eps));
        }
    }

    // For channels that hold an infinity or overflow a float, sums of distances from an origin say less than the
    // values themselves.
    private static double meanInDouble(float[] x, int at, int channels, int rows) {
        double sum = 0;
        for (int row = 0; row < rows && !Double.isNaN(sum); row++) {
            sum += x[at + row * channels];
        }
        return sum / rows;
    }

    private static double varianceInDouble(float[] x, int at, int channels, int rows, double mean) {
        double sum = 0;
        for (int row = 0; row < rows && !Double.isNaN(sum); row++) {
            double d = x[at + row * channels] - mean;
            sum += d * d;
        }
        return sum / rows;
    }

    public void eval(
            View x,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Optional<View> residual,
            Activation activation,
            View y) {
        Optional<ChannelsLast.Borrowed> added = residual.map(layout::source);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            ChannelBlocks rows = rows(x);
            boolean far = isFar(mean, inverseStd);
            apply(
                    loops(rows, mean, far),
                    in.view(),
                    Affine.of(rows, gamma, beta, mean, inverseStd, far),
                    added.map(ChannelsLast.Borrowed::view),
                    activation,
                    out.view());
        } finally {
            added.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    /** Whether the mean of some channel is so many standard deviations from 0 that it must be subtracted first. */
    private static boolean isFar(View mean, View inverseStd) {
        float[] m = CpuStorage.floats(mean);
        float[] s = CpuStorage.floats(inverseStd);
        for (int c = 0; c < mean.numel(); c++) {
            if (Math.abs(m[CpuStorage.offset(mean) + c] * s[CpuStorage.offset(inverseStd) + c]) > FAR) {
                return true;
            }
        }
        return false;
    }

    /** Loops over {@code x}, or over {@code x - mean} if the mean {@link #isFar}. */
    private NormLoops loops(ChannelBlocks rows, View mean, boolean far) {
        NormLoops loops = normLoops();
        return far
                ? new CenteredNormLoops(
                        context, loops, rows.spread(CpuStorage.floats(mean), CpuStorage.offset(mean)), rows.width())
                : loops;
    }

    /**
     * The normalisation as {@code x * scale + shift}, applied to {@code x - mean} if the mean {@link #isFar}; repeated
     * along a block.
     */
    private record Affine(float[] scale, float[] shift) {

        static Affine of(ChannelBlocks rows, View gamma, View beta, View mean, View inverseStd, boolean far) {
            float[] g = CpuStorage.floats(gamma);
            float[] b = CpuStorage.floats(beta);
            float[] m = CpuStorage.floats(mean);
            float[] s = CpuStorage.floats(inverseStd);
            float[] scale = new float[rows.channels()];
            float[] shift = new float[rows.channels()];
            for (int c = 0; c < scale.length; c++) {
                scale[c] = g[CpuStorage.offset(gamma) + c] * s[CpuStorage.offset(inverseStd) + c];
                shift[c] = far
                        ? b[CpuStorage.offset(beta) + c]
                        : (float) (b[CpuStorage.offset(beta) + c] - (double) m[CpuStorage.offset(mean) + c] * scale[c]);
            }
            return new Affine(rows.spread(scale, 0), rows.spread(shift, 0));
        }
    }

    private void apply(NormLoops loops, View x, Affine affine, Optional<View> residual, Activation activation, View y) {
        float[] xs = CpuStorage.floats(x);
        float[] rs = residual.map(CpuStorage::floats).orElse(xs);
        int residualAt = residual.map(CpuStorage::offset).orElse(0);
        float[] ys = CpuStorage.floatsToWrite(y);
        ChannelBlocks rows = rows(x);
        forBlocks(rows, (at, count) -> {
            loops.scaleShift(
                    xs,
                    CpuStorage.offset(x) + at,
                    affine.scale(),
                    affine.shift(),
                    ys,
                    CpuStorage.offset(y) + at,
                    count);
            if (residual.isPresent()) {
                loops.add(rs, residualAt + at, ys, CpuStorage.offset(y) + at, count);
            }
            loops.activate(activation, ys, CpuStorage.offset(y) + at, count);
        });
    }

    public void trainBackward(
            View x,
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
        backward(true, Optional.of(x), y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    public void evalBackward(
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
        backward(false, x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    /**
     * With {@code g} the gradient before the activation and {@code z = (x - mean) * inverseStd}: {@code dbeta =
     * sum(g)}, {@code dgamma = sum(g * z)}, and {@code dx = gamma * inverseStd * (g - dbeta / n - z * dgamma / n)},
     * without the last two terms if the statistics are constants; {@code dresidual = g}.
     */
    private void backward(
            boolean train,
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
        Optional<ChannelsLast.Borrowed> in = x.map(layout::source);
        Optional<ChannelsLast.Borrowed> result = y.map(layout::source);
        if (activation == Activation.NONE) {
            dresidual.ifPresent(d -> layout.copy(dy, d));
        }
        Optional<ChannelsLast.Borrowed> kept =
                activation == Activation.NONE ? Optional.empty() : dresidual.map(layout::target);
        try (ChannelsLast.Borrowed given = layout.source(dy);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            ChannelBlocks rows = rows(dy);
            boolean far = isFar(mean, inverseStd);
            NormLoops loops = loops(rows, mean, far);
            Optional<View> input = in.map(ChannelsLast.Borrowed::view);
            Optional<View> masks =
                    activation == Activation.NONE ? Optional.empty() : result.map(ChannelsLast.Borrowed::view);
            // If y gives the mask, the masked gradient is stored once: as the residual's gradient, or in dx until
            // that is known.
            View stored = masks.isEmpty() ? given.view() : kept.orElse(out).view();
            Optional<Affine> argument = activation == Activation.NONE || masks.isPresent()
                    ? Optional.empty()
                    : Optional.of(Affine.of(rows, gamma, beta, mean, inverseStd, far));
            Gradient gradient = new Gradient(stored, argument, activation);
            Sums sums = gradientSums(
                    loops,
                    input.orElse(stored),
                    gradient,
                    mean,
                    rows,
                    masks.map(m -> new Mask(activation, m, given.view())));
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
                double inverse = s[CpuStorage.offset(inverseStd) + c];
                double scale = g[CpuStorage.offset(gamma) + c] * inverse;
                double sum = sums.first(c);
                double products = sums.second(c);
                dbetas[CpuStorage.offset(dbeta) + c] = (float) sum;
                dgammas[CpuStorage.offset(dgamma) + c] = (float) (products * inverse);
                p[c] = (float) scale;
                if (train && n > 0) {
                    double curvature = -scale * products * inverse * inverse / n;
                    q[c] = (float) curvature;
                    r[c] = (float) (-scale * sum / n - (far ? 0 : curvature * m[CpuStorage.offset(mean) + c]));
                }
            }
            if (train || argument.isPresent()) {
                combine(
                        loops,
                        input.orElse(stored),
                        gradient,
                        rows,
                        rows.spread(p, 0),
                        rows.spread(q, 0),
                        rows.spread(r, 0),
                        out.view());
            } else {
                scale(stored, rows, rows.spread(p, 0), out.view());
            }
        } finally {
            in.ifPresent(ChannelsLast.Borrowed::close);
            result.ifPresent(ChannelsLast.Borrowed::close);
            kept.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    /** {@code dy} and its remaining factor: the slope of {@code activation} at the {@code argument}. */
    private record Gradient(View dy, Optional<Affine> argument, Activation activation) {}

    /** {@code dy * activation'}, given the activation's result {@code y}. */
    private record Mask(Activation activation, View y, View dy) {

        void store(NormLoops loops, int at, float[] g, int gAt, int count) {
            loops.mask(
                    activation,
                    CpuStorage.floats(y),
                    CpuStorage.offset(y) + at,
                    CpuStorage.floats(dy),
                    CpuStorage.offset(dy) + at,
                    g,
                    gAt,
                    count);
        }
    }

    /**
     * Sums of the gradient and of its products with {@code x - mean}; a mask, if any, is applied first and stored as
     * the gradient.
     */
    private Sums gradientSums(
            NormLoops loops, View x, Gradient gradient, View mean, ChannelBlocks rows, Optional<Mask> mask) {
        float[] dys = mask.isPresent() ? CpuStorage.floatsToWrite(gradient.dy()) : CpuStorage.floats(gradient.dy());
        float[] xs = CpuStorage.floats(x);
        int dyAt = CpuStorage.offset(gradient.dy());
        float[] means = rows.spread(CpuStorage.floats(mean), CpuStorage.offset(mean));
        Sums sums = new Sums(rows);
        if (gradient.argument().isPresent()) {
            Affine a = gradient.argument().get();
            sums.run((at, count, sum, products) -> loops.maskedMomentGradients(
                    gradient.activation(),
                    xs,
                    CpuStorage.offset(x) + at,
                    a.scale(),
                    a.shift(),
                    dys,
                    dyAt + at,
                    means,
                    sum,
                    products,
                    rows.width(),
                    count));
        } else {
            sums.run((at, count, sum, products) -> {
                mask.ifPresent(m -> m.store(loops, at, dys, dyAt + at, count));
                loops.momentGradients(
                        xs, CpuStorage.offset(x) + at, dys, dyAt + at, means, sum, products, rows.width(), count);
            });
        }
        return sums;
    }

    private void combine(
            NormLoops loops, View x, Gradient gradient, ChannelBlocks rows, float[] p, float[] q, float[] r, View dx) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(gradient.dy());
        int dyAt = CpuStorage.offset(gradient.dy());
        float[] dxs = CpuStorage.floatsToWrite(dx);
        if (gradient.argument().isPresent()) {
            Affine a = gradient.argument().get();
            forBlocks(
                    rows,
                    (at, count) -> loops.maskedCombine(
                            gradient.activation(),
                            xs,
                            CpuStorage.offset(x) + at,
                            a.scale(),
                            a.shift(),
                            dys,
                            dyAt + at,
                            p,
                            q,
                            r,
                            dxs,
                            CpuStorage.offset(dx) + at,
                            count));
        } else {
            forBlocks(
                    rows,
                    (at, count) -> loops.combine(
                            dys,
                            dyAt + at,
                            xs,
                            CpuStorage.offset(x) + at,
                            p,
                            q,
                            r,
                            dxs,
                            CpuStorage.offset(dx) + at,
                            count));
        }
    }

    private void scale(View dy, ChannelBlocks rows, float[] p, View dx) {
        NormLoops loops = normLoops();
        float[] dys = CpuStorage.floats(dy);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        forBlocks(
                rows,
                (at, count) -> loops.scale(dys, CpuStorage.offset(dy) + at, p, dxs, CpuStorage.offset(dx) + at, count));
    }

    /** {@code scale = gamma / sqrt(variance + eps)} and {@code shift = beta + (bias - mean) * scale}. */
    public static void fold(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        float[] g = CpuStorage.floats(gamma);
        float[] b = CpuStorage.floats(beta);
        float[] m = CpuStorage.floats(mean);
        float[] v = CpuStorage.floats(variance);
        float[] added = bias.map(CpuStorage::floats).orElse(m);
        int addedAt = bias.map(CpuStorage::offset).orElse(0);
        float[] scales = CpuStorage.floatsToWrite(scale);
        float[] shifts = CpuStorage.floatsToWrite(shift);
        for (int c = 0; c < gamma.numel(); c++) {
            double slope =
                    g[CpuStorage.offset(gamma) + c] / Math.sqrt((double) v[CpuStorage.offset(variance) + c] + eps);
            double offset = bias.isPresent() ? added[addedAt + c] : 0;
            scales[CpuStorage.offset(scale) + c] = (float) slope;
            shifts[CpuStorage.offset(shift) + c] =
                    (float) (b[CpuStorage.offset(beta) + c] + (offset - m[CpuStorage.offset(mean) + c]) * slope);
        }
    }
}
