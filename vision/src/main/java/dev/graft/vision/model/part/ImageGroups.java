package dev.graft.vision.model.part;

import dev.graft.nn.Module;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.AdaptiveMaxPool2d;
import dev.graft.nn.layer.AvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.GELU;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.LeakyReLU;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.ReLU6;
import dev.graft.nn.layer.Sequential;
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
 * Takes images through layers in groups, a few at a time: what passes between the layers then stays in cache, instead
 * of going to memory and back. Only on a CPU, only where nothing is recorded for backward, and only through layers that
 * are known to treat each image by itself and to keep nothing of it; all images go at once through any other, such as a
 * user's module.
 */
public final class ImageGroups {
    /**
     * Of what a group keeps between layers: a part of a last-level cache of tens of megabytes, which others use as
     * well.
     */
    private static final long BYTES = 6 << 20;
    /** By their exact classes: a subclass may compute something else. */
    private static final Set<Class<? extends Module>> EACH_IMAGE_BY_ITSELF = Set.of(
            Conv2d.class,
            ReLU.class,
            ReLU6.class,
            LeakyReLU.class,
            GELU.class,
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
     * {@code formula(images)}, with the images as the first dimension on both sides.
     *
     * @param floats what the layers keep of one image between them
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
                if (!treatsEachImageByItself(module)) {
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

    /** Batch norm with given statistics does, and a dropout that drops nothing. */
    private static boolean treatsEachImageByItself(Module module) {
        return module instanceof EachImageByItself
                || EACH_IMAGE_BY_ITSELF.contains(module.getClass())
                || (!module.isTraining() && (module instanceof BatchNorm2d || module instanceof Dropout));
    }
}
