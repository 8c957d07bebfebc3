package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.nn.Module;
import dev.graft.tensor.FrozenBatchNorm;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.Optional;

/** A convolution whose kernel can compute what follows it (see {@link Fused}). */
abstract sealed class FusedConvolution extends Module permits Conv1d, Conv2d {

    /** Output channels. */
    abstract int outputs();

    /** Whether a norm is over as many dimensions as this convolution. */
    abstract boolean suits(BatchNorm norm);

    /** {@link #forward} and what follows it. */
    abstract Tensor forward(
            Tensor input, Optional<FrozenBatchNorm> norm, Optional<Tensor> residual, Activation activation);

    /** The shape of this layer's result; empty if the input does not fit. */
    abstract Optional<Shape> resultShape(Tensor input);
}
