package dev.graft.tensor;

import static dev.graft.backend.BinaryOp.ADD;
import static dev.graft.backend.BinaryOp.AND;
import static dev.graft.backend.BinaryOp.DIV;
import static dev.graft.backend.BinaryOp.EQUAL;
import static dev.graft.backend.BinaryOp.GREATER;
import static dev.graft.backend.BinaryOp.GREATER_EQUAL;
import static dev.graft.backend.BinaryOp.LESS;
import static dev.graft.backend.BinaryOp.LESS_EQUAL;
import static dev.graft.backend.BinaryOp.MAXIMUM;
import static dev.graft.backend.BinaryOp.MINIMUM;
import static dev.graft.backend.BinaryOp.MUL;
import static dev.graft.backend.BinaryOp.NOT_EQUAL;
import static dev.graft.backend.BinaryOp.OR;
import static dev.graft.backend.BinaryOp.SUB;
import static dev.graft.backend.BinaryOp.XOR;

import dev.graft.backend.BinaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

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
            cases.add(of(GREATER, "gt/" + shape, Tensor::gt, (p, q) -> p > q ? 1 : 0));
            cases.add(of(GREATER_EQUAL, "ge/" + shape, Tensor::ge, (p, q) -> p >= q ? 1 : 0));
            cases.add(of(NOT_EQUAL, "ne/" + shape, Tensor::ne, (p, q) -> p != q ? 1 : 0));
        }
        cases.add(of(EQUAL, "eq/whole_numbers", Tensor::eq, (p, q) -> p == q ? 1 : 0));
        cases.add(of(LESS, "lt/whole_numbers", Tensor::lt, (p, q) -> p < q ? 1 : 0));
        cases.add(of(LESS_EQUAL, "le/whole_numbers", Tensor::le, (p, q) -> p <= q ? 1 : 0));
        cases.add(of(GREATER, "gt/whole_numbers", Tensor::gt, (p, q) -> p > q ? 1 : 0));
        cases.add(of(GREATER_EQUAL, "ge/whole_numbers", Tensor::ge, (p, q) -> p >= q ? 1 : 0));
        cases.add(of(NOT_EQUAL, "ne/whole_numbers", Tensor::ne, (p, q) -> p != q ? 1 : 0));
        number(cases, EQUAL, "eq", x -> x.eq(1), x -> x == 1);
        number(cases, NOT_EQUAL, "ne", x -> x.ne(1), x -> x != 1);
        number(cases, LESS, "lt", x -> x.lt(1), x -> x < 1);
        number(cases, LESS_EQUAL, "le", x -> x.le(1), x -> x <= 1);
        number(cases, GREATER, "gt", x -> x.gt(1), x -> x > 1);
        number(cases, GREATER_EQUAL, "ge", x -> x.ge(1), x -> x >= 1);
        for (String shape : List.of("same", "middle", "scalar_right", "empty")) {
            cases.add(of(AND, "logical_and/" + shape, Tensor::logicalAnd, (p, q) -> p * q));
            cases.add(of(OR, "logical_or/" + shape, Tensor::logicalOr, Math::max));
            cases.add(of(XOR, "logical_xor/" + shape, Tensor::logicalXor, (p, q) -> Math.abs(p - q)));
        }
        one(cases, "logicalNot", "logical_not/plain", Tensor::logicalNot, x -> 1 - x);
        one(cases, "isNaN", "is_nan/plain", Tensor::isNaN, x -> Double.isNaN(x) ? 1 : 0);
        one(cases, "isFinite", "is_finite/plain", Tensor::isFinite, x -> Math.abs(x) <= Float.MAX_VALUE ? 1 : 0);
        cases.add(new OpCase(
                "masked_fill/same",
                "maskedFill",
                in -> in[0].maskedFill(in[1], 2.5f),
                in -> Nd.zip(in[0], in[1], (x, m) -> m != 0 ? 2.5 : x)));
        cases.add(new OpCase(
                "masked_fill/broadcast",
                "maskedFill",
                in -> in[0].maskedFill(in[1], -8),
                in -> Nd.zip(in[0], in[1], (x, m) -> m != 0 ? -8 : x)));
        cases.add(
                of(MAXIMUM, "maximum/ties", Tensor::maximum, Math::max).terms(5).atKink());
        cases.add(
                of(MINIMUM, "minimum/ties", Tensor::minimum, Math::min).terms(5).atKink());
        for (String variant : List.of("one", "scalar", "channels", "rows", "sequence", "empty", "at_zero")) {
            OpCase c = new OpCase(
                            "prelu/" + variant,
                            BinaryOp.PRELU,
                            in -> in[0].prelu(in[1]),
                            in -> Nd.fill(in[0].dims(), i -> {
                                double w = in[1].data()[in[1].size() == 1 ? 0 : i[1]];
                                return in[0].get(i) > 0 ? in[0].get(i) : w * in[0].get(i);
                            }))
                    .terms(40);
            cases.add(variant.equals("at_zero") ? c.atKink() : c);
        }
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

    private static void number(
            List<OpCase> cases, BinaryOp proves, String name, UnaryOperator<Tensor> graft, DoublePredicate naive) {
        for (String variant : List.of("/number", "/whole_number")) {
            one(cases, proves, name + variant, graft, x -> naive.test(x) ? 1 : 0);
        }
    }

    private static void one(
            List<OpCase> cases, Object proves, String name, UnaryOperator<Tensor> graft, DoubleUnaryOperator naive) {
        cases.add(new OpCase(name, proves, in -> graft.apply(in[0]), in -> in[0].map(naive)));
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
        errors.add(new OpError(GREATER, "gt" + misfit, () -> p.gt(q)));
        errors.add(new OpError(GREATER_EQUAL, "ge" + misfit, () -> p.ge(q)));
        errors.add(new OpError(NOT_EQUAL, "ne" + misfit, () -> p.ne(q)));
        errors.add(new OpError(
                EQUAL,
                "eq: 0.5 is not a whole number, and the tensor is I64 [2, 3]. Hint: call to(DType.F32).",
                () -> whole.eq(0.5)));
        String truth = ": operands must be BOOL, got F32 [2, 3]. Hint: use a comparison such as x.ne(0).";
        errors.add(new OpError(AND, "logicalAnd" + truth, () -> p.logicalAnd(p.gt(0))));
        errors.add(new OpError(OR, "logicalOr" + truth, () -> p.gt(0).logicalOr(p)));
        errors.add(new OpError(XOR, "logicalXor" + truth, () -> p.logicalXor(p)));
        errors.add(new OpError(AND, "logicalAnd" + misfit, () -> p.gt(0).logicalAnd(q.gt(0))));
        errors.add(new OpError("logicalNot", "logicalNot" + truth, () -> p.logicalNot()));
        errors.add(new OpError(
                "isNaN",
                "isNaN: operands must be F32, got I64 [2, 3]. Hint: call to(DType.F32).",
                () -> whole.isNaN()));
        errors.add(new OpError(
                "maskedFill",
                "maskedFill: the mask must be BOOL, got F32 [2, 3]. Hint: use a comparison such as x.gt(0).",
                () -> p.maskedFill(p, 0)));
        errors.add(new OpError(
                ADD,
                "add: operands must have one type, got F32 [2, 3] and I64 [2, 3]. Hint: convert one with to(DType).",
                () -> p.add(whole)));
        errors.add(new OpError(
                LESS,
                "lt: operands must have one type, got F32 [2, 3] and I64 [2, 3]. Hint: convert one with to(DType).",
                () -> p.lt(whole)));
        errors.add(new OpError(
                PointwiseOp.Where.class,
                "where: the condition must be BOOL, got F32 [2, 3]. Hint: use a comparison such as x.lt(y).",
                () -> Tensor.where(p, p, p)));
        errors.add(new OpError(
                BinaryOp.PRELU,
                "prelu: the weight must hold one value, or one for each of the input's 3 channels (input [2, 3], weight "
                        + "[4]). Hint: channels are dimension 1.",
                () -> p.prelu(on.zeros(4))));
        errors.add(new OpError(PointwiseOp.Where.class, "where" + misfit, () -> Tensor.where(p.lt(p), p, q)));
        return errors;
    }
}
