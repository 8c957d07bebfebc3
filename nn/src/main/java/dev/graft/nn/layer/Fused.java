package dev.graft.nn.layer;

import dev.graft.backend.Activation;
import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.Optional;

/**
 * A convolution and what follows it, in as few passes over memory as the modes of its layers allow: a single pass if
 * nothing is recorded and batch norm uses its running statistics, as in evaluation mode and in frozen backbones. The
 * result, its gradients and the running statistics are those of the layers called one after another, up to rounding.
 * Layers of other types than {@link Conv2d} and {@link BatchNorm2d} are simply called.
 *
 * <pre>{@code
 * Tensor y = Fused.convNorm(conv1, bn1, x, Activation.RELU);              // relu(bn1(conv1(x)))
 * return Fused.convNormAdd(conv2, bn2, y, shortcut, Activation.RELU);     // relu(bn2(conv2(y)) + shortcut)
 * }</pre>
 */
public final class Fused {
    private Fused() {}

    /** {@code activation(conv(x))}. */
    public static Tensor conv(Module conv, Tensor x, Activation activation) {
        return conv instanceof Conv2d c
                ? c.forward(x, Optional.empty(), Optional.empty(), activation, Optional.empty())
                : activate(conv.forward(x), activation);
    }

    /** {@code activation(norm(conv(x)))}. */
    public static Tensor convNorm(Module conv, Module norm, Tensor x, Activation activation) {
        return convNorm(conv, norm, x, Optional.empty(), activation);
    }

    /** {@code maxPool(activation(norm(conv(x))))}: the start of a residual network. */
    public static Tensor convNormPool(Module conv, Module norm, MaxPool2d maxPool, Tensor x, Activation activation) {
        if (conv instanceof Conv2d c && norm instanceof BatchNorm2d n && canFix(c, n)) {
            return fixed(c, n, x, Optional.empty(), activation, Optional.of(maxPool.settings()));
        }
        return maxPool.forward(convNorm(conv, norm, x, activation));
    }

    /**
     * {@code activation(norm(conv(x)) + residual)}; a residual whose shape differs from the result's is broadcast, as
     * by {@link Tensor#add}.
     */
    public static Tensor convNormAdd(Module conv, Module norm, Tensor x, Tensor residual, Activation activation) {
        return convNorm(conv, norm, x, Optional.of(residual), activation);
    }

    private static Tensor convNorm(
            Module conv, Module norm, Tensor x, Optional<Tensor> residual, Activation activation) {
        if (!(norm instanceof BatchNorm2d n)) {
            return added(norm.forward(conv.forward(x)), residual, activation);
        }
        if (conv instanceof Conv2d c && canFix(c, n)) {
            return broadcasts(residual, c.resultShape(x))
                    ? added(fixed(c, n, x, Optional.empty(), Activation.NONE, Optional.empty()), residual, activation)
                    : fixed(c, n, x, residual, activation, Optional.empty());
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

    /** Whether the norm can be part of the convolution's kernel: given statistics, one for each of its channels. */
    private static boolean canFix(Conv2d conv, BatchNorm2d norm) {
        return !norm.isTraining() && conv.outputs() == norm.channels();
    }

    private static Tensor fixed(
            Conv2d conv,
            BatchNorm2d norm,
            Tensor x,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        return norm.inKernel(fixed -> conv.forward(x, Optional.of(fixed), residual, activation, maxPool));
    }

    private static Tensor activate(Tensor y, Activation activation) {
        return switch (activation) {
            case NONE -> y;
            case RELU -> y.relu();
            case RELU6 -> y.relu6();
        };
    }
}
