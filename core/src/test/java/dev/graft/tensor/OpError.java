package dev.graft.tensor;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * A wrong use of an operator and the exact text that answers it.
 *
 * @param proves the operator, see {@link OpCases#key}
 */
record OpError(Object proves, String message, ThrowingCallable call) {
    @Override
    public String toString() {
        return message;
    }
}
