package dev.graft.cuda;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.Optional;

/** Softmax over the last dimension, and the cross-entropy of its logarithm. */
final class SoftmaxKernels {
    private final CudaBackend backend;

    SoftmaxKernels(CudaBackend backend) {
        this.backend = backend;
    }

    void softmax(boolean log, View x, View y) {
        int width = y.dim(y.rank() - 1);
        backend.launch("softmax")
                .view(y)
                .view(x)
                .i32(width)
                .i32(log)
                .blocks(width == 0 ? 0 : y.numel() / width, Launch.BLOCK);
    }

    void softmaxBackward(boolean log, View y, View dy, View dx) {
        int width = y.dim(y.rank() - 1);
        backend.launch("softmax_backward")
                .view(dx)
                .view(y)
                .view(dy)
                .i32(width)
                .i32(log)
                .blocks(width == 0 ? 0 : y.numel() / width, Launch.BLOCK);
    }

    void crossEntropy(
            View logits,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View loss,
            View rowWeight,
            View logProbabilities) {
        softmax(true, logits, logProbabilities);
        int rows = logits.dim(0);
        backend.launch("cross_entropy")
                .view(loss)
                .view(rowWeight)
                .view(logProbabilities)
                .view(target)
                .view(classWeight)
                .i64(rows)
                .i32(logits.dim(1))
                .f32(smoothing)
                .i64(ignoreIndex)
                .i64(target.strides()[0])
                .each(rows);
    }

    void crossEntropyBackward(
            View logProbabilities,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View dloss,
            View dlogits) {
        try (Scratch scratch = new Scratch(backend)) {
            Optional<View> total = classWeight.map(weights -> {
                View sum = scratch.of(DType.F32, 1);
                backend.reduce(Reduction.SUM, weights, sum);
                return sum;
            });
            backend.launch("cross_entropy_backward")
                    .view(dlogits)
                    .view(logProbabilities)
                    .view(target)
                    .view(classWeight)
                    .view(total)
                    .view(dloss)
                    .i64(dlogits.numel())
                    .i32(dlogits.dim(1))
                    .f32(smoothing)
                    .i64(ignoreIndex)
                    .i64(target.strides()[0])
                    .each(dlogits.numel());
        }
    }
}
