package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.ANY;
import static dev.graft.backend.conformance.KernelCase.Place.CONTIGUOUS;
import static dev.graft.backend.conformance.KernelCase.Place.DENSE;
import static dev.graft.backend.conformance.KernelCase.positive;
import static dev.graft.backend.conformance.KernelCase.random;
import static dev.graft.backend.conformance.KernelCase.whole;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Copies, element-wise kernels and optimizer steps. */
final class ElementCases {
    private static final int[][] SHAPES = {{}, {1}, {7}, {3, 5}, {2, 3, 4, 5}, {0, 3}, {3, 1, 67}};

    private ElementCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        for (int[] dims : SHAPES) {
            movement(cases, dims);
            binary(cases, dims);
        }
        for (UnaryOp op : UnaryOp.values()) {
            for (int[] dims : new int[][] {{}, {7}, {0, 3}, {3, 5}, {2, 3, 4, 5}, {131}}) {
                unary(cases, op, dims);
            }
        }
        optimizers(cases);
        return cases;
    }

    private static String name(Object kernel, int[] dims) {
        return kernel + " " + Arrays.toString(dims);
    }

    private static void movement(List<KernelCase> cases, int[] dims) {
        for (DType type : new DType[] {DType.F32, DType.I64, DType.I32, DType.U8, DType.BOOL}) {
            Nd x = type == DType.F32 ? random(1, dims) : whole(1, 2, dims);
            cases.add(new KernelCase(name("copy " + type, dims))
                    .in(ANY, type, x)
                    .out(ANY, type, dims)
                    .call((b, in, out) -> b.copy(in[0], out[0]))
                    .expect(in -> in));
            cases.add(new KernelCase(name("copy " + type + " to F32", dims))
                    .in(ANY, type, x)
                    .out(ANY, dims)
                    .call((b, in, out) -> b.copy(in[0], out[0]))
                    .expect(in -> in));
            cases.add(new KernelCase(name("copy F32 to " + type, dims))
                    .in(ANY, whole(2, 2, dims))
                    .out(ANY, type, dims)
                    .call((b, in, out) -> b.copy(in[0], out[0]))
                    .expect(in -> in));
            cases.add(new KernelCase(name("fill " + type, dims))
                    .in(ANY, type, x)
                    .changes(0)
                    .call((b, in, out) -> b.fill(out[0], 1))
                    .expect(in -> new Nd[] {in[0].map(v -> 1)}));
        }
        cases.add(new KernelCase(name("where", dims))
                .in(ANY, DType.BOOL, whole(3, 2, dims))
                .in(ANY, random(4, dims))
                .in(ANY, random(5, dims))
                .out(ANY, dims)
                .call((b, in, out) -> b.where(in[0], in[1], in[2], out[0]))
                .expect(in -> new Nd[] {Nd.fill(dims, i -> in[0].spread(i) != 0 ? in[1].spread(i) : in[2].spread(i))}));
        cases.add(new KernelCase(name("where of I64", dims))
                .in(ANY, DType.BOOL, whole(3, 2, dims))
                .in(ANY, DType.I64, whole(4, 99, dims))
                .in(ANY, DType.I64, whole(5, 99, dims))
                .out(ANY, DType.I64, dims)
                .call((b, in, out) -> b.where(in[0], in[1], in[2], out[0]))
                .expect(in -> new Nd[] {Nd.fill(dims, i -> in[0].spread(i) != 0 ? in[1].spread(i) : in[2].spread(i))}));
        cases.add(new KernelCase(name("addScaled", dims))
                .in(ANY, random(6, dims))
                .in(ANY, random(7, dims))
                .changes(1)
                .terms(2)
                .call((b, in, out) -> b.addScaled(-1.5f, in[0], out[0]))
                .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> y - 1.5 * x)}));
        cases.add(new KernelCase(name("dropout", dims))
                .in(ANY, random(8, dims))
                .out(ANY, dims)
                .call((b, in, out) -> b.dropout(0.375f, 99, in[0], out[0]))
                .expect(in -> {
                    RandomStream stream = RandomStream.of(99, "dropout.mask");
                    long[] at = {0};
                    return new Nd[] {Nd.fill(dims, i -> stream.at(at[0]++) >>> 40 >= 6291456 ? in[0].get(i) / 0.625 : 0)
                    };
                }));
    }

    private static void binary(List<KernelCase> cases, int[] dims) {
        for (BinaryOp op : BinaryOp.values()) {
            if (op.isLogic()) {
                cases.add(new KernelCase(name(op, dims))
                        .in(ANY, DType.BOOL, whole(11, 2, dims))
                        .in(ANY, DType.BOOL, whole(12, 2, dims))
                        .out(ANY, DType.BOOL, dims)
                        .call((b, in, out) -> b.binary(op, in[0], in[1], out[0]))
                        .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> value(op, x, y))}));
                continue;
            }
            Nd p = random(9, dims);
            boolean divides = op == BinaryOp.DIV || op == BinaryOp.FLOOR_DIVIDE || op == BinaryOp.REMAINDER;
            Nd q = divides ? positive(10, dims) : random(10, dims);
            KernelCase c = new KernelCase(name(op, dims))
                    .in(ANY, p)
                    .in(ANY, q)
                    .terms(1)
                    .call((b, in, out) -> b.binary(op, in[0], in[1], out[0]))
                    .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> value(op, x, y))});
            if (!op.isComparison()) {
                cases.add(c.outUpon(ANY, DType.F32, dims, 0, 1));
                for (DType type :
                        op == BinaryOp.DIV || op == BinaryOp.PRELU ? List.<DType>of() : List.of(DType.I64, DType.I32)) {
                    cases.add(new KernelCase(name(op + " of " + type, dims))
                            .in(ANY, type, whole(11, 9, dims).map(v -> v - 4))
                            .in(ANY, type, whole(12, 8, dims).map(v -> v < 4 ? v - 4 : v - 3))
                            .outUpon(ANY, type, dims, 0, 1)
                            .call((b, in, out) -> b.binary(op, in[0], in[1], out[0]))
                            .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> value(op, x, y))}));
                }
                continue;
            }
            cases.add(new KernelCase(name(op + " of I32", dims))
                    .in(ANY, DType.I32, whole(11, 3, dims))
                    .in(ANY, DType.I32, whole(12, 3, dims))
                    .out(ANY, DType.BOOL, dims)
                    .call((b, in, out) -> b.binary(op, in[0], in[1], out[0]))
                    .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> value(op, x, y))}));
            cases.add(c.out(ANY, DType.BOOL, dims));
            cases.add(new KernelCase(name(op + " of I64", dims))
                    .in(ANY, DType.I64, whole(11, 3, dims))
                    .in(ANY, DType.I64, whole(12, 3, dims))
                    .out(ANY, DType.BOOL, dims)
                    .call((b, in, out) -> b.binary(op, in[0], in[1], out[0]))
                    .expect(in -> new Nd[] {Nd.zip(in[0], in[1], (x, y) -> value(op, x, y))}));
        }
    }

    private static double value(BinaryOp op, double p, double q) {
        return switch (op) {
            case ADD -> p + q;
            case SUB -> p - q;
            case MUL -> p * q;
            case DIV -> p / q;
            case MAXIMUM -> p > q ? p : q;
            case MINIMUM -> p < q ? p : q;
            case FLOOR_DIVIDE -> Math.floor(p / q);
            case REMAINDER -> p - q * Math.floor(p / q);
            case PRELU -> p > 0 ? p : q * p;
            case EQUAL -> p == q ? 1 : 0;
            case NOT_EQUAL, XOR -> p == q ? 0 : 1;
            case GREATER -> p > q ? 1 : 0;
            case GREATER_EQUAL -> p >= q ? 1 : 0;
            case AND -> p * q;
            case OR -> Math.max(p, q);
            case LESS -> p < q ? 1 : 0;
            case LESS_EQUAL -> p <= q ? 1 : 0;
        };
    }

    private static void unary(List<KernelCase> cases, UnaryOp op, int[] dims) {
        boolean positive =
                switch (op) {
                    case LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, POW -> true;
                    default -> false;
                };
        float a = op == UnaryOp.CLAMP ? -0.5f : op == UnaryOp.POW ? 2.5f : 0.25f;
        float b = 0.75f;
        Nd x = positive ? positive(13, dims) : random(13, dims);
        cases.add(new KernelCase(name(op, dims))
                .in(DENSE, x)
                .outUpon(DENSE, DType.F32, dims, 0)
                .terms(1)
                .call((d, in, out) -> d.unary(op, a, b, in[0], out[0]))
                .expect(in -> new Nd[] {in[0].map(v -> value(op, a, b, v))}));
        boolean fromResult =
                switch (op) {
                    case EXP, SQRT, RECIPROCAL, RSQRT, EXPM1, SIGMOID, TANH, RELU, RELU6 -> true;
                    default -> false;
                };
        Nd y = x.map(v -> (float) value(op, a, b, v));
        KernelCase backward = new KernelCase(name(op + " backward", dims));
        if (fromResult) {
            backward.unread(DENSE, dims).in(DENSE, y);
        } else {
            backward.in(DENSE, x).unread(DENSE, dims);
        }
        cases.add(backward.in(DENSE, random(14, dims))
                .out(DENSE, dims)
                .terms(1)
                .call((d, in, out) -> d.unaryBackward(op, a, b, in[0], in[1], in[2], out[0]))
                .expect(in -> new Nd[] {Nd.zip(x, in[2], (v, dy) -> dy * slope(op, a, b, v))}));
    }

    /** Written otherwise than in the kernels, where a second form is known. */
    private static double value(UnaryOp op, double a, double b, double x) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> x < 0 ? -x : x;
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case SQUARE -> x * x;
            case RECIPROCAL -> 1 / x;
            case RSQRT -> Math.sqrt(1 / x);
            case LOG1P -> Math.log(1 + x);
            case EXPM1 -> Math.exp(x) - 1;
            case SIN -> Math.cos(x - Math.PI / 2);
            case COS -> Math.sin(x + Math.PI / 2);
            case FLOOR -> x - (x % 1 + 1) % 1;
            case ROUND -> Math.round(x);
            case ERF -> 2 * normal(x * Math.sqrt(2)) - 1;
            case GELU_TANH -> x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x / (1 + Math.exp(-x));
            case HARDSWISH -> x < -3 ? 0 : x > 3 ? x : x * x / 6 + x / 2;
            case HARDSIGMOID -> x < -3 ? 0 : x > 3 ? 1 : x / 6 + 0.5;
            case ELU -> x > 0 ? x : a * (Math.exp(x) - 1);
            case SIGMOID -> 0.5 * (1 + Math.tanh(x / 2));
            case TANH -> 1 - 2 / (Math.exp(2 * x) + 1);
            case RELU -> x > 0 ? x : 0;
            case RELU6 -> x > 6 ? 6 : x > 0 ? x : 0;
            case LEAKY_RELU -> x > 0 ? x : a * x;
            case GELU -> x * normal(x);
            case SOFTPLUS -> Math.log(1 + Math.exp(x));
            case POW -> Math.exp(a * Math.log(x));
            case CLAMP -> x < a ? a : x > b ? b : x;
            case AFFINE -> a * x + b;
        };
    }

    /** Phi by Simpson's rule over the normal density. */
    private static double normal(double x) {
        int steps = 400;
        double area = 0;
        for (int i = 0; i <= steps; i++) {
            double t = x * i / steps;
            area += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-t * t / 2);
        }
        return 0.5 + area * x / steps / 3 / Math.sqrt(2 * Math.PI);
    }

    /** Central differences, one-sided rules at the kinks as PyTorch has them. */
    private static double slope(UnaryOp op, double a, double b, double x) {
        return switch (op) {
            case ABS -> Math.signum(x);
            case RELU, RELU6 -> x > 0 && x < 6 ? 1 : 0;
            case LEAKY_RELU -> x > 0 ? 1 : a;
            case CLAMP -> x >= a && x <= b ? 1 : 0;
            case FLOOR, ROUND -> 0;
            case ELU -> x > 0 ? 1 : a * Math.exp(x);
            default -> {
                double h = 1e-5;
                yield (8 * (value(op, a, b, x + h) - value(op, a, b, x - h))
                                - (value(op, a, b, x + 2 * h) - value(op, a, b, x - 2 * h)))
                        / (12 * h);
            }
        };
    }

    private static void optimizers(List<KernelCase> cases) {
        for (int[] dims : new int[][] {{37}, {4, 3, 2, 5}, {0}}) {
            sgdOfTwo(cases, dims, new int[] {7, 3});
            for (double momentum : new double[] {0, 0.75}) {
                for (boolean first : new boolean[] {true, false}) {
                    for (boolean nesterov : new boolean[] {false, true}) {
                        if (momentum > 0 || (first && !nesterov)) {
                            sgd(cases, dims, momentum, first, nesterov);
                        }
                    }
                }
            }
            for (long t : new long[] {1, 7}) {
                adam(cases, dims, t, true);
                adam(cases, dims, t, false);
            }
        }
        cases.add(new KernelCase("sumOfSquares")
                .in(DENSE, random(20, 3, 5))
                .in(CONTIGUOUS, random(21, 1031))
                .in(CONTIGUOUS, random(22))
                .in(CONTIGUOUS, random(23, 0))
                .out(CONTIGUOUS, DType.F64)
                .terms(0)
                .call((b, in, out) -> b.sumOfSquares(List.of(in[0], in[1], in[2], in[3]), out[0]))
                .expect(in ->
                        new Nd[] {Nd.scalar(in[0].dot(in[0]) + in[1].dot(in[1]) + in[2].dot(in[2]) + in[3].dot(in[3]))
                        }));
    }

    private static void sgd(List<KernelCase> cases, int[] dims, double momentum, boolean first, boolean nesterov) {
        double lr = 0.125;
        double dampening = nesterov ? 0 : 0.25;
        double decay = 0.0625;
        KernelCase c = new KernelCase(name(
                        "sgd momentum " + momentum + (first ? " first" : "") + (nesterov ? " nesterov" : ""), dims))
                .in(DENSE, random(15, dims))
                .in(DENSE, random(16, dims));
        if (momentum > 0) {
            c.in(DENSE, first ? Nd.fill(dims, i -> Double.NaN) : random(17, dims));
        }
        c.changes(0)
                .terms(3)
                .call((b, in, out) -> b.sgd(
                        List.of(in[0]),
                        List.of(in[1]),
                        momentum > 0 ? List.of(in[2]) : List.of(),
                        first,
                        lr,
                        momentum,
                        dampening,
                        decay,
                        nesterov));
        if (momentum == 0) {
            cases.add(c.expect(in -> new Nd[] {Nd.zip(in[0], in[1], (w, g) -> w - lr * (g + decay * w))}));
            return;
        }
        cases.add(c.changes(2).expect(in -> {
            Nd g = Nd.zip(in[0], in[1], (w, d) -> d + decay * w);
            Nd v = first ? g : Nd.zip(in[2], g, (old, d) -> momentum * old + (1 - dampening) * d);
            Nd step = nesterov ? Nd.zip(g, v, (d, u) -> d + momentum * u) : v;
            return new Nd[] {Nd.zip(in[0], step, (w, s) -> w - lr * s), v};
        }));
    }

    /** Two weights in one call, each as if it were alone. */
    private static void sgdOfTwo(List<KernelCase> cases, int[] dims, int[] others) {
        cases.add(new KernelCase(name("sgd with one of " + Arrays.toString(others), dims))
                .in(DENSE, random(15, dims))
                .in(DENSE, random(16, dims))
                .in(DENSE, random(17, dims))
                .in(CONTIGUOUS, random(18, others))
                .in(CONTIGUOUS, random(19, others))
                .in(CONTIGUOUS, random(20, others))
                .changes(0)
                .changes(2)
                .changes(3)
                .changes(5)
                .terms(3)
                .call((b, in, out) -> b.sgd(
                        List.of(in[0], in[3]),
                        List.of(in[1], in[4]),
                        List.of(in[2], in[5]),
                        false,
                        0.125,
                        0.5,
                        0,
                        0,
                        false))
                .expect(in -> {
                    Nd v = Nd.zip(in[2], in[1], (old, g) -> 0.5 * old + g);
                    Nd u = Nd.zip(in[5], in[4], (old, g) -> 0.5 * old + g);
                    return new Nd[] {
                        Nd.zip(in[0], v, (w, s) -> w - 0.125 * s), v, Nd.zip(in[3], u, (w, s) -> w - 0.125 * s), u
                    };
                }));
    }

    private static void adam(List<KernelCase> cases, int[] dims, long t, boolean decoupled) {
        double lr = 0.01;
        double beta1 = 0.875;
        double beta2 = 0.96875;
        double decay = 0.25;
        cases.add(new KernelCase(name((decoupled ? "adamW step " : "adam step ") + t, dims))
                .in(DENSE, random(15, dims))
                .in(DENSE, random(16, dims))
                .in(DENSE, random(17, dims))
                .in(DENSE, positive(18, dims))
                .changes(0)
                .changes(2)
                .changes(3)
                .terms(3)
                .call((b, in, out) -> b.adam(in[0], in[1], in[2], in[3], t, lr, beta1, beta2, 1e-8, decay, decoupled))
                .expect(in -> {
                    Nd d = decoupled ? in[1] : Nd.zip(in[0], in[1], (w, g) -> g + decay * w);
                    Nd m = Nd.zip(in[2], d, (old, g) -> beta1 * old + (1 - beta1) * g);
                    Nd v = Nd.zip(in[3], d, (old, g) -> beta2 * old + (1 - beta2) * g * g);
                    Nd step = Nd.zip(
                            m,
                            v,
                            (mean, square) -> mean
                                    / (1 - Math.pow(beta1, (double) t))
                                    / (Math.sqrt(square / (1 - Math.pow(beta2, (double) t))) + 1e-8));
                    return new Nd[] {Nd.zip(in[0], step, (w, s) -> w - (decoupled ? lr * decay * w : 0) - lr * s), m, v
                    };
                }));
    }
}
