package dev.graft.vision.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import dev.graft.vision.model.Backbone;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;

/**
 * The layer whose maps are looked at.
 *
 * @param path of the module
 * @param calls how often it is called in one pass; its last output counts
 */
record MapLayer(String path, int calls) {
    private static final class Seen {
        private int calls;
        private int order;
        private Shape shape = Shape.of();
    }

    /** Runs one image, and sees which layers give maps. */
    static MapLayer find(Module network, Optional<String> named, Tensor images) {
        IdentityHashMap<Module, Seen> all = new IdentityHashMap<>();
        int[] ended = new int[1];
        Autograd.noGrad(() -> network.evaluating(() -> network.observing(
                call -> {
                    Seen seen = all.computeIfAbsent(call.module(), module -> new Seen());
                    seen.calls++;
                    seen.order = ++ended[0];
                    seen.shape = call.outputs().get(0).shape();
                },
                () -> {
                    network.forward(images.detach().slice(0, 0, 1)).close();
                    return null;
                })));
        if (named.isPresent()) {
            Seen seen = all.getOrDefault(network.module(named.get()), new Seen());
            if (seen.shape.rank() != 4) {
                throw new IllegalArgumentException("gradCam: the layer '" + named.get() + "' "
                        + (seen.calls == 0 ? "is not called" : "gives " + seen.shape + ", not maps [N, K, h, w]")
                        + ". Hint: name a layer of maps, such as the last convolution.");
            }
            return new MapLayer(named.get(), seen.calls);
        }
        Set<Module> head = head(network);
        Optional<MapLayer> last = Optional.empty();
        int order = 0;
        for (var entry : network.namedModules().entrySet()) {
            Seen seen = all.get(entry.getValue());
            boolean inside = !entry.getKey().isEmpty() && !head.contains(entry.getValue());
            if (inside && seen != null && seen.order > order && isMap(seen.shape)) {
                last = Optional.of(new MapLayer(entry.getKey(), seen.calls));
                order = seen.order;
            }
        }
        return last.orElseThrow(() -> new IllegalArgumentException("gradCam: no layer of the network gives maps"
                + " [N, K, h, w] of more than one position for images " + images.shape()
                + ". Hint: use larger images, or the method occlusion."));
    }

    private static Set<Module> head(Module network) {
        Set<Module> head = Collections.newSetFromMap(new IdentityHashMap<>());
        if (network instanceof Backbone backbone) {
            backbone.headModules()
                    .forEach(name -> head.addAll(backbone.module(name).modules()));
        }
        return head;
    }

    private static boolean isMap(Shape shape) {
        return shape.rank() == 4 && shape.dim(2) * shape.dim(3) > 1;
    }
}
