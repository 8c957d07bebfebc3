package dev.graft.cpu.conv.parts;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Optional;

/** What every algorithm computes, on non-empty channels-last images. */
public interface ConvolutionAlgorithm {
    /** Takes maxima only if it {@link #pools}. */
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params);

    /** Whether this algorithm can pool such windows as part of the convolution. */
    default boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return false;
    }

    public void backwardInput(View dy, View w, View dx, Conv2dParams params);

    /**
     * Returns whether all of {@code dw} is finite. A non-finite value may be right, or may come from gradients that are
     * multiplied with the zeros around an image; see {@code EdgeResults}.
     */
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params);
}
