package dev.graft.vision.model;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.nn.Init;
import dev.graft.vision.model.download.DownloadListener;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.weights.Weights;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** Builds a network and fills it from published weights. */
final class Pretrained {
    private Pretrained() {}

    /** @param build the network for a number of classes; its first weights do not matter */
    static <M extends Backbone> M load(String architecture, Weights weights, IntFunction<M> build) {
        if (!weights.architecture().equals(architecture)) {
            throw new IllegalArgumentException(architecture + ": the weights " + weights.name() + " are for "
                    + weights.architecture() + ". Hint: choose weights of " + architecture + ", or build a "
                    + weights.architecture() + ".");
        }
        Path file = WeightCache.fromEnvironment().fetch(weights, DownloadListener.log());
        try (StateDict state = WeightFiles.load(file)) {
            return fill(() -> build.apply(weights.classes().size()), state);
        }
    }

    /** The network that {@code build} makes, with the weights of {@code state}. */
    static <M extends Backbone> M fill(Supplier<M> build, StateDict state) {
        M model = Init.skip(build);
        try {
            model.load(state);
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }
}
