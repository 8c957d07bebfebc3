package dev.graft.io.content;

import dev.graft.type.DType;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names of each element type in PyTorch, in its pickles and in safetensors. */
public enum ElementTypeNames {
    F32(DType.F32, "float32", "FloatStorage", "F32"),
    F64(DType.F64, "float64", "DoubleStorage", "F64"),
    F16(DType.F16, "float16", "HalfStorage", "F16"),
    BF16(DType.BF16, "bfloat16", "BFloat16Storage", "BF16"),
    I64(DType.I64, "int64", "LongStorage", "I64"),
    I32(DType.I32, "int32", "IntStorage", "I32"),
    I16(DType.I16, "int16", "ShortStorage", "I16"),
    I8(DType.I8, "int8", "CharStorage", "I8"),
    U8(DType.U8, "uint8", "ByteStorage", "U8"),
    BOOL(DType.BOOL, "bool", "BoolStorage", "BOOL"),
    U16(DType.U16, "uint16", "", "U16"),
    U32(DType.U32, "uint32", "", "U32"),
    U64(DType.U64, "uint64", "", "U64"),
    F8_E4M3(DType.F8_E4M3, "float8_e4m3fn", "", "F8_E4M3"),
    F8_E5M2(DType.F8_E5M2, "float8_e5m2", "", "F8_E5M2"),
    C64(DType.C64, "complex64", "ComplexFloatStorage", "C64"),
    C128(DType.C128, "complex128", "ComplexDoubleStorage", "");

    private static final Map<DType, ElementTypeNames> BY_TYPE =
            Stream.of(values()).collect(Collectors.toMap(d -> d.type, Function.identity()));
    private static final Map<String, ElementTypeNames> BY_TORCH_NAME =
            Stream.of(values()).collect(Collectors.toMap(d -> d.torchName, Function.identity()));
    private static final Map<String, ElementTypeNames> BY_STORAGE = Stream.of(values())
            .filter(d -> !d.storageClass.isEmpty())
            .collect(Collectors.toMap(d -> d.storageClass, Function.identity()));
    private static final Map<String, ElementTypeNames> BY_SAFETENSORS = Stream.of(values())
            .filter(d -> !d.safetensorsName.isEmpty())
            .collect(Collectors.toMap(d -> d.safetensorsName, Function.identity()));

    final DType type;
    /** As in {@code torch.float32}. */
    public final String torchName;
    /** As in {@code torch.FloatStorage}; empty if PyTorch pickles an untyped storage with the type beside it. */
    public final String storageClass;
    /** Empty if safetensors has no such type. */
    public final String safetensorsName;

    ElementTypeNames(DType type, String torchName, String storageClass, String safetensorsName) {
        this.type = type;
        this.torchName = torchName;
        this.storageClass = storageClass;
        this.safetensorsName = safetensorsName;
    }

    public static ElementTypeNames of(DType type) {
        return BY_TYPE.get(type);
    }

    public static Optional<DType> fromTorchName(String name) {
        return Optional.ofNullable(BY_TORCH_NAME.get(name)).map(d -> d.type);
    }

    public static Optional<DType> fromStorageClass(String name) {
        return Optional.ofNullable(BY_STORAGE.get(name)).map(d -> d.type);
    }

    public static Optional<DType> fromSafetensors(String name) {
        return Optional.ofNullable(BY_SAFETENSORS.get(name)).map(d -> d.type);
    }

    /** The number of bytes that are reversed together when the byte order changes: a complex number is two floats. */
    public int swapUnit() {
        return type == DType.C64 || type == DType.C128 ? type.bytes() / 2 : type.bytes();
    }
}
