package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;

/** Operators that choose elements along one dimension. */
final class IndexCases {
    private IndexCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        indexSelect(cases, "plain", 0);
        indexSelect(cases, "repeated", 0);
        indexSelect(cases, "middle", 1);
        indexSelect(cases, "last", -1);
        indexSelect(cases, "none", 1);
        indexSelect(cases, "all_of_vector", 0);
        indexSelect(cases, "many", 0);
        indexSelect(cases, "i32", 0);
        indexSelect(cases, "whole_numbers", 1);
        gather(cases, "rows", 0);
        gather(cases, "columns", 1);
        gather(cases, "smaller", 1);
        gather(cases, "last", -1);
        gather(cases, "vector", 0);
        gather(cases, "labels", 1);
        gather(cases, "none", 1);
        gather(cases, "whole_numbers", 1);
        gather(cases, "truths", 0);
        for (String variant : List.of("rows", "columns", "smaller", "vector", "none")) {
            int axis = variant.equals("rows") || variant.equals("vector") ? 0 : 1;
            cases.add(new OpCase(
                    "scatter/" + variant,
                    IndexOp.Scatter.class,
                    in -> in[0].scatter(axis, in[1], in[2]),
                    in -> scattered(in[0], axis, in[1], in[2], false)));
            cases.add(new OpCase(
                    "scatter/number_" + variant,
                    IndexOp.Scatter.class,
                    in -> in[0].scatter(axis, in[1], 2.5),
                    in -> scattered(in[0], axis, in[1], in[1].map(v -> 2.5), false)));
            scatterAdd(cases, variant, axis);
        }
        scatterAdd(cases, "many", 0);
        scatterAdd(cases, "whole_numbers", 0);
        flip(cases, "first", 0);
        flip(cases, "two", 0, -1);
        flip(cases, "none");
        flip(cases, "whole_numbers", 1);
        cases.add(new OpCase("copy/plain", ShapeOp.Copy.class, in -> in[0].copy(), in -> in[0]));
        cases.add(new OpCase(
                "copy/transposed",
                ShapeOp.Copy.class,
                in -> in[0].transpose(0, 1).copy(),
                in -> in[0].permute(1, 0)));
        cases.add(new OpCase(
                "copy/strided",
                ShapeOp.Copy.class,
                in -> in[0].slice(1, 0, 5, 2).copy(),
                in -> Nd.fill(new int[] {4, 3}, i -> in[0].get(i[0], 2 * i[1]))));
        cases.add(new OpCase("copy/whole_numbers", ShapeOp.Copy.class, in -> in[0].copy(), in -> in[0]));
        cases.add(new OpCase(
                "permute/from_the_end",
                ShapeOp.Permute.class,
                in -> in[0].permute(-1, 0, -2),
                in -> in[0].permute(2, 0, 1)));
        diagonal(cases, "plain", 0, -2, -1);
        diagonal(cases, "above", 1, 0, 1);
        diagonal(cases, "below", -2, 2, 0);
        diagonal(cases, "beyond", 4, 0, 1);
        return cases;
    }

    private static void indexSelect(List<OpCase> cases, String variant, int axis) {
        cases.add(new OpCase(
                        "index_select/" + variant,
                        IndexOp.IndexSelect.class,
                        in -> in[0].indexSelect(axis, in[1]),
                        in -> {
                            int at = in[0].axis(axis);
                            return Nd.fill(
                                    Nd.with(in[0].dims(), at, in[1].size()),
                                    i -> in[0].get(Nd.with(i, at, (int) in[1].get(i[at]))));
                        })
                .terms(70));
    }

    private static void gather(List<OpCase> cases, String variant, int axis) {
        cases.add(new OpCase(
                        "gather/" + variant,
                        IndexOp.Gather.class,
                        in -> in[0].gather(axis, in[1]),
                        in -> gathered(in[0], in[0].axis(axis), in[1]))
                .terms(9));
    }

    static Nd gathered(Nd x, int axis, Nd index) {
        return Nd.fill(index.dims(), i -> x.get(Nd.with(i, axis, (int) index.get(i))));
    }

    private static void scatterAdd(List<OpCase> cases, String variant, int axis) {
        cases.add(new OpCase(
                        "scatter_add/" + variant,
                        IndexOp.Scatter.class,
                        in -> in[0].scatterAdd(axis, in[1], in[2]),
                        in -> scattered(in[0], axis, in[1], in[2], true))
                .terms(90));
    }

    private static Nd scattered(Nd x, int axis, Nd index, Nd source, boolean add) {
        double[] result = x.data().clone();
        Nd.fill(index.dims(), i -> {
            int[] to = Nd.with(i, axis, (int) index.get(i));
            int at = 0;
            for (int d = 0; d < to.length; d++) {
                at = at * x.dims()[d] + to[d];
            }
            result[at] = add ? result[at] + source.get(i) : source.get(i);
            return 0;
        });
        return new Nd(x.dims(), result);
    }

    private static void flip(List<OpCase> cases, String variant, int... axes) {
        cases.add(new OpCase("flip/" + variant, IndexOp.Flip.class, in -> in[0].flip(axes), in -> {
            int[] dims = in[0].dims();
            return Nd.fill(dims, i -> {
                int[] from = i.clone();
                for (int axis : axes) {
                    int at = in[0].axis(axis);
                    from[at] = dims[at] - 1 - i[at];
                }
                return in[0].get(from);
            });
        }));
    }

    private static void diagonal(List<OpCase> cases, String variant, int offset, int axis1, int axis2) {
        cases.add(new OpCase(
                "diagonal/" + variant,
                ShapeOp.Diagonal.class,
                in -> offset == 0 ? in[0].diagonal() : in[0].diagonal(offset, axis1, axis2),
                in -> diagonal(in[0], offset, in[0].axis(axis1), in[0].axis(axis2))));
    }

    private static Nd diagonal(Nd x, int offset, int row, int column) {
        int rows = x.dims()[row] - Math.max(0, -offset);
        int length = Math.max(0, Math.min(rows, x.dims()[column] - Math.max(0, offset)));
        int[] rest = Nd.without(Nd.without(x.dims(), Math.max(row, column)), Math.min(row, column));
        return Nd.fill(Nd.inserted(rest, rest.length, length), i -> {
            int k = i[i.length - 1];
            int[] from = Nd.without(i, i.length - 1);
            int first = Math.min(row, column);
            from = Nd.inserted(from, first, 0);
            from = Nd.inserted(from, Math.max(row, column), 0);
            from[row] = k + Math.max(0, -offset);
            from[column] = k + Math.max(0, offset);
            return x.get(from);
        });
    }

    static List<OpError> errors(On on) {
        Tensor x = on.zeros(3, 4);
        Tensor index = on.of(new long[] {0, 1, 2, 0}, 2, 2);
        Tensor far = on.of(new long[] {0, 1, 4, 0}, 2, 2);
        Tensor list = on.of(new long[] {0, 3}, 2);
        List<OpError> errors = new ArrayList<>();
        errors.add(new OpError(
                IndexOp.Gather.class,
                "gather: index 4 at position 2 of [2, 2] is out of range; dimension 1 of [3, 4] has indices 0 to 3",
                () -> x.gather(1, far)));
        errors.add(new OpError(
                IndexOp.Gather.class,
                "gather: index -1 at position 0 of [1, 1] is out of range; dimension 0 of [3, 4] has indices 0 to 2",
                () -> x.gather(0, on.of(new long[] {-1}, 1, 1))));
        errors.add(new OpError(
                IndexOp.Gather.class,
                "gather: the index must have as many dimensions as the input, and not be larger in any but dimension 1 "
                        + "(input [3, 4], index [2]). Hint: indexSelect takes a list of indices; expand an index to have it "
                        + "repeat.",
                () -> x.gather(1, list)));
        errors.add(new OpError(
                IndexOp.Gather.class, "gather: indices must be I64 or I32, got F32 [3, 4]", () -> x.gather(0, x)));
        errors.add(new OpError(
                IndexOp.Gather.class,
                "gather: input must be F32, I64, I32, U8 or BOOL, got F64 [2, 2]. Hint: call to(DType.F32).",
                () -> on.zeros(DType.F64, Shape.of(2, 2)).gather(0, index)));
        errors.add(new OpError(
                IndexOp.Scatter.class,
                "scatter: the index must have as many dimensions as the source, and not be larger (source [1, 2], index "
                        + "[2, 2]). Hint: indexSelect takes a list of indices; expand an index to have it repeat.",
                () -> x.scatter(1, index, on.zeros(1, 2))));
        errors.add(new OpError(
                IndexOp.Scatter.class,
                "scatter: input and source must have one type (input F32 [3, 4], source I64 [2, 2]). Hint: convert one "
                        + "with to(DType).",
                () -> x.scatter(1, index, index)));
        errors.add(new OpError(
                IndexOp.Scatter.class,
                "scatterAdd: input and source must have one type, F32, I64 or I32 (input BOOL [3, 4], source BOOL [3, 4])."
                        + " Hint: convert one with to(DType).",
                () -> x.gt(0).scatterAdd(1, index, x.gt(0))));
        errors.add(new OpError(
                IndexOp.Scatter.class,
                "scatter: 0.5 is not a whole number, and the tensor is I64 [2, 2]. Hint: call to(DType.F32).",
                () -> index.scatter(0, index.minimum(index.sub(index)), 0.5)));
        errors.add(new OpError(
                IndexOp.IndexSelect.class,
                "indexSelect: index 3 at position 1 of [2] is out of range; dimension 0 of [3, 4] has indices 0 to 2",
                () -> x.indexSelect(0, list)));
        errors.add(new OpError(
                IndexOp.IndexSelect.class,
                "indexSelect: the index must be a list [K] (input [3, 4], index [2, 2]). Hint: flatten(0) it, or use "
                        + "gather.",
                () -> x.indexSelect(1, index)));
        errors.add(new OpError(
                IndexOp.IndexSelect.class,
                "indexSelect: dimension 2 is out of range for shape [3, 4]. Hint: dimensions count from 0 to 1, or from "
                        + "-1 backwards.",
                () -> x.indexSelect(2, list)));
        errors.add(new OpError(
                IndexOp.Flip.class,
                "flip: axis 1 is given twice (axes [1, -1], input [3, 4]). Hint: name each axis once; negative ones count "
                        + "from the end.",
                () -> x.flip(1, -1)));
        Tensor closed = on.zeros(2);
        closed.close();
        errors.add(new OpError(
                ShapeOp.Copy.class,
                "copy: the tensor [2] was closed. Hint: keep() it, or move the use inside its scope. Set "
                        + "-Dgraft.traceClose=true to see where.",
                closed::copy));
        errors.add(new OpError(
                ShapeOp.Diagonal.class,
                "diagonal: needs two different dimensions, got 1 twice (input [3, 4])",
                () -> x.diagonal(0, 1, -1)));
        return errors;
    }
}
