package dev.graft.backend;

import java.util.Optional;

/**
 * What a convolution does to its result before storing it: {@code maxPool(activation(scale[o] * conv + shift[o] +
 * residual))}. The bias of a convolution is a shift; a frozen batch norm is a scale and a shift; taking maxima at once
 * avoids storing the results that they are taken from.
 *
 * @param scale {@code [O]}
 * @param shift {@code [O]}
 * @param residual same shape and layout as the convolution's result
 * @param maxPool pooling of the convolution's result; the output holds their maxima
 */
public record Epilogue(
        Optional<View> scale,
        Optional<View> shift,
        Optional<View> residual,
        Activation activation,
        Optional<PoolGeometry> maxPool) {
    public static final Epilogue NONE =
            new Epilogue(Optional.empty(), Optional.empty(), Optional.empty(), Activation.NONE);

    public static Epilogue bias(View bias) {
        return new Epilogue(Optional.empty(), Optional.of(bias), Optional.empty(), Activation.NONE);
    }

    /** Without pooling. */
    public Epilogue(Optional<View> scale, Optional<View> shift, Optional<View> residual, Activation activation) {
        this(scale, shift, residual, activation, Optional.empty());
    }

    /** This epilogue without the pooling. */
    public Epilogue withoutMaxPool() {
        return new Epilogue(scale, shift, residual, activation);
    }
}
