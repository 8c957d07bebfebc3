package dev.graft.backend.reference;

import java.util.function.IntConsumer;

/** Group and root-mean-square norm: a sum a result, each term as the formula has it. */
final class Norms {
    private Norms() {}

    private interface Body {
        void at(int channel, int h, int w);
    }

    /** Every element of one group of one image. */
    private static void each(Elements x, int groups, int group, Body body) {
        int size = x.dim(1) / groups;
        for (int c = group * size; c < (group + 1) * size; c++) {
            for (int h = 0; h < x.dim(2); h++) {
                for (int w = 0; w < x.dim(3); w++) {
                    body.at(c, h, w);
                }
            }
        }
    }

    static void group(
            Elements x, Elements gamma, Elements beta, float eps, Elements y, Elements mean, Elements inverseStd) {
        int groups = mean.dim(1);
        for (int n = 0; n < x.dim(0); n++) {
            for (int group = 0; group < groups; group++) {
                int image = n;
                double count = (double) x.dim(1) / groups * x.dim(2) * x.dim(3);
                double[] sums = new double[2];
                each(x, groups, group, (c, h, w) -> sums[0] += x.get(image, c, h, w) / count);
                each(x, groups, group, (c, h, w) -> sums[1] += Math.pow(x.get(image, c, h, w) - sums[0], 2) / count);
                double inverse = 1 / Math.sqrt(sums[1] + eps);
                mean.set(sums[0], n, group);
                inverseStd.set(inverse, n, group);
                each(
                        x,
                        groups,
                        group,
                        (c, h, w) -> y.set(
                                (x.get(image, c, h, w) - sums[0]) * inverse * gamma.get(c) + beta.get(c),
                                image,
                                c,
                                h,
                                w));
            }
        }
    }

    static void groupBackward(
            Elements x,
            Elements dy,
            Elements gamma,
            Elements mean,
            Elements inverseStd,
            Elements dx,
            Elements dgamma,
            Elements dbeta) {
        int groups = mean.dim(1);
        double[] ofGamma = new double[x.dim(1)];
        double[] ofBeta = new double[x.dim(1)];
        for (int n = 0; n < x.dim(0); n++) {
            for (int group = 0; group < groups; group++) {
                int image = n;
                double count = (double) x.dim(1) / groups * x.dim(2) * x.dim(3);
                double m = mean.get(n, group);
                double inverse = inverseStd.get(n, group);
                double[] means = new double[2];
                each(x, groups, group, (c, h, w) -> {
                    double d = dy.get(image, c, h, w);
                    double z = (x.get(image, c, h, w) - m) * inverse;
                    ofBeta[c] += d;
                    ofGamma[c] += d * z;
                    means[0] += d * gamma.get(c) / count;
                    means[1] += d * gamma.get(c) * z / count;
                });
                each(x, groups, group, (c, h, w) -> {
                    double z = (x.get(image, c, h, w) - m) * inverse;
                    double u = dy.get(image, c, h, w) * gamma.get(c);
                    dx.set(inverse * (u - means[0] - z * means[1]), image, c, h, w);
                });
            }
        }
        for (int c = 0; c < ofGamma.length; c++) {
            dgamma.set(ofGamma[c], c);
            dbeta.set(ofBeta[c], c);
        }
    }

    static void rms(Elements x, Elements gamma, float eps, Elements y, Elements inverseRms) {
        forRows(x.dim(0), r -> {
            double squares = 0;
            for (int i = 0; i < x.dim(1); i++) {
                squares += Math.pow(x.get(r, i), 2) / x.dim(1);
            }
            double inverse = 1 / Math.sqrt(squares + eps);
            inverseRms.set(inverse, r);
            for (int i = 0; i < x.dim(1); i++) {
                y.set(x.get(r, i) * inverse * gamma.get(i), r, i);
            }
        });
    }

    static void rmsBackward(
            Elements x, Elements dy, Elements gamma, Elements inverseRms, Elements dx, Elements dgamma) {
        double[] ofGamma = new double[x.dim(1)];
        forRows(x.dim(0), r -> {
            double inverse = inverseRms.get(r);
            double mean = 0;
            for (int i = 0; i < x.dim(1); i++) {
                double z = x.get(r, i) * inverse;
                ofGamma[i] += dy.get(r, i) * z;
                mean += dy.get(r, i) * gamma.get(i) * z / x.dim(1);
            }
            for (int i = 0; i < x.dim(1); i++) {
                dx.set(inverse * (dy.get(r, i) * gamma.get(i) - x.get(r, i) * inverse * mean), r, i);
            }
        });
        for (int i = 0; i < ofGamma.length; i++) {
            dgamma.set(ofGamma[i], i);
        }
    }

    private static void forRows(int rows, IntConsumer body) {
        for (int r = 0; r < rows; r++) {
            body.accept(r);
        }
    }
}
