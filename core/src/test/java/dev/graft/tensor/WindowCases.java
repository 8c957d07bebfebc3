package dev.graft.tensor;

import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose1dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Transposed convolution, windows, and group, instance and root-mean-square norm. */
final class WindowCases {
    private WindowCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        ConvTranspose2dParams plain = ConvTranspose2dParams.of(1, 0);
        conv2d(cases, "plain", plain);
        conv2d(cases, "stride2", ConvTranspose2dParams.of(2, 1).outputPadding(1, 1));
        conv2d(cases, "twice", ConvTranspose2dParams.of(2, 0));
        conv2d(cases, "unet", ConvTranspose2dParams.of(2, 0));
        conv2d(cases, "dcgan", ConvTranspose2dParams.of(2, 1));
        conv2d(cases, "stride_3_2", new ConvTranspose2dParams(new Conv2dParams(3, 2, 0, 0, 0, 0, 1, 1, 1), 2, 1));
        conv2d(cases, "dilated", ConvTranspose2dParams.of(1, 1).dilation(2));
        conv2d(cases, "dilated_output_padding", plain.dilation(3).outputPadding(2, 1));
        conv2d(cases, "groups", ConvTranspose2dParams.of(2, 0).groups(2));
        conv2d(cases, "depthwise", ConvTranspose2dParams.of(2, 1).groups(6).outputPadding(1, 1));
        conv2d(cases, "pointwise", plain);
        conv2d(cases, "padded_more", new ConvTranspose2dParams(new Conv2dParams(1, 1, 2, 2, 1, 1, 1, 1, 1), 0, 0));
        conv2d(cases, "no_images", plain);
        conv1d(cases, "plain", ConvTranspose1dParams.of(1, 0));
        conv1d(cases, "stride2", ConvTranspose1dParams.of(2, 2).outputPadding(1));
        conv1d(cases, "dilated_groups", new ConvTranspose1dParams(new Conv1dParams(3, 1, 1, 2, 2), 2));
        unfold(cases, "plain", 1, 3, 2);
        unfold(cases, "overlapping", 0, 4, 1);
        unfold(cases, "gaps", -1, 2, 4);
        unfold(cases, "whole", 1, 5, 7);
        windows(cases, "plain", 3, 3, Conv2dParams.of(1, 0));
        windows(cases, "padded", 3, 2, new Conv2dParams(2, 2, 1, 1, 2, 2, 1, 1, 1));
        windows(cases, "dilated", 2, 2, new Conv2dParams(1, 2, 0, 0, 0, 0, 2, 3, 1));
        windows(cases, "pixel", 1, 1, Conv2dParams.of(2, 0));
        group(cases, "image", 2, 1e-5f, 120);
        group(cases, "one_group", 1, 1e-5f, 120);
        group(cases, "channels", 5, 1e-2f, 120);
        group(cases, "features", 3, 1e-5f, 120);
        group(cases, "sequence", 2, 1e-5f, 120);
        group(cases, "volume", 2, 1e-5f, 120);
        group(cases, "wide", 3, 1e-5f, 1300);
        // The input itself, rounded to single precision at 100, limits what the mean can be subtracted from.
        group(cases, "far_from_zero", 2, 1e-5f, 20_000);
        norm(cases, "group_norm/plain", x -> x.groupNorm(2, 1e-5f), x -> grouped(2, 1e-5, x));
        instance(cases, "image");
        instance(cases, "sequence");
        norm(cases, "instance_norm/plain", x -> x.instanceNorm(1e-3f), x -> grouped(3, 1e-3, x));
        rms(cases, "last", 1e-5f);
        rms(cases, "two_dimensions", 1e-2f);
        rms(cases, "wide", 1e-5f);
        rms(cases, "vector", 1e-5f);
        return cases;
    }

    private static <T> Optional<T> third(T[] in) {
        return in.length > 2 ? Optional.of(in[2]) : Optional.empty();
    }

    private static void conv2d(List<OpCase> cases, String variant, ConvTranspose2dParams p) {
        cases.add(new OpCase(
                        "conv_transpose2d/" + variant,
                        SpatialOp.ConvTranspose2d.class,
                        in -> in[0].convTranspose2d(in[1], third(in), p),
                        in -> transposed(in[0], in[1], third(in), p))
                .terms(160));
    }

    private static void conv1d(List<OpCase> cases, String variant, ConvTranspose1dParams p) {
        cases.add(new OpCase(
                        "conv_transpose1d/" + variant,
                        SpatialOp.ConvTranspose2d.class,
                        in -> in[0].convTranspose1d(in[1], third(in), p),
                        in -> {
                            Nd y = transposed(row(in[0]), row(in[1]), third(in), p.asConvTranspose2d());
                            return y.reshape(Nd.without(y.dims(), 2));
                        })
                .terms(60));
    }

    private static Nd row(Nd x) {
        return x.reshape(Nd.inserted(x.dims(), 2, 1));
    }

    /** Each input adds the kernel, times its value, to the result. */
    private static Nd transposed(Nd x, Nd w, Optional<Nd> bias, ConvTranspose2dParams p) {
        Conv2dParams g = p.geometry();
        int ofGroup = w.dims()[1];
        int inputs = g.groups() == 0 ? 0 : w.dims()[0] / g.groups();
        int height = (x.dims()[2] - 1) * g.strideH() + g.dilationH() * (w.dims()[2] - 1) + 1 + p.outputPadH();
        int width = (x.dims()[3] - 1) * g.strideW() + g.dilationW() * (w.dims()[3] - 1) + 1 + p.outputPadW();
        int[] dims = {
            x.dims()[0], ofGroup * g.groups(), height - g.padTop() - g.padBottom(), width - g.padLeft() - g.padRight()
        };
        return Nd.fill(dims, i -> {
            double total = bias.isPresent() ? bias.get().get(i[1]) : 0;
            int group = i[1] / ofGroup;
            for (int c = group * inputs; c < (group + 1) * inputs; c++) {
                for (int h = 0; h < x.dims()[2]; h++) {
                    for (int v = 0; v < x.dims()[3]; v++) {
                        int r = i[2] + g.padTop() - h * g.strideH();
                        int s = i[3] + g.padLeft() - v * g.strideW();
                        if (r >= 0
                                && s >= 0
                                && r % g.dilationH() == 0
                                && s % g.dilationW() == 0
                                && r / g.dilationH() < w.dims()[2]
                                && s / g.dilationW() < w.dims()[3]) {
                            total += x.get(i[0], c, h, v)
                                    * w.get(c, i[1] % ofGroup, r / g.dilationH(), s / g.dilationW());
                        }
                    }
                }
            }
            return total;
        });
    }

    private static void unfold(List<OpCase> cases, String variant, int axis, int size, int step) {
        cases.add(new OpCase("unfold/" + variant, ShapeOp.Windows.class, in -> in[0].unfold(axis, size, step), in -> {
                    Nd x = in[0];
                    int at = x.axis(axis);
                    int[] dims = Arrays.copyOf(x.dims(), x.rank() + 1);
                    dims[at] = (dims[at] - size) / step + 1;
                    dims[x.rank()] = size;
                    return Nd.fill(dims, i -> {
                        int[] index = Arrays.copyOf(i, x.rank());
                        index[at] = i[at] * step + i[x.rank()];
                        return x.get(index);
                    });
                })
                .terms(size));
    }

    private static void windows(List<OpCase> cases, String variant, int kh, int kw, Conv2dParams p) {
        int height = (7 + p.padTop() + p.padBottom() - p.dilationH() * (kh - 1) - 1) / p.strideH() + 1;
        int width = (6 + p.padLeft() + p.padRight() - p.dilationW() * (kw - 1) - 1) / p.strideW() + 1;
        cases.add(new OpCase(
                        "unfold2d/" + variant,
                        SpatialOp.Unfold2d.class,
                        in -> in[0].unfold2d(kh, kw, p),
                        in -> Nd.fill(new int[] {2, 3 * kh * kw, height * width}, i -> {
                            int r = i[1] / kw % kh;
                            int s = i[1] % kw;
                            return in[0].padded(
                                    i[0],
                                    i[1] / (kh * kw),
                                    i[2] / width * p.strideH() - p.padTop() + r * p.dilationH(),
                                    i[2] % width * p.strideW() - p.padLeft() + s * p.dilationW());
                        }))
                .terms(9));
        cases.add(new OpCase("fold2d/" + variant, SpatialOp.Fold2d.class, in -> in[0].fold2d(7, 6, kh, kw, p), in -> {
                    Nd y = new Nd(new int[] {2, 3, 7, 6}, new double[252]);
                    Nd.fill(in[0].dims(), i -> {
                        int h = i[2] / width * p.strideH() - p.padTop() + i[1] / kw % kh * p.dilationH();
                        int w = i[2] % width * p.strideW() - p.padLeft() + i[1] % kw * p.dilationW();
                        if (h >= 0 && w >= 0 && h < 7 && w < 6) {
                            y.data()[((i[0] * 3 + i[1] / (kh * kw)) * 7 + h) * 6 + w] += in[0].get(i);
                        }
                        return 0;
                    });
                    return y;
                })
                .terms(9));
    }

    private static void norm(List<OpCase> cases, String name, UnaryOperator<Tensor> graft, UnaryOperator<Nd> naive) {
        cases.add(new OpCase(name, NormOp.GroupNorm.class, in -> graft.apply(in[0]), in -> naive.apply(in[0]))
                .terms(120));
    }

    private static void group(List<OpCase> cases, String variant, int groups, float eps, int terms) {
        cases.add(new OpCase(
                        "group_norm/" + variant,
                        NormOp.GroupNorm.class,
                        in -> in[0].groupNorm(groups, in[1], in[2], eps),
                        in -> affine(grouped(groups, eps, in[0]), in))
                .terms(terms));
    }

    private static void instance(List<OpCase> cases, String variant) {
        cases.add(new OpCase(
                        "instance_norm/" + variant,
                        NormOp.GroupNorm.class,
                        in -> in[0].instanceNorm(in[1], in[2], 1e-5f),
                        in -> affine(grouped(3, 1e-5, in[0]), in))
                .terms(120));
    }

    private static Nd affine(Nd z, Nd... in) {
        return Nd.fill(z.dims(), i -> z.get(i) * in[1].get(i[1]) + in[2].get(i[1]));
    }

    private static Nd grouped(int groups, double eps, Nd input) {
        int rows = input.dims()[0] * groups;
        int width = input.size() / rows;
        Nd x = input.reshape(rows, width);
        double[] mean = new double[rows];
        double[] variance = new double[rows];
        Nd.fill(x.dims(), i -> mean[i[0]] += x.get(i) / width);
        Nd.fill(x.dims(), i -> variance[i[0]] += Math.pow(x.get(i) - mean[i[0]], 2) / width);
        return Nd.fill(x.dims(), i -> (x.get(i) - mean[i[0]]) / Math.sqrt(variance[i[0]] + eps))
                .reshape(input.dims());
    }

    private static void rms(List<OpCase> cases, String variant, float eps) {
        cases.add(new OpCase("rms_norm/" + variant, NormOp.RmsNorm.class, in -> in[0].rmsNorm(in[1], eps), in -> {
                    int width = in[1].size();
                    Nd x = in[0].reshape(in[0].size() / width, width);
                    double[] squares = new double[x.dims()[0]];
                    Nd.fill(x.dims(), i -> squares[i[0]] += Math.pow(x.get(i), 2) / width);
                    return Nd.fill(x.dims(), i -> x.get(i) / Math.sqrt(squares[i[0]] + eps) * in[1].data()[i[1]])
                            .reshape(in[0].dims());
                })
                .terms(70));
    }

    static List<OpError> errors(On on) {
        Class<SpatialOp.ConvTranspose2d> conv = SpatialOp.ConvTranspose2d.class;
        Tensor image = on.zeros(1, 4, 5, 6);
        Tensor weight = on.zeros(4, 3, 2, 2);
        Tensor whole = on.zeros(DType.I64, Shape.of(1, 4, 5, 6));
        Tensor four = on.ones(4);
        Tensor five = on.ones(5);
        Optional<Tensor> none = Optional.empty();
        ConvTranspose2dParams plain = ConvTranspose2dParams.of(1, 0);
        Conv2dParams step = Conv2dParams.of(1, 0);
        return List.of(
                new OpError(
                        conv,
                        "convTranspose2d: input has 4 channels, weight expects 3 (input [1, 4, 5, 6], weight [3, 4, 2, 2]). "
                                + "Hint: a transposed convolution's weight begins with the input's channels.",
                        () -> image.convTranspose2d(on.zeros(3, 4, 2, 2), none, plain)),
                new OpError(
                        conv,
                        "convTranspose2d: bias must be [3], one value an output channel (input [1, 4, 5, 6], weight [4, 3, 2, 2], "
                                + "bias [4])",
                        () -> image.convTranspose2d(weight, Optional.of(four), plain)),
                new OpError(
                        conv,
                        "convTranspose2d: nothing is left of the result (input [1, 4, 5, 6], weight [4, 3, 2, 2]). "
                                + "Hint: use less padding, or a larger input.",
                        () -> image.convTranspose2d(weight, none, ConvTranspose2dParams.of(1, 3))),
                new OpError(
                        conv,
                        "convTranspose2d: output padding must be at least 0, and less than the stride or the dilation "
                                + "(output padding 2x0, stride 2x2, dilation 1x1)",
                        () -> ConvTranspose2dParams.of(2, 0).outputPadding(2, 0)),
                new OpError(
                        conv,
                        "convTranspose2d: operands must be F32, got I64 [1, 4, 5, 6]. Hint: call to(DType.F32).",
                        () -> whole.convTranspose2d(weight, none, plain)),
                new OpError(
                        conv,
                        "convTranspose1d: input must be [N, C, L] and weight [C, O/groups, K] (input [1, 4, 5, 6], "
                                + "weight [4, 3, 2, 2]). Hint: unsqueeze(0) makes a batch of one.",
                        () -> image.convTranspose1d(weight, none, ConvTranspose1dParams.of(1, 0))),
                new OpError(
                        ShapeOp.Windows.class,
                        "unfold: windows of 7, 1 apart, do not fit dimension 3 of [1, 4, 5, 6]. "
                                + "Hint: 1 <= size <= 6 and step >= 1.",
                        () -> image.unfold(-1, 7, 1)),
                new OpError(
                        SpatialOp.Unfold2d.class,
                        "unfold2d: the kernel 6x2 does not fit the padded images [1, 4, 5, 6]. "
                                + "Hint: use a smaller kernel, or more padding.",
                        () -> image.unfold2d(6, 2, step)),
                new OpError(
                        SpatialOp.Fold2d.class,
                        "fold2d: images of 4x4 have 9 windows, the input has 8 (input [1, 8, 8])",
                        () -> on.zeros(1, 8, 8).fold2d(4, 4, 2, 2, step)),
                new OpError(
                        NormOp.GroupNorm.class,
                        "groupNorm: 3 groups do not divide 4 channels (input [1, 4, 5, 6]). "
                                + "Hint: use a divisor of the channels.",
                        () -> image.groupNorm(3, four, four, 1e-5f)),
                new OpError(
                        NormOp.GroupNorm.class,
                        "groupNorm: gamma and beta must be [4], one value a channel (input [1, 4, 5, 6], gamma [5], beta [4])",
                        () -> image.groupNorm(2, five, four, 1e-5f)),
                new OpError(
                        NormOp.GroupNorm.class,
                        "instanceNorm: needs more than one value per channel of an example, got input [2, 3, 1, 1]. "
                                + "Hint: normalise over more positions, or use another norm.",
                        () -> on.zeros(2, 3, 1, 1).instanceNorm(1e-5f)),
                new OpError(
                        NormOp.RmsNorm.class,
                        "rmsNorm: gamma must have the shape of the input's last dimensions (input [1, 4, 5, 6], gamma [5])",
                        () -> image.rmsNorm(five, 1e-5f)));
    }
}
