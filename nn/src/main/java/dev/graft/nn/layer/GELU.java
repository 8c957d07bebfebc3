package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * {@code x * Phi(x)} with the normal distribution's Phi, elementwise; the exact form by default, as in PyTorch.
 * Networks that were trained with the form by a hyperbolic tangent, such as GPT-2, need that one.
 */
public final class GELU extends Module {
    /** How Phi is computed. */
    public enum Form {
        EXACT,
        /** {@code (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2}, PyTorch's {@code approximate="tanh"}. */
        TANH
    }

    private final Form form;

    public GELU() {
        this(Form.EXACT);
    }

    public GELU(Form form) {
        this.form = form;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return form == Form.EXACT ? input.gelu() : input.geluTanh();
    }

    @Override
    public String toString() {
        return form == Form.EXACT ? "GELU" : "GELU(TANH)";
    }
}
