package dev.graft.vision.model.part;

import dev.graft.nn.Module;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.AdaptiveMaxPool2d;
import dev.graft.nn.layer.AvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.ELU;
import dev.graft.nn.layer.GELU;
import dev.graft.nn.layer.Hardsigmoid;
import dev.graft.nn.layer.Hardswish;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.LeakyReLU;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.ReLU6;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.layer.SiLU;
import dev.graft.nn.layer.Sigmoid;
import dev.graft.nn.layer.Tanh;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Passes images through layers in groups of a few at a time, so that the working set between the layers stays in cache
 * instead of going to memory and back. This is done only on a CPU, only if nothing is recorded for backward, and only
 * through layers that are known to treat each image independently and to keep nothing of it. Through any other layer,
 * such as a user's module or one that somebody observes, all images go at once.
 */
public final class ImageGroups {
    /**
     * The size of what a group keeps between layers: a part of a last-level cache of tens of megabytes, which is
     * shared.
     */
    private static final long BYTES = 6 << 20;
    /** By their exact classes, because a subclass may compute something else. */
    private static final Set<Class<? extends Module>> EACH_IMAGE_BY_ITSELF = Set.of(
            Conv2d.class,
            ReLU.class,
            ReLU6.class,
            LeakyReLU.class,
            GELU.class,
            SiLU.class,
            Hardswish.class,
            Hardsigmoid.class,
            ELU.class,
            Sigmoid.class,
            Tanh.class,
            Identity.class,
            MaxPool2d.class,
            AvgPool2d.class,
            AdaptiveMaxPool2d.class,
            AdaptiveAvgPool2d.class,
            Sequential.class);

    private ImageGroups() {}

    /**
     * {@code formula(images)}, with the images as the first dimension of input and output.
     *
     * @param floats the number of floats that the layers keep of one image between them
     * @param layers the modules that the formula calls
     */
    public static Tensor forward(Tensor images, long floats, List<Module> layers, UnaryOperator<Tensor> formula) {
        int count = images.dim(0);
        int group = (int) Math.max(1, BYTES / Math.max(1, floats * Float.BYTES));
        if (count <= group || !images.device().equals(Device.cpu()) || !mayGoByGroups(images, layers)) {
            return formula.apply(images);
        }
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < count; i += group) {
            try (Scope scope = Scope.open()) {
                results.add(scope.keep(formula.apply(images.slice(0, i, Math.min(count, i + group)))));
            }
        }
        return Tensor.concat(0, results);
    }

    private static boolean mayGoByGroups(Tensor images, List<Module> layers) {
        boolean recorded = Autograd.isEnabled();
        if (recorded && images.requiresGrad()) {
            return false;
        }
        for (Module layer : layers) {
            for (Module module : layer.modules()) {
                if (module.isObserved() || !treatsEachImageByItself(module)) {
                    return false;
                }
            }
            if (recorded
                    && layer.parameters().stream()
                            .anyMatch(parameter -> parameter.value().requiresGrad())) {
                return false;
            }
        }
        return true;
    }

    /** Batch norm with given statistics treats each image independently, and so does a dropout that drops nothing. */
    private static boolean treatsEachImageByItself(Module module) {
        return module instanceof EachImageByItself
                || EACH_IMAGE_BY_ITSELF.contains(module.getClass())
                || (!module.isTraining() && (module instanceof BatchNorm2d || module instanceof Dropout));
    }
}
