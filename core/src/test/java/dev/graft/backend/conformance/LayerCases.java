package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.ANY;
import static dev.graft.backend.conformance.KernelCase.Place.CONTIGUOUS;
import static dev.graft.backend.conformance.KernelCase.Place.IMAGE;
import static dev.graft.backend.conformance.KernelCase.positive;
import static dev.graft.backend.conformance.KernelCase.random;

import dev.graft.backend.Activation;
import dev.graft.backend.AdaptivePool2dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.View;
import dev.graft.tensor.GraphRef;
import dev.graft.tensor.GraphRef.Windows;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Convolutions with what follows them, normalisation and pooling. */
final class LayerCases {
    private static final float EPS = 0.0625f;

    private LayerCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        Conv2dParams plain = Conv2dParams.of(1, 0);
        Conv2dParams same = Conv2dParams.of(1, 1);
        convolution(cases, "3x3", same, new int[] {2, 8, 8, 9}, 8, 3, 3);
        convolution(cases, "3x3 of odd sizes", same, new int[] {1, 5, 7, 6}, 3, 3, 3);
        convolution(cases, "3x3 stride 2", Conv2dParams.of(2, 1), new int[] {2, 4, 9, 8}, 6, 3, 3);
        convolution(cases, "depthwise", same.groups(8), new int[] {2, 8, 7, 7}, 8, 3, 3);
        convolution(cases, "depthwise 5x5 stride 2", Conv2dParams.of(2, 2).groups(3), new int[] {1, 3, 9, 7}, 3, 5, 5);
        convolution(cases, "grouped", same.groups(2), new int[] {1, 6, 5, 6}, 4, 3, 3);
        convolution(cases, "1x1", plain, new int[] {2, 9, 5, 4}, 17, 1, 1);
        convolution(cases, "1x1 stride 2", Conv2dParams.of(2, 0), new int[] {1, 4, 5, 7}, 3, 1, 1);
        convolution(cases, "7x7 stride 2", Conv2dParams.of(2, 3), new int[] {1, 3, 11, 10}, 8, 7, 7);
        convolution(
                cases,
                "dilated, padding of four sizes",
                new Conv2dParams(1, 2, 0, 2, 3, 1, 2, 1, 1),
                new int[] {1, 2, 6, 9},
                3,
                3,
                2);
        convolution(cases, "of one of all", plain, new int[] {1, 1, 1, 1}, 1, 1, 1);
        convolution(cases, "no images", same, new int[] {0, 3, 4, 4}, 2, 3, 3);
        for (Activation activation : Activation.values()) {
            for (boolean residual : new boolean[] {false, true}) {
                batchNorm(cases, activation, residual, 3, 5, 4, 2);
            }
        }
        batchNorm(cases, Activation.RELU, true, 2, 67, 1, 1);
        batchNorm(cases, Activation.NONE, false, 5, 1, 3, 3);
        for (boolean bias : new boolean[] {false, true}) {
            fold(cases, bias);
        }
        layerNorm(cases, 4, 5);
        layerNorm(cases, 1, 131);
        layerNorm(cases, 3, 1);
        pools(cases);
        return cases;
    }

    private static void convolution(
            List<KernelCase> cases, String name, Conv2dParams p, int[] x, int outputs, int kh, int kw) {
        int[] w = {outputs, x[1] / p.groups(), kh, kw};
        int[] y = {x[0], outputs, p.outputHeight(x[2], kh), p.outputWidth(x[3], kw)};
        Function<GraphRef[], GraphRef> f = in -> GraphRef.conv2d(
                in[0].pad(p.padTop(), p.padBottom(), p.padLeft(), p.padRight()),
                in[1],
                new int[] {p.strideH(), p.strideW()},
                new int[] {p.dilationH(), p.dilationW()},
                p.groups());
        int terms = 300;
        cases.add(new KernelCase("conv2d " + name)
                .in(IMAGE, random(31, x))
                .in(ANY, random(32, w))
                .out(IMAGE, y)
                .terms(terms)
                .call((b, in, out) -> b.conv2d(in[0], in[1], Epilogue.NONE, out[0], p))
                .expect(in -> new Nd[] {Gradients.value(f, in[0], in[1])}));
        for (Activation activation : Activation.values()) {
            cases.add(new KernelCase("conv2d " + name + ", scaled and shifted, with a residual and " + activation)
                    .in(IMAGE, random(31, x))
                    .in(ANY, random(32, w))
                    .in(CONTIGUOUS, random(33, outputs))
                    .in(CONTIGUOUS, random(34, outputs))
                    .in(IMAGE, random(35, y))
                    .out(IMAGE, y)
                    .terms(terms)
                    .call((b, in, out) -> b.conv2d(
                            in[0],
                            in[1],
                            new Epilogue(Optional.of(in[2]), Optional.of(in[3]), Optional.of(in[4]), activation),
                            out[0],
                            p))
                    .expect(in -> {
                        Nd conv = Gradients.value(f, in[0], in[1]);
                        return new Nd[] {
                            Nd.fill(
                                    y,
                                    i -> activate(
                                            activation, conv.get(i) * in[2].get(i[1]) + in[3].get(i[1]) + in[4].get(i)))
                        };
                    }));
        }
        pooled(cases, name, p, f, x, w, y);
        cases.add(new KernelCase("conv2dBackwardInput " + name)
                .in(IMAGE, random(36, y))
                .in(ANY, random(32, w))
                .out(IMAGE, x)
                .terms(terms)
                .call((b, in, out) -> b.conv2dBackwardInput(in[0], in[1], out[0], p))
                .expect(in -> new Nd[] {Gradients.of(f, in[0], random(31, x), in[1])[0]}));
        cases.add(new KernelCase("conv2dBackwardWeight " + name)
                .in(IMAGE, random(31, x))
                .in(IMAGE, random(36, y))
                .out(ANY, w)
                .terms(terms)
                .call((b, in, out) -> b.conv2dBackwardWeight(in[0], in[1], out[0], p))
                .expect(in -> new Nd[] {Gradients.of(f, in[1], in[0], random(32, w))[1]}));
    }

    private static void pooled(
            List<KernelCase> cases,
            String name,
            Conv2dParams p,
            Function<GraphRef[], GraphRef> f,
            int[] x,
            int[] w,
            int[] y) {
        if (y[2] < 2 || y[3] < 2) {
            return;
        }
        PoolGeometry pool = Pool2dParams.of(3, 2, 1);
        Windows rows = Windows.of(y[2], 3, 2, 1, false, true);
        Windows columns = Windows.of(y[3], 3, 2, 1, false, true);
        cases.add(new KernelCase("conv2d " + name + ", shifted, RELU, then maxima")
                .in(IMAGE, random(31, x))
                .in(ANY, random(32, w))
                .in(CONTIGUOUS, random(34, w[0]))
                .out(IMAGE, y[0], y[1], rows.from().length, columns.from().length)
                .terms(300)
                .call((b, in, out) -> b.conv2d(
                        in[0],
                        in[1],
                        new Epilogue(
                                Optional.empty(),
                                Optional.of(in[2]),
                                Optional.empty(),
                                Activation.RELU,
                                Optional.of(pool)),
                        out[0],
                        p))
                .expect(in -> {
                    Nd conv = Gradients.value(f, in[0], in[1]);
                    Nd shifted = Nd.fill(y, i -> Math.max(0, conv.get(i) + in[2].get(i[1])));
                    return new Nd[] {
                        Gradients.value(t -> t[0].pool(rows, columns, (d, ids) -> t[0].first(ids)), shifted)
                    };
                }));
    }

    private static double activate(Activation activation, double v) {
        return switch (activation) {
            case NONE -> v;
            case RELU -> v > 0 ? v : 0;
            case RELU6 -> v > 6 ? 6 : v > 0 ? v : 0;
        };
    }

    private static GraphRef activate(Activation activation, GraphRef x) {
        return activation == Activation.NONE
                ? x
                : x.map(id -> {
                    double v = x.tape().value(id);
                    double y = activate(activation, v);
                    return x.tape().clipped(id, y, y == v && v > 0 ? 1 : 0);
                });
    }

    private static final boolean[] PER_CHANNEL = {true, false, true, true};

    /** {@code x, gamma, beta, residual} with the batch's own statistics. */
    private static GraphRef train(Activation activation, GraphRef... in) {
        GraphRef mean = in[0].fold(PER_CHANNEL, in[0].tape()::mean);
        GraphRef variance = GraphRef.variance(in[0], mean, PER_CHANNEL);
        return finish(activation, GraphRef.normalise(in[0], mean, variance, EPS), in);
    }

    private static GraphRef finish(Activation activation, GraphRef normalised, GraphRef... in) {
        int c = in[1].ids().length;
        GraphRef scaled = GraphRef.zip(normalised, in[1].reshape(1, c, 1, 1), in[0].tape()::mul);
        GraphRef y = GraphRef.zip(scaled, in[2].reshape(1, c, 1, 1), in[0].tape()::add);
        return activate(activation, in.length > 3 ? GraphRef.zip(y, in[3], in[0].tape()::add) : y);
    }

    /** {@code x, gamma, beta[, residual]} with given statistics. */
    private static GraphRef evaluated(Activation activation, Nd mean, Nd inverseStd, GraphRef... in) {
        GraphRef z = GraphRef.of(
                in[0].tape(),
                in[0].dims(),
                i -> in[0].tape().affine(in[0].get(i), inverseStd.get(i[1]), -mean.get(i[1]) * inverseStd.get(i[1])));
        return finish(activation, z, in);
    }

    private static Nd floats(Nd x) {
        return x.map(v -> (float) v);
    }

    private static Nd mean(Nd x) {
        return floats(Gradients.value(t -> t[0].fold(PER_CHANNEL, t[0].tape()::mean), x)
                .reshape(x.dims()[1]));
    }

    private static Nd variance(Nd x) {
        return Gradients.value(t -> GraphRef.variance(t[0], t[0].fold(PER_CHANNEL, t[0].tape()::mean), PER_CHANNEL), x)
                .reshape(x.dims()[1]);
    }

    private static void batchNorm(List<KernelCase> cases, Activation activation, boolean adds, int... x) {
        int c = x[1];
        String name = activation + (adds ? " with a residual " : " ") + Arrays.toString(x);
        Nd values = random(41, x);
        Nd gamma = positive(42, c);
        Nd beta = random(43, c);
        Nd added = random(44, x);
        Nd dy = random(45, x);
        Nd mean = mean(values);
        Nd inverseStd = floats(variance(values).map(v -> 1 / Math.sqrt(v + EPS)));
        Nd[] operands = adds ? new Nd[] {values, gamma, beta, added} : new Nd[] {values, gamma, beta};
        Nd trained = Gradients.value(t -> train(activation, t), operands);
        Nd[] gradients = Gradients.of(t -> train(activation, t), dy, operands);
        Nd evaluated = Gradients.value(t -> evaluated(activation, mean, inverseStd, t), operands);
        Nd[] fixed = Gradients.of(t -> evaluated(activation, mean, inverseStd, t), dy, operands);
        KernelCase forward = new KernelCase("batchNormTrain " + name)
                .in(IMAGE, values)
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, beta);
        KernelCase eval = new KernelCase("batchNormEval " + name)
                .in(IMAGE, values)
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, beta)
                .in(CONTIGUOUS, mean)
                .in(CONTIGUOUS, inverseStd);
        if (adds) {
            forward.in(IMAGE, added);
            eval.in(IMAGE, added);
        }
        cases.add(forward.out(IMAGE, x)
                .out(CONTIGUOUS, c)
                .out(CONTIGUOUS, c)
                .out(CONTIGUOUS, c)
                .terms(60)
                .call((b, in, out) -> b.batchNormTrain(
                        in[0],
                        in[1],
                        in[2],
                        EPS,
                        adds ? Optional.of(in[3]) : Optional.empty(),
                        activation,
                        out[0],
                        out[1],
                        out[2],
                        out[3]))
                .expect(in -> new Nd[] {trained, mean, inverseStd, variance(values)}));
        cases.add(eval.out(IMAGE, x)
                .terms(60)
                .call((b, in, out) -> b.batchNormEval(
                        in[0],
                        in[1],
                        in[2],
                        in[3],
                        in[4],
                        adds ? Optional.of(in[5]) : Optional.empty(),
                        activation,
                        out[0]))
                .expect(in -> new Nd[] {evaluated}));
        for (boolean result : new boolean[] {true, false}) {
            if (!result && adds && activation != Activation.NONE) {
                continue; // the result alone tells the slope
            }
            backward(
                    cases,
                    true,
                    true,
                    result,
                    adds,
                    activation,
                    name,
                    trained,
                    gradients,
                    dy,
                    values,
                    gamma,
                    beta,
                    mean,
                    inverseStd);
            backward(
                    cases,
                    false,
                    true,
                    result,
                    adds,
                    activation,
                    name,
                    evaluated,
                    fixed,
                    dy,
                    values,
                    gamma,
                    beta,
                    mean,
                    inverseStd);
        }
        backward(
                cases,
                false,
                false,
                true,
                adds,
                activation,
                name,
                evaluated,
                fixed,
                dy,
                values,
                gamma,
                beta,
                mean,
                inverseStd);
    }

    private static void backward(
            List<KernelCase> cases,
            boolean training,
            boolean withX,
            boolean withY,
            boolean adds,
            Activation activation,
            String name,
            Nd y,
            Nd[] gradients,
            Nd dy,
            Nd x,
            Nd gamma,
            Nd beta,
            Nd mean,
            Nd inverseStd) {
        int c = gamma.size();
        KernelCase k = new KernelCase("batchNorm" + (training ? "Train" : "Eval") + "Backward " + name
                        + (withX ? "" : " without x") + (withY ? "" : " without y"))
                .in(IMAGE, x)
                .in(IMAGE, floats(y))
                .in(IMAGE, dy)
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, beta)
                .in(CONTIGUOUS, mean)
                .in(CONTIGUOUS, inverseStd)
                .out(IMAGE, x.dims());
        if (withX) {
            k.out(CONTIGUOUS, c);
        } else {
            k.undefined(CONTIGUOUS, c);
        }
        k.out(CONTIGUOUS, c);
        if (adds) {
            k.out(IMAGE, x.dims());
        }
        cases.add(k.terms(200)
                .call((b, in, out) -> {
                    Optional<View> orY = withY ? Optional.of(in[1]) : Optional.empty();
                    Optional<View> residual = adds ? Optional.of(out[3]) : Optional.empty();
                    if (training) {
                        b.batchNormTrainBackward(
                                in[0],
                                orY,
                                in[2],
                                in[3],
                                in[4],
                                in[5],
                                in[6],
                                activation,
                                out[0],
                                out[1],
                                out[2],
                                residual);
                    } else {
                        b.batchNormEvalBackward(
                                withX ? Optional.of(in[0]) : Optional.empty(),
                                orY,
                                in[2],
                                in[3],
                                in[4],
                                in[5],
                                in[6],
                                activation,
                                out[0],
                                out[1],
                                out[2],
                                residual);
                    }
                })
                .expect(in -> gradients));
    }

    private static void fold(List<KernelCase> cases, boolean bias) {
        cases.add(new KernelCase("foldBatchNorm" + (bias ? " with a bias" : ""))
                .in(CONTIGUOUS, random(51, 7))
                .in(CONTIGUOUS, random(52, 7))
                .in(CONTIGUOUS, random(53, 7))
                .in(CONTIGUOUS, positive(54, 7))
                .in(CONTIGUOUS, random(55, 7))
                .out(CONTIGUOUS, 7)
                .out(CONTIGUOUS, 7)
                .terms(4)
                .call((b, in, out) -> b.foldBatchNorm(
                        in[0], in[1], in[2], in[3], EPS, bias ? Optional.of(in[4]) : Optional.empty(), out[0], out[1]))
                .expect(in -> {
                    Nd scale = Nd.zip(in[0], in[3], (gamma, variance) -> gamma / Math.sqrt(variance + EPS));
                    Nd shift = Nd.fill(
                            new int[] {7},
                            i -> in[1].get(i) + ((bias ? in[4].get(i) : 0) - in[2].get(i)) * scale.get(i));
                    return new Nd[] {scale, shift};
                }));
    }

    private static void layerNorm(List<KernelCase> cases, int rows, int width) {
        boolean[] along = {false, true};
        Nd x = random(61, rows, width);
        Nd mean = floats(Gradients.value(t -> t[0].fold(along, t[0].tape()::mean), x))
                .reshape(rows);
        Nd variance = Gradients.value(t -> GraphRef.variance(t[0], t[0].fold(along, t[0].tape()::mean), along), x)
                .reshape(rows);
        Nd inverseStd = floats(variance.map(v -> 1 / Math.sqrt(v + EPS)));
        Function<GraphRef[], GraphRef> f = in -> {
            GraphRef m = in[0].fold(along, in[0].tape()::mean);
            GraphRef z = GraphRef.normalise(in[0], m, GraphRef.variance(in[0], m, along), EPS);
            return GraphRef.zip(GraphRef.zip(z, in[1], in[0].tape()::mul), in[2], in[0].tape()::add);
        };
        cases.add(new KernelCase("layerNorm " + rows + " x " + width)
                .in(CONTIGUOUS, x)
                .in(CONTIGUOUS, random(62, width))
                .in(CONTIGUOUS, random(63, width))
                .out(CONTIGUOUS, rows, width)
                .out(CONTIGUOUS, rows)
                .out(CONTIGUOUS, rows)
                .terms(60)
                .call((b, in, out) -> b.layerNorm(in[0], in[1], in[2], EPS, out[0], out[1], out[2]))
                .expect(in -> new Nd[] {Gradients.value(f, in), mean, inverseStd}));
        cases.add(new KernelCase("layerNormBackward " + rows + " x " + width)
                .in(CONTIGUOUS, x)
                .in(CONTIGUOUS, random(64, rows, width))
                .in(CONTIGUOUS, random(62, width))
                .in(CONTIGUOUS, mean)
                .in(CONTIGUOUS, inverseStd)
                .out(CONTIGUOUS, rows, width)
                .out(CONTIGUOUS, width)
                .out(CONTIGUOUS, width)
                .terms(200)
                .call((b, in, out) -> b.layerNormBackward(in[0], in[1], in[2], in[3], in[4], out[0], out[1], out[2]))
                .expect(in -> Gradients.of(f, in[1], in[0], in[2], random(63, width))));
    }

    private static void pools(List<KernelCase> cases) {
        int[] x = {2, 5, 9, 7};
        pool(
                cases,
                "2x2",
                Pool2dParams.of(2, 2),
                x,
                Windows.of(9, 2, 2, 0, false, true),
                Windows.of(7, 2, 2, 0, false, true));
        pool(
                cases,
                "3x3 padded",
                Pool2dParams.of(3, 2, 1),
                x,
                Windows.of(9, 3, 2, 1, false, true),
                Windows.of(7, 3, 2, 1, false, true));
        pool(
                cases,
                "overlapping, ceil, padding not counted",
                new Pool2dParams(3, 2, 2, 1, 1, 1, true, false),
                x,
                Windows.of(9, 3, 2, 1, true, false),
                Windows.of(7, 2, 1, 1, true, false));
        pool(cases, "adaptive", new AdaptivePool2dParams(4, 3), x, Windows.adaptive(9, 4), Windows.adaptive(7, 3));
        pool(cases, "global", new AdaptivePool2dParams(1, 1), x, Windows.adaptive(9, 1), Windows.adaptive(7, 1));
        pool(
                cases,
                "no images",
                Pool2dParams.of(2, 2),
                new int[] {0, 3, 4, 4},
                Windows.of(4, 2, 2, 0, false, true),
                Windows.of(4, 2, 2, 0, false, true));
    }

    private static void pool(
            List<KernelCase> cases, String name, PoolGeometry geometry, int[] x, Windows rows, Windows columns) {
        int[] y = {x[0], x[1], rows.from().length, columns.from().length};
        Nd values = random(71, x);
        Function<GraphRef[], GraphRef> max = in -> in[0].pool(rows, columns, (d, ids) -> in[0].first(ids));
        Function<GraphRef[], GraphRef> mean = in -> in[0].pool(
                rows, columns, (d, ids) -> in[0].tape().affine(in[0].tape().sum(ids), 1.0 / d, 0));
        // The place of the number that won, as places count within an image.
        Nd index = new Nd(
                y,
                Gradients.value(
                                in -> in[0].pool(
                                        rows,
                                        columns,
                                        (d, ids) -> in[0].tape().leaf(in[0].first(ids) - in[0].ids()[0])),
                                values)
                        .map(id -> id % (x[2] * x[3]))
                        .data());
        cases.add(new KernelCase("maxPool2d " + name)
                .in(IMAGE, values)
                .out(IMAGE, y)
                .out(IMAGE, DType.I32, y)
                .call((b, in, out) -> b.maxPool2d(in[0], geometry, out[0], Optional.of(out[1])))
                .expect(in -> new Nd[] {Gradients.value(max, in[0]), index}));
        cases.add(new KernelCase("maxPool2d without index " + name)
                .in(IMAGE, values)
                .out(IMAGE, y)
                .call((b, in, out) -> b.maxPool2d(in[0], geometry, out[0], Optional.empty()))
                .expect(in -> new Nd[] {Gradients.value(max, in[0])}));
        cases.add(new KernelCase("maxPool2dBackward " + name)
                .in(IMAGE, random(72, y))
                .in(IMAGE, DType.I32, index)
                .out(IMAGE, x)
                .terms(9)
                .call((b, in, out) -> b.maxPool2dBackward(in[0], in[1], geometry, out[0]))
                .expect(in -> new Nd[] {Gradients.of(max, in[0], values)[0]}));
        cases.add(new KernelCase("avgPool2d " + name)
                .in(IMAGE, values)
                .out(IMAGE, y)
                .terms(63)
                .call((b, in, out) -> b.avgPool2d(in[0], geometry, out[0]))
                .expect(in -> new Nd[] {Gradients.value(mean, in[0])}));
        cases.add(new KernelCase("avgPool2dBackward " + name)
                .in(IMAGE, random(72, y))
                .out(IMAGE, x)
                .terms(9)
                .call((b, in, out) -> b.avgPool2dBackward(in[0], geometry, out[0]))
                .expect(in -> new Nd[] {Gradients.of(mean, in[0], values)[0]}));
    }
}
