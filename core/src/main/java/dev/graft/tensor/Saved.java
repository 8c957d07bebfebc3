package dev.graft.tensor;

import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What one recorded operator keeps for its backward: the shapes of its inputs, and tensors under numbers that the
 * operator chooses. An operator keeps a tensor only if a requested gradient reads it. What is kept can be neither freed
 * nor changed in place until then.
 */
final class Saved {
    private final boolean recording;
    private final boolean[] needs;
    private final Shape[] shapes;
    private Tensor[] tensors = {};
    private long[] layout = {};
    private boolean released;

    Saved(boolean recording, boolean[] needs, Shape[] shapes) {
        this.recording = recording;
        this.needs = needs;
        this.shapes = shapes;
    }

    /** Whether input {@code i} needs a gradient; false if nothing is recorded. */
    boolean needs(int i) {
        return recording && needs[i];
    }

    /** Whether any of these inputs needs a gradient. */
    boolean needsAny(int... inputs) {
        return Arrays.stream(inputs).anyMatch(this::needs);
    }

    boolean recording() {
        return recording;
    }

    Shape shape(int input) {
        return shapes[input];
    }

    /** Keeps {@code tensor} under a number until the backward; a no-op when nothing is recorded. */
    void put(int slot, Tensor tensor) {
        if (recording) {
            if (slot >= tensors.length) {
                tensors = Arrays.copyOf(tensors, slot + 1);
            }
            tensors[slot] = tensor.savedHandle();
        }
    }

    /** As {@link #put(int, Tensor)}, if {@code wanted}. */
    void putIf(boolean wanted, int slot, Tensor tensor) {
        if (wanted) {
            put(slot, tensor);
        }
    }

    Tensor get(int slot) {
        return find(slot).orElseThrow(() -> new IllegalStateException("backward: tensor " + slot + " was not saved"));
    }

    Optional<Tensor> find(int slot) {
        return slot < tensors.length && tensors[slot] != null
                ? Optional.of(tensors[slot].checkUnmodified())
                : Optional.empty();
    }

    /** Remembers strides, for an input whose layout is needed but whose values are not. */
    void layout(long[] strides) {
        layout = strides;
    }

    long[] layout() {
        return layout;
    }

    /** Everything that is kept. */
    List<Tensor> kept() {
        return Arrays.stream(tensors).filter(Objects::nonNull).toList();
    }

    boolean isReleased() {
        return released;
    }

    void release() {
        if (!released) {
            released = true;
            for (Tensor tensor : tensors) {
                if (tensor != null) {
                    tensor.close();
                }
            }
            tensors = new Tensor[0];
        }
    }
}
