package dev.graft.io;

import dev.graft.type.Shape;

/**
 * One tensor of a weight file.
 *
 * @param name its key in the state dict
 * @param dtype its element type as PyTorch calls it: "float32", "int64", "bfloat16", "bool"
 * @param shape its sizes
 * @param sha256 SHA-256, in lower-case hexadecimal, of its elements in row-major order, little-endian, without gaps
 */
public record TensorInfo(String name, String dtype, Shape shape, String sha256) {}
