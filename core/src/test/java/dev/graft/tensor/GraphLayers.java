package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Products, norms and pooling for random graphs. */
final class GraphLayers {
    private GraphLayers() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                GraphLayers::matmul,
                GraphLayers::linear,
                GraphLayers::conv2d,
                GraphLayers::conv1d,
                GraphLayers::fusedConv2d,
                g -> batchNorm(g, true),
                g -> batchNorm(g, false),
                GraphLayers::layerNorm,
                g -> pool2d(g, true),
                g -> pool2d(g, false),
                g -> adaptive(g, true),
                g -> adaptive(g, false),
                g -> pool1d(g, true),
                g -> pool1d(g, false));
    }

    private static int matmul(GraphBuilder g) {
        int terms = g.random.nextInt(1, 5);
        int[] lead = g.dims(g.random.nextInt(3), 2);
        int p = g.shaped(lead(g, lead, g.random.nextInt(1, 4), terms));
        int q = g.random.nextInt(6) == 0 && p >= 0 && g.dims(p)[g.rank(p) - 2] == terms
                ? p
                : g.shaped(lead(g, lead, terms, g.random.nextInt(1, 4)));
        return g.step(
                ProductOp.Matmul.class,
                new int[] {p, q},
                t -> t[0].matmul(t[1]),
                r -> GraphRef.matmul(r[0], r[1]),
                "$0.matmul($1)",
                "$0 @ $1");
    }

    private static int[] lead(GraphBuilder g, int[] lead, int rows, int columns) {
        int from = g.random.nextInt(lead.length + 1);
        int[] dims = new int[lead.length - from + 2];
        for (int i = from; i < lead.length; i++) {
            dims[i - from] = g.random.nextInt(3) == 0 ? 1 : lead[i];
        }
        dims[dims.length - 2] = rows;
        dims[dims.length - 1] = columns;
        return dims;
    }

    /** The result plus a bias [O] at dimension {@code axis}, where there is one. */
    private static GraphRef biased(GraphRef y, Optional<GraphRef> bias, int axis) {
        return bias.isEmpty()
                ? y
                : GraphRef.of(
                        y.tape(),
                        y.dims(),
                        i -> y.tape().add(y.get(i), bias.get().get(i[axis])));
    }

    private static <T> Optional<T> third(T[] in) {
        return in.length > 2 ? Optional.of(in[2]) : Optional.empty();
    }

    private static int linear(GraphBuilder g) {
        int terms = g.random.nextInt(1, 5);
        int outputs = g.random.nextInt(1, 4);
        int[] dims = g.dims(g.random.nextInt(1, 4), 3);
        dims[dims.length - 1] = terms;
        boolean bias = g.random.nextBoolean();
        int x = g.shaped(dims);
        int w = g.shaped(outputs, terms);
        int[] in = bias ? new int[] {x, w, g.shaped(outputs)} : new int[] {x, w};
        return g.step(
                ProductOp.Linear.class,
                in,
                t -> t[0].linear(t[1], third(t)),
                r -> biased(GraphRef.linear(r[0], r[1]), third(r), r[0].dims().length - 1),
                "$0.linear($1, " + (bias ? "Optional.of($2)" : "Optional.empty()") + ")",
                "F.linear($0, $1" + (bias ? ", $2)" : ")"));
    }

    /** A random convolution of an image {@code [N, C, H, W]}. */
    private record Convolution(int[] x, int[] w, Conv2dParams params) {

        static Convolution of(GraphBuilder g, int height) {
            int groups = g.random.nextInt(3) == 0 ? 2 : 1;
            int inputs = groups * g.random.nextInt(1, 3);
            int kh = height == 1 ? 1 : new int[] {1, 2, 2, 3, 4}[g.random.nextInt(5)];
            int kw = g.random.nextInt(3) == 0 ? g.random.nextInt(1, 4) : height == 1 ? 2 : kh;
            int dh = height == 1 ? 1 : g.random.nextInt(4) == 0 ? 2 : 1;
            int dw = g.random.nextInt(4) == 0 ? 2 : 1;
            int[] pad = height == 1
                    ? new int[] {0, 0, g.random.nextInt(3), g.random.nextInt(3)}
                    : g.random.ints(4, 0, 3).toArray();
            Conv2dParams p = new Conv2dParams(
                    height == 1 ? 1 : g.random.nextInt(1, 3),
                    g.random.nextInt(1, 3),
                    pad[0],
                    pad[1],
                    pad[2],
                    pad[3],
                    dh,
                    dw,
                    groups);
            int h = height == 1 ? 1 : dh * (kh - 1) + g.random.nextInt(1, 4);
            return new Convolution(
                    new int[] {g.random.nextInt(1, 3), inputs, h, dw * (kw - 1) + g.random.nextInt(1, 4)},
                    new int[] {groups * g.random.nextInt(1, 3), inputs / groups, kh, kw},
                    p);
        }

        /** Winograd's algorithm is a little inexact, relative to the largest result. */
        boolean isCoarse() {
            return w[2] == 3 && w[3] == 3;
        }

        /** Not exact: no algorithm promises an order of additions. */
        GraphRef apply(GraphRef image, GraphRef weight) {
            GraphTape t = image.tape();
            return GraphRef.conv2d(
                            image.pad(params.padTop(), params.padBottom(), params.padLeft(), params.padRight()),
                            weight,
                            new int[] {params.strideH(), params.strideW()},
                            new int[] {params.dilationH(), params.dilationW()},
                            params.groups())
                    .map(id -> t.function(id, t.value(id), 1));
        }

        String java() {
            return "new Conv2dParams("
                    + Graph.list(
                            params.strideH(),
                            params.strideW(),
                            params.padTop(),
                            params.padBottom(),
                            params.padLeft(),
                            params.padRight(),
                            params.dilationH(),
                            params.dilationW(),
                            params.groups())
                    + ")";
        }

        String python(String bias) {
            return "F.conv2d(F.pad($0, ("
                    + Graph.list(params.padLeft(), params.padRight(), params.padTop(), params.padBottom()) + ")), $1, "
                    + bias
                    + ", (" + Graph.list(params.strideH(), params.strideW()) + "), 0, ("
                    + Graph.list(params.dilationH(), params.dilationW()) + "), "
                    + params.groups() + ")";
        }
    }

    private static int conv2d(GraphBuilder g) {
        Convolution c = Convolution.of(g, 0);
        boolean bias = g.random.nextBoolean();
        int x = g.shaped(c.x());
        int w = g.shaped(c.w());
        int[] in = bias ? new int[] {x, w, g.shaped(c.w()[0])} : new int[] {x, w};
        return g.step(
                List.of(ProductOp.Conv2d.class),
                in,
                t -> t[0].conv2d(t[1], third(t), c.params()),
                r -> biased(c.apply(r[0], r[1]), third(r), 1),
                "$0.conv2d($1, " + (bias ? "Optional.of($2)" : "Optional.empty()") + ", " + c.java() + ")",
                c.python(bias ? "$2" : "None"),
                0,
                c.isCoarse());
    }

    private static int conv1d(GraphBuilder g) {
        Convolution c = Convolution.of(g, 1);
        Conv2dParams p = c.params();
        Conv1dParams params = new Conv1dParams(p.strideW(), p.padLeft(), p.padRight(), p.dilationW(), p.groups());
        int x = g.shaped(c.x()[0], c.x()[1], c.x()[3]);
        int w = g.shaped(c.w()[0], c.w()[1], c.w()[3]);
        return g.step(
                ProductOp.Conv2d.class,
                new int[] {x, w},
                t -> t[0].conv1d(t[1], Optional.empty(), params),
                r -> {
                    GraphRef y = c.apply(r[0].reshape(c.x()), r[1].reshape(c.w()));
                    return y.reshape(y.dims()[0], y.dims()[1], y.dims()[3]);
                },
                "$0.conv1d($1, Optional.empty(), new Conv1dParams("
                        + Graph.list(p.strideW(), p.padLeft(), p.padRight(), p.dilationW(), p.groups()) + "))",
                "F.conv1d(F.pad($0, (" + Graph.list(p.padLeft(), p.padRight()) + ")), $1, None, "
                        + Graph.list(p.strideW(), 0, p.dilationW(), p.groups()) + ")");
    }

    private static GraphRef activate(GraphRef x, Activation a) {
        GraphTape t = x.tape();
        double high = a == Activation.RELU6 ? 6 : 1e9;
        return a == Activation.NONE
                ? x
                : x.map(i -> t.value(i) > 0 && t.value(i) < high
                        ? i
                        : t.clipped(i, Math.min(Math.max(t.value(i), 0), high), 0));
    }

    private static String python(Activation a, String x) {
        return a == Activation.NONE ? x : a == Activation.RELU ? "F.relu(" + x + ")" : "F.relu6(" + x + ")";
    }

    private static GraphRef channels(GraphRef vector, int rank) {
        int[] dims = new int[rank];
        Arrays.fill(dims, 1);
        dims[1] = vector.dims()[0];
        return vector.reshape(dims);
    }

    private static GraphRef constants(GraphTape t, float[] values) {
        return new GraphRef(
                t,
                new int[] {values.length},
                IntStream.range(0, values.length).map(i -> t.leaf(values[i])).toArray());
    }

    private static float[] values(GraphBuilder g, int n, float low) {
        float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = low + g.random.nextInt(9) / 4f;
        }
        return out;
    }

    private static final float EPS = 0.0078125f;

    /**
     * {@code gamma * (x - mean) / sqrt(variance + eps) + beta}; statistics of x where none are given. As {@code x *
     * scale + shift}, which is how float libraries round it, PyTorch too.
     */
    private static GraphRef norm(GraphRef x, GraphRef gamma, GraphRef beta, float[] mean, float[] variance) {
        GraphTape t = x.tape();
        int rank = x.dims().length;
        boolean[] folded = new boolean[rank];
        Arrays.fill(folded, true);
        folded[1] = false;
        GraphRef m = mean != null ? channels(constants(t, mean), rank) : x.fold(folded, t::mean);
        GraphRef v = variance != null ? channels(constants(t, variance), rank) : GraphRef.variance(x, m, folded);
        GraphRef scale = GraphRef.zip(channels(gamma, rank), v.map(i -> t.sqrt(t.affine(i, 1, EPS))), t::div);
        GraphRef shift = GraphRef.zip(channels(beta, rank), GraphRef.zip(m, scale, t::mul), t::sub);
        return GraphRef.zip(GraphRef.zip(x, scale, t::mul), shift, t::add);
    }

    private static int batchNorm(GraphBuilder g, boolean train) {
        int[] dims = g.dims(g.random.nextInt(2, 5), 3);
        dims[0] = 2;
        int c = dims[1];
        Activation a = Activation.values()[g.random.nextInt(3)];
        List<Integer> in = new ArrayList<>(List.of(g.shaped(dims), g.shaped(c), beta(g, a, c)));
        boolean residual = g.random.nextInt(3) == 0;
        if (residual) {
            in.add(g.random.nextInt(4) == 0 ? in.get(0) : g.shaped(dims));
        }
        float[] mean = train ? null : values(g, c, -1);
        float[] variance = train ? null : values(g, c, 0.25f);
        if (in.contains(-1)) {
            return -1;
        }
        GraphRef before = sum(
                norm(g.ref(in.get(0)), g.ref(in.get(1)), g.ref(in.get(2)), mean, variance),
                residual ? Optional.of(g.ref(in.get(3))) : Optional.empty());
        if (a != Activation.NONE && !clear(before)) {
            return -1;
        }
        String statistics = train ? ", Tensor.zeros(" + c + "), Tensor.ones(" + c + "), 0.5f" : "";
        String given = train
                ? ""
                : ", Tensor.of(new float[] {" + Graph.list(mean, "f") + "}, " + c + "), Tensor.of(new float[] {"
                        + Graph.list(variance, "f") + "}, " + c + ")";
        String tail = (residual ? ", Optional.of($3)" : ", Optional.empty()") + ", Activation." + a + ")";
        // PyTorch 2.13's batch norm on the CPU reads beyond a weight that is not contiguous.
        String python = train
                ? "F.batch_norm($0, None, None, $1.contiguous(), $2.contiguous(), True, 0.5, " + EPS + ")"
                : "F.batch_norm($0, tensor([" + Graph.list(mean, "") + "], " + c + "), tensor(["
                        + Graph.list(variance, "") + "], " + c + "), $1.contiguous(), $2.contiguous(), False, 0, " + EPS
                        + ")";
        return g.step(
                train ? NormOp.BatchNormTrain.class : NormOp.BatchNormEval.class,
                in.stream().mapToInt(i -> i).toArray(),
                t -> {
                    Optional<Tensor> added = residual ? Optional.of(t[3]) : Optional.empty();
                    return train
                            ? t[0].batchNormTrain(
                                    t[1],
                                    t[2],
                                    EPS,
                                    On.deviceOf(t[0]).zeros(c),
                                    On.deviceOf(t[0]).ones(c),
                                    0.5f,
                                    added,
                                    a)
                            : t[0].batchNormEval(
                                    t[1],
                                    t[2],
                                    On.deviceOf(t[0]).of(mean, c),
                                    On.deviceOf(t[0]).of(variance, c),
                                    EPS,
                                    added,
                                    a);
                },
                r -> activate(
                        sum(norm(r[0], r[1], r[2], mean, variance), residual ? Optional.of(r[3]) : Optional.empty()),
                        a),
                train
                        ? "$0.batchNormTrain($1, $2, " + EPS + "f" + statistics + tail
                        : "$0.batchNormEval($1, $2" + given + ", " + EPS + "f" + tail,
                python(a, residual ? python + " + $3" : python));
    }

    /** Often around 6 where that is a bound. */
    private static int beta(GraphBuilder g, Activation a, int channels) {
        return a == Activation.RELU6 && g.random.nextBoolean()
                ? g.leaf(() -> 4 + 4 * g.random.nextFloat(), g.random.nextInt(4) > 0, channels)
                : g.shaped(channels);
    }

    private static GraphRef sum(GraphRef x, Optional<GraphRef> residual) {
        return residual.map(r -> GraphRef.zip(x, r, x.tape()::add)).orElse(x);
    }

    /**
     * Whether every number is surely on its side of 0 and 6; the numbers are temporary ones, so none counts as exact.
     */
    private static boolean clear(GraphRef x) {
        return Arrays.stream(x.ids())
                .mapToDouble(x.tape()::value)
                .allMatch(v -> Math.abs(v) > 4e-3 && Math.abs(v - 6) > 4e-3);
    }

    private static int layerNorm(GraphBuilder g) {
        int[] dims = g.dims(g.random.nextInt(1, 5), 3);
        int lead = g.random.nextInt(dims.length);
        int[] inner = Arrays.copyOfRange(dims, lead, dims.length);
        boolean[] folded = new boolean[dims.length];
        Arrays.fill(folded, lead, dims.length, true);
        int[] in = {g.shaped(dims), g.shaped(inner), g.shaped(inner)};
        return g.step(
                NormOp.LayerNorm.class,
                in,
                t -> t[0].layerNorm(t[1], t[2], EPS),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef mean = r[0].fold(folded, t::mean);
                    GraphRef z = GraphRef.normalise(r[0], mean, GraphRef.variance(r[0], mean, folded), EPS);
                    return GraphRef.zip(GraphRef.zip(z, r[1], t::mul), r[2], t::add);
                },
                "$0.layerNorm($1, $2, " + EPS + "f)",
                "F.layer_norm($0, " + GraphBuilder.python(inner) + ", $1, $2, " + EPS + ")");
    }

    /** {@code activation(norm(conv2d(x)) + residual)} and a maximum over windows, in one call. */
    private static int fusedConv2d(GraphBuilder g) {
        Convolution c = Convolution.of(g, 0);
        int o = c.w()[0];
        Shape out = c.params().outputShape(Shape.of(c.x()), Shape.of(c.w()));
        boolean norm = g.random.nextBoolean();
        boolean residual = g.random.nextBoolean();
        boolean pool = g.random.nextInt(3) == 0 && out.dim(2) > 1 && out.dim(3) > 1;
        Activation a = Activation.values()[g.random.nextInt(3)];
        List<Integer> in = new ArrayList<>(List.of(g.shaped(c.x()), g.shaped(c.w()), g.shaped(o)));
        if (norm) {
            in.add(g.shaped(o));
            in.add(g.shaped(o));
        }
        int added = in.size();
        if (residual) {
            in.add(g.shaped(out.toArray()));
        }
        if (in.contains(-1)) {
            return -1;
        }
        float[] mean = values(g, o, -1);
        float[] variance = values(g, o, 0.25f);
        Function<GraphRef[], GraphRef> before = r -> {
            GraphRef y = biased(c.apply(r[0], r[1]), Optional.of(r[2]), 1);
            return sum(
                    norm ? norm(y, r[3], r[4], mean, variance) : y,
                    residual ? Optional.of(r[added]) : Optional.empty());
        };
        GraphRef judged = before.apply(in.stream().map(g::ref).toArray(GraphRef[]::new));
        GraphRef.Windows rows = pool ? GraphRef.Windows.of(out.dim(2), 2, 2, 0, false, true) : null;
        GraphRef.Windows columns = pool ? GraphRef.Windows.of(out.dim(3), 2, 2, 0, false, true) : null;
        if ((a != Activation.NONE && !clear(judged))
                || (pool && !clearWindows(g, activate(judged, a), rows, columns))) {
            return -1;
        }
        String javaNorm = norm
                ? "Optional.of(new FrozenBatchNorm($3, $4, Tensor.of(new float[] {" + Graph.list(mean, "f") + "}, " + o
                        + "), Tensor.of(new float[] {" + Graph.list(variance, "f") + "}, " + o + "), " + EPS + "f))"
                : "Optional.empty()";
        String python = c.python("$2");
        if (norm) {
            python = "F.batch_norm(" + python + ", tensor([" + Graph.list(mean, "") + "], " + o + "), tensor(["
                    + Graph.list(variance, "") + "], " + o + "), $3.contiguous(), $4.contiguous(), False, 0, " + EPS
                    + ")";
        }
        python = python(a, residual ? python + " + $" + added : python);
        List<Object> keys = new ArrayList<>(List.of(ProductOp.Conv2d.class));
        return g.step(
                keys,
                in.stream().mapToInt(i -> i).toArray(),
                t -> t[0].conv2d(
                        t[1],
                        Optional.of(t[2]),
                        c.params(),
                        norm
                                ? Optional.of(new FrozenBatchNorm(
                                        t[3],
                                        t[4],
                                        On.deviceOf(t[0]).of(mean, o),
                                        On.deviceOf(t[0]).of(variance, o),
                                        EPS))
                                : Optional.empty(),
                        residual ? Optional.of(t[added]) : Optional.empty(),
                        a,
                        pool ? Optional.of(Pool2dParams.of(2, 2)) : Optional.empty()),
                r -> {
                    GraphRef y = activate(before.apply(r), a);
                    return pool ? y.pool(rows, columns, (n, ids) -> y.first(ids)) : y;
                },
                "$0.conv2d($1, Optional.of($2), " + c.java() + ", " + javaNorm + ", "
                        + (residual ? "Optional.of($" + added + ")" : "Optional.empty()") + ", Activation." + a + ", "
                        + (pool ? "Optional.of(Pool2dParams.of(2, 2))" : "Optional.empty()") + ")",
                pool ? "F.max_pool2d(" + python + ", 2)" : python,
                0,
                c.isCoarse());
    }

    private static boolean clearWindows(GraphBuilder g, GraphRef x, GraphRef.Windows rows, GraphRef.Windows columns) {
        boolean[] clear = {true};
        x.pool(rows, columns, (n, ids) -> {
            clear[0] &= g.hasClearExtreme(true, ids);
            return ids[0];
        });
        return clear[0];
    }

    private static int pool2d(GraphBuilder g, boolean max) {
        int[] dims = {g.random.nextInt(1, 3), g.random.nextInt(1, 4), g.random.nextInt(2, 6), g.random.nextInt(2, 6)};
        int x = g.random.nextInt(2) == 0 ? g.any(v -> g.rank(v) == 4) : -1;
        int source = x >= 0 ? x : g.shaped(dims);
        if (source < 0) {
            return -1;
        }
        int kh = g.random.nextInt(1, Math.min(4, g.dims(source)[2] + 1));
        int kw = g.random.nextInt(1, Math.min(4, g.dims(source)[3] + 1));
        Pool2dParams p = new Pool2dParams(
                kh,
                kw,
                g.random.nextInt(1, 3),
                g.random.nextInt(1, 3),
                g.random.nextInt(kh / 2 + 1),
                g.random.nextInt(kw / 2 + 1),
                g.random.nextBoolean(),
                g.random.nextBoolean());
        GraphRef.Windows rows =
                GraphRef.Windows.of(g.dims(source)[2], kh, p.strideH(), p.padH(), p.ceilMode(), p.countIncludePad());
        GraphRef.Windows columns =
                GraphRef.Windows.of(g.dims(source)[3], kw, p.strideW(), p.padW(), p.ceilMode(), p.countIncludePad());
        String name = max ? "maxPool2d" : "avgPool2d";
        String python = "F." + (max ? "max" : "avg") + "_pool2d($0, (" + Graph.list(kh, kw) + "), ("
                + Graph.list(p.strideH(), p.strideW()) + "), (" + Graph.list(p.padH(), p.padW()) + "), ceil_mode="
                + bool(p.ceilMode()) + (max ? ")" : ", count_include_pad=" + bool(p.countIncludePad()) + ")");
        return pool(
                g,
                max,
                source,
                rows,
                columns,
                x1 -> max ? x1.maxPool2d(p) : x1.avgPool2d(p),
                "$0." + name + "(new Pool2dParams(" + Graph.list(kh, kw, p.strideH(), p.strideW(), p.padH(), p.padW())
                        + ", " + p.ceilMode() + ", " + p.countIncludePad() + "))",
                python);
    }

    private static String bool(boolean b) {
        return b ? "True" : "False";
    }

    private static int adaptive(GraphBuilder g, boolean max) {
        int[] dims = {g.random.nextInt(1, 3), g.random.nextInt(1, 3), g.random.nextInt(1, 6), g.random.nextInt(1, 6)};
        int source = g.shaped(dims);
        int h = g.random.nextInt(1, 4);
        int w = g.random.nextInt(1, 4);
        return source < 0
                ? -1
                : pool(
                        g,
                        max,
                        source,
                        GraphRef.Windows.adaptive(dims[2], h),
                        GraphRef.Windows.adaptive(dims[3], w),
                        x -> max ? x.adaptiveMaxPool2d(h, w) : x.adaptiveAvgPool2d(h, w),
                        "$0.adaptive" + (max ? "Max" : "Avg") + "Pool2d(" + h + ", " + w + ")",
                        "F.adaptive_" + (max ? "max" : "avg") + "_pool2d($0, (" + h + ", " + w + "))");
    }

    private static int pool1d(GraphBuilder g, boolean max) {
        int[] dims = {g.random.nextInt(1, 3), g.random.nextInt(1, 3), g.random.nextInt(2, 8)};
        int source = g.shaped(dims);
        if (source < 0) {
            return -1;
        }
        int k = g.random.nextInt(1, 3);
        Pool1dParams p = new Pool1dParams(
                k, g.random.nextInt(1, 3), g.random.nextInt(k / 2 + 1), g.random.nextBoolean(), g.random.nextBoolean());
        GraphRef.Windows one = new GraphRef.Windows(new int[] {0}, new int[] {1}, new int[] {1});
        return pool(
                g,
                max,
                source,
                one,
                GraphRef.Windows.of(dims[2], k, p.stride(), p.padding(), p.ceilMode(), p.countIncludePad()),
                x -> max ? x.maxPool1d(p) : x.avgPool1d(p),
                "$0." + (max ? "maxPool1d" : "avgPool1d") + "(new Pool1dParams("
                        + Graph.list(k, p.stride(), p.padding()) + ", " + p.ceilMode() + ", " + p.countIncludePad()
                        + "))",
                "F." + (max ? "max" : "avg")
                        + "_pool1d($0, " + Graph.list(k, p.stride(), p.padding()) + ", ceil_mode=" + bool(p.ceilMode())
                        + (max ? ")" : ", count_include_pad=" + bool(p.countIncludePad()) + ")"));
    }

    private static int pool(
            GraphBuilder g,
            boolean max,
            int source,
            GraphRef.Windows rows,
            GraphRef.Windows columns,
            UnaryOperator<Tensor> graft,
            String java,
            String python) {
        int[] dims = g.dims(source);
        boolean row = dims.length == 3;
        int[] image = row ? new int[] {dims[0], dims[1], 1, dims[2]} : dims;
        if (max && !clearWindows(g, g.ref(source).reshape(image), rows, columns)) {
            return -1;
        }
        return g.step(
                max ? PoolOp.MaxPool2d.class : PoolOp.AvgPool2d.class,
                new int[] {source},
                t -> graft.apply(t[0]),
                r -> {
                    GraphRef x = r[0].reshape(image);
                    GraphTape t = x.tape();
                    GraphRef y = x.pool(
                            rows,
                            columns,
                            (divisor, ids) -> max ? x.first(ids) : t.affine(t.sum(ids), 1.0 / divisor, 0));
                    return row ? y.reshape(dims[0], dims[1], y.dims()[3]) : y;
                },
                java,
                python);
    }
}
