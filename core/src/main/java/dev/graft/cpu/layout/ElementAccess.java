package dev.graft.cpu.layout;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads and writes the elements of any numeric dtype as {@code long} or {@code double}. */
public final class ElementAccess {
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle DOUBLES =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    private final CpuStorage storage;
    private final DType dtype;
    private final Object array;

    private ElementAccess(CpuStorage storage) {
        this.storage = storage;
        this.dtype = storage.dtype();
        this.array = storage.array(Object.class);
    }

    public static ElementAccess of(View view) {
        return new ElementAccess(CpuStorage.of(view));
    }

    /** To be called before writing. */
    public void changed() {
        storage.changed();
    }

    /** The elements of an F32 tensor. */
    float[] floats() {
        return (float[]) array;
    }

    /** Copies walk positions {@code [from, to)} of a view of this storage to the start of {@code block}. */
    public void loadLongs(StridedWalk walk, int view, int from, int to, long[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> loadLongs(at, step, count, block, position - from));
    }

    // A switch for every element would cost ten times the element.
    private void loadLongs(int at, int step, int count, long[] block, int to) {
        switch (dtype) {
            case I64 -> TypedRuns.load((long[]) array, at, step, count, block, to);
            case I32 -> TypedRuns.load((int[]) array, at, step, count, block, to);
            case U8 -> TypedRuns.loadBytes((byte[]) array, at, step, count, block, to);
            case BOOL -> TypedRuns.loadTruths((byte[]) array, at, step, count, block, to);
            default -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = getLong(at + i * step);
                }
            }
        }
    }

    /** As {@link #loadLongs}, as floats, each rounded once. */
    void loadFloats(StridedWalk walk, int view, int from, int to, float[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> loadFloats(at, step, count, block, position - from));
    }

    private void loadFloats(int at, int step, int count, float[] block, int to) {
        switch (dtype) {
            case F32 -> TypedRuns.load((float[]) array, at, step, count, block, to);
            case I64 -> TypedRuns.load((long[]) array, at, step, count, block, to);
            case I32 -> TypedRuns.load((int[]) array, at, step, count, block, to);
            case U8 -> TypedRuns.loadBytes((byte[]) array, at, step, count, block, to);
            case BOOL -> TypedRuns.loadTruths((byte[]) array, at, step, count, block, to);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = (float) (double) DOUBLES.get((byte[]) array, 8 * (at + i * step));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = getFloat(at + i * step);
                }
            }
        }
    }

    public void storeLongs(StridedWalk walk, int view, int from, int to, long[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> storeLongs(block, position - from, count, at, step));
    }

    private void storeLongs(long[] block, int from, int count, int at, int step) {
        switch (dtype) {
            case I64 -> TypedRuns.store(block, from, count, (long[]) array, at, step);
            case I32 -> TypedRuns.store(block, from, count, (int[]) array, at, step);
            case U8 -> TypedRuns.storeBytes(block, from, count, (byte[]) array, at, step);
            case BOOL -> TypedRuns.storeTruths(block, from, count, (byte[]) array, at, step);
            default -> {
                for (int i = 0; i < count; i++) {
                    setLong(at + i * step, block[from + i]);
                }
            }
        }
    }

    /** As {@link #loadLongs}, as doubles. */
    void loadDoubles(StridedWalk walk, int view, int from, int to, double[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> loadDoubles(at, step, count, block, position - from));
    }

    private void loadDoubles(int at, int step, int count, double[] block, int to) {
        switch (dtype) {
            case F32 -> TypedRuns.load((float[]) array, at, step, count, block, to);
            case I64 -> TypedRuns.load((long[]) array, at, step, count, block, to);
            case I32 -> TypedRuns.load((int[]) array, at, step, count, block, to);
            case U8 -> TypedRuns.loadBytes((byte[]) array, at, step, count, block, to);
            case BOOL -> TypedRuns.loadTruths((byte[]) array, at, step, count, block, to);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = (double) DOUBLES.get((byte[]) array, 8 * (at + i * step));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = getDouble(at + i * step);
                }
            }
        }
    }

    /** As {@link #loadFloats}, but rounded to odd, for rounding to 16 bits (see {@link HalfPrecision}). */
    void loadOddFloats(StridedWalk walk, int view, int from, int to, float[] block) {
        if (dtype.bytes() == 1 || (dtype.isFloat() && dtype != DType.F64)) {
            loadFloats(walk, view, from, to, block); // exact
            return;
        }
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> loadOddFloats(at, step, count, block, position - from));
    }

    private void loadOddFloats(int at, int step, int count, float[] block, int to) {
        switch (dtype) {
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = HalfPrecision.oddFloat((double) DOUBLES.get((byte[]) array, 8 * (at + i * step)));
                }
            }
            case I32 -> {
                int[] ints = (int[]) array;
                for (int i = 0; i < count; i++) {
                    block[to + i] = HalfPrecision.oddFloat(ints[at + i * step]);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    block[to + i] = HalfPrecision.oddFloat(getOddDouble(at + i * step));
                }
            }
        }
    }

    /** Copies the bits of 16-bit elements to the start of {@code block}. */
    void loadShorts(StridedWalk walk, int view, int from, int to, short[] block) {
        int step = walk.step(view);
        ByteBuffer bytes = ByteBuffer.wrap((byte[]) array).order(ByteOrder.LITTLE_ENDIAN);
        walk.runs(view, from, to, (at, position, count) -> {
            if (step == 1) {
                bytes.asShortBuffer().get(at, block, position - from, count);
                return;
            }
            for (int i = 0; i < count; i++) {
                block[position - from + i] = (short) SHORTS.get((byte[]) array, 2 * (at + i * step));
            }
        });
    }

    /** The reverse of {@link #loadShorts}. */
    void storeShorts(StridedWalk walk, int view, int from, int to, short[] block) {
        int step = walk.step(view);
        ByteBuffer bytes = ByteBuffer.wrap((byte[]) array).order(ByteOrder.LITTLE_ENDIAN);
        walk.runs(view, from, to, (at, position, count) -> {
            if (step == 1) {
                bytes.asShortBuffer().put(at, block, position - from, count);
                return;
            }
            for (int i = 0; i < count; i++) {
                SHORTS.set((byte[]) array, 2 * (at + i * step), block[position - from + i]);
            }
        });
    }

    /** The reverse of {@link #loadFloats}, as {@link #storeDoubles} of the same numbers. */
    void storeFloats(StridedWalk walk, int view, int from, int to, float[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> storeFloats(block, position - from, count, at, step));
    }

    private void storeFloats(float[] block, int from, int count, int at, int step) {
        switch (dtype) {
            case I64 -> TypedRuns.store(block, from, count, (long[]) array, at, step);
            case I32 -> TypedRuns.store(block, from, count, (int[]) array, at, step);
            case U8 -> TypedRuns.storeBytes(block, from, count, (byte[]) array, at, step);
            case BOOL -> TypedRuns.storeTruths(block, from, count, (byte[]) array, at, step);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    DOUBLES.set((byte[]) array, 8 * (at + i * step), (double) block[from + i]);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    setDouble(at + i * step, block[from + i]);
                }
            }
        }
    }

    /** The reverse of {@link #loadDoubles}; integers as {@link #clamped}. */
    void storeDoubles(StridedWalk walk, int view, int from, int to, double[] block) {
        int step = walk.step(view);
        walk.runs(view, from, to, (at, position, count) -> storeDoubles(block, position - from, count, at, step));
    }

    private void storeDoubles(double[] block, int from, int count, int at, int step) {
        switch (dtype) {
            case I64 -> TypedRuns.store(block, from, count, (long[]) array, at, step);
            case I32 -> TypedRuns.store(block, from, count, (int[]) array, at, step);
            case U8 -> TypedRuns.storeBytes(block, from, count, (byte[]) array, at, step);
            case BOOL -> TypedRuns.storeTruths(block, from, count, (byte[]) array, at, step);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    DOUBLES.set((byte[]) array, 8 * (at + i * step), block[from + i]);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    setDouble(at + i * step, block[from + i]);
                }
            }
        }
    }

    public long getLong(int i) {
        return switch (dtype) {
            case I64 -> ((long[]) array)[i];
            case I32 -> ((int[]) array)[i];
            case U8 -> ((byte[]) array)[i] & 0xff;
            case BOOL -> ((byte[]) array)[i] != 0 ? 1 : 0;
            case I8 -> ((byte[]) array)[i];
            case I16 -> (short) SHORTS.get((byte[]) array, 2 * i);
            case U16 -> (short) SHORTS.get((byte[]) array, 2 * i) & 0xffff;
            case U32 -> (int) INTS.get((byte[]) array, 4 * i) & 0xffffffffL;
            case U64 -> (long) LONGS.get((byte[]) array, 8 * i);
            default -> (long) getDouble(i);
        };
    }

    public double getDouble(int i) {
        return switch (dtype) {
            case F32 -> ((float[]) array)[i];
            case F64 -> (double) DOUBLES.get((byte[]) array, 8 * i);
            case F16 -> HalfPrecision.fromHalf((short) SHORTS.get((byte[]) array, 2 * i));
            case BF16 -> HalfPrecision.fromBrain((short) SHORTS.get((byte[]) array, 2 * i));
            case F8_E4M3 -> HalfPrecision.fromE4M3(((byte[]) array)[i]);
            case F8_E5M2 -> HalfPrecision.fromHalf((short) (((byte[]) array)[i] << 8));
            case C64, C128 -> throw unsupported();
            case U64 -> unsigned((long) LONGS.get((byte[]) array, 8 * i));
            default -> getLong(i);
        };
    }

    /**
     * As {@link #getDouble}, rounded only once: a 64-bit integer that was first converted to a double would be rounded
     * twice.
     */
    float getFloat(int i) {
        return switch (dtype) {
            case F32 -> ((float[]) array)[i];
            case I64 -> ((long[]) array)[i];
            case U64 -> unsignedFloat((long) LONGS.get((byte[]) array, 8 * i));
            default -> (float) getDouble(i);
        };
    }

    /** As {@link #getDouble}, for rounding to 16 bits (see {@link HalfPrecision}). */
    double getOddDouble(int i) {
        return switch (dtype) {
            case I64 -> HalfPrecision.oddDouble(((long[]) array)[i]);
            case U64 -> HalfPrecision.oddUnsigned((long) LONGS.get((byte[]) array, 8 * i));
            default -> getDouble(i);
        };
    }

    /**
     * Half of an unsigned number from 2^63 on is a signed number; its last bit is or-ed in so that ties are still
     * detected.
     */
    private static double unsigned(long bits) {
        return bits >= 0 ? bits : 2 * (double) (bits >>> 1 | (bits & 1));
    }

    private static float unsignedFloat(long bits) {
        return bits >= 0 ? bits : 2 * (float) (bits >>> 1 | (bits & 1));
    }

    /** The number rounded towards 0 to an integer that the type can hold; 0 for NaN. */
    private long clamped(double value) {
        return switch (dtype) {
            case I32 -> (int) value;
            case I16 -> (long) Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, value));
            case I8 -> (long) Math.max(Byte.MIN_VALUE, Math.min(Byte.MAX_VALUE, value));
            case U8 -> (long) Math.max(0, Math.min(0xff, value));
            case U16 -> (long) Math.max(0, Math.min(0xffff, value));
            case U32 -> (long) Math.max(0, Math.min(0xffffffffL, value));
            case U64 ->
                value < 0x1p63
                        ? (long) Math.max(0, value)
                        : value < 0x1p64 ? (long) (value - 0x1p63) ^ Long.MIN_VALUE : -1L;
            default -> (long) value;
        };
    }

    void setLong(int i, long value) {
        switch (dtype) {
            case I64 -> ((long[]) array)[i] = value;
            case I32 -> ((int[]) array)[i] = (int) value;
            case U8, I8 -> ((byte[]) array)[i] = (byte) value;
            case BOOL -> ((byte[]) array)[i] = (byte) (value != 0 ? 1 : 0);
            case I16, U16 -> SHORTS.set((byte[]) array, 2 * i, (short) value);
            case U32 -> INTS.set((byte[]) array, 4 * i, (int) value);
            case U64 -> LONGS.set((byte[]) array, 8 * i, value);
            default -> setDouble(i, (double) value);
        }
    }

    void setDouble(int i, double value) {
        switch (dtype) {
            case F32 -> ((float[]) array)[i] = (float) value;
            case F64 -> DOUBLES.set((byte[]) array, 8 * i, value);
            case F16 -> SHORTS.set((byte[]) array, 2 * i, HalfPrecision.toHalf(HalfPrecision.oddFloat(value)));
            case BF16 -> SHORTS.set((byte[]) array, 2 * i, HalfPrecision.toBrain(HalfPrecision.oddFloat(value)));
            case F8_E4M3, F8_E5M2, C64, C128 -> throw unsupported();
            case BOOL -> ((byte[]) array)[i] = (byte) (value != 0 ? 1 : 0);
            default -> setLong(i, Double.isNaN(value) ? 0 : clamped(value));
        }
    }

    private IllegalArgumentException unsupported() {
        return new IllegalArgumentException("copy: " + dtype
                + " cannot be converted to or from here. Hint: 8-bit floats can be read as F32, complex numbers only be stored and"
                + " saved as they are.");
    }
}
