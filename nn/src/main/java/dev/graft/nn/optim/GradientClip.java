package dev.graft.nn.optim;

import dev.graft.nn.Parameter;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.util.List;
import java.util.Optional;

/** Limits gradients between the backward pass and the optimizer's step. */
public final class GradientClip {
    /** Prevents a division by a norm of 0; PyTorch's constant. */
    private static final double EPS = 1e-6;

    private GradientClip() {}

    /**
     * Scales all gradients together so that their common Euclidean norm is at most {@code maxNorm}. If that norm is
     * NaN, all gradients become NaN, so that the step is visibly invalid. A parameter that is listed twice counts once.
     *
     * @param maxNorm not negative
     * @return the norm before clipping; NaN or infinite if a gradient is
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html">clip_grad_norm_</a>
     */
    public static double norm(List<Parameter> parameters, double maxNorm) {
        if (!(maxNorm >= 0)) {
            throw new IllegalArgumentException("clip norm: the largest norm must not be negative, was " + maxNorm);
        }
        List<Tensor> gradients = gradients(parameters);
        double norm = Update.norm(gradients);
        double scale = maxNorm / (norm + EPS);
        // not "scale < 1": NaN is not less than 1, and would leave the finite gradients unchanged
        if (!(scale >= 1)) {
            gradients.forEach(gradient -> gradient.mulInPlace((float) scale));
        }
        return norm;
    }

    /**
     * Clamps every gradient value to {@code [-limit, limit]}; NaN stays NaN.
     *
     * @param limit not negative
     */
    @SuppressWarnings("try")
    public static void value(List<Parameter> parameters, float limit) {
        if (!(limit >= 0)) {
            throw new IllegalArgumentException("clip value: the limit must not be negative, was " + limit);
        }
        for (Tensor gradient : gradients(parameters)) {
            try (Scope scope = Scope.open()) {
                gradient.copyFrom(gradient.clamp(-limit, limit));
            }
        }
    }

    private static List<Tensor> gradients(List<Parameter> parameters) {
        return parameters.stream()
                .distinct()
                .filter(parameter -> !parameter.isFrozen())
                .map(Parameter::grad)
                .flatMap(Optional::stream)
                .toList();
    }
}
