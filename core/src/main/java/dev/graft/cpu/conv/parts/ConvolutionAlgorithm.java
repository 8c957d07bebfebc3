package dev.graft.cpu.conv.parts;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Optional;

/** What every algorithm computes, on channels-last images that are not empty. */
public interface ConvolutionAlgorithm {
    /** Takes maxima only where it {@link #pools}. */
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params);

    /** Whether this algorithm takes maxima of such windows on the way. */
    default boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return false;
    }

    public void backwardInput(View dy, View w, View dx, Conv2dParams params);

    /**
     * Returns whether all of {@code dw} is finite. What is not may be right, or come from gradients that meet the zeros
     * around an image; see {@link EdgeResults}.
     */
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params);
}
