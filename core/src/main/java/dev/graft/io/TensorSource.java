package dev.graft.io;

import dev.graft.tensor.DType;
import dev.graft.tensor.Shape;
import java.util.function.Supplier;

/** A tensor that can be read when it is wanted: files are not held in memory beside their tensors. */
record TensorSource(DType dtype, Shape shape, Supplier<byte[]> bytes) {
    RawTensor read() {
        return new RawTensor(dtype, shape, bytes.get());
    }
}
