package dev.graft.backend;

/** Element-wise functions of two arguments; comparisons and logic write 0 and 1 to a BOOL result. */
public enum BinaryOp {
    ADD,
    SUB,
    MUL,
    DIV,
    MAXIMUM,
    MINIMUM,
    /** The quotient rounded down, as a whole number; IEEE division by 0 where it is not one. */
    FLOOR_DIVIDE,
    /** {@code p - q * floor(p / q)}, which has the sign of q. */
    REMAINDER,
    /** {@code p > 0 ? p : q * p}; of floats. */
    PRELU,
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_EQUAL,
    GREATER,
    GREATER_EQUAL,
    AND,
    OR,
    XOR;

    public boolean isComparison() {
        return compareTo(EQUAL) >= 0 && !isLogic();
    }

    /** Whether both operands are BOOL. */
    public boolean isLogic() {
        return this == AND || this == OR || this == XOR;
    }

    /** Whether the result is BOOL. */
    public boolean isTruth() {
        return isComparison() || isLogic();
    }
}
