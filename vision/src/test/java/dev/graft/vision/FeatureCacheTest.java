package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Subset;
import dev.graft.nn.run.FeatureCache;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Features kept for a frozen backbone: what an epoch over them costs, and that they are the backbone's. */
class FeatureCacheTest {
    @TempDir
    private Path folder;

    /** Counts the labels that it is asked for. */
    private static final class Counted implements LabelledDataset {
        private final int size;
        private final AtomicLong labelsRead = new AtomicLong();

        Counted(int size) {
            this.size = size;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            float[] pixels = new float[3 * 8 * 8];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) Math.sin(index + 0.1 * i);
            }
            return Example.of(Tensor.of(pixels, 3, 8, 8), index % 3);
        }

        @Override
        public int[] labels() {
            labelsRead.addAndGet(size);
            return IntStream.range(0, size).map(i -> i % 3).toArray();
        }

        @Override
        public int label(int index) {
            labelsRead.incrementAndGet();
            return index % 3;
        }

        @Override
        public List<String> classes() {
            return List.of("a", "b", "c");
        }
    }

    private FeatureCache cache(Backbone model, LabelledDataset images) throws IOException {
        return FeatureCache.compute(
                model,
                model::features,
                images,
                DataLoader.of(images, 16),
                1,
                "some",
                folder,
                new StopSignal(),
                Progress.silent());
    }

    @Test
    void anEpochReadsEachLabelOnceAlsoThroughASubset() throws IOException {
        try (Backbone model = CifarResNet.resnet20(3, new SplittableRandom(1))) {
            model.freezeBackbone();
            Counted images = new Counted(60);
            LabelledDataset half = new Subset(
                    new Subset(images, IntStream.range(10, 60).toArray()),
                    IntStream.range(0, 40).toArray());
            try (FeatureCache cache = cache(model, half);
                    DataLoader loader = DataLoader.of(cache, 8).shuffled(1)) {
                images.labelsRead.set(0);
                int seen = 0;
                for (Batch batch : loader) {
                    long[] labels = batch.labels().toLongArray();
                    for (int i = 0; i < labels.length; i++) {
                        assertThat(labels[i]).isEqualTo((batch.indices()[i] + 10) % 3);
                        seen++;
                    }
                }
                assertThat(seen).isEqualTo(40);
                assertThat(images.labelsRead.get())
                        .as("labels read in an epoch of 40")
                        .isEqualTo(40);
            }
        }
    }

    @Test
    void featuresAreTheBackbones() throws IOException {
        try (Backbone model = CifarResNet.resnet20(3, new SplittableRandom(1))) {
            model.freezeBackbone();
            Counted images = new Counted(20);
            model.train();
            try (FeatureCache cache = cache(model, images);
                    Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                assertThat(model.head().isTraining())
                        .as("computing features leaves the mode alone")
                        .isTrue();
                model.eval();
                for (int i : new int[] {0, 7, 19}) {
                    float[] expected = model.features(images.get(i, new SplittableRandom(0))
                                    .input()
                                    .unsqueeze(0))
                            .toFloatArray();
                    float[] kept = cache.get(i, new SplittableRandom(0)).input().toFloatArray();
                    assertThat(kept).hasSameSizeAs(expected);
                    for (int k = 0; k < kept.length; k++) {
                        assertThat(kept[k]).isCloseTo(expected[k], within(1e-5f + 1e-5f * Math.abs(expected[k])));
                    }
                }
            }
        }
    }
}
