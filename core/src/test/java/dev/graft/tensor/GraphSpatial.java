package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.type.Shape;
import java.util.List;
import java.util.function.ToIntFunction;

/** Interpolation and padding for random graphs. */
final class GraphSpatial {
    private GraphSpatial() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(GraphSpatial::interpolate, GraphSpatial::pad);
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
                        + mode.name().toLowerCase(java.util.Locale.ROOT) + "')");
    }
}
