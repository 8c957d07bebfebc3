package dev.graft.io.content;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.function.Supplier;

/** A tensor that is read on demand, so that files are not held in memory beside their tensors. */
public record TensorSource(DType dtype, Shape shape, Supplier<byte[]> bytes) {
    public RawTensor read() {
        return new RawTensor(dtype, shape, bytes.get());
    }
}
