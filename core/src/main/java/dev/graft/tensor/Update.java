package dev.graft.tensor;

import java.util.List;
import java.util.Optional;

/** Optimizer steps: in place, unrecorded, one pass over memory. All tensors of one call have the same shape; the first is updated. */
public final class Update {
    private Update() {
    }

    /**
     * One step of stochastic gradient descent as in
     * <a href="https://pytorch.org/docs/stable/generated/torch.optim.SGD.html">torch.optim.SGD</a>.
     *
     * @param velocity the momentum buffer, updated; empty where momentum is 0
     * @param first    whether this is the parameter's first step, which starts the velocity at the gradient
     */
    public static void sgd(Tensor weight, Tensor gradient, Optional<Tensor> velocity, boolean first, float lr, float momentum,
                           float dampening, float weightDecay, boolean nesterov) {
        check("sgd", weight, gradient);
        velocity.ifPresent(v -> check("sgd", weight, v));
        try (Scope scope = Scope.open()) {
            weight.backend().sgd(weight.view(), Raw.like(gradient, weight).view(), velocity.map(Tensor::view), first,
                    lr, momentum, dampening, weightDecay, nesterov);
        }
        weight.storage().markModified();
    }

    /** One step of AdamW (Loshchilov and Hutter 2019) with moments {@code m} and {@code v}, both updated; {@code t} counts from 1. */
    public static void adamW(Tensor weight, Tensor gradient, Tensor m, Tensor v, long t, float lr, float beta1, float beta2, float eps,
                             float weightDecay) {
        check("adamW", weight, gradient);
        check("adamW", weight, m);
        check("adamW", weight, v);
        try (Scope scope = Scope.open()) {
            weight.backend().adamW(weight.view(), Raw.like(gradient, weight).view(), m.view(), v.view(), t, lr, beta1, beta2, eps,
                    weightDecay);
        }
        weight.storage().markModified();
    }

    /** The Euclidean norm of all elements of all tensors together. */
    public static double norm(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return 0;
        }
        tensors.forEach(t -> t.checkUsable("norm", tensors.get(0)));
        try (Scope scope = Scope.open(); Autograd.Guard guard = Autograd.noGrad()) {
            return Math.sqrt(tensors.get(0).backend().sumOfSquares(Raw.views(tensors.stream().map(Raw::dense).toList())));
        }
    }

    private static void check(String op, Tensor weight, Tensor other) {
        if (!weight.shape().equals(other.shape())) {
            throw new IllegalArgumentException(op + ": shapes differ (weight " + weight.shape() + ", other " + other.shape() + ")");
        }
        weight.checkUsable(op, other);
        if (!weight.view().isDense()) {
            throw new IllegalArgumentException(op + ": the weight " + weight.shape() + " is a strided view. Hint: update the tensor it views.");
        }
    }
}
