package dev.graft.vision.model;

import dev.graft.nn.BatchNorm;
import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Takes images through layers in groups, a few at a time: what passes between the layers then stays in cache, instead of going to memory and
 * back. Only on a CPU, and only where images do not depend on each other and nothing is recorded for backward; else all go at once.
 */
final class ImageGroups {
    /** Of what a group keeps between layers: a part of a last-level cache of tens of megabytes, which others use as well. */
    private static final long BYTES = 6 << 20;

    private ImageGroups() {
    }

    /**
     * {@code formula(images)}, with the images as the first dimension on both sides.
     *
     * @param floats what the layers keep of one image between them
     * @param layers the modules that the formula calls
     */
    static Tensor forward(Tensor images, long floats, List<Module> layers, UnaryOperator<Tensor> formula) {
        int count = images.dim(0);
        int group = (int) Math.max(1, BYTES / Math.max(1, floats * Float.BYTES));
        if (count <= group || !images.device().equals(Device.cpu()) || isRecorded(images, layers) || dependOnEachOther(layers)) {
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

    private static boolean isRecorded(Tensor images, List<Module> layers) {
        return Autograd.isEnabled() && (images.requiresGrad() || layers.stream().anyMatch(layer -> !layer.trainableParameters().isEmpty()));
    }

    /** Through the statistics of a batch. */
    private static boolean dependOnEachOther(List<Module> layers) {
        return layers.stream().flatMap(layer -> layer.modules().stream()).anyMatch(module -> module instanceof BatchNorm && module.isTraining());
    }
}
