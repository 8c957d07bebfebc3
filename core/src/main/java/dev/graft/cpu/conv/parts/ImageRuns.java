package dev.graft.cpu.conv.parts;

import dev.graft.backend.View;

/** Neighbouring images of a batch, which are worked on once more where an algorithm could not serve them. */
public final class ImageRuns {
    private ImageRuns() {}

    /** Images {@code [first, first + count)} of a view. */
    public static View of(View x, int first, int count) {
        return new View(
                x.storage(), x.offset() + first * x.strides()[0], x.shape().with(0, count), x.strides());
    }

    /** Work on images {@code [first, first + count)}. */
    @FunctionalInterface
    public interface Redo {
        void run(int first, int count);
    }

    /** Runs {@code redo} for the images that are marked. */
    public static void redo(boolean[] marked, Redo redo) {
        for (int i = 0; i < marked.length; i++) {
            int first = i;
            while (i < marked.length && marked[i]) {
                i++;
            }
            if (i > first) {
                redo.run(first, i - first);
            }
        }
    }
}
