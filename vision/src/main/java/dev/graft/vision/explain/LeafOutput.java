package dev.graft.vision.explain;

import dev.graft.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Cuts the graph at a layer's output: the network goes on from a leaf with the same values, which gets a gradient. */
final class LeafOutput implements UnaryOperator<Tensor>, AutoCloseable {
    private final int which;
    private int calls;
    private @Nullable Tensor leaf;

    /** @param which of the layer's calls, from 1 */
    LeafOutput(int which) {
        this.which = which;
    }

    @Override
    public Tensor apply(Tensor output) {
        if (++calls != which) {
            return output;
        }
        Tensor cut = output.detach().keep().requireGrad(true);
        leaf = cut;
        return cut.alias();
    }

    Tensor leaf() {
        Tensor cut = leaf;
        if (cut == null) {
            throw new IllegalStateException("gradCam: the layer was called " + calls + " times, not " + which
                    + " as before. Hint: use a new GradCam after a change of the network.");
        }
        return cut;
    }

    @Override
    public void close() {
        if (leaf != null) {
            leaf.clearGrad();
            leaf.close();
        }
    }
}
