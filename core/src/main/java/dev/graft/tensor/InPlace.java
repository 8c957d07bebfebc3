package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.type.Shape;

/**
 * What may be written in place. Every function that changes existing memory asks here, and nowhere else: those of
 * {@link Tensor} and {@link Update}, running statistics, and the backward pass when it accumulates gradients.
 */
final class InPlace {
    private InPlace() {}

    /**
     * Whether {@code tensor} may be overwritten unnoticed: its memory has no other holder, and no element stands for
     * several.
     */
    static boolean isPrivate(Tensor tensor) {
        return tensor.storage().holders() == 1 && !tensor.view().repeatsElements();
    }

    /**
     * Refuses a write that would give wrong numbers: into elements that repeat, or, while autograd records, into or
     * from tensors that it tracks, because a change in place is not recorded. As in PyTorch, the latter is allowed
     * under {@link Autograd#noGrad()}.
     *
     * @throws IllegalArgumentException if {@code target} repeats elements in memory
     * @throws IllegalStateException if a gradient would be lost or wrong
     */
    static void check(String op, Tensor target, Tensor... sources) {
        checkWritable(op, target);
        if (!Autograd.isEnabled()) {
            return;
        }
        if (target.node() != null) {
            throw new IllegalStateException(op + ": the tensor " + target.shape() + " is a result of "
                    + target.node().function() + " that autograd "
                    + "recorded; a change in place is not recorded and would make gradients wrong. Hint: use a function that returns a new "
                    + "tensor, or change it under Autograd.noGrad().");
        }
        if (target.requiresGrad()) {
            throw new IllegalStateException(op + ": the tensor " + target.shape()
                    + " is a leaf that requires a gradient; a change in place is not "
                    + "recorded. Hint: change it under Autograd.noGrad(), as initialisers and optimizers do.");
        }
        for (Tensor source : sources) {
            if (source.requiresGrad()) {
                throw new IllegalStateException(op + ": the source " + source.shape()
                        + " requires a gradient, which would be lost: a change in "
                        + "place is not recorded. Hint: pass source.detach(), or call it under Autograd.noGrad().");
            }
        }
    }

    /** As {@link #check}, for tensors that are never differentiated, such as the state of an optimizer. */
    static void checkWritable(String op, Tensor target) {
        if (target.view().repeatsElements()) {
            throw new IllegalArgumentException(op + ": the tensor " + target.shape()
                    + " repeats elements in memory, so they cannot change one by " + "one. Hint: copy() it first.");
        }
    }

    /** Refuses two targets of one call that share elements. */
    static void checkApart(String op, Tensor target, Tensor other) {
        if (target.view().overlaps(other.view())) {
            throw new IllegalArgumentException(op + ": two of the tensors to be changed share memory (" + target.shape()
                    + ", " + other.shape() + "). Hint: copy() one of them.");
        }
    }

    /**
     * {@code source} as it is before {@code target} changes: {@code source} itself if a kernel may read it while it
     * writes the target element by element, else a copy, which belongs to the open scope.
     */
    static Tensor asBefore(Tensor source, Tensor target) {
        return source.view().overlaps(target.view()) && !source.view().sameElements(target.view())
                ? source.detach().copy()
                : source;
    }

    static void copy(Tensor source, Tensor target) {
        target.checkOpen("copyFrom");
        source.checkOpen("copyFrom");
        if (!source.shape().equals(target.shape())) {
            throw new IllegalArgumentException(
                    "copyFrom: shapes differ (this " + target.shape() + ", source " + source.shape() + ")");
        }
        check("copyFrom", target, source);
        try (Scope s = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            target.backend().copy(source.to(target.device()).view(), target.view());
        } catch (IllegalArgumentException e) {
            throw Refusal.under("copyFrom", e);
        }
        target.storage().markModified();
    }

    static void fill(Tensor target, double value) {
        target.checkUsable("fill", target);
        check("fill", target);
        Numbers.checkFits("fill", target, value);
        try {
            target.backend().fill(target.view(), value);
        } catch (IllegalArgumentException e) {
            throw Refusal.under("fill", e);
        }
        target.storage().markModified();
    }

    static void add(Tensor target, Tensor other, float alpha) {
        target.checkUsable("addInPlace", other);
        if (!other.shape().equals(target.shape())) {
            throw new IllegalArgumentException(
                    "addInPlace: shapes differ (this " + target.shape() + ", other " + other.shape() + ")");
        }
        Op.requireFloat("addInPlace", target, other);
        check("addInPlace", target, other);
        try (Scope s = Scope.open()) {
            target.backend().addScaled(alpha, asBefore(other, target).view(), target.view());
        }
        target.storage().markModified();
    }

    static void multiply(Tensor target, float factor) {
        target.checkUsable("mulInPlace", target);
        Op.requireFloat("mulInPlace", target);
        check("mulInPlace", target);
        try (Scope s = Scope.open()) {
            Tensor number = Raw.empty(target, Shape.of()).fill(factor);
            target.backend()
                    .binary(
                            BinaryOp.MUL,
                            target.view(),
                            Raw.expand(number, target.shape()).view(),
                            target.view());
        }
        target.storage().markModified();
    }
}
