package dev.graft.tensor;

import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Matrix products and convolutions. */
final class ProductCases {
    private ProductCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String variant : List.of(
                "plain",
                "odd",
                "tall",
                "dot",
                "outer",
                "one",
                "batched",
                "left_repeated",
                "right_repeated",
                "both_repeated",
                "no_rows",
                "no_terms")) {
            cases.add(new OpCase(
                            "matmul/" + variant,
                            ProductOp.Matmul.class,
                            in -> in[0].matmul(in[1]),
                            in -> matmul(in[0], in[1]))
                    .terms(65));
        }
        cases.add(new OpCase(
                        "matmul/transposed",
                        ProductOp.Matmul.class,
                        in -> in[0].transpose(0, 1).matmul(in[1].transpose(0, 1)),
                        in -> matmul(in[0].permute(1, 0), in[1].permute(1, 0)))
                .terms(9));
        for (String variant : List.of("bias", "no_bias", "batched", "vector", "odd", "no_rows")) {
            cases.add(new OpCase(
                            "linear/" + variant,
                            ProductOp.Linear.class,
                            in -> in[0].linear(in[1], third(in)),
                            ProductCases::linear)
                    .terms(67));
        }
        conv2d(cases);
        conv1d(cases, "plain", Conv1dParams.of(1, 0));
        conv1d(cases, "stride2", Conv1dParams.of(2, 2));
        conv1d(cases, "asymmetric_padding", new Conv1dParams(1, 4, 1, 1, 1));
        conv1d(cases, "dilated_groups", Conv1dParams.of(1, 3).dilation(3).groups(2));
        conv1d(cases, "pointwise", Conv1dParams.of(1, 0));
        return cases;
    }

    private static void conv2d(List<OpCase> cases) {
        Conv2dParams plain = Conv2dParams.of(1, 0);
        Conv2dParams same = Conv2dParams.of(1, 1);
        conv2d(cases, "plain", plain);
        conv2d(cases, "same", same);
        conv2d(cases, "same_no_bias", same);
        conv2d(cases, "stride2", Conv2dParams.of(2, 1));
        conv2d(cases, "stride_2_3", new Conv2dParams(2, 3, 0, 0, 0, 0, 1, 1, 1));
        conv2d(cases, "asymmetric_padding", plain.padding(0, 2, 3, 1));
        conv2d(cases, "padding_end_only", Conv2dParams.of(2, 0).padding(0, 1, 0, 1));
        conv2d(cases, "dilation2", Conv2dParams.of(1, 2).dilation(2));
        conv2d(cases, "dilation_1_3", new Conv2dParams(1, 2, 0, 0, 0, 0, 1, 3, 1));
        conv2d(cases, "groups2", same.groups(2));
        conv2d(cases, "groups3_stride2", Conv2dParams.of(2, 0).groups(3));
        conv2d(cases, "depthwise", same.groups(5));
        conv2d(
                cases,
                "depthwise_stride2",
                Conv2dParams.of(2, 0).padding(1, 2, 2, 1).groups(9));
        conv2d(cases, "depthwise_multiplier", plain.groups(3));
        conv2d(cases, "pointwise", plain);
        conv2d(cases, "pointwise_stride2", Conv2dParams.of(2, 0));
        conv2d(cases, "pointwise_padded", same);
        conv2d(cases, "stem_7x7", Conv2dParams.of(2, 3));
        conv2d(cases, "kernel_above_input", Conv2dParams.of(1, 2));
        conv2d(cases, "whole_image", plain);
        conv2d(cases, "row_kernel", plain.padding(0, 0, 3, 3));
        conv2d(cases, "column_kernel", plain.padding(3, 3, 0, 0));
        conv2d(cases, "even_kernel", Conv2dParams.of(2, 0));
        conv2d(cases, "one_of_all", plain);
        conv2d(cases, "many_channels", same);
        conv2d(cases, "no_images", plain);
        conv2d(cases, "last_rows_unused", Conv2dParams.of(4, 0));
    }

    private static Optional<Tensor> third(Tensor[] in) {
        return in.length > 2 ? Optional.of(in[2]) : Optional.empty();
    }

    private static void conv2d(List<OpCase> cases, String name, Conv2dParams params) {
        cases.add(new OpCase(
                        "conv2d/" + name,
                        ProductOp.Conv2d.class,
                        in -> in[0].conv2d(in[1], third(in), params),
                        in -> conv2d(in, params))
                .terms(300));
    }

    private static void conv1d(List<OpCase> cases, String name, Conv1dParams p) {
        Conv2dParams flat =
                new Conv2dParams(1, p.stride(), 0, 0, p.padLeft(), p.padRight(), 1, p.dilation(), p.groups());
        cases.add(new OpCase("conv1d/" + name, ProductOp.Conv2d.class, in -> in[0].conv1d(in[1], third(in), p), in -> {
                    Nd[] images = in.clone();
                    images[0] = in[0].reshape(Nd.inserted(in[0].dims(), 2, 1));
                    images[1] = in[1].reshape(Nd.inserted(in[1].dims(), 2, 1));
                    Nd y = conv2d(images, flat);
                    return y.reshape(Nd.without(y.dims(), 2));
                })
                .terms(40));
    }

    static Nd matmul(Nd p, Nd q) {
        int m = p.dims()[p.rank() - 2];
        int terms = p.dims()[p.rank() - 1];
        int n = q.dims()[q.rank() - 1];
        int[] lead = Nd.broadcast(Arrays.copyOf(p.dims(), p.rank() - 2), Arrays.copyOf(q.dims(), q.rank() - 2));
        int[] dims = Nd.inserted(Nd.inserted(lead, lead.length, m), lead.length + 1, n);
        int row = dims.length - 2;
        return Nd.fill(dims, i -> {
            int[] inP = i.clone();
            int[] inQ = i.clone();
            double total = 0;
            for (int k = 0; k < terms; k++) {
                inP[row + 1] = k;
                inQ[row] = k;
                total += p.spread(inP) * q.spread(inQ);
            }
            return total;
        });
    }

    private static Nd linear(Nd[] in) {
        Nd x = in[0];
        int last = x.rank() - 1;
        return Nd.fill(Nd.with(x.dims(), last, in[1].dims()[0]), i -> {
            int[] inX = i.clone();
            double total = in.length > 2 ? in[2].get(i[last]) : 0;
            for (int k = 0; k < x.dims()[last]; k++) {
                inX[last] = k;
                total += x.get(inX) * in[1].get(i[last], k);
            }
            return total;
        });
    }

    static Nd conv2d(Nd[] in, Conv2dParams p) {
        Nd x = in[0];
        Nd w = in[1];
        int[] k = w.dims();
        int outputs = k[0] / p.groups();
        int height = (x.dims()[2] + p.padTop() + p.padBottom() - p.dilationH() * (k[2] - 1) - 1) / p.strideH() + 1;
        int width = (x.dims()[3] + p.padLeft() + p.padRight() - p.dilationW() * (k[3] - 1) - 1) / p.strideW() + 1;
        return Nd.fill(new int[] {x.dims()[0], k[0], height, width}, i -> {
            double total = in.length > 2 ? in[2].get(i[1]) : 0;
            int firstChannel = i[1] / outputs * k[1];
            for (int c = 0; c < k[1]; c++) {
                for (int r = 0; r < k[2]; r++) {
                    for (int s = 0; s < k[3]; s++) {
                        total += w.get(i[1], c, r, s)
                                * x.padded(
                                        i[0],
                                        firstChannel + c,
                                        i[2] * p.strideH() - p.padTop() + r * p.dilationH(),
                                        i[3] * p.strideW() - p.padLeft() + s * p.dilationW());
                    }
                }
            }
            return total;
        });
    }

    static List<OpError> errors(On on) {
        Class<ProductOp.Matmul> matmul = ProductOp.Matmul.class;
        Class<ProductOp.Linear> linear = ProductOp.Linear.class;
        Class<ProductOp.Conv2d> conv = ProductOp.Conv2d.class;
        Conv2dParams plain = Conv2dParams.of(1, 0);
        Tensor x = on.zeros(2, 4, 8, 8);
        Tensor whole = on.zeros(DType.U8, Shape.of(2, 3, 8, 8));
        Tensor w = on.zeros(6, 3, 3, 3);
        Optional<Tensor> none = Optional.empty();
        String hint = ". Hint: the layer before must produce as many channels as this one takes.";
        return List.of(
                new OpError(
                        matmul,
                        "matmul: [2, 3] and [2, 3] do not multiply. Hint: the last dimension of the first must equal the "
                                + "second last of "
                                + "the second; unsqueeze vectors.",
                        () -> on.zeros(2, 3).matmul(on.zeros(2, 3))),
                new OpError(
                        matmul,
                        "matmul: [3] and [3, 2] do not multiply. Hint: the last dimension of the first must equal the second "
                                + "last of "
                                + "the second; unsqueeze vectors.",
                        () -> on.zeros(3).matmul(on.zeros(3, 2))),
                new OpError(
                        matmul,
                        "matmul: shapes [2] and [3] do not broadcast (sizes 2 and 3 at dimension -1). "
                                + "Hint: sizes must match or be 1, counted from the last dimension.",
                        () -> on.zeros(2, 4, 5).matmul(on.zeros(3, 5, 4))),
                new OpError(
                        matmul,
                        "matmul: operands must be F32, got I64 [2, 2]. Hint: call to(DType.F32).",
                        () -> on.zeros(2, 2).matmul(on.zeros(DType.I64, Shape.of(2, 2)))),
                new OpError(
                        linear,
                        "linear: input [7, 4] does not fit weight [3, 5] [out, in]. Hint: the input's last dimension must be "
                                + "5.",
                        () -> on.zeros(7, 4).linear(on.zeros(3, 5), none)),
                new OpError(
                        linear,
                        "linear: bias [5] does not fit weight [3, 5] [out, in]",
                        () -> on.zeros(7, 5).linear(on.zeros(3, 5), Optional.of(on.zeros(5)))),
                new OpError(
                        linear,
                        "linear: operands must be F32, got I64 [7, 5]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.I64, Shape.of(7, 5)).linear(on.zeros(3, 5), none)),
                new OpError(
                        conv,
                        "conv2d: input has 4 channels, weight expects 3 (input [2, 4, 8, 8], weight [6, 3, 3, 3]). "
                                + "Hint: convert RGBA to RGB.",
                        () -> x.conv2d(w, none, plain)),
                new OpError(
                        conv,
                        "conv2d: input has 1 channels, weight expects 3 (input [2, 1, 8, 8], weight [6, 3, 3, 3]). "
                                + "Hint: repeat the grey channel three times.",
                        () -> on.zeros(2, 1, 8, 8).conv2d(w, none, plain)),
                new OpError(
                        conv,
                        "conv2d: input has 4 channels, weight expects 6 (input [2, 4, 8, 8], weight [6, 3, 3, 3], groups 2)"
                                + hint,
                        () -> x.conv2d(w, none, plain.groups(2))),
                new OpError(
                        conv,
                        "conv2d: output channels must be divisible by groups (input [2, 4, 8, 8], weight [5, 2, 3, 3], groups 2)",
                        () -> x.conv2d(on.zeros(5, 2, 3, 3), none, plain.groups(2))),
                new OpError(
                        conv,
                        "conv2d: bias must be [6], one value an output channel (input [2, 3, 8, 8], weight [6, 3, 3, 3], bias "
                                + "[3])",
                        () -> on.zeros(2, 3, 8, 8).conv2d(w, Optional.of(on.zeros(3)), plain)),
                new OpError(
                        conv,
                        "conv2d: the kernel does not fit the padded input (input [2, 3, 2, 8], weight [6, 3, 3, 3]). "
                                + "Hint: use a larger image, or more padding.",
                        () -> on.zeros(2, 3, 2, 8).conv2d(w, none, plain)),
                new OpError(
                        conv,
                        "conv2d: input must be [N, C, H, W] and weight [O, C/groups, KH, KW] (input [3, 8, 8], weight [6, 3, 3, "
                                + "3]). "
                                + "Hint: unsqueeze(0) makes a batch of one image.",
                        () -> on.zeros(3, 8, 8).conv2d(w, none, plain)),
                new OpError(
                        conv,
                        "conv2d: operands must be F32, got U8 [2, 3, 8, 8]. Hint: call to(DType.F32).",
                        () -> whole.conv2d(w, none, plain)),
                new OpError(
                        conv,
                        "conv2d: stride, dilation and groups must be at least 1 (stride 0x0, dilation 1x1, groups 1)",
                        () -> Conv2dParams.of(0, 0)),
                new OpError(
                        conv,
                        "conv2d: padding must not be negative (top -1, bottom -1, left -1, right -1)",
                        () -> Conv2dParams.of(1, -1)),
                new OpError(
                        conv,
                        "conv1d: input must be [N, C, L] and weight [O, C/groups, K] (input [3, 8], weight [6, 3, 3]). "
                                + "Hint: unsqueeze(0) makes a batch of one sequence.",
                        () -> on.zeros(3, 8).conv1d(on.zeros(6, 3, 3), none, Conv1dParams.of(1, 0))));
    }
}
