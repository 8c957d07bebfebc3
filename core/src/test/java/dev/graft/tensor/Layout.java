package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;

/** How the same values can lie in memory. */
enum Layout {
    /** Row-major, without gaps. */
    CONTIGUOUS {
        @Override
        Tensor of(Tensor t) {
            return t;
        }
    },
    /** Without gaps, the first dimension innermost. */
    REVERSED {
        @Override
        Tensor of(Tensor t) {
            int[] order = new int[t.rank()];
            for (int i = 0; i < order.length; i++) {
                order[i] = order.length - 1 - i;
            }
            return t.permute(order).copy().permute(order);
        }
    },
    /** Every second element of a larger array of values that must never be read. */
    STRIDED {
        @Override
        Tensor of(Tensor t) {
            int[] larger = t.shape().toArray();
            for (int i = 0; i < larger.length; i++) {
                larger[i] = 2 * larger[i] + 1;
            }
            Tensor window =
                    On.deviceOf(t).zeros(t.dtype(), Shape.of(larger)).fill(t.dtype() == DType.F32 ? Float.NaN : 99);
            for (int i = 0; i < larger.length; i++) {
                window = window.slice(i, 1, larger[i], 2);
            }
            return window.copyFrom(t);
        }
    },
    /** Images with their channels innermost; others as they are. */
    CHANNELS_LAST {
        @Override
        Tensor of(Tensor t) {
            return t.rank() == 4 ? t.permute(0, 2, 3, 1).copy().permute(0, 3, 1, 2) : t;
        }
    };

    abstract Tensor of(Tensor t);
}
