package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Interpolation and padding for random graphs. */
final class GraphSpatial {
    private GraphSpatial() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                GraphSpatial::interpolate,
                GraphSpatial::pad,
                GraphSpatial::convTranspose2d,
                GraphSpatial::unfold,
                GraphSpatial::unfold2d,
                GraphSpatial::fold2d,
                GraphSpatial::groupNorm,
                GraphSpatial::rmsNorm);
    }

    private static int image(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) == 4);
        return x < 0 ? g.shaped(g.dims(4, 4)) : x;
    }

    private static int interpolate(GraphBuilder g) {
        int x = image(g);
        if (x < 0) {
            return -1;
        }
        String mode = List.of("nearest", "nearest_exact", "bilinear", "bicubic").get(g.random.nextInt(4));
        int height = g.random.nextInt(1, 6);
        int width = g.random.nextInt(1, 6);
        boolean aligned = !mode.startsWith("nearest") && g.random.nextBoolean();
        InterpolateParams p = SpatialCases.mode(mode).size(height, width).alignCorners(aligned);
        Shape shape = Shape.of(g.dims(x));
        AxisTaps rows = p.taps(shape, 2);
        AxisTaps columns = p.taps(shape, 3);
        return g.step(
                SpatialOp.Resample2d.class,
                new int[] {x},
                t -> t[0].interpolate(p),
                r -> r[0].resample(rows, columns),
                "$0.interpolate(" + p + ")",
                "F.interpolate($0, (" + height + ", " + width + "), mode='" + mode.replace('_', '-') + "'"
                        + (aligned ? ", align_corners=True)" : ")"));
    }

    private static int pad(GraphBuilder g) {
        int x = image(g);
        if (x < 0) {
            return -1;
        }
        PaddingMode mode = List.of(PaddingMode.REFLECT, PaddingMode.REPLICATE, PaddingMode.CIRCULAR)
                .get(g.random.nextInt(3));
        int[] p = new int[4];
        for (int i = 0; i < p.length; i++) {
            int size = g.dims(x)[i < 2 ? 2 : 3];
            p[i] = g.random.nextInt(Math.min(mode == PaddingMode.REFLECT ? size : size + 1, 3));
        }
        AxisTaps rows = mode.taps(g.dims(x)[2], p[0], p[1]);
        AxisTaps columns = mode.taps(g.dims(x)[3], p[2], p[3]);
        return g.step(
                SpatialOp.Resample2d.class,
                new int[] {x},
                t -> t[0].pad2d(mode, p[0], p[1], p[2], p[3]),
                r -> r[0].resample(rows, columns),
                "$0.pad2d(PaddingMode." + mode + ", " + Graph.list(p) + ")",
                "F.pad($0, (" + Graph.list(p[2], p[3], p[0], p[1]) + "), mode='"
                        + mode.name().toLowerCase(Locale.ROOT) + "')");
    }

    private static int convTranspose2d(GraphBuilder g) {
        int groups = g.random.nextInt(3) == 0 ? 2 : 1;
        int stride = g.random.nextInt(1, 3);
        int padding = g.random.nextInt(2);
        int more = g.random.nextInt(stride);
        int kernel = g.random.nextInt(2, 4);
        int dilation = g.random.nextInt(1, 3);
        ConvTranspose2dParams p = ConvTranspose2dParams.of(stride, padding)
                .dilation(dilation)
                .groups(groups)
                .outputPadding(more, more);
        int x = g.shaped(g.random.nextInt(1, 3), 2 * groups, g.random.nextInt(2, 4), g.random.nextInt(2, 4));
        int w = g.shaped(2 * groups, g.random.nextInt(1, 3), kernel, kernel);
        return g.step(
                List.of(SpatialOp.ConvTranspose2d.class),
                new int[] {x, w},
                t -> t[0].convTranspose2d(t[1], Optional.empty(), p),
                r -> transposed(r[0], r[1], p),
                "$0.convTranspose2d($1, Optional.empty(), " + p + ")",
                "F.conv_transpose2d($0, $1, None, " + Graph.list(stride, padding, more, groups, dilation) + ")",
                0,
                kernel == 3);
    }

    /** Not exact: no algorithm promises an order of additions. */
    private static GraphRef transposed(GraphRef x, GraphRef w, ConvTranspose2dParams p) {
        Conv2dParams g = p.geometry();
        GraphTape t = x.tape();
        int ofGroup = w.dims()[1];
        int inputs = w.dims()[0] / g.groups();
        int height = (int) p.outputHeight(x.dims()[2], w.dims()[2]);
        int width = (int) p.outputWidth(x.dims()[3], w.dims()[3]);
        int zero = t.leaf(0);
        return GraphRef.of(t, new int[] {x.dims()[0], ofGroup * g.groups(), height, width}, i -> {
            int total = zero;
            for (int c = i[1] / ofGroup * inputs; c < (i[1] / ofGroup + 1) * inputs; c++) {
                for (int r = 0; r < w.dims()[2]; r++) {
                    for (int s = 0; s < w.dims()[3]; s++) {
                        int h = i[2] + g.padTop() - r * g.dilationH();
                        int v = i[3] + g.padLeft() - s * g.dilationW();
                        if (h % g.strideH() == 0
                                && v % g.strideW() == 0
                                && h >= 0
                                && v >= 0
                                && h / g.strideH() < x.dims()[2]
                                && v / g.strideW() < x.dims()[3]) {
                            int value = x.get(i[0], c, h / g.strideH(), v / g.strideW());
                            total = t.add(total, t.mul(value, w.get(c, i[1] % ofGroup, r, s)));
                        }
                    }
                }
            }
            return t.function(total, t.value(total), 1);
        });
    }

    private static int unfold(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0 && g.rank(v) < 4);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int size = g.random.nextInt(1, g.dims(x)[axis] + 1);
        int step = g.random.nextInt(1, 4);
        return g.step(
                ShapeOp.Windows.class,
                new int[] {x},
                t -> t[0].unfold(axis, size, step),
                r -> {
                    int rank = r[0].dims().length;
                    int[] dims = Arrays.copyOf(r[0].dims(), rank + 1);
                    dims[axis] = (dims[axis] - size) / step + 1;
                    dims[rank] = size;
                    return GraphRef.of(r[0].tape(), dims, i -> {
                        int[] at = Arrays.copyOf(i, rank);
                        at[axis] = i[axis] * step + i[rank];
                        return r[0].get(at);
                    });
                },
                "$0.unfold(" + Graph.list(axis, size, step) + ")",
                "$0.unfold(" + Graph.list(axis, size, step) + ")");
    }

    private static int unfold2d(GraphBuilder g) {
        int x = image(g);
        if (x < 0) {
            return -1;
        }
        int padding = g.random.nextInt(2);
        int kh = g.random.nextInt(1, Math.min(3, g.dims(x)[2] + 2 * padding) + 1);
        int kw = g.random.nextInt(1, Math.min(3, g.dims(x)[3] + 2 * padding) + 1);
        Conv2dParams p = Conv2dParams.of(g.random.nextInt(1, 3), padding);
        int rows = p.outputHeight(g.dims(x)[2], kh);
        int columns = p.outputWidth(g.dims(x)[3], kw);
        String options = "(" + kh + ", " + kw + "), padding=" + padding + ", stride=" + p.strideH() + ")";
        return g.step(
                SpatialOp.Unfold2d.class,
                new int[] {x},
                t -> t[0].unfold2d(kh, kw, p),
                r -> {
                    GraphRef around = r[0].pad(padding, padding, padding, padding);
                    int[] dims = {r[0].dims()[0], r[0].dims()[1] * kh * kw, rows * columns};
                    return GraphRef.of(
                            r[0].tape(),
                            dims,
                            i -> around.get(
                                    i[0],
                                    i[1] / (kh * kw),
                                    i[2] / columns * p.strideH() + i[1] / kw % kh,
                                    i[2] % columns * p.strideW() + i[1] % kw));
                },
                "$0.unfold2d(" + kh + ", " + kw + ", " + p + ")",
                "F.unfold($0, " + options);
    }

    private static int fold2d(GraphBuilder g) {
        int kernel = g.random.nextInt(1, 3);
        Conv2dParams p = Conv2dParams.of(g.random.nextInt(1, 3), g.random.nextInt(kernel));
        int height = g.random.nextInt(2, 5);
        int width = g.random.nextInt(2, 5);
        int columns = p.outputWidth(width, kernel);
        int windows = p.outputHeight(height, kernel) * columns;
        int x = g.shaped(g.random.nextInt(1, 3), g.random.nextInt(1, 3) * kernel * kernel, windows);
        int pad = p.padTop();
        return g.step(
                SpatialOp.Fold2d.class,
                new int[] {x},
                t -> t[0].fold2d(height, width, kernel, kernel, p),
                r -> {
                    GraphTape t = r[0].tape();
                    int zero = t.leaf(0);
                    int[] dims = {r[0].dims()[0], r[0].dims()[1] / (kernel * kernel), height, width};
                    return GraphRef.of(t, dims, i -> {
                        int total = zero;
                        for (int k = 0; k < kernel * kernel; k++) {
                            for (int l = 0; l < windows; l++) {
                                if (l / columns * p.strideH() - pad + k / kernel == i[2]
                                        && l % columns * p.strideW() - pad + k % kernel == i[3]) {
                                    total = t.add(total, r[0].get(i[0], i[1] * kernel * kernel + k, l));
                                }
                            }
                        }
                        return total;
                    });
                },
                "$0.fold2d(" + height + ", " + width + ", " + kernel + ", " + kernel + ", " + p + ")",
                "F.fold($0, (" + height + ", " + width + "), " + kernel + ", padding=" + pad + ", stride=" + p.strideH()
                        + ")");
    }

    private static final float EPS = 0.0078125f;

    private static int groupNorm(GraphBuilder g) {
        int groups = g.random.nextInt(1, 3);
        int[] dims = g.dims(g.random.nextInt(2, 5), 3);
        dims[1] = groups * g.random.nextInt(1, 3);
        int c = dims[1];
        int rows = dims[0] * groups;
        int x = g.shaped(dims);
        return g.step(
                NormOp.GroupNorm.class,
                new int[] {x, g.shaped(c), g.shaped(c)},
                t -> t[0].groupNorm(groups, t[1], t[2], EPS),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef flat = r[0].reshape(rows, r[0].ids().length / rows);
                    boolean[] along = {false, true};
                    GraphRef mean = flat.fold(along, t::mean);
                    GraphRef deviation = GraphRef.variance(flat, mean, along).map(v -> t.sqrt(t.affine(v, 1, EPS)));
                    // As x * scale + shift, which is how float libraries round it, PyTorch too.
                    GraphRef scale = GraphRef.zip(
                            r[1].reshape(1, groups, c / groups), deviation.reshape(dims[0], groups, 1), t::div);
                    GraphRef shift = GraphRef.zip(
                            r[2].reshape(1, groups, c / groups),
                            GraphRef.zip(mean.reshape(dims[0], groups, 1), scale, t::mul),
                            t::sub);
                    int[] each = new int[dims.length];
                    Arrays.fill(each, 1);
                    each[0] = dims[0];
                    each[1] = c;
                    return GraphRef.zip(GraphRef.zip(r[0], scale.reshape(each), t::mul), shift.reshape(each), t::add);
                },
                "$0.groupNorm(" + groups + ", $1, $2, " + EPS + "f)",
                "F.group_norm($0, " + groups + ", $1, $2, " + EPS + ")");
    }

    private static int rmsNorm(GraphBuilder g) {
        int[] dims = g.dims(g.random.nextInt(1, 4), 4);
        int width = dims[dims.length - 1];
        return g.step(
                NormOp.RmsNorm.class,
                new int[] {g.shaped(dims), g.shaped(width)},
                t -> t[0].rmsNorm(t[1], EPS),
                r -> {
                    GraphTape t = r[0].tape();
                    boolean[] along = new boolean[dims.length];
                    along[dims.length - 1] = true;
                    GraphRef squares = GraphRef.zip(r[0], r[0], t::mul).fold(along, t::mean);
                    GraphRef root = squares.map(i -> t.sqrt(t.affine(i, 1, EPS)));
                    return GraphRef.zip(GraphRef.zip(r[0], root, t::div), r[1], t::mul);
                },
                "$0.rmsNorm($1, " + EPS + "f)",
                "F.rms_norm($0, (" + width + ",), $1, " + EPS + ")");
    }
}
