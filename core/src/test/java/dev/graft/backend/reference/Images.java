package dev.graft.backend.reference;

import dev.graft.backend.Activation;
import dev.graft.backend.AxisTaps;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.PoolAxis;
import dev.graft.backend.PoolGeometry;
import java.util.Optional;

/** Products, convolutions, normalisation and pooling: a sum a result, each term as the formula has it. */
final class Images {
    private Images() {}

    static void matmul(Elements p, Elements q, Elements y) {
        y.each(i -> {
            int row = i.length - 2;
            int column = i.length - 1;
            double total = 0;
            for (int k = 0; k < p.dim(column); k++) {
                int[] left = i.clone();
                int[] right = i.clone();
                left[column] = k;
                right[row] = k;
                total += p.get(left) * q.get(right);
            }
            y.set(total, i);
        });
    }

    /** One tap of one result: input {@code (h, w)} of output {@code (i, j)} through {@code (r, s)} of the kernel. */
    private static int row(Conv2dParams g, int i, int r) {
        return i * g.strideH() - g.padTop() + r * g.dilationH();
    }

    private static int column(Conv2dParams g, int j, int s) {
        return j * g.strideW() - g.padLeft() + s * g.dilationW();
    }

    /** Each channel's share of an epilogue; scale and shift are absent or hold a value an output channel. */
    record Finish(
            Optional<Elements> scale, Optional<Elements> shift, Optional<Elements> residual, Activation activation) {
        private double of(double v, int[] at) {
            double scaled = v * (scale.isPresent() ? scale.get().get(at[1]) : 1);
            double shifted = scaled + (shift.isPresent() ? shift.get().get(at[1]) : 0);
            return Pointwise.activate(
                    activation, shifted + (residual.isPresent() ? residual.get().get(at) : 0));
        }
    }

    /** A value of the convolution, as if its result were there. */
    interface Result {
        double at(int... index);
    }

    static Result convolution(Elements x, Elements w, Conv2dParams g, Finish finish) {
        int outputsOfGroup = w.dim(0) / g.groups();
        return at -> {
            double total = 0;
            for (int c = 0; c < w.dim(1); c++) {
                for (int r = 0; r < w.dim(2); r++) {
                    for (int s = 0; s < w.dim(3); s++) {
                        int h = row(g, at[2], r);
                        int v = column(g, at[3], s);
                        if (h >= 0 && v >= 0 && h < x.dim(2) && v < x.dim(3)) {
                            total += x.get(at[0], at[1] / outputsOfGroup * w.dim(1) + c, h, v) * w.get(at[1], c, r, s);
                        }
                    }
                }
            }
            return finish.of(total, at);
        };
    }

    static void conv2dBackwardInput(Elements dy, Elements w, Elements dx, Conv2dParams g) {
        double[][][][] sums = new double[dx.dim(0)][dx.dim(1)][dx.dim(2)][dx.dim(3)];
        eachProduct(
                dy,
                w,
                dx,
                g,
                (n, o, i, j, c, r, s, channel, h, v) ->
                        sums[n][channel][h][v] += dy.get(n, o, i, j) * w.get(o, c, r, s));
        dx.each(k -> dx.set(sums[k[0]][k[1]][k[2]][k[3]], k));
    }

    static void conv2dBackwardWeight(Elements x, Elements dy, Elements dw, Conv2dParams g) {
        double[][][][] sums = new double[dw.dim(0)][dw.dim(1)][dw.dim(2)][dw.dim(3)];
        eachProduct(
                dy,
                dw,
                x,
                g,
                (n, o, i, j, c, r, s, channel, h, v) ->
                        sums[o][c][r][s] += dy.get(n, o, i, j) * x.get(n, channel, h, v));
        dw.each(k -> dw.set(sums[k[0]][k[1]][k[2]][k[3]], k));
    }

    private interface Product {
        void of(int n, int o, int i, int j, int c, int r, int s, int channel, int h, int w);
    }

    /** Every product {@code y[n, o, i, j] += x[n, channel, h, w] * weight[o, c, r, s]} of a convolution. */
    private static void eachProduct(Elements y, Elements w, Elements x, Conv2dParams g, Product body) {
        int outputsOfGroup = w.dim(0) / g.groups();
        y.each(at -> {
            for (int c = 0; c < w.dim(1); c++) {
                for (int r = 0; r < w.dim(2); r++) {
                    for (int s = 0; s < w.dim(3); s++) {
                        int h = row(g, at[2], r);
                        int v = column(g, at[3], s);
                        if (h >= 0 && v >= 0 && h < x.dim(2) && v < x.dim(3)) {
                            int channel = at[1] / outputsOfGroup * w.dim(1) + c;
                            body.of(at[0], at[1], at[2], at[3], c, r, s, channel, h, v);
                        }
                    }
                }
            }
        });
    }

    static void statistics(Elements x, float eps, Elements mean, Elements inverseStd, Elements variance) {
        int count = x.numel() / Math.max(1, x.dim(1));
        double[] sums = new double[x.dim(1)];
        double[] squares = new double[x.dim(1)];
        x.each(i -> sums[i[1]] += x.get(i) / count);
        x.each(i -> squares[i[1]] += Math.pow(x.get(i) - sums[i[1]], 2) / count);
        for (int c = 0; c < sums.length; c++) {
            mean.set(sums[c], c);
            variance.set(squares[c], c);
            inverseStd.set(1 / Math.sqrt(squares[c] + eps), c);
        }
    }

    static void normalise(
            Elements x,
            Elements gamma,
            Elements beta,
            Elements mean,
            Elements inverseStd,
            Optional<Elements> residual,
            Activation activation,
            Elements y) {
        y.each(i -> {
            int c = i[1];
            double v = gamma.get(c) * (x.get(i) - mean.get(c)) * inverseStd.get(c)
                    + beta.get(c)
                    + (residual.isPresent() ? residual.get().get(i) : 0);
            y.set(Pointwise.activate(activation, v), i);
        });
    }

    /** @param fromBatch whether mean and deviation were computed from {@code x} and move with it */
    static void normaliseBackward(
            boolean fromBatch,
            Optional<Elements> x,
            Optional<Elements> y,
            Elements dy,
            Elements gamma,
            Elements beta,
            Elements mean,
            Elements inverseStd,
            Activation activation,
            Elements dx,
            Elements dgamma,
            Elements dbeta,
            Optional<Elements> dresidual) {
        int channels = dy.dim(1);
        double count = (double) dy.numel() / channels;
        double[] ofBeta = new double[channels];
        double[] ofGamma = new double[channels];
        Result before = i -> { // the gradient before the activation
            double result = activation == Activation.NONE
                    ? 0
                    : y.isPresent()
                            ? y.get().get(i)
                            : gamma.get(i[1]) * (x.get().get(i) - mean.get(i[1])) * inverseStd.get(i[1])
                                    + beta.get(i[1]);
            return dy.get(i) * Pointwise.slope(activation, result);
        };
        Result z = i -> (x.get().get(i) - mean.get(i[1])) * inverseStd.get(i[1]);
        dy.each(i -> {
            ofBeta[i[1]] += before.at(i);
            ofGamma[i[1]] += x.isPresent() ? before.at(i) * z.at(i) : 0;
        });
        dx.each(i -> {
            int c = i[1];
            double d = before.at(i) - (fromBatch ? ofBeta[c] / count + z.at(i) * ofGamma[c] / count : 0);
            dx.set(gamma.get(c) * inverseStd.get(c) * d, i);
            if (dresidual.isPresent()) {
                dresidual.get().set(before.at(i), i);
            }
        });
        for (int c = 0; c < channels; c++) {
            dbeta.set(ofBeta[c], c);
            if (x.isPresent()) {
                dgamma.set(ofGamma[c], c);
            }
        }
    }

    static void layerNorm(
            Elements x, Elements gamma, Elements beta, float eps, Elements y, Elements mean, Elements inverseStd) {
        int width = x.dim(1);
        for (int r = 0; r < x.dim(0); r++) {
            double average = 0;
            double variance = 0;
            for (int i = 0; i < width; i++) {
                average += x.get(r, i) / width;
            }
            for (int i = 0; i < width; i++) {
                variance += Math.pow(x.get(r, i) - average, 2) / width;
            }
            double inverse = 1 / Math.sqrt(variance + eps);
            mean.set(average, r);
            inverseStd.set(inverse, r);
            for (int i = 0; i < width; i++) {
                y.set(gamma.get(i) * (x.get(r, i) - average) * inverse + beta.get(i), r, i);
            }
        }
    }

    static void layerNormBackward(
            Elements x,
            Elements dy,
            Elements gamma,
            Elements mean,
            Elements inverseStd,
            Elements dx,
            Elements dgamma,
            Elements dbeta) {
        int rows = x.dim(0);
        int width = x.dim(1);
        double[] ofGamma = new double[width];
        double[] ofBeta = new double[width];
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            double products = 0;
            for (int i = 0; i < width; i++) {
                double z = (x.get(r, i) - mean.get(r)) * inverseStd.get(r);
                ofBeta[i] += dy.get(r, i);
                ofGamma[i] += dy.get(r, i) * z;
                sum += dy.get(r, i) * gamma.get(i) / width;
                products += dy.get(r, i) * gamma.get(i) * z / width;
            }
            for (int i = 0; i < width; i++) {
                double z = (x.get(r, i) - mean.get(r)) * inverseStd.get(r);
                dx.set(inverseStd.get(r) * (dy.get(r, i) * gamma.get(i) - sum - z * products), r, i);
            }
        }
        for (int i = 0; i < width; i++) {
            dgamma.set(ofGamma[i], i);
            dbeta.set(ofBeta[i], i);
        }
    }

    static void resample(Elements x, AxisTaps rows, AxisTaps columns, Elements y) {
        y.each(i -> {
            double total = 0;
            for (int k = rows.from(i[2]); k < rows.to(i[2]); k++) {
                for (int l = columns.from(i[3]); l < columns.to(i[3]); l++) {
                    total += (double) rows.weight(k)
                            * columns.weight(l)
                            * x.get(i[0], i[1], rows.position(k), columns.position(l));
                }
            }
            y.set(total, i);
        });
    }

    static void maxPool(Result x, PoolAxis rows, PoolAxis columns, Elements y, Optional<Elements> index) {
        y.each(i -> {
            double largest = Double.NaN;
            int where = -1;
            for (int h = rows.from(i[2]); h < rows.to(i[2]); h++) {
                for (int w = columns.from(i[3]); w < columns.to(i[3]); w++) {
                    double v = x.at(i[0], i[1], h, w);
                    if (where < 0 || v > largest || (Double.isNaN(v) && !Double.isNaN(largest))) {
                        largest = v;
                        where = h * columns.size() + w;
                    }
                }
            }
            y.set(largest, i);
            if (index.isPresent()) {
                index.get().setLong(where, i);
            }
        });
    }

    static void maxPoolBackward(Elements dy, Elements index, Elements dx) {
        double[][][][] sums = new double[dx.dim(0)][dx.dim(1)][dx.dim(2)][dx.dim(3)];
        dy.each(i -> {
            int where = (int) index.getLong(i);
            sums[i[0]][i[1]][where / dx.dim(3)][where % dx.dim(3)] += dy.get(i);
        });
        dx.each(k -> dx.set(sums[k[0]][k[1]][k[2]][k[3]], k));
    }

    static void avgPool(Elements x, PoolGeometry geometry, Elements y) {
        PoolAxis rows = geometry.rows(x.dim(2));
        PoolAxis columns = geometry.columns(x.dim(3));
        y.each(i -> {
            double total = 0;
            for (int h = rows.from(i[2]); h < rows.to(i[2]); h++) {
                for (int w = columns.from(i[3]); w < columns.to(i[3]); w++) {
                    total += x.get(i[0], i[1], h, w);
                }
            }
            y.set(total / rows.divisor(i[2]) / columns.divisor(i[3]), i);
        });
    }

    static void avgPoolBackward(Elements dy, PoolGeometry geometry, Elements dx) {
        PoolAxis rows = geometry.rows(dx.dim(2));
        PoolAxis columns = geometry.columns(dx.dim(3));
        double[][][][] sums = new double[dx.dim(0)][dx.dim(1)][dx.dim(2)][dx.dim(3)];
        dy.each(i -> {
            for (int h = rows.from(i[2]); h < rows.to(i[2]); h++) {
                for (int w = columns.from(i[3]); w < columns.to(i[3]); w++) {
                    sums[i[0]][i[1]][h][w] += dy.get(i) / rows.divisor(i[2]) / columns.divisor(i[3]);
                }
            }
        });
        dx.each(k -> dx.set(sums[k[0]][k[1]][k[2]][k[3]], k));
    }
}
