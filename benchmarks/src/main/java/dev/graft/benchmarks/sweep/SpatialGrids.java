package dev.graft.benchmarks.sweep;

import static dev.graft.benchmarks.sweep.Grids.BATCHES;
import static dev.graft.benchmarks.sweep.Grids.FACTORS;
import static dev.graft.benchmarks.sweep.Grids.SIZES;
import static dev.graft.benchmarks.sweep.Grids.bytes;
import static dev.graft.benchmarks.sweep.Grids.floats;
import static dev.graft.benchmarks.sweep.Grids.images;
import static dev.graft.benchmarks.sweep.Grids.passes;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.benchmarks.sweep.Grid.Axis;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Operators on images and signals, other than convolution. */
final class SpatialGrids {
    private static final int[] CHANNELS = {1, 2, 3, 4, 8, 16, 32, 33, 64, 256, 512};

    private SpatialGrids() {}

    static List<Grid> all() {
        return List.of(
                pool(), pool1d(), adaptivePool(), interpolate(), pad2d(), convTranspose2d(), unfold2d(), groupNorm());
    }

    private static Grid pool() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("kernel", 1, 2, 3, 4, 5, 7, 14, 28, 56, 112),
                new Axis("stride", 1, 2, 3, 4, 7, 14),
                new Axis("average", 0, 1),
                passes(2));
        return new Grid("pool", axes, v -> {
            int size = (v[2] - v[3]) / v[4] + 1;
            double x = 1.0 * v[0] * v[1] * v[2] * v[2];
            double y = 1.0 * v[0] * v[1] * size * size;
            if (v[2] < v[3]) {
                return Optional.empty();
            }
            Pool2dParams params = Pool2dParams.of(v[3], v[4]);
            return Optional.of(new Work(
                    8 * y * v[3] * v[3], // a comparison is not a multiply-add, and gradients scatter
                    bytes(x, y),
                    List.of(images(v[0], v[1], v[2], v[2])),
                    t -> v[5] == 0 ? t.get(0).maxPool2d(params) : t.get(0).avgPool2d(params),
                    v[6] - 1));
        });
    }

    private static Grid pool1d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("length", 2, 5, 10, 50, 100, 500, 1000, 4000, 5000, 20000),
                new Axis("kernel", 1, 2, 3, 4, 5, 8, 25, 100, 1000),
                new Axis("stride", 1, 2, 3, 4, 8, 25),
                new Axis("average", 0, 1),
                passes(2));
        return new Grid("pool1d", axes, v -> {
            double lines = 1.0 * v[0] * v[1];
            double y = lines * ((v[2] - v[3]) / v[4] + 1);
            if (v[2] < v[3]) {
                return Optional.empty();
            }
            Pool1dParams params = Pool1dParams.of(v[3], v[4]);
            return Optional.of(new Work(
                    8 * y * v[3],
                    bytes(lines * v[2], y),
                    List.of(floats(v[0], v[1], v[2])),
                    t -> v[5] == 0 ? t.get(0).maxPool1d(params) : t.get(0).avgPool1d(params),
                    v[6] - 1));
        });
    }

    private static Grid adaptivePool() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("result", 1, 2, 3, 6, 7),
                new Axis("average", 0, 1),
                new Axis("last", 0, 1), // whether channels are last in memory
                passes(2));
        return new Grid("adaptivePool", axes, v -> {
            double x = 1.0 * v[0] * v[1] * v[2] * v[2];
            return Optional.of(new Work(
                    8 * x,
                    bytes(x, 1.0 * v[0] * v[1] * v[3] * v[3]),
                    List.of(v[5] == 1 ? images(v[0], v[1], v[2], v[2]) : floats(v[0], v[1], v[2], v[2])),
                    t -> v[4] == 0
                            ? t.get(0).adaptiveMaxPool2d(v[3], v[3])
                            : t.get(0).adaptiveAvgPool2d(v[3], v[3]),
                    v[6] - 1));
        });
    }

    private static Grid interpolate() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("result", SIZES),
                new Axis("mode", 0, 1, 2), // nearest, bilinear, bicubic
                passes(2));
        int[] taps = {1, 4, 16};
        return new Grid("interpolate", axes, v -> {
            double x = 1.0 * v[0] * v[1] * v[2] * v[2];
            double y = 1.0 * v[0] * v[1] * v[3] * v[3];
            InterpolateParams mode = v[4] == 0
                    ? InterpolateParams.nearest()
                    : v[4] == 1 ? InterpolateParams.bilinear() : InterpolateParams.bicubic();
            InterpolateParams params = mode.size(v[3], v[3]);
            return Optional.of(new Work(
                    8 * y * taps[v[4]],
                    bytes(x, y),
                    List.of(images(v[0], v[1], v[2], v[2])),
                    t -> t.get(0).interpolate(params),
                    v[5] - 1));
        });
    }

    private static Grid pad2d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("by", 1, 2, 3, 6),
                new Axis("mode", 0, 1, 2), // constant, reflect, replicate
                passes(2));
        return new Grid("pad2d", axes, v -> {
            double x = 1.0 * v[0] * v[1] * v[2] * v[2];
            int around = v[2] + 2 * v[3];
            PaddingMode mode = v[4] == 1 ? PaddingMode.REFLECT : PaddingMode.REPLICATE;
            if (v[3] >= v[2]) {
                return Optional.empty();
            }
            return Optional.of(new Work(
                    0,
                    bytes(x, 1.0 * v[0] * v[1] * around * around),
                    List.of(images(v[0], v[1], v[2], v[2])),
                    t -> v[4] == 0
                            ? t.get(0).pad2d(v[3], v[3], v[3], v[3])
                            : t.get(0).pad2d(mode, v[3], v[3], v[3], v[3]),
                    v[5] - 1));
        });
    }

    private static Grid convTranspose2d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("groups", 1, 2, 4, 16, 64),
                new Axis("in", FACTORS),
                new Axis("out", FACTORS),
                new Axis("size", SIZES),
                new Axis("kernel", 1, 2, 3, 4, 5, 7, 16),
                new Axis("stride", 1, 2, 3, 4, 8),
                passes(3));
        return new Grid("convTranspose2d", axes, v -> {
            int size = (v[4] - 1) * v[6] + v[5];
            double x = 1.0 * v[0] * v[1] * v[2] * v[4] * v[4];
            double w = 1.0 * v[1] * v[2] * v[3] * v[5] * v[5];
            double y = 1.0 * v[0] * v[1] * v[3] * size * size;
            if (v[1] * v[2] > 1024 || v[1] * v[3] > 1024) {
                return Optional.empty();
            }
            ConvTranspose2dParams params = ConvTranspose2dParams.of(v[6], 0).groups(v[1]);
            return Optional.of(new Work(
                    x * v[3] * v[5] * v[5],
                    bytes(x, w, y),
                    List.of(images(v[0], v[1] * v[2], v[4], v[4]), floats(v[1] * v[2], v[3], v[5], v[5])),
                    t -> t.get(0).convTranspose2d(t.get(1), Optional.empty(), params),
                    v[7] - 1));
        });
    }

    private static Grid unfold2d() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("kernel", 1, 2, 3, 5, 7, 14),
                new Axis("stride", 1, 2, 3, 7, 14),
                passes(2));
        return new Grid("unfold2d", axes, v -> {
            int size = (v[2] - v[3]) / v[4] + 1;
            if (v[2] < v[3]) {
                return Optional.empty();
            }
            Conv2dParams params = Conv2dParams.of(v[4], 0);
            return Optional.of(new Work(
                    0,
                    bytes(1.0 * v[0] * v[1] * v[2] * v[2], 1.0 * v[0] * v[1] * v[3] * v[3] * size * size),
                    List.of(images(v[0], v[1], v[2], v[2])),
                    t -> t.get(0).unfold2d(v[3], v[3], params),
                    v[5] - 1));
        });
    }

    private static Grid groupNorm() {
        List<Axis> axes = List.of(
                new Axis("batch", BATCHES),
                new Axis("channels", CHANNELS),
                new Axis("size", SIZES),
                new Axis("groups", 1, 2, 3, 4, 8, 16, 32, 33, 64, 256, 512),
                passes(3));
        return new Grid("groupNorm", axes, v -> {
            int c = v[1];
            if (c % v[3] != 0 || v[2] * (c / v[3]) == 1) {
                return Optional.empty();
            }
            List<Function<SplittableRandom, Tensor>> operands =
                    List.of(images(v[0], c, v[2], v[2]), floats(c), floats(c));
            return Optional.of(new Work(
                    0,
                    bytes(2.0 * v[0] * c * v[2] * v[2]),
                    operands,
                    t -> t.get(0).groupNorm(v[3], t.get(1), t.get(2), 1e-5f),
                    v[4] - 1));
        });
    }
}
