package dev.graft.cpu.elementwise;

import dev.graft.backend.BinaryOp;

/** Arithmetic of integers, which wraps around, and comparisons: a loop for each, which C2 can make fast. */
final class IntegerLoops {
    private IntegerLoops() {}

    /**
     * {@code p = op(p, q)}.
     *
     * @throws IllegalArgumentException for a divisor of 0
     */
    static void binary(BinaryOp op, long[] p, long[] q, int n) {
        switch (op) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    p[i] += q[i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    p[i] -= q[i];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    p[i] *= q[i];
                }
            }
            case MAXIMUM -> {
                for (int i = 0; i < n; i++) {
                    p[i] = Math.max(p[i], q[i]);
                }
            }
            case MINIMUM -> {
                for (int i = 0; i < n; i++) {
                    p[i] = Math.min(p[i], q[i]);
                }
            }
            case FLOOR_DIVIDE -> {
                checkDivisors("floorDivide", q, n);
                for (int i = 0; i < n; i++) {
                    p[i] = Math.floorDiv(p[i], q[i]);
                }
            }
            case REMAINDER -> {
                checkDivisors("remainder", q, n);
                for (int i = 0; i < n; i++) {
                    p[i] = Math.floorMod(p[i], q[i]);
                }
            }
            default -> throw new IllegalArgumentException(op + " is not defined for integers");
        }
    }

    private static void checkDivisors(String name, long[] q, int n) {
        for (int i = 0; i < n; i++) {
            if (q[i] == 0) {
                throw new IllegalArgumentException(name
                        + ": integers cannot be divided by 0. Hint: replace zeros with "
                        + "where, or convert with to(DType.F32).");
            }
        }
    }

    /** {@code y = op(p, q)} as 0 or 1. */
    static void compare(BinaryOp op, long[] p, long[] q, byte[] y, int n) {
        switch (op) {
            case EQUAL -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (byte) (p[i] == q[i] ? 1 : 0);
                }
            }
            case NOT_EQUAL, XOR -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (byte) (p[i] != q[i] ? 1 : 0);
                }
            }
            case LESS -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (byte) (p[i] < q[i] ? 1 : 0);
                }
            }
            case LESS_EQUAL -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (byte) (p[i] <= q[i] ? 1 : 0);
                }
            }
            case GREATER -> compare(BinaryOp.LESS, q, p, y, n);
            case GREATER_EQUAL -> compare(BinaryOp.LESS_EQUAL, q, p, y, n);
            default -> throw new IllegalArgumentException(op + " is not a comparison");
        }
    }
}
