package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import java.util.Random;

/** A convolution's geometry, and its three passes by their definition in double on row-major values. */
public record ConvCase(String kind, int n, int c, int h, int w, int o, int kh, int kw, Conv2dParams params) {

    public int oh() {
        return params.outputHeight(h, kh);
    }

    public int ow() {
        return params.outputWidth(w, kw);
    }

    /** Inputs of one group. */
    public int inputs() {
        return c / params.groups();
    }

    public int[] x() {
        return new int[] {n, c, h, w};
    }

    public int[] y() {
        return new int[] {n, o, oh(), ow()};
    }

    public int[] weight() {
        return new int[] {o, inputs(), kh, kw};
    }

    long products() {
        return (long) n * o * oh() * ow() * inputs() * kh * kw;
    }

    /** Sums and, for tolerances, sums of absolute values. */
    public record Sums(double[] values, double[] sizes) {
        private Sums(int length) {
            this(new double[length], new double[length]);
        }

        private void add(int at, double product) {
            values[at] += product;
            sizes[at] += Math.abs(product);
        }
    }

    public Sums forward(double[] x, double[] weight) {
        Sums y = new Sums(n * o * oh() * ow());
        visit((xAt, wAt, yAt) -> y.add(yAt, x[xAt] * weight[wAt]));
        return y;
    }

    public Sums inputGradient(double[] dy, double[] weight) {
        Sums dx = new Sums(n * c * h * w);
        visit((xAt, wAt, yAt) -> dx.add(xAt, dy[yAt] * weight[wAt]));
        return dx;
    }

    public Sums weightGradient(double[] x, double[] dy) {
        Sums dw = new Sums(o * inputs() * kh * kw);
        visit((xAt, wAt, yAt) -> dw.add(wAt, x[xAt] * dy[yAt]));
        return dw;
    }

    @FunctionalInterface
    private interface Visit {
        void accept(int x, int weight, int y);
    }

    /**
     * Every product of the convolution, by the places of its factors and of the result; what lies outside the image is
     * not read.
     */
    private void visit(Visit visit) {
        int outputs = o / params.groups();
        for (int image = 0; image < n; image++) {
            for (int output = 0; output < o; output++) {
                for (int input = 0; input < inputs(); input++) {
                    int plane = (image * c + output / outputs * inputs() + input) * h;
                    for (int row = 0; row < oh(); row++) {
                        for (int i = 0; i < kh; i++) {
                            int from = row * params.strideH() + i * params.dilationH() - params.padTop();
                            if (from >= 0 && from < h) {
                                visitRow(
                                        visit,
                                        (plane + from) * w,
                                        ((output * inputs() + input) * kh + i) * kw,
                                        ((image * o + output) * oh() + row) * ow());
                            }
                        }
                    }
                }
            }
        }
    }

    private void visitRow(Visit visit, int xAt, int wAt, int yAt) {
        for (int column = 0; column < ow(); column++) {
            for (int j = 0; j < kw; j++) {
                int from = column * params.strideW() + j * params.dilationW() - params.padLeft();
                if (from >= 0 && from < w) {
                    visit.accept(xAt + from, wAt + j, yAt + column);
                }
            }
        }
    }

    /** A random convolution of a random kind: every algorithm gets its share, and sizes of 0 and 1 occur. */
    static ConvCase random(Random random) {
        while (true) {
            ConvCase k = anyRandom(random);
            if (k.h >= 1 && k.w >= 1 && k.oh() >= 1 && k.ow() >= 1 && k.products() < 3_000_000) {
                return k;
            }
        }
    }

    private static int pick(Random random, int... values) {
        return values[random.nextInt(values.length)];
    }

    private static Conv2dParams params(Random random, int stride, int most, int dilation, int groups) {
        return new Conv2dParams(
                stride,
                random.nextInt(4) == 0 ? 1 + random.nextInt(3) : stride,
                random.nextInt(most + 1),
                random.nextInt(most + 1),
                random.nextInt(most + 1),
                random.nextInt(most + 1),
                dilation,
                dilation,
                groups);
    }

    private static ConvCase anyRandom(Random random) {
        int n = pick(random, 0, 1, 1, 2, 2, 3);
        int h = 1 + random.nextInt(14);
        int w = 1 + random.nextInt(14);
        return switch (random.nextInt(14)) {
            case 0 -> {
                int groups = pick(random, 1, 1, 2, 3);
                yield new ConvCase(
                        "any",
                        n,
                        groups * (1 + random.nextInt(9)),
                        h,
                        w,
                        groups * (1 + random.nextInt(9)),
                        1 + random.nextInt(5),
                        1 + random.nextInt(5),
                        params(random, 1 + random.nextInt(3), 3, 1 + random.nextInt(2), groups));
            }
            case 1 ->
                new ConvCase(
                        "3x3 of whole vectors",
                        n,
                        pick(random, 32, 48, 64),
                        h,
                        w,
                        pick(random, 32, 48, 80),
                        3,
                        3,
                        new Conv2dParams(
                                1,
                                1,
                                random.nextInt(3),
                                random.nextInt(3),
                                random.nextInt(3),
                                random.nextInt(3),
                                1,
                                1,
                                1));
            case 2 ->
                new ConvCase(
                        "3x3 stride 2 of whole vectors",
                        3 + random.nextInt(4),
                        32,
                        24 + random.nextInt(12),
                        24 + random.nextInt(12),
                        pick(random, 32, 48),
                        3,
                        3,
                        new Conv2dParams(2, 2, 1, 1, 1, 1, 1, 1, 1));
            case 3, 4 -> {
                int c = 2 + random.nextInt(70);
                int kernel = pick(random, 1, 2, 3, 3, 3, 5, 5, 7);
                yield new ConvCase(
                        "depthwise",
                        n,
                        c,
                        h,
                        w,
                        c,
                        kernel,
                        random.nextInt(5) == 0 ? pick(random, 1, 3, 5) : kernel,
                        params(random, pick(random, 1, 1, 2, 2, 3), kernel / 2 + 1, pick(random, 1, 1, 1, 2), c));
            }
            case 5 -> {
                int kernel = pick(random, 3, 5, 7);
                yield new ConvCase(
                        "few channels",
                        n,
                        1 + random.nextInt(4),
                        10 + random.nextInt(30),
                        10 + random.nextInt(30),
                        1 + random.nextInt(70),
                        kernel,
                        kernel,
                        params(random, pick(random, 1, 2), kernel / 2 + 1, 1, 1));
            }
            case 6 ->
                new ConvCase(
                        "1x1",
                        n,
                        1 + random.nextInt(140),
                        h,
                        w,
                        1 + random.nextInt(140),
                        1,
                        1,
                        params(random, pick(random, 1, 1, 2, 3), 1, 1, 1));
            case 7 -> {
                int kernel = pick(random, 1, 3);
                yield new ConvCase(
                        "few pixels",
                        1,
                        64 + random.nextInt(80),
                        1 + random.nextInt(5),
                        1 + random.nextInt(5),
                        128 + random.nextInt(40),
                        kernel,
                        kernel,
                        params(random, 1, kernel / 2, 1, 1));
            }
            case 8 -> {
                int kh = 1 + random.nextInt(12);
                int kw = 1 + random.nextInt(20);
                yield new ConvCase(
                        "large kernel",
                        n,
                        1 + random.nextInt(6),
                        kh + random.nextInt(12),
                        kw + random.nextInt(12),
                        1 + random.nextInt(20),
                        kh,
                        kw,
                        params(random, pick(random, 1, 1, 2, 5), 2, pick(random, 1, 1, 2), 1));
            }
            case 9 -> {
                int kernel = 2 + random.nextInt(7);
                yield new ConvCase(
                        "patches",
                        n,
                        1 + random.nextInt(20),
                        kernel + random.nextInt(20),
                        kernel + random.nextInt(20),
                        1 + random.nextInt(40),
                        kernel,
                        kernel,
                        params(random, kernel + random.nextInt(2), 2, 1, 1));
            }
            case 10, 11 -> {
                int groups = 2 + random.nextInt(24);
                int kh = pick(random, 1, 3, 3, 5);
                yield new ConvCase(
                        "small groups",
                        n,
                        groups * pick(random, 1, 1, 2, 3, 4, 8, 18),
                        h,
                        w,
                        groups * pick(random, 1, 2, 3, 4, 8, 18),
                        kh,
                        random.nextInt(4) == 0 ? 1 + random.nextInt(4) : kh,
                        params(random, pick(random, 1, 1, 2, 3), kh / 2 + 1, pick(random, 1, 1, 1, 2), groups));
            }
            case 12 -> {
                int taps = pick(random, 4, 5, 7, 8, 11, 21);
                int dilation = pick(random, 1, 1, 2, 3);
                int length = taps * dilation + random.nextInt(150);
                yield new ConvCase(
                        "a line",
                        n,
                        pick(random, 16, 32, 48),
                        pick(random, 1, 1, 2),
                        length,
                        pick(random, 16, 32, 33, 70),
                        1,
                        taps,
                        new Conv2dParams(
                                1,
                                1,
                                0,
                                0,
                                random.nextInt(taps * dilation / 2 + 2),
                                random.nextInt(taps * dilation / 2 + 2),
                                1,
                                dilation,
                                1));
            }
            default ->
                new ConvCase(
                        "3x3",
                        n,
                        16 + random.nextInt(40),
                        h,
                        w,
                        16 + random.nextInt(40),
                        3,
                        3,
                        params(random, pick(random, 1, 2), 2, pick(random, 1, 1, 2), 1));
        };
    }
}
