package dev.graft.tensor;

import static dev.graft.backend.BinaryOp.ADD;
import static dev.graft.backend.BinaryOp.DIV;
import static dev.graft.backend.BinaryOp.EQUAL;
import static dev.graft.backend.BinaryOp.LESS;
import static dev.graft.backend.BinaryOp.LESS_EQUAL;
import static dev.graft.backend.BinaryOp.MAXIMUM;
import static dev.graft.backend.BinaryOp.MINIMUM;
import static dev.graft.backend.BinaryOp.MUL;
import static dev.graft.backend.BinaryOp.SUB;

import dev.graft.backend.BinaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;

/** Functions of two arguments, comparisons and the choice between two. */
final class BinaryCases {
    private static final List<String> SHAPES = List.of(
            "same",
            "row",
            "column",
            "outer",
            "middle",
            "scalar_left",
            "scalar_right",
            "channel",
            "empty",
            "both_scalar");

    private BinaryCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String shape : SHAPES) {
            cases.add(of(ADD, "add/" + shape, Tensor::add, Double::sum).terms(7));
            cases.add(of(SUB, "sub/" + shape, Tensor::sub, (p, q) -> p - q).terms(7));
            cases.add(of(MUL, "mul/" + shape, Tensor::mul, (p, q) -> p * q).terms(7));
            cases.add(of(DIV, "div/" + shape, Tensor::div, (p, q) -> p / q).terms(7));
            cases.add(
                    of(MAXIMUM, "maximum/" + shape, Tensor::maximum, Math::max).terms(7));
            cases.add(
                    of(MINIMUM, "minimum/" + shape, Tensor::minimum, Math::min).terms(7));
            cases.add(of(EQUAL, "eq/" + shape, Tensor::eq, (p, q) -> p == q ? 1 : 0));
            cases.add(of(LESS, "lt/" + shape, Tensor::lt, (p, q) -> p < q ? 1 : 0));
            cases.add(of(LESS_EQUAL, "le/" + shape, Tensor::le, (p, q) -> p <= q ? 1 : 0));
        }
        cases.add(of(EQUAL, "eq/whole_numbers", Tensor::eq, (p, q) -> p == q ? 1 : 0));
        cases.add(of(LESS, "lt/whole_numbers", Tensor::lt, (p, q) -> p < q ? 1 : 0));
        cases.add(of(LESS_EQUAL, "le/whole_numbers", Tensor::le, (p, q) -> p <= q ? 1 : 0));
        cases.add(
                of(MAXIMUM, "maximum/ties", Tensor::maximum, Math::max).terms(5).atKink());
        cases.add(
                of(MINIMUM, "minimum/ties", Tensor::minimum, Math::min).terms(5).atKink());
        for (String variant : List.of("same", "broadcast", "scalars")) {
            cases.add(new OpCase(
                            "where/" + variant,
                            PointwiseOp.Where.class,
                            in -> Tensor.where(in[0], in[1], in[2]),
                            BinaryCases::where)
                    .terms(12));
        }
        return cases;
    }

    private static OpCase of(BinaryOp proves, String name, BinaryOperator<Tensor> graft, DoubleBinaryOperator naive) {
        return new OpCase(name, proves, in -> graft.apply(in[0], in[1]), in -> Nd.zip(in[0], in[1], naive));
    }

    private static Nd where(Nd[] in) {
        int[] dims = Nd.broadcast(in[0].dims(), Nd.broadcast(in[1].dims(), in[2].dims()));
        return Nd.fill(dims, i -> in[0].spread(i) != 0 ? in[1].spread(i) : in[2].spread(i));
    }

    static List<OpError> errors(On on) {
        Tensor p = on.zeros(2, 3);
        Tensor q = on.zeros(4, 3);
        Tensor whole = on.zeros(DType.I64, Shape.of(2, 3));
        List<OpError> errors = new ArrayList<>();
        String misfit = ": shapes [2, 3] and [4, 3] do not broadcast (sizes 2 and 4 at dimension -2). "
                + "Hint: sizes must match or be 1, counted from the last dimension.";
        errors.add(new OpError(ADD, "add" + misfit, () -> p.add(q)));
        errors.add(new OpError(SUB, "sub" + misfit, () -> p.sub(q)));
        errors.add(new OpError(MUL, "mul" + misfit, () -> p.mul(q)));
        errors.add(new OpError(DIV, "div" + misfit, () -> p.div(q)));
        errors.add(new OpError(MAXIMUM, "maximum" + misfit, () -> p.maximum(q)));
        errors.add(new OpError(MINIMUM, "minimum" + misfit, () -> p.minimum(q)));
        errors.add(new OpError(EQUAL, "eq" + misfit, () -> p.eq(q)));
        errors.add(new OpError(LESS, "lt" + misfit, () -> p.lt(q)));
        errors.add(new OpError(LESS_EQUAL, "le" + misfit, () -> p.le(q)));
        errors.add(new OpError(
                ADD, "add: operands must be F32, got I64 [2, 3]. Hint: call to(DType.F32).", () -> p.add(whole)));
        errors.add(new OpError(
                LESS,
                "lt: operands must both be F32 or both I64, got F32 [2, 3] and I64 [2, 3]. Hint: convert one with "
                        + "to(DType).",
                () -> p.lt(whole)));
        errors.add(new OpError(
                PointwiseOp.Where.class,
                "where: the condition must be BOOL, got F32 [2, 3]. Hint: use a comparison such as x.lt(y).",
                () -> Tensor.where(p, p, p)));
        errors.add(new OpError(PointwiseOp.Where.class, "where" + misfit, () -> Tensor.where(p.lt(p), p, q)));
        return errors;
    }
}
