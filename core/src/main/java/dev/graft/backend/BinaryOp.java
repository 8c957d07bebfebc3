package dev.graft.backend;

/** Element-wise functions of two arguments; comparisons and logic write 0 and 1 to a BOOL result. */
public enum BinaryOp {
    ADD,
    SUB,
    MUL,
    DIV,
    MAXIMUM,
    MINIMUM,
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
