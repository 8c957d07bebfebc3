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
            EIGHT.set(block, i, truths(bits));
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

    /**
     * {@code y = op(p, q)} for {@code count} elements, at places of their own; 1 for what is not 0. The arrays may be
     * of any length.
     *
     * @param repeated whether the element of {@code q} is one for all of {@code p}
     */
    public static void combine(
            BinaryOp op, byte[] p, int pAt, byte[] q, int qAt, boolean repeated, byte[] y, int yAt, int count) {
        // Every function of two truths is such a sum without carry: constant + onlyP p + onlyQ q + both p q.
        // A comparison is logic, with false before true.
        long constant = isOne(op, 0, 0);
        long onlyP = constant ^ isOne(op, 1, 0);
        long onlyQ = constant ^ isOne(op, 0, 1);
        long both = constant ^ onlyP ^ onlyQ ^ isOne(op, 1, 1);
        int i = 0;
        if (repeated) {
            long other = q[qAt] == 0 ? 0 : ONES;
            long always = constant ^ (onlyQ & other);
            long factor = onlyP ^ (both & other);
            for (; i <= count - Long.BYTES; i += Long.BYTES) {
                EIGHT.set(y, yAt + i, always ^ (truths((long) EIGHT.get(p, pAt + i)) & factor));
            }
        } else {
            for (; i <= count - Long.BYTES; i += Long.BYTES) {
                long first = truths((long) EIGHT.get(p, pAt + i));
                long second = truths((long) EIGHT.get(q, qAt + i));
                long parts = (first & onlyP) ^ (second & onlyQ) ^ (first & second & both);
                EIGHT.set(y, yAt + i, constant ^ parts);
            }
        }
        for (; i < count; i++) {
            long first = truths(p[pAt + i]);
            long second = truths(q[repeated ? qAt : qAt + i]);
            long parts = (first & onlyP) ^ (second & onlyQ) ^ (first & second & both);
            y[yAt + i] = (byte) (constant ^ parts);
        }
    }

    /** Each of eight bytes: 1 if it is not 0. */
    private static long truths(long bits) {
        return ((((bits & LOW_BITS) + LOW_BITS) | bits) >>> 7) & ONES;
    }

    private static long isOne(BinaryOp op, int p, int q) {
        boolean holds =
                switch (op) {
                    case AND -> (p & q) == 1;
                    case OR -> (p | q) == 1;
                    case XOR, NOT_EQUAL -> p != q;
                    case EQUAL -> p == q;
                    case LESS -> p < q;
                    case LESS_EQUAL -> p <= q;
                    case GREATER -> p > q;
                    case GREATER_EQUAL -> p >= q;
                    default -> throw new IllegalArgumentException(op + " is not a comparison");
                };
        return holds ? ONES : 0;
    }
}
