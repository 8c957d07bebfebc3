package dev.graft.cpu.sequence;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.util.Optional;

/** Which keys a query sees, and which weights are dropped. */
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

    /** Applies to the scores of a query with the keys from {@code first} on. */
    void apply(int n, int h, int row, int first, float[] scores, int scoresAt, int count) {
        if (strides.length > 0) {
            int from = at + n * strides[0] + h * strides[1] + row * strides[2] + first * strides[3];
            int step = strides[3];
            if (terms.length > 0) {
                for (int j = 0; j < count; j++) {
                    scores[scoresAt + j] += terms[from + j * step];
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

    /**
     * Multiplies weights by 0 or by the scale of those that stay.
     *
     * @param position of the first one, in row-major order
     */
    void drop(long position, float[] weights, int weightsAt, int count) {
        DropoutMask mask = dropped.orElseThrow();
        for (int j = 0; j < count; j++) {
            weights[weightsAt + j] *= mask.keeps(position + j) ? mask.scale() : 0f;
        }
    }
}
