package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** Joins all dimensions from one on: {@code [N, C, H, W]} becomes {@code [N, C*H*W]}. */
public final class Flatten extends Module {
    private final int startAxis;

    /** Keeps the batch dimension. */
    public Flatten() {
        this(1);
    }

    public Flatten(int startAxis) {
        this.startAxis = startAxis;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return input.flatten(startAxis);
    }

    @Override
    public String toString() {
        return "Flatten(" + startAxis + ")";
    }
}
