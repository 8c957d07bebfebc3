package dev.graft.type;

/**
 * The type of a tensor's elements.
 *
 * <p>{@link #F32} is what networks compute in; {@link #I64}, {@link #I32}, {@link #U8} and {@link #BOOL} hold indices,
 * labels and masks. The others exist so that weight files keep their exact bytes: convert them with
 * {@code Tensor.to(DType)} before computing.
 */
public enum DType {
    F32(4),
    F64(8),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1),
    U16(2),
    U32(4),
    U64(8),
    F8_E4M3(1),
    F8_E5M2(1),
    C64(8),
    C128(16);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether the elements are real floating-point numbers. */
    public boolean isFloat() {
        return switch (this) {
            case F32, F64, F16, BF16, F8_E4M3, F8_E5M2 -> true;
            default -> false;
        };
    }

    /** Whether operators compute on this type; the others are carried as raw little-endian bytes. */
    public boolean isNative() {
        return switch (this) {
            case F32, I64, I32, U8, BOOL -> true;
            default -> false;
        };
    }
}
