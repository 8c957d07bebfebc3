package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/** Arithmetic of integers; whole quotients and remainders, of floats too. */
final class IntegerCases {
    private IntegerCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        both(cases, BinaryOp.ADD, "add", Tensor::add, x -> x.add(-3), Double::sum);
        both(cases, BinaryOp.SUB, "sub", Tensor::sub, x -> x.sub(-3), (p, q) -> p - q);
        both(cases, BinaryOp.MUL, "mul", Tensor::mul, x -> x.mul(-3), (p, q) -> p * q);
        both(
                cases,
                BinaryOp.MAXIMUM,
                "maximum",
                Tensor::maximum,
                x -> x.maximum(x.sub(x).sub(3)),
                Math::max);
        both(
                cases,
                BinaryOp.MINIMUM,
                "minimum",
                Tensor::minimum,
                x -> x.minimum(x.sub(x).sub(3)),
                Math::min);
        DoubleBinaryOperator down = (p, q) -> Math.floor(p / q);
        DoubleBinaryOperator rest = (p, q) -> p - q * Math.floor(p / q);
        both(cases, BinaryOp.FLOOR_DIVIDE, "floor_divide", Tensor::floorDivide, x -> x.floorDivide(-3), down);
        both(cases, BinaryOp.REMAINDER, "remainder", Tensor::remainder, x -> x.remainder(-3), rest);
        for (String variant : List.of("same", "row", "outer", "empty", "signs")) {
            cases.add(two(BinaryOp.FLOOR_DIVIDE, "floor_divide/" + variant, Tensor::floorDivide, down));
            // 1 and the float nearest 0.1 have a remainder whose digits are those of the rounding of 0.1.
            cases.add(two(BinaryOp.REMAINDER, "remainder/" + variant, Tensor::remainder, rest)
                    .terms(60));
        }
        one(cases, BinaryOp.FLOOR_DIVIDE, "floor_divide/number", x -> x.floorDivide(1.5), x -> Math.floor(x / 1.5));
        one(cases, BinaryOp.REMAINDER, "remainder/number", x -> x.remainder(1.5), x -> x - 1.5 * Math.floor(x / 1.5));
        cases.add(two(BinaryOp.ADD, "add/i64_wraps", Tensor::add, (p, q) -> (double) (long) wrapped(p, q)));
        cases.add(two(BinaryOp.MUL, "mul/i32_wraps", Tensor::mul, (p, q) -> (int) (((long) p) * ((long) q))));
        cases.add(two(BinaryOp.ADD, "add/i64_exact", Tensor::add, Double::sum));
        for (String type : List.of("i64", "i32")) {
            one(cases, "neg", "neg/" + type, Tensor::neg, x -> -x);
            one(cases, "abs", "abs/" + type, Tensor::abs, Math::abs);
            one(cases, "square", "square/" + type, Tensor::square, x -> x * x);
            extreme(cases, "max/" + type, true);
            extreme(cases, "min/" + type, false);
            cases.add(new OpCase(
                    "sum/" + type,
                    Reduction.SUM,
                    in -> in[0].sum(0, 2),
                    in -> ReductionCases.fold(in[0], false, new int[] {0, 2}, 0, Double::sum)));
            where(cases, "where/" + type);
            cases.add(two(BinaryOp.LESS, "lt/" + type, Tensor::lt, (p, q) -> p < q ? 1 : 0));
            cases.add(new OpCase(
                    "masked_fill/" + type,
                    "maskedFill",
                    in -> in[0].maskedFill(in[1], -8),
                    in -> Nd.zip(in[0], in[1], (x, m) -> m != 0 ? -8 : x)));
        }
        cases.add(new OpCase(
                "sum/truths",
                Reduction.SUM,
                in -> in[0].sum(1),
                in -> ReductionCases.fold(in[0], false, new int[] {1}, 0, Double::sum)));
        cases.add(new OpCase("sum/bytes", Reduction.SUM, in -> in[0].sum(), in -> Nd.scalar(in[0].sum())));
        cases.add(new OpCase(
                "tril/truths",
                "tril",
                in -> in[0].tril(0),
                in -> Nd.fill(in[0].dims(), i -> i[1] <= i[0] ? in[0].get(i) : 0)));
        cases.add(new OpCase(
                "triu/i64",
                "triu",
                in -> in[0].triu(1),
                in -> Nd.fill(in[0].dims(), i -> i[1] > i[0] ? in[0].get(i) : 0)));
        where(cases, "where/truths");
        return cases;
    }

    /** The sum of two longs, which may leave their range. */
    private static double wrapped(double p, double q) {
        double sum = p + q;
        return sum >= 0x1p63 ? sum - 0x1p64 : sum <= -0x1p63 && q < 0 ? sum + 0x1p64 : sum;
    }

    private static void both(
            List<OpCase> cases,
            BinaryOp op,
            String name,
            BinaryOperator<Tensor> graft,
            UnaryOperator<Tensor> withNumber,
            DoubleBinaryOperator naive) {
        for (String type : List.of("i64", "i32")) {
            cases.add(two(op, name + "/" + type, graft, naive));
            one(cases, op, name + "/" + type + "_number", withNumber, x -> naive.applyAsDouble(x, -3));
        }
    }

    private static OpCase two(Object proves, String name, BinaryOperator<Tensor> graft, DoubleBinaryOperator naive) {
        return new OpCase(name, proves, in -> graft.apply(in[0], in[1]), in -> Nd.zip(in[0], in[1], naive));
    }

    private static void one(
            List<OpCase> cases, Object proves, String name, UnaryOperator<Tensor> graft, DoubleUnaryOperator naive) {
        cases.add(new OpCase(name, proves, in -> graft.apply(in[0]), in -> in[0].map(naive)));
    }

    private static void extreme(List<OpCase> cases, String name, boolean largest) {
        cases.add(new OpCase(
                name,
                largest ? Reduction.MAX : Reduction.MIN,
                in -> largest ? in[0].amax(1) : in[0].amin(1),
                in -> ReductionCases.fold(
                        in[0],
                        false,
                        new int[] {1},
                        largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY,
                        largest ? Math::max : Math::min)));
    }

    private static void where(List<OpCase> cases, String name) {
        cases.add(new OpCase(
                name,
                PointwiseOp.Where.class,
                in -> Tensor.where(in[0], in[1], in[2]),
                in -> Nd.fill(in[0].dims(), i -> in[0].spread(i) != 0 ? in[1].spread(i) : in[2].spread(i))));
    }

    static List<OpError> errors(On on) {
        Tensor whole = on.of(new long[] {7, -7, 3}, 3);
        Tensor zeros = on.of(new long[] {1, 0, 2}, 3);
        Tensor ints = whole.to(DType.I32);
        Tensor truths = whole.gt(0);
        List<OpError> errors = new ArrayList<>();
        String zero =
                ": integers cannot be divided by 0. Hint: replace zeros with where, or convert with to(DType.F32).";
        errors.add(new OpError(BinaryOp.FLOOR_DIVIDE, "floorDivide" + zero, () -> whole.floorDivide(zeros)));
        errors.add(new OpError(BinaryOp.REMAINDER, "remainder" + zero, () -> whole.remainder(0)));
        errors.add(new OpError(
                BinaryOp.DIV,
                "div: operands must be F32, got I64 [3]. Hint: call to(DType.F32), or floorDivide for the whole quotient "
                        + "of integers.",
                () -> whole.div(2)));
        errors.add(new OpError(
                BinaryOp.ADD,
                "add: operands must be F32, I64 or I32, got BOOL [3]. Hint: call to(DType.F32).",
                () -> truths.add(truths)));
        errors.add(new OpError(
                BinaryOp.MUL,
                "mul: operands must have one type, got I64 [3] and I32 [3]. Hint: convert one with to(DType).",
                () -> whole.mul(ints)));
        errors.add(new OpError(
                BinaryOp.ADD,
                "add: 0.5 is not a whole number, and the tensor is I64 [3]. Hint: call to(DType.F32).",
                () -> whole.add(0.5)));
        errors.add(new OpError(
                BinaryOp.ADD,
                "add: 1.0E18 is out of the range of I64 [3]. Hint: make a tensor of it with Tensor.of(long[]).",
                () -> whole.add(1e18)));
        errors.add(new OpError(
                BinaryOp.LESS,
                "lt: 3.0E9 is out of the range of I32 [3]. Hint: make a tensor of it with Tensor.of(long[]).",
                () -> ints.lt(3e9)));
        errors.add(new OpError(
                Reduction.MEAN, "mean: input must be F32, got I64 [3]. Hint: call to(DType.F32).", () -> whole.mean()));
        errors.add(new OpError(
                BinaryOp.SUB,
                "sub: operands must have one type, got I64 [2] and F32 [2]. Hint: convert one with to(DType).",
                () -> on.zeros(DType.I64, Shape.of(2)).sub(on.zeros(2))));
        return errors;
    }
}
