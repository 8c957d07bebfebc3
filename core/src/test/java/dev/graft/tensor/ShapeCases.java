package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Operators that move or repeat elements. */
final class ShapeCases {
    private ShapeCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        reshapes(cases);
        for (int[] order : new int[][] {{1, 0, 2}, {2, 0, 1}, {0, 2, 1}, {2, 1, 0}, {0, 1, 2}}) {
            of(
                    cases,
                    ShapeOp.Permute.class,
                    "permute/" + order[0] + order[1] + order[2],
                    x -> x.permute(order),
                    x -> x.permute(order));
        }
        of(
                cases,
                ShapeOp.Permute.class,
                "permute/channels_last",
                x -> x.permute(0, 2, 3, 1),
                x -> x.permute(0, 2, 3, 1));
        of(cases, ShapeOp.Permute.class, "transpose/ends", x -> x.transpose(0, -1), x -> x.permute(2, 1, 0));
        of(
                cases,
                ShapeOp.Contiguous.class,
                "contiguous/transposed",
                x -> x.transpose(0, 1).contiguous(),
                x -> x.permute(1, 0));
        expand(cases, "expand/front", 4, 2, 3);
        expand(cases, "expand/middle", 2, 5, 3);
        cases.add(new OpCase(
                        "expand/minus_one",
                        ShapeOp.Expand.class,
                        in -> in[0].expand(4, -1, -1),
                        in -> Nd.fill(new int[] {4, 2, 3}, in[0]::spread))
                .terms(6));
        of(
                cases,
                ShapeOp.Slice.class,
                "select/last",
                x -> x.select(1, -1),
                x -> slice(x, 1, 3, 4, 1).reshape(3, 5));
        of(cases, ShapeOp.Slice.class, "slice/from_the_end", x -> x.slice(1, -4, -1), x -> slice(x, 1, 3, 6, 1));
        expand(cases, "expand/scalar", 2, 3);
        expand(cases, "expand/same", 2, 3);
        of(
                cases,
                ShapeOp.Slice.class,
                "select/middle",
                x -> x.select(1, 2),
                x -> slice(x, 1, 2, 3, 1).reshape(3, 5));
        Class<ShapeOp.Slice> slice = ShapeOp.Slice.class;
        of(cases, slice, "split/second", x -> x.split(1, 2).get(1), x -> slice(x, 1, 2, 4, 1));
        of(cases, slice, "split/rest", x -> x.split(-2, 2).get(2), x -> slice(x, 1, 4, 5, 1));
        of(cases, slice, "split/all", x -> x.split(0, 9).get(0), x -> x);
        of(cases, slice, "chunk/last", x -> x.chunk(0, 3).get(2), x -> slice(x, 0, 6, 7, 1));
        of(
                cases,
                slice,
                "unbind/middle",
                x -> x.unbind(1).get(2),
                x -> slice(x, 1, 2, 3, 1).reshape(3, 5));
        roll(cases, "roll/forward", 1, 2);
        roll(cases, "roll/back", 0, -1);
        roll(cases, "roll/far", 2, 23);
        of(cases, ShapeOp.Reshape.class, "roll/whole", x -> x.roll(0, 3), x -> x);
        triangle(cases, "tril/plain", true, 0);
        triangle(cases, "tril/above", true, 1);
        triangle(cases, "triu/plain", false, 0);
        triangle(cases, "triu/below", false, -2);
        triangle(cases, "triu/batch", false, 1);
        slice(cases, "slice/plain", 1, 1, 4, 1);
        slice(cases, "slice/step2", 1, 1, 7, 2);
        slice(cases, "slice/step3_of_first", 0, 0, 8, 3);
        slice(cases, "slice/nothing", 0, 2, 2, 1);
        slice(cases, "slice/everything", 2, 0, 5, 1);
        slice(cases, "slice/image", 2, 1, 6, 2);
        of(cases, ShapeOp.Pad2d.class, "pad2d/asymmetric", x -> x.pad2d(1, 2, 3, 0), x -> pad(x, 1, 2, 3, 0));
        of(cases, ShapeOp.Pad2d.class, "pad2d/none", x -> x.pad2d(0, 0, 0, 0), x -> x);
        concat(cases, "concat/axis0", 0);
        concat(cases, "concat/axis1", 1);
        concat(cases, "concat/last", -1);
        concat(cases, "concat/channels", 1);
        concat(cases, "concat/whole_numbers", 0);
        concat(cases, "concat/one", 0);
        stack(cases, "stack/axis0", 0);
        stack(cases, "stack/axis1", 1);
        stack(cases, "stack/last", -1);
        stack(cases, "stack/images", 0);
        return cases;
    }

    private static void reshapes(List<OpCase> cases) {
        of(cases, ShapeOp.Reshape.class, "reshape/plain", x -> x.reshape(5, 6), x -> x.reshape(5, 6));
        of(cases, ShapeOp.Reshape.class, "reshape/inferred", x -> x.reshape(2, -1, 3), x -> x.reshape(2, 6, 3));
        of(cases, ShapeOp.Reshape.class, "reshape/to_scalar", x -> x.reshape(), x -> x.reshape());
        of(cases, ShapeOp.Reshape.class, "reshape/empty", x -> x.reshape(4, 0), x -> x.reshape(4, 0));
        of(
                cases,
                ShapeOp.Reshape.class,
                "reshape/of_transposed",
                x -> x.transpose(0, 1).reshape(4, 5),
                x -> x.permute(1, 0).reshape(4, 5));
        of(cases, ShapeOp.Reshape.class, "flatten/from_1", x -> x.flatten(1), x -> x.reshape(2, 60));
        of(cases, ShapeOp.Reshape.class, "flatten/scalar", x -> x.flatten(0), x -> x.reshape(1));
        of(cases, ShapeOp.Reshape.class, "unsqueeze/last", x -> x.unsqueeze(-1), x -> x.reshape(2, 3, 1));
        of(cases, ShapeOp.Reshape.class, "squeeze/middle", x -> x.squeeze(1), x -> x.reshape(2, 3));
    }

    private static void of(
            List<OpCase> cases,
            Class<? extends Op> proves,
            String name,
            UnaryOperator<Tensor> graft,
            UnaryOperator<Nd> naive) {
        cases.add(new OpCase(name, proves, in -> graft.apply(in[0]), in -> naive.apply(in[0])));
    }

    private static void expand(List<OpCase> cases, String name, int... dims) {
        cases.add(new OpCase(name, ShapeOp.Expand.class, in -> in[0].expand(dims), in -> Nd.fill(dims, in[0]::spread))
                .terms(6));
    }

    private static void roll(List<OpCase> cases, String name, int axis, int shift) {
        of(
                cases,
                ShapeOp.Concat.class,
                name,
                x -> x.roll(axis, shift),
                x -> Nd.fill(x.dims(), i -> x.get(Nd.with(i, axis, Math.floorMod(i[axis] - shift, x.dims()[axis])))));
    }

    private static void triangle(List<OpCase> cases, String name, boolean lower, int diagonal) {
        of(
                cases,
                PointwiseOp.Where.class,
                name,
                x -> lower ? x.tril(diagonal) : x.triu(diagonal),
                x -> Nd.fill(x.dims(), i -> {
                    int above = i[i.length - 1] - i[i.length - 2];
                    return (lower ? above <= diagonal : above >= diagonal) ? x.get(i) : 0;
                }));
    }

    private static void slice(List<OpCase> cases, String name, int axis, int from, int to, int step) {
        of(
                cases,
                ShapeOp.Slice.class,
                name,
                x -> step == 1 ? x.slice(axis, from, to) : x.slice(axis, from, to, step),
                x -> slice(x, axis, from, to, step));
    }

    private static Nd slice(Nd x, int axis, int from, int to, int step) {
        int[] dims = Nd.with(x.dims(), axis, (to - from + step - 1) / step);
        return Nd.fill(dims, i -> x.get(Nd.with(i, axis, from + i[axis] * step)));
    }

    private static Nd pad(Nd x, int top, int bottom, int left, int right) {
        int[] d = x.dims();
        return Nd.fill(
                new int[] {d[0], d[1], d[2] + top + bottom, d[3] + left + right},
                i -> x.padded(i[0], i[1], i[2] - top, i[3] - left));
    }

    private static void concat(List<OpCase> cases, String name, int axis) {
        cases.add(new OpCase(name, ShapeOp.Concat.class, in -> Tensor.concat(axis, in), in -> concat(axis, in)));
    }

    private static Nd concat(int axis, Nd... in) {
        int at = in[0].axis(axis);
        int size = Arrays.stream(in).mapToInt(x -> x.dims()[at]).sum();
        return Nd.fill(Nd.with(in[0].dims(), at, size), i -> {
            int rest = i[at];
            int which = 0;
            while (rest >= in[which].dims()[at]) {
                rest -= in[which++].dims()[at];
            }
            return in[which].get(Nd.with(i, at, rest));
        });
    }

    private static void stack(List<OpCase> cases, String name, int axis) {
        cases.add(new OpCase(name, ShapeOp.Concat.class, in -> Tensor.stack(axis, List.of(in)), in -> {
            int at = axis < 0 ? axis + in[0].rank() + 1 : axis;
            return Nd.fill(Nd.inserted(in[0].dims(), at, in.length), i -> in[i[at]].get(Nd.without(i, at)));
        }));
    }

    static List<OpError> errors(On on) {
        Tensor x = on.zeros(2, 3);
        Class<ShapeOp.Reshape> reshape = ShapeOp.Reshape.class;
        return List.of(
                new OpError(reshape, "reshape: [2, 3] has 6 elements, [4, 2] has 8", () -> x.reshape(4, 2)),
                new OpError(
                        reshape,
                        "reshape: no size fits -1 in [4, -1] for input [2, 3] (6 elements)",
                        () -> x.reshape(4, -1)),
                new OpError(
                        reshape,
                        "reshape: [-1, -1] may hold one -1 and no other negative size (input [2, 3])",
                        () -> x.reshape(-1, -1)),
                new OpError(reshape, "squeeze: dimension 0 of [2, 3] has size 2, not 1", () -> x.squeeze(0)),
                new OpError(
                        reshape,
                        "unsqueeze: dimension 4 is out of range for shape [2, 3]. Hint: the new dimension counts from 0 to 2, "
                                + "or from -1 backwards.",
                        () -> x.unsqueeze(4)),
                new OpError(
                        reshape,
                        "flatten: dimension 2 is out of range for shape [2, 3]. Hint: dimensions count from 0 to 1, or from -1 backwards.",
                        () -> x.flatten(2)),
                new OpError(
                        ShapeOp.Permute.class,
                        "permute: [0, 0] is not an order of the dimensions of [2, 3]. "
                                + "Hint: name each dimension from 0 to 1 once.",
                        () -> x.permute(0, 0)),
                new OpError(
                        ShapeOp.Expand.class,
                        "expand: [2, 3] does not expand to [3]. "
                                + "Hint: only dimensions of size 1 can grow, and new dimensions go in front.",
                        () -> x.expand(3)),
                new OpError(
                        ShapeOp.Expand.class,
                        "expand: shapes [2, 3] and [5, 3] do not broadcast (sizes 2 and 5 at dimension -2). "
                                + "Hint: sizes must match or be 1, counted from the last dimension.",
                        () -> x.expand(5, 3)),
                new OpError(
                        ShapeOp.Slice.class,
                        "slice: [1, 4) step 1 is outside dimension 1 of [2, 3]. Hint: 0 <= from <= to <= 3 and step >= 1.",
                        () -> x.slice(-1, 1, 4)),
                new OpError(
                        ShapeOp.Slice.class,
                        "split: the size of a part must be at least 1, got 0 (input [2, 3])",
                        () -> x.split(0, 0)),
                new OpError(
                        ShapeOp.Slice.class, "chunk: needs at least 1 part, got 0 (input [2, 3])", () -> x.chunk(0, 0)),
                new OpError(
                        PointwiseOp.Where.class,
                        "tril: needs at least two dimensions, got [3]",
                        () -> x.select(0, 0).tril(0)),
                new OpError(
                        PointwiseOp.Where.class,
                        "triu: operands must be F32, I64 or I32, got F64 [2, 3]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.F64, Shape.of(2, 3)).triu(0)),
                new OpError(
                        ShapeOp.Slice.class,
                        "slice: [0, 2) step 0 is outside dimension 0 of [2, 3]. Hint: 0 <= from <= to <= 2 and step >= 1.",
                        () -> x.slice(0, 0, 2, 0)),
                new OpError(
                        ShapeOp.Slice.class, "select: index 2 is outside dimension 0 of [2, 3]", () -> x.select(0, 2)),
                new OpError(
                        ShapeOp.Concat.class,
                        "concat: operands must agree in dtype and in every dimension but 0 ([F32 [2, 3], F32 [2, 4]])",
                        () -> Tensor.concat(0, x, on.zeros(2, 4))),
                new OpError(
                        ShapeOp.Concat.class,
                        "concat: operands must agree in dtype and in every dimension but 1 ([F32 [2, 3], I64 [2, 3]])",
                        () -> Tensor.concat(1, x, on.zeros(DType.I64, Shape.of(2, 3)))),
                new OpError(ShapeOp.Concat.class, "concat: needs at least one tensor", () -> Tensor.concat(0)),
                new OpError(ShapeOp.Concat.class, "stack: needs at least one tensor", () -> Tensor.stack(0)),
                new OpError(
                        ShapeOp.Concat.class,
                        "stack: operands must all have one shape ([[2, 3], [2, 4]])",
                        () -> Tensor.stack(1, x, on.zeros(2, 4))),
                new OpError(
                        ShapeOp.Pad2d.class,
                        "pad2d: input must be [N, C, H, W], got [2, 3]",
                        () -> x.pad2d(1, 1, 1, 1)),
                new OpError(
                        ShapeOp.Pad2d.class,
                        "pad2d: padding must not be negative (top 0, bottom -1, left 0, right 0). Hint: use slice to crop.",
                        () -> on.zeros(1, 1, 2, 2).pad2d(0, -1, 0, 0)),
                new OpError(
                        ShapeOp.Contiguous.class,
                        "contiguous: the tensor [3, 2] was closed. Hint: keep() it, or move the use inside its scope. "
                                + "Set -Dgraft.traceClose=true to see where.",
                        () -> {
                            Tensor view = x.transpose(0, 1);
                            view.close();
                            view.contiguous();
                        }));
    }
}
