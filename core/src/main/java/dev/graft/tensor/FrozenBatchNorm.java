package dev.graft.tensor;

/**
 * The parameters and fixed statistics of a frozen batch norm, {@code gamma * (x - mean) / sqrt(variance + eps) + beta},
 * as part of a convolution. All tensors are F32 {@code [O]}, with one value for each output channel.
 */
public record FrozenBatchNorm(Tensor gamma, Tensor beta, Tensor mean, Tensor variance, float eps) {}
