package dev.graft.tensor;

import java.util.ArrayList;
import java.util.List;

/** What one recorded operator keeps for its backward: the shapes of its inputs, and the tensors it put here. */
final class Saved {
    private final boolean recording;
    private final boolean[] needs;
    private final Shape[] shapes;
    private final List<Tensor> tensors = new ArrayList<>(4);
    private int[] layout = {};
    private boolean released;

    Saved(boolean recording, boolean[] needs, Shape[] shapes) {
        this.recording = recording;
        this.needs = needs;
        this.shapes = shapes;
    }

    /** Whether input {@code i} wants a gradient; forward passes save only what those gradients use. */
    boolean needs(int i) {
        return recording && needs[i];
    }

    boolean recording() {
        return recording;
    }

    Shape shape(int input) {
        return shapes[input];
    }

    /** Keeps {@code tensor} until the backward; a no-op when nothing is recorded. */
    void put(Tensor tensor) {
        if (recording) {
            tensors.add(tensor.savedHandle());
        }
    }

    Tensor get(int i) {
        return tensors.get(i).checkUnmodified();
    }

    /** Remembers strides, where the layout of an input is needed but its values are not. */
    void layout(int[] strides) {
        layout = strides;
    }

    int[] layout() {
        return layout;
    }

    int size() {
        return tensors.size();
    }

    boolean isReleased() {
        return released;
    }

    void release() {
        if (!released) {
            released = true;
            tensors.forEach(Tensor::close);
            tensors.clear();
        }
    }
}
