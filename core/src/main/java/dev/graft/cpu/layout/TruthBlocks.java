package dev.graft.cpu.layout;

import dev.graft.backend.BinaryOp;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Blocks of BOOL elements, which are 0 or 1 here, in arrays whose length is a multiple of 8: eight of them are one
 * {@code long} to the loops, as C2 has no vectors of comparisons of bytes.
 */
public final class TruthBlocks {
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long LOW_BITS = 0x7f7f7f7f7f7f7f7fL;

    private TruthBlocks() {}

    /** Copies walk positions {@code [from, to)} of a view to the start of {@code block}: 1 for what is not 0. */
    public static void load(StridedWalk walk, int view, byte[] data, int from, int to, byte[] block) {
        int step = walk.step(view);
        walk.rows(view, from, to, (at, position, rows, rowStep, count) -> {
            if (step == 1 && rowStep == count) {
                System.arraycopy(data, at, block, position - from, rows * count);
                return;
            }
            for (int r = 0; r < rows; r++) {
                int x = at + r * rowStep;
                int b = position - from + r * count;
                if (step == 1) {
                    System.arraycopy(data, x, block, b, count);
                } else if (step == 0) {
                    Arrays.fill(block, b, b + count, data[x]);
                } else {
                    for (int i = 0; i < count; i++) {
                        block[b + i] = data[x + i * step];
                    }
                }
            }
        });
        for (int i = 0; i < to - from; i += Long.BYTES) {
            long bits = (long) EIGHT.get(block, i);
            EIGHT.set(block, i, ((bits & LOW_BITS) + LOW_BITS | bits) >>> 7 & ONES);
        }
    }

    /** The reverse of {@link #load}. */
    public static void store(StridedWalk walk, int view, byte[] data, int from, int to, byte[] block) {
        int step = walk.step(view);
        walk.rows(view, from, to, (at, position, rows, rowStep, count) -> {
            if (step == 1 && rowStep == count) {
                System.arraycopy(block, position - from, data, at, rows * count);
                return;
            }
            for (int r = 0; r < rows; r++) {
                int y = at + r * rowStep;
                int b = position - from + r * count;
                for (int i = 0; i < count; i++) {
                    data[y + i * step] = block[b + i];
                }
            }
        });
    }

    /** {@code p = op(p, q)} for the first {@code count} elements, and maybe a few after them. */
    public static void combine(BinaryOp op, byte[] p, byte[] q, int count) {
        // a comparison is logic, with false before true
        switch (op) {
            case AND -> {
                for (int i = 0; i < count; i += Long.BYTES) {
                    EIGHT.set(p, i, (long) EIGHT.get(p, i) & (long) EIGHT.get(q, i));
                }
            }
            case OR -> {
                for (int i = 0; i < count; i += Long.BYTES) {
                    EIGHT.set(p, i, (long) EIGHT.get(p, i) | (long) EIGHT.get(q, i));
                }
            }
            case XOR, NOT_EQUAL -> {
                for (int i = 0; i < count; i += Long.BYTES) {
                    EIGHT.set(p, i, (long) EIGHT.get(p, i) ^ (long) EIGHT.get(q, i));
                }
            }
            case EQUAL -> {
                combine(BinaryOp.XOR, p, q, count);
                invert(p, count);
            }
            case LESS -> {
                invert(p, count);
                combine(BinaryOp.AND, p, q, count);
            }
            case LESS_EQUAL -> {
                invert(p, count);
                combine(BinaryOp.OR, p, q, count);
            }
            case GREATER -> {
                combine(BinaryOp.LESS_EQUAL, p, q, count);
                invert(p, count);
            }
            case GREATER_EQUAL -> {
                combine(BinaryOp.LESS, p, q, count);
                invert(p, count);
            }
            default -> throw new IllegalArgumentException(op + " is not a comparison");
        }
    }

    private static void invert(byte[] p, int count) {
        for (int i = 0; i < count; i += Long.BYTES) {
            EIGHT.set(p, i, (long) EIGHT.get(p, i) ^ ONES);
        }
    }
}
