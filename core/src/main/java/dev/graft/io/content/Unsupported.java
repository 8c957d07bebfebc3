package dev.graft.io.content;

import java.util.Arrays;

/** Kinds of tensors that this library cannot hold: what is wrong with one, and what to do about it in Python. */
public enum Unsupported {
    QUANTIZED(
            "is quantized, and quantized tensors are not supported",
            "call dequantize() on it in Python and save again"),
    SPARSE("is sparse, and sparse tensors are not supported", "call to_dense() on it in Python and save again"),
    NESTED("is nested, and nested tensors are not supported", "save its parts as tensors of their own"),
    META("has no values, since it was saved from the device meta", "save the model after its weights were loaded"),
    DEVICE("is of a device whose tensors PyTorch saves in a special form", "call cpu() on it in Python and save again"),
    SUBCLASS(
            "is of a tensor subclass, which is not supported", "convert it to a plain tensor in Python and save again");

    private static final String USUAL_FIX = "convert it in Python, as with tensor.float(), and save again";

    /** The text after the tensor's name. */
    public final String reason;

    private final String fix;

    Unsupported(String reason, String fix) {
        this.reason = reason;
        this.fix = fix;
    }

    /** The text as a reason of {@link WeightContents#unreadable()}. */
    public static String fix(String reason) {
        return Arrays.stream(values())
                .filter(kind -> kind.reason.equals(reason))
                .map(kind -> kind.fix)
                .findFirst()
                .orElse(USUAL_FIX);
    }
}
