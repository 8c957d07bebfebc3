package dev.graft.io.torch;

import dev.graft.type.DType;
import java.util.List;

/**
 * A tensor as PyTorch stores it: element {@code (i, j, ...)} is at {@code offset + i * strides[0] + j * strides[1] +
 * ...} in its storage, counted in elements. Sizes and strides are unchecked until {@link TensorReader} reads it.
 */
record StridedTensor(TorchStorage storage, DType dtype, long offset, List<Long> sizes, List<Long> strides) {}
