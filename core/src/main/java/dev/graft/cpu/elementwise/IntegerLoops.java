package dev.graft.cpu.elementwise;

import dev.graft.backend.BinaryOp;

/** Arithmetic of integers, which wraps around. */
final class IntegerLoops {
    private IntegerLoops() {}

    /**
     * {@code p = op(p, q)}.
     *
     * @throws IllegalArgumentException for a divisor of 0
     */
    static void binary(BinaryOp op, long[] p, long[] q, int n) {
        if (op == BinaryOp.FLOOR_DIVIDE || op == BinaryOp.REMAINDER) {
            divide(op, p, q, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            p[i] = switch (op) {
                case ADD -> p[i] + q[i];
                case SUB -> p[i] - q[i];
                case MUL -> p[i] * q[i];
                case MAXIMUM -> Math.max(p[i], q[i]);
                case MINIMUM -> Math.min(p[i], q[i]);
                default -> throw new IllegalArgumentException(op + " is not defined for integers");
            };
        }
    }

    private static void divide(BinaryOp op, long[] p, long[] q, int n) {
        for (int i = 0; i < n; i++) {
            if (q[i] == 0) {
                throw new IllegalArgumentException((op == BinaryOp.REMAINDER ? "remainder" : "floorDivide")
                        + ": integers cannot be divided by 0. Hint: replace zeros with "
                        + "where, or convert with to(DType.F32).");
            }
            p[i] = op == BinaryOp.REMAINDER ? Math.floorMod(p[i], q[i]) : Math.floorDiv(p[i], q[i]);
        }
    }
}
