package dev.graft.tensor;

/**
 * Batch norm with given statistics, {@code gamma * (x - mean) / sqrt(variance + eps) + beta}, as part of a convolution;
 * all tensors are {@code [O]}, one value an output channel.
 */
public record FixedNorm(Tensor gamma, Tensor beta, Tensor mean, Tensor variance, float eps) {}
