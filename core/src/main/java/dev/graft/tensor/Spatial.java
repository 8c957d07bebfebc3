package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose1dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.type.Shape;
import java.util.Optional;

/** Functions of {@link Tensor} on images and sequences that are composed of several operators. */
final class Spatial {
    private Spatial() {}

    static Tensor interpolate(Tensor x, InterpolateParams params) {
        String name = "interpolate";
        x.checkOpen(name);
        if (x.rank() != 3 && x.rank() != 4) {
            throw new IllegalArgumentException(name + ": input must be [N, C, L] or [N, C, H, W], got " + x.shape());
        }
        AxisTaps columns = params.taps(x.shape(), x.rank() - 1);
        if (x.rank() == 4) {
            return Op.apply(new SpatialOp.Resample2d(name, params.taps(x.shape(), 2), columns), x);
        }
        return Composite.asRow(name, x, row -> Op.apply(new SpatialOp.Resample2d(name, identity(1), columns), row));
    }

    private static AxisTaps identity(int size) {
        return AxisTaps.of(size, size, (i, taps) -> taps.add(i, 1));
    }

    static Tensor pad2d(Tensor x, PaddingMode mode, int top, int bottom, int left, int right) {
        String name = "pad2d";
        x.checkOpen(name);
        if (mode == PaddingMode.ZEROS) {
            return x.pad2d(top, bottom, left, right);
        }
        if (x.rank() != 4) {
            throw new IllegalArgumentException(name + ": input must be [N, C, H, W], got " + x.shape());
        }
        return Refusal.under(name, () -> {
            checkSize(name, x, (long) top + bottom, (long) left + right);
            return Op.apply(
                    new SpatialOp.Resample2d(name, mode.taps(x.dim(2), top, bottom), mode.taps(x.dim(3), left, right)),
                    x);
        });
    }

    // Before the maps are made, which take memory themselves.
    private static void checkSize(String name, Tensor x, long rows, long columns) {
        if (rows >= 0 && columns >= 0) {
            Shape.of(name, x.dim(0), x.dim(1), x.dim(2) + rows, x.dim(3) + columns);
        }
    }

    static Tensor pad1d(Tensor x, PaddingMode mode, int left, int right) {
        return Composite.asRow("pad1d", x, row -> pad2d(row, mode, 0, 0, left, right));
    }

    static Tensor pad1d(Tensor x, int left, int right, float value) {
        return Composite.asRow("pad1d", x, row -> row.pad2d(0, 0, left, right, value));
    }

    static Tensor convTranspose2d(Tensor x, Tensor weight, Optional<Tensor> bias, ConvTranspose2dParams params) {
        Tensor[] operands = bias.isPresent() ? new Tensor[] {x, weight, bias.get()} : new Tensor[] {x, weight};
        return convTranspose("convTranspose2d", params, operands);
    }

    static Tensor convTranspose1d(Tensor x, Tensor weight, Optional<Tensor> bias, ConvTranspose1dParams params) {
        String name = "convTranspose1d";
        Tensor[] operands = bias.isPresent() ? new Tensor[] {x, weight, bias.get()} : new Tensor[] {x, weight};
        for (Tensor operand : operands) {
            x.checkUsable(name, operand);
        }
        return Composite.under(name, () -> {
            checkTransposed(name, params.asConvTranspose2d(), operands);
            return x.unsqueeze(2)
                    .convTranspose2d(weight.unsqueeze(2), bias, params.asConvTranspose2d())
                    .squeeze(2);
        });
    }

    private static Tensor convTranspose(String name, ConvTranspose2dParams params, Tensor... in) {
        for (Tensor operand : in) {
            in[0].checkUsable(name, operand);
        }
        checkTransposed(name, params, in);
        Conv2dParams g = params.geometry();
        int height = (int) params.outputHeight(in[0].dim(2), in[1].dim(2));
        int width = (int) params.outputWidth(in[0].dim(3), in[1].dim(3));
        // The convolution leaves out the rows that output padding adds, as far as they are less than a stride.
        int rows = unreached(params.outputPadH() - g.padBottom(), g.strideH());
        int columns = unreached(params.outputPadW() - g.padRight(), g.strideW());
        Conv2dParams conv = g.padding(
                g.padTop(),
                Math.max(0, g.padBottom() - params.outputPadH()),
                g.padLeft(),
                Math.max(0, g.padRight() - params.outputPadW()));
        if (rows == 0 && columns == 0) {
            return Op.apply(new SpatialOp.ConvTranspose2d(conv, height, width), in);
        }
        return Composite.under(name, () -> {
            Tensor y = Op.apply(new SpatialOp.ConvTranspose2d(conv, height - rows, width - columns), in[0], in[1])
                    .pad2d(0, rows, 0, columns);
            return in.length > 2 ? y.add(in[2].reshape(1, -1, 1, 1)) : y;
        });
    }

    private static int unreached(int more, int stride) {
        return more >= stride ? more : 0;
    }

    private static void checkTransposed(String op, ConvTranspose2dParams params, Tensor... in) {
        boolean images = op.endsWith("2d");
        int rank = images ? 4 : 3;
        Shape x = in[0].shape();
        Shape w = in[1].shape();
        int groups = params.geometry().groups();
        String shapes = " (input " + x + ", weight " + w + (in.length > 2 ? ", bias " + in[2].shape() : "")
                + (groups > 1 ? ", groups " + groups : "") + ")";
        if (x.rank() != rank || w.rank() != rank) {
            throw new IllegalArgumentException(op + ": input must be "
                    + (images
                            ? "[N, C, H, W] and weight [C, O/groups, KH, KW]"
                            : "[N, C, L] and weight [C, O/groups, K]")
                    + shapes + ". Hint: unsqueeze(0) makes a batch of one.");
        }
        if (x.dim(1) != w.dim(0)) {
            throw new IllegalArgumentException(op + ": input has " + x.dim(1) + " channels, weight expects " + w.dim(0)
                    + shapes + ". Hint: a transposed convolution's weight begins with the input's channels.");
        }
        if (w.dim(0) % groups != 0) {
            throw new IllegalArgumentException(op + ": input channels must be divisible by groups" + shapes);
        }
        long channels = (long) w.dim(1) * groups;
        if (in.length > 2 && (in[2].rank() != 1 || in[2].dim(0) != channels)) {
            throw new IllegalArgumentException(
                    op + ": bias must be [" + channels + "], one value an output channel" + shapes);
        }
        long height = images ? params.outputHeight(x.dim(2), w.dim(2)) : 1;
        long width = params.outputWidth(x.dim(-1), w.dim(-1));
        Conv2dParams g = params.geometry();
        if (x.dim(-1) < 1 || w.dim(-1) < 1 || (images && (x.dim(2) < 1 || w.dim(2) < 1)) || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    op + ": nothing is left of the result" + shapes + ". Hint: use less padding, or a larger input.");
        }
        // The result before padding is cut off, which kernels count positions of.
        Shape.of(op, channels, height + g.padTop() + g.padBottom(), width + g.padLeft() + g.padRight());
        Op.requireFloat(op, in);
    }

    static Tensor groupNorm(String function, Tensor x, int groups, float eps) {
        x.checkOpen(function);
        Op.requireFloat(function, x);
        int channels = x.rank() < 2 ? 0 : x.dim(1);
        return Composite.under(
                function,
                () -> Op.apply(
                        new NormOp.GroupNorm(groups, eps),
                        x,
                        Raw.empty(x, channels).fill(1),
                        Raw.empty(x, channels).fill(0)));
    }

    /** As many groups as channels. */
    static int channels(Tensor x) {
        if (x.rank() < 3) {
            throw new IllegalArgumentException(
                    "instanceNorm: input must be [N, C, L] or [N, C, H, W], got " + x.shape());
        }
        int channels = x.dim(1);
        if (channels > 0 && x.shape().with(0, 1).with(1, 1).numel() == 1) {
            throw new IllegalArgumentException(
                    "instanceNorm: needs more than one value per channel of an example, got input " + x.shape()
                            + ". Hint: normalise over more positions, or use another norm.");
        }
        return Math.max(1, channels);
    }
}
