package dev.graft.io.content;

import dev.graft.io.file.Sha256;
import dev.graft.type.DType;
import dev.graft.type.Shape;

/** A tensor as in a file: {@code bytes} are its elements in row-major order, little-endian, without gaps. */
public record RawTensor(DType dtype, Shape shape, byte[] bytes) {
    public String sha256() {
        return Sha256.of(bytes);
    }
}
