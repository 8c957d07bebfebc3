package dev.graft.tensor;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * Optimizer steps, in place and unrecorded, in one pass over memory. A weight, which is updated, has the shape of its
 * gradient and of its state.
 */
public final class Update {
    private Update() {}

    /**
     * One step of stochastic gradient descent as in <a
     * href="https://pytorch.org/docs/stable/generated/torch.optim.SGD.html">torch.optim.SGD</a>.
     *
     * @param velocity the momentum buffer, updated; empty if momentum is 0
     * @param first whether this is the parameter's first step, which starts the velocity at the gradient
     * @throws IllegalArgumentException if shapes or types differ, or tensors to be changed repeat or share elements
     * @throws IllegalStateException if the weight is a recorded result and not a leaf
     */
    public static void sgd(
            Tensor weight,
            Tensor gradient,
            Optional<Tensor> velocity,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        sgd(
                List.of(weight),
                List.of(gradient),
                velocity.map(List::of).orElse(List.of()),
                first,
                lr,
                momentum,
                dampening,
                weightDecay,
                nesterov);
    }

    /**
     * As {@link #sgd(Tensor, Tensor, Optional, boolean, double, double, double, double, boolean) sgd} of one weight,
     * for all weights of a device at once: many small ones take little longer than one large one. Each weight has its
     * own shape, which its gradient and its velocity share.
     *
     * @param velocities one for each weight, or none if momentum is 0
     * @throws IllegalArgumentException if the lists do not fit, shapes or types differ, or tensors to be changed repeat
     *     or share elements; nothing has changed then
     * @throws IllegalStateException if a weight is a recorded result and not a leaf; nothing has changed then
     */
    public static void sgd(
            List<Tensor> weights,
            List<Tensor> gradients,
            List<Tensor> velocities,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        int count = weights.size();
        if (gradients.size() != count || (velocities.size() != count && !(velocities.isEmpty() && momentum == 0))) {
            throw new IllegalArgumentException("sgd: " + count + " weights need as many gradients"
                    + (momentum == 0 ? "" : " and, with a momentum of " + momentum + ", velocities") + " (gradients "
                    + gradients.size() + ", velocities " + velocities.size() + ")");
        }
        if (count == 0) {
            return;
        }
        Changed all = new Changed();
        List<Tensor[]> steps = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            weights.get(0).checkUsable("sgd", weights.get(i));
            Tensor[] changed = velocities.isEmpty()
                    ? new Tensor[] {weights.get(i)}
                    : new Tensor[] {weights.get(i), velocities.get(i)};
            check("sgd", gradients.get(i), changed);
            all.add("sgd", changed);
            steps.add(changed);
        }
        // Before and after: another thread that reads during the step sees a different version at its end in either
        // case.
        markModified(steps);
        try (Scope scope = Scope.open()) {
            List<View> before = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                before.add(asBefore(all.apart(gradients.get(i), steps.get(i)), steps.get(i)));
            }
            weights.get(0)
                    .backend()
                    .sgd(
                            Raw.views(weights),
                            before,
                            Raw.views(velocities),
                            first,
                            lr,
                            momentum,
                            dampening,
                            weightDecay,
                            nesterov);
        }
        markModified(steps);
    }

    /** The tensors that one call changes, by their memory. */
    private static final class Changed {
        private final IdentityHashMap<Storage, List<Tensor>> tensors = new IdentityHashMap<>();

        /** Refuses tensors that share elements with those before. */
        void add(String op, Tensor... changed) {
            for (Tensor tensor : changed) {
                List<Tensor> same = tensors.get(tensor.storage());
                if (same == null) {
                    same = new ArrayList<>(1);
                    tensors.put(tensor.storage(), same);
                }
                for (Tensor other : same) {
                    InPlace.checkApart(op, other, tensor);
                }
                same.add(tensor);
            }
        }

        /** {@code source}, or a copy if a tensor changes that it shares elements with and that is none of its own. */
        Tensor apart(Tensor source, Tensor... own) {
            List<Tensor> same = tensors.get(source.storage());
            if (same == null) {
                return source;
            }
            for (Tensor tensor : same) {
                if (!Arrays.asList(own).contains(tensor) && source.view().overlaps(tensor.view())) {
                    return source.detach().copy();
                }
            }
            return source;
        }
    }

    /**
     * One step of AdamW (Loshchilov and Hutter 2019) with moments {@code m} and {@code v}, both updated; {@code t}
     * counts from 1.
     *
     * @throws IllegalArgumentException if shapes or types differ, or tensors to be changed repeat or share elements
     * @throws IllegalStateException if the weight is a recorded result and not a leaf
     */
    public static void adamW(
            Tensor weight,
            Tensor gradient,
            Tensor m,
            Tensor v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay) {
        adam("adamW", weight, gradient, m, v, t, lr, beta1, beta2, eps, weightDecay, true);
    }

    /**
     * As {@link #adamW}, of Adam (Kingma and Ba 2015): weight decay is an L2 penalty, which is added to the gradient
     * before the moments see it.
     */
    public static void adam(
            Tensor weight,
            Tensor gradient,
            Tensor m,
            Tensor v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay) {
        adam("adam", weight, gradient, m, v, t, lr, beta1, beta2, eps, weightDecay, false);
    }

    private static void adam(
            String name,
            Tensor weight,
            Tensor gradient,
            Tensor m,
            Tensor v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled) {
        Tensor[] changed = {weight, m, v};
        check(name, gradient, changed);
        markModified(changed);
        try (Scope scope = Scope.open()) {
            weight.backend()
                    .adam(
                            weight.view(),
                            asBefore(gradient, changed),
                            m.view(),
                            v.view(),
                            t,
                            lr,
                            beta1,
                            beta2,
                            eps,
                            weightDecay,
                            decoupled);
        }
        markModified(changed);
    }

    /** The Euclidean norm over all elements of all tensors. */
    public static double norm(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return 0;
        }
        tensors.forEach(t -> tensors.get(0).checkUsable("norm", t));
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor sum = Raw.empty(tensors.get(0).backend(), DType.F64, Shape.of());
            sum.backend()
                    .sumOfSquares(Raw.views(tensors.stream().map(Raw::dense).toList()), sum.view());
            byte[] bytes = HostBytes.read(sum.storage(), 0, 1);
            return Math.sqrt(
                    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getDouble());
        }
    }

    /** Checks everything that a step reads and changes; {@code changed[0]} is the weight. */
    private static void check(String op, Tensor gradient, Tensor... changed) {
        Tensor weight = changed[0];
        checkFits(op, weight, gradient);
        for (Tensor state : changed) {
            checkFits(op, weight, state);
        }
        if (weight.node() != null) {
            throw new IllegalStateException(op + ": the weight " + weight.shape() + " is a result of "
                    + weight.node().function() + ", not a leaf. " + "Hint: update the tensor it was computed from.");
        }
        if (!weight.view().isDense()) {
            throw new IllegalArgumentException(
                    op + ": the weight " + weight.shape() + " is a strided view. Hint: update the tensor it views.");
        }
        for (int i = 0; i < changed.length; i++) {
            InPlace.checkWritable(op, changed[i]);
            for (int j = 0; j < i; j++) {
                InPlace.checkApart(op, changed[j], changed[i]);
            }
        }
    }

    private static void checkFits(String op, Tensor weight, Tensor other) {
        weight.checkUsable(op, other);
        if (!weight.shape().equals(other.shape())) {
            throw new IllegalArgumentException(
                    op + ": shapes differ (weight " + weight.shape() + ", other " + other.shape() + ")");
        }
        Op.requireFloat(op, weight, other);
    }

    /**
     * The gradient in the weight's layout. If it shares memory with a tensor that changes, its values are those before
     * the step.
     */
    private static View asBefore(Tensor gradient, Tensor... changed) {
        Tensor source = gradient;
        for (Tensor target : changed) {
            source = InPlace.asBefore(source, target);
        }
        return Raw.like(source, changed[0]).view();
    }

    private static void markModified(List<Tensor[]> steps) {
        for (Tensor[] changed : steps) {
            markModified(changed);
        }
    }

    private static void markModified(Tensor... changed) {
        for (Tensor tensor : changed) {
            tensor.storage().markModified();
        }
    }
}
