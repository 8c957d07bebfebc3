package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.Optional;

/**
 * A convolution and what follows it, in as few passes over memory as the modes of its layers allow: a single pass if
 * nothing is recorded and batch norm uses its running statistics, as in evaluation mode and in frozen backbones. The
 * result, its gradients and the running statistics are those of the layers called one after another, up to rounding.
 * Layers of other types than {@link Conv2d}, {@link Conv1d}, {@link BatchNorm2d}, {@link BatchNorm1d}, {@link ReLU},
 * {@link ReLU6} and {@link MaxPool2d} are simply called, and so is a layer that somebody {@linkplain Module#observe
 * observes}. A network that holds its layers in fields of type {@code Module} may therefore have any of them replaced.
 *
 * <pre>{@code
 * Tensor y = Fused.convNorm(conv1, bn1, relu, x);              // relu(bn1(conv1(x)))
 * return Fused.convNormAdd(conv2, bn2, relu, y, shortcut);     // relu(bn2(conv2(y)) + shortcut)
 * }</pre>
 */
public final class Fused {
    private Fused() {}

    /** {@code activation(conv(x))}. */
    public static Tensor conv(Module conv, Module activation, Tensor x) {
        Activation fused = fusable(activation);
        Tensor y = conv instanceof FusedConvolution c && !c.isObserved()
                ? c.forward(x, Optional.empty(), Optional.empty(), fused)
                : activate(conv.forward(x), fused);
        return rest(fused, activation, y);
    }

    /** {@code norm(conv(x))}. */
    public static Tensor convNorm(Module conv, Module norm, Tensor x) {
        return convNorm(conv, norm, x, Optional.empty(), Activation.NONE);
    }

    /** {@code activation(norm(conv(x)))}. */
    public static Tensor convNorm(Module conv, Module norm, Module activation, Tensor x) {
        Activation fused = fusable(activation);
        return rest(fused, activation, convNorm(conv, norm, x, Optional.empty(), fused));
    }

    /** {@code pool(activation(norm(conv(x))))}: the start of a residual network. */
    public static Tensor convNormPool(Module conv, Module norm, Module activation, Module pool, Tensor x) {
        Activation fused = fusable(activation);
        if (pool instanceof MaxPool2d p
                && conv instanceof Conv2d c
                && norm instanceof BatchNorm2d n
                && (fused != Activation.NONE || activation instanceof Identity)
                && !p.isObserved()
                && !activation.isObserved()
                && canFix(c, n)) {
            return n.inKernel(
                    given -> c.forward(x, Optional.of(given), Optional.empty(), fused, Optional.of(p.settings())));
        }
        return pool.forward(convNorm(conv, norm, activation, x));
    }

    /**
     * {@code norm(conv(x)) + residual}; a residual whose shape differs from the result's is broadcast, as by
     * {@link Tensor#add}.
     */
    public static Tensor convNormAdd(Module conv, Module norm, Tensor x, Tensor residual) {
        return convNorm(conv, norm, x, Optional.of(residual), Activation.NONE);
    }

    /** {@code activation(norm(conv(x)) + residual)}. */
    public static Tensor convNormAdd(Module conv, Module norm, Module activation, Tensor x, Tensor residual) {
        Activation fused = fusable(activation);
        return rest(fused, activation, convNorm(conv, norm, x, Optional.of(residual), fused));
    }

    /** What a kernel computes in place of a layer; NONE if the layer must be called. */
    static Activation fusable(Module activation) {
        if (activation.isObserved()) {
            return Activation.NONE;
        }
        return activation instanceof ReLU
                ? Activation.RELU
                : activation instanceof ReLU6 ? Activation.RELU6 : Activation.NONE;
    }

    private static Tensor rest(Activation fused, Module activation, Tensor y) {
        return fused == Activation.NONE ? activation.forward(y) : y;
    }

    private static Tensor convNorm(
            Module conv, Module norm, Tensor x, Optional<Tensor> residual, Activation activation) {
        if (!(norm instanceof BatchNorm n) || n.isObserved()) {
            return added(norm.forward(conv.forward(x)), residual, activation);
        }
        if (conv instanceof FusedConvolution c && c.suits(n) && canFix(c, n)) {
            return broadcasts(residual, c.resultShape(x))
                    ? added(fixed(c, n, x, Optional.empty(), Activation.NONE), residual, activation)
                    : fixed(c, n, x, residual, activation);
        }
        Tensor y = conv.forward(x);
        return broadcasts(residual, Optional.of(y.shape()))
                ? added(n.forward(y), residual, activation)
                : n.forward(y, residual, activation);
    }

    /** Whether the shape of a residual differs from that of the result: kernels add only equal shapes. */
    private static boolean broadcasts(Optional<Tensor> residual, Optional<Shape> result) {
        return residual.isPresent()
                && result.isPresent()
                && !residual.get().shape().equals(result.get());
    }

    private static Tensor added(Tensor y, Optional<Tensor> residual, Activation activation) {
        return activate(residual.isPresent() ? y.add(residual.get()) : y, activation);
    }

    /**
     * Whether the norm can be part of the convolution's kernel: given statistics, one for each of its channels, and
     * nobody wants to see what lies between.
     */
    private static boolean canFix(FusedConvolution conv, BatchNorm norm) {
        return !norm.isTraining() && conv.outputs() == norm.channels() && !conv.isObserved() && !norm.isObserved();
    }

    private static Tensor fixed(
            FusedConvolution conv, BatchNorm norm, Tensor x, Optional<Tensor> residual, Activation activation) {
        return norm.inKernel(fixed -> conv.forward(x, Optional.of(fixed), residual, activation));
    }

    private static Tensor activate(Tensor y, Activation activation) {
        return switch (activation) {
            case NONE -> y;
            case RELU -> y.relu();
            case RELU6 -> y.relu6();
        };
    }
}
