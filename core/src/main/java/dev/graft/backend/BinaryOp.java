package dev.graft.backend;

/** Element-wise functions of two arguments; comparisons write 0 and 1 to a BOOL result. */
public enum BinaryOp {
    ADD,
    SUB,
    MUL,
    DIV,
    MAXIMUM,
    MINIMUM,
    EQUAL,
    LESS,
    LESS_EQUAL;

    public boolean isComparison() {
        return this == EQUAL || this == LESS || this == LESS_EQUAL;
    }
}
