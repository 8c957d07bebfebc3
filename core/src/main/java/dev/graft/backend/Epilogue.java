package dev.graft.backend;

import java.util.Optional;

/**
 * What a convolution does to its result before storing it:
 * {@code activation(scale[o] * conv + shift[o] + residual)}. The bias of a convolution is a shift; a frozen batch norm is a scale and a
 * shift.
 *
 * @param scale    {@code [O]}
 * @param shift    {@code [O]}
 * @param residual same shape and layout as the output
 */
public record Epilogue(Optional<View> scale, Optional<View> shift, Optional<View> residual, Activation activation) {
    public static final Epilogue NONE = new Epilogue(Optional.empty(), Optional.empty(), Optional.empty(), Activation.NONE);

    public static Epilogue bias(View bias) {
        return new Epilogue(Optional.empty(), Optional.of(bias), Optional.empty(), Activation.NONE);
    }
}
