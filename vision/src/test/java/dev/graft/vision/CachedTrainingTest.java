package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.run.FeatureCache;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the log says of the feature cache: the head trained on stored features gets the very bits that it gets on the
 * images.
 */
class CachedTrainingTest {
    private static final int BATCH = 4;

    @TempDir
    private Path folder;

    private record Images(int size, int side) implements LabelledDataset {
        @Override
        public Example get(int index, RandomGenerator random) {
            SplittableRandom pixel = new SplittableRandom(index);
            float[] pixels = new float[3 * side * side];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) (2 * pixel.nextDouble() - 1);
            }
            return Example.of(Tensor.of(pixels, 3, side, side), index % 3);
        }

        @Override
        public int[] labels() {
            return IntStream.range(0, size).map(i -> i % 3).toArray();
        }

        @Override
        public List<String> classes() {
            return List.of("a", "b", "c");
        }
    }

    /**
     * Every network; with 11 images the last batch is smaller, with 9 a single image is left over, which training
     * merges.
     */
    static Stream<Arguments> networks() {
        return ModelZoo.names().stream()
                .filter(name -> !name.matches("resnext101.*|wide.*")) // as resnext50 and resnet50, and of 1 GB
                .flatMap(name -> (name.equals("resnet101") || name.equals("resnet152")
                                ? Stream.of(11)
                                : Stream.of(11, 9))
                        .map(images -> Arguments.of(name, images)));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void trainingOnFeaturesGivesTheBitsOfTrainingOnImages(String name, int count) throws Exception {
        Images images = new Images(count, 40);
        try (Backbone model = ModelZoo.architecture(name).create(3, new SplittableRandom(5))) {
            model.freezeBackbone();
            Map<String, long[]> random = randomState(model);
            try (StateDict first = copy(model)) {
                Map<String, float[]> uncached = trained(model, model, images);
                model.load(first);
                restore(model, random);
                try (FeatureCache cache = FeatureCache.compute(
                        model,
                        model::features,
                        images,
                        DataLoader.of(images, BATCH).workers(0).seed(1),
                        1,
                        "all",
                        folder,
                        new StopSignal(),
                        Progress.silent())) {
                    Map<String, float[]> cached = trained(model, model.headNetwork(), cache);
                    assertThat(cached.keySet()).isEqualTo(uncached.keySet()).isNotEmpty();
                    cached.forEach((key, values) -> assertThat(values).as(key).containsExactly(uncached.get(key)));
                }
                first.entries().stream()
                        .filter(entry -> uncached.containsKey(entry.getKey()))
                        .forEach(entry -> assertThat(entry.getValue().toFloatArray())
                                .as("%s has moved", entry.getKey())
                                .isNotEqualTo(uncached.get(entry.getKey())));
            }
        }
    }

    private static Map<String, float[]> trained(Backbone model, Module network, LabelledDataset data) {
        CrossEntropyLoss loss = new CrossEntropyLoss();
        network.train();
        try (DataLoader loader =
                        DataLoader.of(data, BATCH).workers(0).shuffled(3).lastBatch(LastBatch.MERGE_SINGLE);
                Sgd sgd = new Sgd(network.trainableParameters(), Sgd.lr(0.01).momentum(0.9))) {
            for (int epoch = 0; epoch < 2; epoch++) {
                for (Batch batch : loader) {
                    sgd.zeroGrad();
                    loss.forward(network.forward(batch.inputs()), batch.labels())
                            .backward();
                    sgd.step();
                }
            }
        }
        Map<String, float[]> values = new LinkedHashMap<>();
        model.namedParameters().forEach((key, parameter) -> {
            if (!parameter.isFrozen()) {
                values.put(key, parameter.value().toFloatArray());
            }
        });
        return values;
    }

    private static StateDict copy(Module model) {
        StateDict copy = new StateDict();
        try (StateDict own = model.stateDict()) {
            own.entries()
                    .forEach(entry -> copy.put(entry.getKey(), entry.getValue().copy()));
        }
        return copy;
    }

    private static Map<String, long[]> randomState(Module model) {
        Map<String, long[]> states = new LinkedHashMap<>();
        model.namedModules().forEach((key, module) -> {
            if (module instanceof Stochastic stochastic) {
                states.put(key, stochastic.randomState());
            }
        });
        return states;
    }

    private static void restore(Module model, Map<String, long[]> states) {
        states.forEach((key, state) -> ((Stochastic) model.module(key)).restoreRandomState(state));
    }
}
