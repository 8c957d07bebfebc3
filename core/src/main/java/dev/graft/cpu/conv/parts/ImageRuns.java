package dev.graft.cpu.conv.parts;

import dev.graft.backend.View;
import java.util.Optional;

/** Neighbouring images of a batch, which are computed again if an algorithm could not handle them. */
public final class ImageRuns {
    private ImageRuns() {}

    /** A convolution of some images, or its gradient for them. */
    @FunctionalInterface
    public interface Work {
        void run(View source, Optional<View> residual, View target);
    }

    /** Does {@code work} on the marked images, one run of neighbours at a time. */
    public static void redo(boolean[] marked, View source, Optional<View> residual, View target, Work work) {
        for (int i = 0; i < marked.length; i++) {
            int first = i;
            while (i < marked.length && marked[i]) {
                i++;
            }
            int count = i - first;
            if (count > 0) {
                work.run(
                        images(source, first, count),
                        residual.map(r -> images(r, first, count)),
                        images(target, first, count));
            }
        }
    }

    /** Images {@code [first, first + count)} of a view. */
    private static View images(View x, int first, int count) {
        return new View(
                x.storage(), x.offset() + first * x.strides()[0], x.shape().with(0, count), x.strides());
    }
}
