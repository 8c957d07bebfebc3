package dev.graft.cpu.sequence;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.util.Optional;

/**
 * Which keys a query sees, and which weights are dropped. What a hidden key or its value holds must not matter, not
 * even NaN.
 */
final class AttentionMask {
    private final byte[] truths;
    private final float[] terms;
    private final int at;
    private final int[] strides;
    private final boolean causal;
    private final Optional<DropoutMask> dropped;

    AttentionMask(Optional<View> mask, AttentionParams params) {
        boolean bool = mask.isPresent() && mask.get().dtype() == DType.BOOL;
        truths = bool ? CpuStorage.of(mask.get()).array(byte[].class) : new byte[0];
        terms = mask.isPresent() && !bool ? CpuStorage.floats(mask.get()) : new float[0];
        at = mask.map(CpuStorage::offset).orElse(0);
        strides = mask.map(CpuStorage::strides).orElse(new int[0]);
        causal = params.causal();
        dropped =
                params.dropout() > 0 ? Optional.of(DropoutMask.of(params.dropout(), params.seed())) : Optional.empty();
    }

    /** How many of {@code keys} the queries up to {@code row} may see at most. */
    int keys(int row, int keys) {
        return causal ? Math.min(keys, row + 1) : keys;
    }

    boolean drops() {
        return dropped.isPresent();
    }

    /** Whether some keys may be hidden from some queries. */
    boolean hides() {
        return causal || strides.length > 0;
    }

    /** Whether a query sees a key: no truth, no minus infinity and no order of steps hides it. */
    boolean sees(int n, int h, int row, int key) {
        if (causal && key > row) {
            return false;
        }
        if (strides.length == 0) {
            return true;
        }
        int i = at + n * strides[0] + h * strides[1] + row * strides[2] + key * strides[3];
        return terms.length > 0 ? terms[i] != Float.NEGATIVE_INFINITY : truths[i] != 0;
    }

    /** The term that is added to a score. */
    float term(int n, int h, int row, int key) {
        return terms.length > 0
                ? terms[at + n * strides[0] + h * strides[1] + row * strides[2] + key * strides[3]]
                : 0f;
    }

    /** Applies to the scores of a query with the keys from {@code first} on. */
    void apply(int n, int h, int row, int first, float[] scores, int scoresAt, int count) {
        if (strides.length > 0) {
            int from = at + n * strides[0] + h * strides[1] + row * strides[2] + first * strides[3];
            int step = strides[3];
            if (terms.length > 0) {
                for (int j = 0; j < count; j++) {
                    float term = terms[from + j * step];
                    // A hidden key's score may be NaN.
                    scores[scoresAt + j] =
                            term == Float.NEGATIVE_INFINITY ? Float.NEGATIVE_INFINITY : scores[scoresAt + j] + term;
                }
            } else {
                for (int j = 0; j < count; j++) {
                    if (truths[from + j * step] == 0) {
                        scores[scoresAt + j] = Float.NEGATIVE_INFINITY;
                    }
                }
            }
        }
        if (causal) {
            for (int j = Math.max(0, row + 1 - first); j < count; j++) {
                scores[scoresAt + j] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Which of the weights from row-major position {@code position} on stay, for {@link #drop}. */
    void fillKept(long position, long[] kept, int count) {
        dropped.orElseThrow().fill(position, 1, kept, count);
    }

    /** Multiplies weights by 0 or by the scale of those that stay. */
    void drop(long[] kept, float[] weights, int weightsAt, int count) {
        float[] factors = {0f, dropped.orElseThrow().scale()};
        for (int j = 0; j < count; j++) {
            weights[weightsAt + j] *= factors[(int) kept[j]];
        }
    }
}
