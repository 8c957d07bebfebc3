package dev.graft.tensor;

import static dev.graft.backend.UnaryOp.ABS;
import static dev.graft.backend.UnaryOp.AFFINE;
import static dev.graft.backend.UnaryOp.CLAMP;
import static dev.graft.backend.UnaryOp.COS;
import static dev.graft.backend.UnaryOp.ELU;
import static dev.graft.backend.UnaryOp.ERF;
import static dev.graft.backend.UnaryOp.EXP;
import static dev.graft.backend.UnaryOp.EXPM1;
import static dev.graft.backend.UnaryOp.FLOOR;
import static dev.graft.backend.UnaryOp.GELU;
import static dev.graft.backend.UnaryOp.GELU_TANH;
import static dev.graft.backend.UnaryOp.HARDSIGMOID;
import static dev.graft.backend.UnaryOp.HARDSWISH;
import static dev.graft.backend.UnaryOp.LEAKY_RELU;
import static dev.graft.backend.UnaryOp.LOG;
import static dev.graft.backend.UnaryOp.LOG1P;
import static dev.graft.backend.UnaryOp.NEG;
import static dev.graft.backend.UnaryOp.POW;
import static dev.graft.backend.UnaryOp.RECIPROCAL;
import static dev.graft.backend.UnaryOp.RELU;
import static dev.graft.backend.UnaryOp.RELU6;
import static dev.graft.backend.UnaryOp.ROUND;
import static dev.graft.backend.UnaryOp.RSQRT;
import static dev.graft.backend.UnaryOp.SIGMOID;
import static dev.graft.backend.UnaryOp.SILU;
import static dev.graft.backend.UnaryOp.SIN;
import static dev.graft.backend.UnaryOp.SOFTPLUS;
import static dev.graft.backend.UnaryOp.SQRT;
import static dev.graft.backend.UnaryOp.SQUARE;
import static dev.graft.backend.UnaryOp.TANH;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/** Functions of one argument, dropout and type conversion. */
final class UnaryCases {
    private UnaryCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        add(cases, NEG, "neg/plain", Tensor::neg, x -> -x);
        add(cases, EXP, "exp/plain", Tensor::exp, Math::exp);
        add(cases, EXP, "exp/one_element", Tensor::exp, Math::exp);
        add(cases, SQUARE, "square/plain", Tensor::square, x -> x * x);
        add(cases, SIGMOID, "sigmoid/plain", Tensor::sigmoid, UnaryCases::sigmoid);
        add(cases, TANH, "tanh/plain", Tensor::tanh, Math::tanh);
        add(cases, GELU, "gelu/plain", Tensor::gelu, UnaryCases::gelu);
        add(cases, SOFTPLUS, "softplus/plain", Tensor::softplus, UnaryCases::softplus);
        add(cases, LOG, "log/plain", Tensor::log, Math::log);
        add(cases, SQRT, "sqrt/plain", Tensor::sqrt, Math::sqrt);
        add(cases, RECIPROCAL, "reciprocal/plain", Tensor::reciprocal, x -> 1 / x);
        add(cases, ABS, "abs/plain", Tensor::abs, Math::abs);
        add(cases, RSQRT, "rsqrt/plain", Tensor::rsqrt, x -> 1 / Math.sqrt(x));
        add(cases, LOG1P, "log1p/plain", Tensor::log1p, Math::log1p);
        add(cases, LOG1P, "log1p/near_zero", Tensor::log1p, Math::log1p);
        add(cases, EXPM1, "expm1/plain", Tensor::expm1, Math::expm1);
        add(cases, EXPM1, "expm1/near_zero", Tensor::expm1, Math::expm1);
        add(cases, SIN, "sin/plain", Tensor::sin, Math::sin);
        add(cases, COS, "cos/plain", Tensor::cos, Math::cos);
        add(cases, FLOOR, "floor/plain", Tensor::floor, Math::floor);
        addKink(cases, FLOOR, "floor/whole_and_half", Tensor::floor, Math::floor);
        add(cases, ROUND, "round/plain", Tensor::round, Math::rint);
        addKink(cases, ROUND, "round/whole_and_half", Tensor::round, Math::rint);
        add(cases, ERF, "erf/plain", Tensor::erf, UnaryCases::erf);
        add(cases, ERF, "erf/far", Tensor::erf, UnaryCases::erf);
        add(cases, GELU_TANH, "gelu_tanh/plain", Tensor::geluTanh, UnaryCases::geluTanh);
        add(cases, GELU_TANH, "gelu_tanh/far", Tensor::geluTanh, UnaryCases::geluTanh);
        add(cases, SILU, "silu/plain", Tensor::silu, x -> x * sigmoid(x));
        add(cases, SILU, "silu/far", Tensor::silu, x -> x * sigmoid(x));
        add(cases, HARDSWISH, "hardswish/plain", Tensor::hardswish, x -> x * hardsigmoid(x));
        addKink(cases, HARDSWISH, "hardswish/at_kinks", Tensor::hardswish, x -> x * hardsigmoid(x));
        add(cases, HARDSIGMOID, "hardsigmoid/plain", Tensor::hardsigmoid, UnaryCases::hardsigmoid);
        addKink(cases, HARDSIGMOID, "hardsigmoid/at_kinks", Tensor::hardsigmoid, UnaryCases::hardsigmoid);
        add(cases, ELU, "elu/plain", x -> x.elu(0.75f), x -> x > 0 ? x : 0.75 * Math.expm1(x));
        add(cases, ELU, "elu/far", x -> x.elu(1), x -> x > 0 ? x : Math.expm1(x));
        addKink(cases, ELU, "elu/at_kinks", x -> x.elu(0.75f), x -> x > 0 ? x : 0.75 * Math.expm1(x));
        add(cases, RELU, "relu/plain", Tensor::relu, x -> Math.max(x, 0));
        add(cases, RELU, "relu/scalar", Tensor::relu, x -> Math.max(x, 0));
        add(cases, RELU, "relu/empty", Tensor::relu, x -> Math.max(x, 0));
        add(cases, RELU, "relu/image", Tensor::relu, x -> Math.max(x, 0));
        add(cases, RELU6, "relu6/plain", Tensor::relu6, x -> Math.min(Math.max(x, 0), 6));
        add(cases, LEAKY_RELU, "leaky_relu/plain", x -> x.leakyRelu(0.1f), x -> x > 0 ? x : 0.1 * x);
        add(cases, CLAMP, "clamp/plain", x -> x.clamp(-0.5f, 0.75f), x -> Math.min(Math.max(x, -0.5), 0.75));
        add(cases, AFFINE, "affine/plain", x -> x.affine(2.5f, -1.25f), x -> 2.5 * x - 1.25);
        add(cases, AFFINE, "add_number/plain", x -> x.add(0.75f), x -> x + 0.75);
        add(cases, AFFINE, "sub_number/plain", x -> x.sub(0.75f), x -> x - 0.75);
        add(cases, AFFINE, "mul_number/plain", x -> x.mul(-3), x -> x * -3);
        add(cases, BinaryOp.DIV, "div_number/plain", x -> x.div(3), x -> x / 3);
        for (float e : new float[] {2, 3, 1, 0, -1, -2, 0.5f, -1.5f, 2.25f}) {
            String exponent = e == Math.rint(e) ? Integer.toString((int) e) : Float.toString(e);
            add(cases, POW, "pow/" + exponent, x -> x.pow(e), x -> Math.pow(x, e));
        }
        add(cases, POW, "pow/of_zero", x -> x.pow(2), x -> x * x);
        add(cases, SIGMOID, "sigmoid/far", Tensor::sigmoid, UnaryCases::sigmoid);
        add(cases, TANH, "tanh/far", Tensor::tanh, Math::tanh);
        add(cases, GELU, "gelu/far", Tensor::gelu, UnaryCases::gelu);
        add(cases, SOFTPLUS, "softplus/far", Tensor::softplus, UnaryCases::softplus);
        add(cases, EXP, "exp/far", x -> x.div(10).exp(), x -> Math.exp(x / 10));
        addKink(cases, ABS, "abs/at_kinks", Tensor::abs, Math::abs);
        addKink(cases, RELU, "relu/at_kinks", Tensor::relu, x -> Math.max(x, 0));
        addKink(cases, RELU6, "relu6/at_kinks", Tensor::relu6, x -> Math.min(Math.max(x, 0), 6));
        addKink(cases, LEAKY_RELU, "leaky_relu/at_kinks", x -> x.leakyRelu(0.1f), x -> x > 0 ? x : 0.1 * x);
        addKink(cases, CLAMP, "clamp/at_bounds", x -> x.clamp(0, 6), x -> Math.min(Math.max(x, 0), 6));
        add(cases, PointwiseOp.Dropout.class, "dropout/none", x -> x.dropout(0, 7), x -> x);
        add(cases, PointwiseOp.Dropout.class, "dropout/all", x -> x.dropout(1, 7), x -> 0);
        add(cases, PointwiseOp.Convert.class, "to/i64_to_f32", x -> x.to(DType.F32), x -> x);
        add(cases, PointwiseOp.Convert.class, "to/f32_to_i64", x -> x.to(DType.I64), x -> (long) x);
        add(cases, PointwiseOp.Convert.class, "to/f32_to_i32", x -> x.to(DType.I32), x -> (int) x);
        add(cases, PointwiseOp.Convert.class, "to/f32_to_bool", x -> x.to(DType.BOOL), x -> x == 0 ? 0 : 1);
        add(cases, PointwiseOp.Convert.class, "to/bool_to_f32", x -> x.to(DType.F32), x -> x);
        add(cases, PointwiseOp.Convert.class, "to/u8_to_f32", x -> x.to(DType.F32), x -> x);
        return cases;
    }

    private static void add(
            List<OpCase> cases, Object proves, String name, UnaryOperator<Tensor> graft, DoubleUnaryOperator naive) {
        cases.add(new OpCase(name, proves, in -> graft.apply(in[0]), in -> in[0].map(naive)));
    }

    private static void addKink(
            List<OpCase> cases, Object proves, String name, UnaryOperator<Tensor> graft, DoubleUnaryOperator naive) {
        cases.add(new OpCase(name, proves, in -> graft.apply(in[0]), in -> in[0].map(naive)).atKink());
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double hardsigmoid(double x) {
        return x < -3 ? 0 : x > 3 ? 1 : x / 6 + 0.5;
    }

    private static double geluTanh(double x) {
        return x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
    }

    /** By {@link #gelu}'s integral. */
    private static double erf(double x) {
        double scaled = x * Math.sqrt(2);
        return x == 0 ? 0 : 2 * gelu(scaled) / scaled - 1;
    }

    static double softplus(double x) {
        return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
    }

    /** {@code x * Phi(x)}, Phi by Simpson's rule over the normal density. */
    static double gelu(double x) {
        double end = Math.min(Math.abs(x), 10);
        int steps = 400;
        double area = 0;
        for (int i = 0; i <= steps; i++) {
            double t = end * i / steps;
            area += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-t * t / 2);
        }
        area *= end / steps / 3 / Math.sqrt(2 * Math.PI);
        return x * (0.5 + Math.signum(x) * area);
    }

    static List<OpError> errors(On on) {
        Tensor truths = on.zeros(DType.BOOL, Shape.of(2));
        Map<UnaryOp, UnaryOperator<Tensor>> calls = Map.ofEntries(
                Map.entry(NEG, Tensor::neg),
                Map.entry(ABS, Tensor::abs),
                Map.entry(EXP, Tensor::exp),
                Map.entry(LOG, Tensor::log),
                Map.entry(SQRT, Tensor::sqrt),
                Map.entry(SQUARE, Tensor::square),
                Map.entry(RECIPROCAL, Tensor::reciprocal),
                Map.entry(SIGMOID, Tensor::sigmoid),
                Map.entry(TANH, Tensor::tanh),
                Map.entry(RELU, Tensor::relu),
                Map.entry(RELU6, Tensor::relu6),
                Map.entry(LEAKY_RELU, x -> x.leakyRelu(0.1f)),
                Map.entry(GELU, Tensor::gelu),
                Map.entry(SOFTPLUS, Tensor::softplus),
                Map.entry(RSQRT, Tensor::rsqrt),
                Map.entry(LOG1P, Tensor::log1p),
                Map.entry(EXPM1, Tensor::expm1),
                Map.entry(SIN, Tensor::sin),
                Map.entry(COS, Tensor::cos),
                Map.entry(FLOOR, Tensor::floor),
                Map.entry(ROUND, Tensor::round),
                Map.entry(ERF, Tensor::erf),
                Map.entry(GELU_TANH, Tensor::geluTanh),
                Map.entry(SILU, Tensor::silu),
                Map.entry(HARDSWISH, Tensor::hardswish),
                Map.entry(HARDSIGMOID, Tensor::hardsigmoid),
                Map.entry(ELU, x -> x.elu(1)),
                Map.entry(POW, x -> x.pow(2)),
                Map.entry(CLAMP, x -> x.clamp(0, 1)),
                Map.entry(AFFINE, x -> x.affine(1, 1)));
        List<OpError> errors = new ArrayList<>();
        calls.forEach((function, call) -> errors.add(new OpError(
                function,
                (function == LEAKY_RELU
                                ? "leakyRelu"
                                : function == GELU_TANH
                                        ? "geluTanh"
                                        : function.name().toLowerCase(Locale.ROOT))
                        + ": operands must be F32, got BOOL [2]. Hint: call to(DType.F32).",
                () -> call.apply(truths))));
        errors.add(new OpError(
                AFFINE, "add: operands must be F32, got BOOL [2]. Hint: call to(DType.F32).", () -> truths.add(1)));
        errors.add(new OpError(
                PointwiseOp.Dropout.class,
                "dropout: probability must be from 0 to 1, got 1.5",
                () -> on.ones(2).dropout(1.5f, 1)));
        errors.add(new OpError(
                PointwiseOp.Dropout.class,
                "dropout: probability must be from 0 to 1, got NaN",
                () -> on.ones(2).dropout(Float.NaN, 1)));
        errors.add(new OpError(
                PointwiseOp.Convert.class,
                "to: C64 cannot be converted to or from here. Hint: 8-bit floats can be read as F32, complex numbers "
                        + "only be stored and saved as they are.",
                () -> on.zeros(DType.C64, Shape.of(2)).to(DType.F32)));
        return errors;
    }
}
