package dev.graft.tensor;

/**
 * Elements along a dimension and where they were: what {@link Tensor#max}, {@link Tensor#min}, {@link Tensor#sort} and
 * {@link Tensor#topk} return.
 *
 * @param values gradients flow from them to the elements they are
 * @param indices I64, of the values' shape
 */
public record ValuesAndIndices(Tensor values, Tensor indices) {}
