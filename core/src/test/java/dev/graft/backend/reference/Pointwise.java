package dev.graft.backend.reference;

import dev.graft.backend.Activation;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.UnaryOp;
import dev.graft.random.RandomStream;
import dev.graft.type.DType;

/** Element by element, in double precision, straight from the formulas. */
final class Pointwise {
    private Pointwise() {}

    static double unary(UnaryOp op, double a, double b, double x) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case SQUARE -> x * x;
            case RECIPROCAL -> 1 / x;
            case RSQRT -> 1 / Math.sqrt(x);
            case LOG1P -> Math.log1p(x);
            case EXPM1 -> Math.expm1(x);
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case FLOOR -> Math.floor(x);
            case ROUND -> Math.rint(x);
            case ERF -> erf(x);
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case SILU -> x * sigmoid(x);
            case HARDSWISH -> x * Math.min(Math.max(x + 3, 0), 6) / 6;
            case HARDSIGMOID -> Math.min(Math.max(x + 3, 0), 6) / 6;
            case ELU -> x > 0 ? x : a * Math.expm1(x);
            case SIGMOID -> sigmoid(x);
            case TANH -> Math.tanh(x);
            case RELU -> Math.max(x, 0);
            case RELU6 -> Math.min(Math.max(x, 0), 6);
            case LEAKY_RELU -> x > 0 ? x : a * x;
            case GELU -> x * normal(x);
            case SOFTPLUS -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            case POW -> Math.pow(x, a);
            case CLAMP -> Math.min(Math.max(x, a), b);
            case AFFINE -> a * x + b;
        };
    }

    /** The derivative at {@code x}, where {@code y = op(x)}; reads only what the contract says it may. */
    static double slope(UnaryOp op, double a, double b, Element x, Element y) {
        return switch (op) {
            case NEG -> -1;
            case AFFINE -> a;
            case EXP -> y.get();
            case SQRT -> 0.5 / y.get();
            case RECIPROCAL -> -y.get() * y.get();
            case RSQRT -> -0.5 * y.get() * y.get() * y.get();
            case EXPM1 -> y.get() + 1;
            case LOG1P -> 1 / (1 + x.get());
            case SIN -> Math.cos(x.get());
            case COS -> -Math.sin(x.get());
            case FLOOR, ROUND -> 0;
            case ERF -> 2 / Math.sqrt(Math.PI) * Math.exp(-x.get() * x.get());
            case GELU_TANH -> geluTanhSlope(x.get());
            case SILU -> sigmoid(x.get()) * (1 + x.get() * (1 - sigmoid(x.get())));
            case HARDSWISH -> x.get() <= -3 ? 0 : x.get() < 3 ? x.get() / 3 + 0.5 : 1;
            case HARDSIGMOID -> x.get() > -3 && x.get() < 3 ? 1.0 / 6 : 0;
            case ELU -> x.get() > 0 ? 1 : a * Math.exp(x.get());
            case SIGMOID -> y.get() * (1 - y.get());
            case TANH -> 1 - y.get() * y.get();
            case RELU -> y.get() > 0 ? 1 : 0;
            case RELU6 -> y.get() > 0 && y.get() < 6 ? 1 : 0;
            case ABS -> Math.signum(x.get());
            case LOG -> 1 / x.get();
            case SQUARE -> 2 * x.get();
            case LEAKY_RELU -> x.get() > 0 ? 1 : a;
            case GELU -> normal(x.get()) + x.get() * Math.exp(-x.get() * x.get() / 2) / Math.sqrt(2 * Math.PI);
            case SOFTPLUS -> sigmoid(x.get());
            case POW -> a == 0 ? 0 : a * Math.pow(x.get(), a - 1);
            case CLAMP -> x.get() >= a && x.get() <= b ? 1 : 0;
        };
    }

    private static double geluTanhSlope(double x) {
        double t = Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x));
        double inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
    }

    /** By its series near 0, by the normal distribution's tail elsewhere. */
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int k = 1; k < 60; k++) {
            term *= -x * x / k;
            sum += term / (2 * k + 1);
        }
        return Math.abs(x) < 1.5 ? 2 / Math.sqrt(Math.PI) * sum : 2 * normal(x * Math.sqrt(2)) - 1;
    }

    /** An element that is read only where it is needed. */
    interface Element {
        double get();
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /**
     * The normal distribution function by its series or, far out, its continued fraction (Abramowitz and Stegun 26.2.11
     * and 26.2.14).
     */
    private static double normal(double x) {
        double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
        if (Math.abs(x) < 3) {
            double term = x;
            double sum = x;
            for (int k = 3; k < 400; k += 2) {
                term *= x * x / k;
                sum += term;
            }
            return 0.5 + density * sum;
        }
        double fraction = Math.abs(x);
        for (int k = 200; k > 0; k--) {
            fraction = Math.abs(x) + k / fraction;
        }
        double tail = Double.isNaN(x) ? Double.NaN : density / fraction;
        return x < 0 ? tail : 1 - tail;
    }

    static double binary(BinaryOp op, double p, double q) {
        return switch (op) {
            case ADD -> p + q;
            case SUB -> p - q;
            case MUL -> p * q;
            case DIV -> p / q;
            case MAXIMUM -> Math.max(p, q);
            case MINIMUM -> Math.min(p, q);
            case FLOOR_DIVIDE -> Math.floor(p / q);
            case REMAINDER -> (p % q + q) % q;
            case PRELU -> p > 0 ? p : q * p;
            case EQUAL -> p == q ? 1 : 0;
            case NOT_EQUAL -> p != q ? 1 : 0;
            case GREATER -> p > q ? 1 : 0;
            case GREATER_EQUAL -> p >= q ? 1 : 0;
            case AND, OR, XOR -> throw new IllegalStateException(op + " is not defined for floats");
            case LESS -> p < q ? 1 : 0;
            case LESS_EQUAL -> p <= q ? 1 : 0;
        };
    }

    private static long whole(BinaryOp op, long p, long q) {
        return switch (op) {
            case ADD -> p + q;
            case SUB -> p - q;
            case MUL -> p * q;
            case MAXIMUM -> Math.max(p, q);
            case MINIMUM -> Math.min(p, q);
            case FLOOR_DIVIDE, REMAINDER -> {
                if (q == 0) {
                    throw new IllegalArgumentException((op == BinaryOp.REMAINDER ? "remainder" : "floorDivide")
                            + ": integers cannot be divided by 0. Hint: replace zeros "
                            + "with where, or convert with to(DType.F32).");
                }
                long down = p / q - (p % q != 0 && p < 0 != q < 0 ? 1 : 0);
                yield op == BinaryOp.FLOOR_DIVIDE ? down : p - q * down;
            }
            default -> throw new IllegalStateException(op + " is not defined for integers");
        };
    }

    private static boolean holds(BinaryOp op, long p, long q) {
        return switch (op) {
            case EQUAL -> p == q;
            case NOT_EQUAL, XOR -> p != q;
            case GREATER -> p > q;
            case GREATER_EQUAL -> p >= q;
            case AND -> p == 1 && q == 1;
            case OR -> p == 1 || q == 1;
            case LESS -> p < q;
            case LESS_EQUAL -> p <= q;
            default -> throw new IllegalStateException(op + " is not defined for integers");
        };
    }

    static void binary(BinaryOp op, DType operands, Elements p, Elements q, Elements y) {
        if (operands != DType.F32 && !op.isTruth()) {
            y.each(i -> y.setLong(whole(op, p.getLong(i), q.getLong(i)), i));
        } else if (operands != DType.F32) {
            y.each(i -> y.setLong(holds(op, p.getLong(i), q.getLong(i)) ? 1 : 0, i));
        } else {
            y.each(i -> y.set(binary(op, p.get(i), q.get(i)), i));
        }
    }

    static void dropout(float p, long seed, Elements x, Elements y) {
        RandomStream stream = RandomStream.of(seed, "dropout.mask");
        long threshold = Math.round(p * Math.pow(2, 24));
        long[] position = {0};
        y.each(i -> {
            boolean stays = stream.at(position[0]++) >>> 40 >= threshold;
            y.set(stays ? x.get(i) / (1 - p) : 0, i);
        });
    }

    static double activate(Activation activation, double v) {
        return switch (activation) {
            case NONE -> v;
            case RELU -> Math.max(v, 0);
            case RELU6 -> Math.min(Math.max(v, 0), 6);
        };
    }

    /** The activation's slope where its result is {@code y}. */
    static double slope(Activation activation, double y) {
        return switch (activation) {
            case NONE -> 1;
            case RELU -> y > 0 ? 1 : 0;
            case RELU6 -> y > 0 && y < 6 ? 1 : 0;
        };
    }

    static void sgd(
            Elements w,
            Elements g,
            Elements v,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        w.each(i -> {
            double gradient = g.get(i) + weightDecay * w.get(i);
            if (momentum == 0) {
                w.set(w.get(i) - lr * gradient, i);
                return;
            }
            double velocity = first ? gradient : momentum * v.get(i) + (1 - dampening) * gradient;
            v.set(velocity, i);
            w.set(w.get(i) - lr * (nesterov ? gradient + momentum * velocity : velocity), i);
        });
    }

    static void adam(
            Elements w,
            Elements g,
            Elements m,
            Elements v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled) {
        w.each(i -> {
            double gradient = g.get(i) + (decoupled ? 0 : weightDecay * w.get(i));
            double mean = beta1 * m.get(i) + (1 - beta1) * gradient;
            double square = beta2 * v.get(i) + (1 - beta2) * gradient * gradient;
            m.set(mean, i);
            v.set(square, i);
            double corrected = mean / (1 - Math.pow(beta1, (double) t));
            double root = Math.sqrt(square / (1 - Math.pow(beta2, (double) t)));
            w.set(w.get(i) * (decoupled ? 1 - lr * weightDecay : 1) - lr * corrected / (root + eps), i);
        });
    }
}
