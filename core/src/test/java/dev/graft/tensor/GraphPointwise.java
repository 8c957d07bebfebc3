package dev.graft.tensor;

import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

/** Element-wise functions of one argument for random graphs. Each maker appends one, or gives -1. */
final class GraphPointwise {
    private GraphPointwise() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        List<ToIntFunction<GraphBuilder>> makers =
                new ArrayList<>(List.of(GraphPointwise::dropout, GraphPointwise::cast, GraphPointwise::detach));
        for (UnaryOp op : UnaryOp.values()) {
            makers.add(g -> unary(g, op));
        }
        return makers;
    }

    /** A function of one number on a tape. */
    interface OnTape {
        int apply(GraphTape tape, int id);
    }

    static int sigmoid(GraphTape t, int id) {
        return t.functionByResult(id, 1 / (1 + Math.exp(-t.value(id))), s -> s * (1 - s));
    }

    static int tanh(GraphTape t, int id) {
        return t.functionByResult(id, Math.tanh(t.value(id)), y -> 1 - y * y);
    }

    private static int unary(
            GraphBuilder g,
            int x,
            Object key,
            UnaryOperator<Tensor> graft,
            OnTape reference,
            String java,
            String python) {
        return g.step(
                key,
                new int[] {x},
                t -> graft.apply(t[0]),
                r -> r[0].map(id -> reference.apply(r[0].tape(), id)),
                java,
                python);
    }

    private static int unary(GraphBuilder g, UnaryOp op) {
        int x = domain(g, op);
        float a = (g.random.nextInt(17) - 8) / 4f;
        float b = (g.random.nextInt(17) - 8) / 4f;
        return switch (op) {
            case NEG -> unary(g, x, op, Tensor::neg, (t, i) -> t.affine(i, -1, 0), "$0.neg()", "-$0");
            case ABS ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::abs,
                        (t, i) -> t.clipped(i, Math.abs(t.value(i)), Math.signum(t.value(i))),
                        "$0.abs()",
                        "$0.abs()");
            case EXP -> unary(g, x, op, Tensor::exp, GraphTape::exp, "$0.exp()", "$0.exp()");
            case LOG -> unary(g, x, op, Tensor::log, GraphTape::log, "$0.log()", "$0.log()");
            case SQRT -> unary(g, x, op, Tensor::sqrt, GraphTape::sqrt, "$0.sqrt()", "$0.sqrt()");
            case SQUARE -> unary(g, x, op, Tensor::square, (t, i) -> t.mul(i, i), "$0.square()", "$0.square()");
            case RECIPROCAL ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::reciprocal,
                        (t, i) -> t.function(i, 1 / t.value(i), -1 / (t.value(i) * t.value(i))),
                        "$0.reciprocal()",
                        "$0.reciprocal()");
            case SIGMOID -> unary(g, x, op, Tensor::sigmoid, GraphPointwise::sigmoid, "$0.sigmoid()", "$0.sigmoid()");
            case TANH -> unary(g, x, op, Tensor::tanh, GraphPointwise::tanh, "$0.tanh()", "$0.tanh()");
            case RELU -> unary(g, x, op, Tensor::relu, (t, i) -> clamp(t, i, 0, 1e9, false), "$0.relu()", "$0.relu()");
            case RELU6 ->
                unary(g, x, op, Tensor::relu6, (t, i) -> clamp(t, i, 0, 6, false), "$0.relu6()", "F.relu6($0)");
            case CLAMP -> {
                float low = Math.min(a, b);
                float high = Math.max(a, b);
                yield !g.isAwayFrom(x, low, high)
                        ? -1
                        : unary(
                                g,
                                x,
                                op,
                                v -> v.clamp(low, high),
                                (t, i) -> clamp(t, i, low, high, true),
                                "$0.clamp(" + low + "f, " + high + "f)",
                                "$0.clamp(" + low + ", " + high + ")");
            }
            case LEAKY_RELU ->
                unary(
                        g,
                        x,
                        op,
                        v -> v.leakyRelu(0.125f),
                        (t, i) -> t.value(i) > 0 ? i : t.affine(i, 0.125, 0),
                        "$0.leakyRelu(0.125f)",
                        "F.leaky_relu($0, 0.125)");
            case GELU -> unary(g, x, op, Tensor::gelu, (t, i) -> gelu(t, i), "$0.gelu()", "F.gelu($0)");
            case SOFTPLUS -> unary(g, x, op, Tensor::softplus, GraphTape::softplus, "$0.softplus()", "F.softplus($0)");
            case POW -> {
                float e = new float[] {2, 3, 0, 1, -1, 0.5f, 1.5f, -0.5f}[g.random.nextInt(8)];
                boolean any = e >= 0 && e == Math.rint(e);
                yield !any && !g.all(x, v -> v > 0.1)
                        ? -1
                        : unary(
                                g,
                                x,
                                op,
                                v -> v.pow(e),
                                (t, i) -> t.function(
                                        i, Math.pow(t.value(i), e), e == 0 ? 0 : e * Math.pow(t.value(i), e - 1.0)),
                                "$0.pow(" + e + "f)",
                                "$0.pow(" + e + ")");
            }
            case RSQRT ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::rsqrt,
                        (t, i) -> t.functionByResult(i, 1 / Math.sqrt(t.value(i)), y -> -0.5 * t.rounded(y * y * y)),
                        "$0.rsqrt()",
                        "$0.rsqrt()");
            case LOG1P ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::log1p,
                        (t, i) -> t.function(i, Math.log1p(t.value(i)), 1 / t.rounded(1 + t.value(i))),
                        "$0.log1p()",
                        "$0.log1p()");
            case EXPM1 ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::expm1,
                        (t, i) -> t.functionByResult(i, Math.expm1(t.value(i)), y -> y + 1),
                        "$0.expm1()",
                        "$0.expm1()");
            case SIN ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::sin,
                        (t, i) -> t.function(i, Math.sin(t.value(i)), Math.cos(t.value(i))),
                        "$0.sin()",
                        "$0.sin()");
            case COS ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::cos,
                        (t, i) -> t.function(i, Math.cos(t.value(i)), -Math.sin(t.value(i))),
                        "$0.cos()",
                        "$0.cos()");
            case FLOOR ->
                !g.all(x, e -> Math.abs(e - Math.rint(e)) > 0.03)
                        ? -1
                        : unary(
                                g,
                                x,
                                op,
                                Tensor::floor,
                                (t, i) -> t.clipped(i, Math.floor(t.value(i)), 0),
                                "$0.floor()",
                                "$0.floor()");
            case ROUND ->
                !g.all(x, e -> Math.abs(e - 0.5 - Math.rint(e - 0.5)) > 0.03)
                        ? -1
                        : unary(
                                g,
                                x,
                                op,
                                Tensor::round,
                                (t, i) -> t.clipped(i, Math.rint(t.value(i)), 0),
                                "$0.round()",
                                "$0.round()");
            case ERF -> unary(g, x, op, Tensor::erf, (t, i) -> erf(t, i), "$0.erf()", "$0.erf()");
            case GELU_TANH ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::geluTanh,
                        (t, i) -> geluTanh(t, i),
                        "$0.geluTanh()",
                        "F.gelu($0, approximate='tanh')");
            case SILU -> unary(g, x, op, Tensor::silu, (t, i) -> t.mul(i, sigmoid(t, i)), "$0.silu()", "F.silu($0)");
            case HARDSWISH ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::hardswish,
                        (t, i) -> t.mul(i, t.affine(clamp(t, t.affine(i, 1, 3), 0, 6, false), 1.0 / 6, 0)),
                        "$0.hardswish()",
                        "F.hardswish($0)");
            case HARDSIGMOID ->
                unary(
                        g,
                        x,
                        op,
                        Tensor::hardsigmoid,
                        (t, i) -> t.affine(clamp(t, t.affine(i, 1, 3), 0, 6, false), 1.0 / 6, 0),
                        "$0.hardsigmoid()",
                        // PyTorch's own slope in double precision is a sixth in single precision
                        "F.relu6($0 + 3) / 6");
            case ELU ->
                unary(
                        g,
                        x,
                        op,
                        v -> v.elu(0.75f),
                        (t, i) -> t.value(i) > 0
                                ? i
                                : t.function(i, 0.75 * Math.expm1(t.value(i)), 0.75 * Math.exp(t.value(i))),
                        "$0.elu(0.75f)",
                        "F.elu($0, 0.75)");
            case AFFINE -> affine(g, x, a, b);
        };
    }

    private static int affine(GraphBuilder g, int x, float a, float b) {
        return switch (g.random.nextInt(4)) {
            case 0 ->
                unary(
                        g,
                        x,
                        UnaryOp.AFFINE,
                        v -> v.add(b),
                        (t, i) -> t.affine(i, 1, b),
                        "$0.add(" + b + "f)",
                        "$0 + " + b);
            case 1 ->
                unary(
                        g,
                        x,
                        UnaryOp.AFFINE,
                        v -> v.sub(b),
                        (t, i) -> t.affine(i, 1, -b),
                        "$0.sub(" + b + "f)",
                        "$0 - " + b);
            case 2 ->
                unary(
                        g,
                        x,
                        UnaryOp.AFFINE,
                        v -> v.mul(a),
                        (t, i) -> t.affine(i, a, 0),
                        "$0.mul(" + a + "f)",
                        "$0 * " + a);
            default ->
                unary(
                        g,
                        x,
                        UnaryOp.AFFINE,
                        v -> v.affine(a, b),
                        (t, i) -> t.affine(i, a, b),
                        "$0.affine(" + a + "f, " + b + "f)",
                        "$0 * " + a + " + " + b);
        };
    }

    private static int clamp(GraphTape t, int i, double low, double high, boolean atBounds) {
        double v = t.value(i);
        boolean inside = atBounds ? v >= low && v <= high : v > low && v < high;
        return inside ? i : t.clipped(i, Math.min(Math.max(v, low), high), 0);
    }

    /** The normal distribution function by its series: all arguments are small. */
    private static int gelu(GraphTape t, int i) {
        double x = t.value(i);
        double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
        double term = x;
        double sum = x;
        for (int k = 1; k < 200; k++) {
            term *= x * x / (2 * k + 1);
            sum += term;
        }
        double distribution = 0.5 + density * sum;
        // Both parts of the slope are rounded, which shows where they cancel, at about -0.75.
        return t.function(i, x * distribution, t.rounded(distribution) + t.rounded(x * density));
    }

    /** By its series: all arguments are small. */
    private static int erf(GraphTape t, int i) {
        double x = t.value(i);
        double density = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
        double term = x;
        double sum = x;
        for (int k = 1; k < 200; k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return t.function(i, density * sum, density);
    }

    private static int geluTanh(GraphTape t, int i) {
        int cube = t.mul(i, t.mul(i, i));
        int inner = t.affine(t.add(i, t.affine(cube, 0.044715, 0)), 2 * Math.sqrt(2 / Math.PI), 0);
        return t.mul(i, sigmoid(t, inner));
    }

    /** An argument that the function is defined and smooth at. */
    private static int domain(GraphBuilder g, UnaryOp op) {
        int x =
                switch (op) {
                    case SIN, COS -> g.any(v -> g.all(v, e -> Math.abs(e) < 8));
                    case HARDSWISH, HARDSIGMOID -> g.any(v -> g.isAwayFrom(v, -3, 3));
                    case EXP, EXPM1 -> g.any(v -> g.all(v, e -> e < 5 && e > -9));
                    case LOG, LOG1P, SQRT, RSQRT -> g.any(v -> g.all(v, e -> e > 0.06));
                    case RECIPROCAL -> g.any(v -> g.all(v, e -> Math.abs(e) > 0.2));
                    case ABS, RELU, LEAKY_RELU, ELU -> g.any(v -> g.isAwayFrom(v, 0));
                    case RELU6 -> g.any(v -> g.isAwayFrom(v, 0, 6));
                    // Beyond, the tail of the normal distribution is the difference of two nearly equal numbers, for
                    // PyTorch in double precision too.
                    case GELU, GELU_TANH, ERF -> g.any(v -> g.all(v, e -> Math.abs(e) < 4));
                    case SIGMOID, TANH, SOFTPLUS, SILU -> g.any(v -> g.all(v, e -> Math.abs(e) < 8));
                    case POW ->
                        g.any(v -> g.all(v, e -> (Math.abs(e) < 8 && e > 0.1 == g.random.nextBoolean()) || e > 0.1));
                    default -> g.any();
                };
        return x >= 0 ? x : g.positive(true, g.dims(2, 3));
    }

    /** The mask is random by nature: the reference takes the one that ones of the same shape show. */
    private static int dropout(GraphBuilder g) {
        int x = g.any();
        float p = new float[] {0, 0.25f, 0.5f, 0.75f, 1}[g.random.nextInt(5)];
        long seed = g.random.nextLong();
        float[] mask;
        try (Scope scope = Scope.open()) {
            mask = Tensor.ones(g.dims(x)).dropout(p, seed).toFloatArray();
        }
        double scale = p < 1 ? 1 / (1 - (double) p) : 0;
        return g.step(
                PointwiseOp.Dropout.class,
                new int[] {x},
                t -> t[0].contiguous().dropout(p, seed),
                r -> {
                    int[] ids = new int[mask.length];
                    for (int i = 0; i < ids.length; i++) {
                        ids[i] = r[0].tape().affine(r[0].ids()[i], mask[i] != 0 ? scale : 0, 0);
                    }
                    return new GraphRef(r[0].tape(), r[0].dims(), ids);
                },
                "$0.contiguous().dropout(" + p + "f, " + seed + "L)",
                "$0 * (tensor([" + Graph.list(mask, "") + "], " + Graph.list(g.dims(x)) + ") != 0) * " + scale);
    }

    private static int cast(GraphBuilder g) {
        DType type = new DType[] {DType.F64, DType.F64, DType.BF16, DType.F16}[g.random.nextInt(4)];
        int x = g.any(v -> type == DType.F64
                || (g.isExact(v)
                        && g.all(v, e -> (Float.floatToRawIntBits((float) e) & 0xffff) == 0 && Math.abs(e) < 16)));
        double error = type == DType.BF16 ? 1 / 256.0 : type == DType.F16 ? 1 / 2048.0 : 0;
        String python = type == DType.F64
                ? "$0 * 1"
                : "$0.to(torch." + (type == DType.BF16 ? "bfloat16" : "float16") + ").to(torch.float64)";
        return g.step(
                List.of(PointwiseOp.Convert.class),
                new int[] {x},
                t -> t[0].to(type).to(DType.F32),
                r -> r[0].map(i -> r[0].tape().cast(i, error)),
                "$0.to(DType." + type + ").to(DType.F32)",
                python,
                0,
                false);
    }

    private static int detach(GraphBuilder g) {
        return g.step(
                List.of("detach"),
                new int[] {g.any()},
                t -> t[0].detach(),
                r -> r[0].map(r[0].tape()::detached),
                "$0.detach()",
                "$0.detach()",
                1,
                false);
    }
}
