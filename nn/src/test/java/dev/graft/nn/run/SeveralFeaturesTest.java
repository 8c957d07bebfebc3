package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stored features of examples with several inputs. */
class SeveralFeaturesTest {
    private final SplittableRandom random = new SplittableRandom(1);
    private final Tensor images = Tensor.randn(random, 7, 2, 3);
    private final Tensor columns = Tensor.randn(random, 7, 4);
    private final Tensor nothing = Tensor.zeros(7, 0);
    private final Tensor labels = Tensor.of(new long[] {0, 1, 2, 0, 1, 2, 0}, 7);
    private final TensorDataset data = new TensorDataset(List.of(images, columns, nothing), List.of(labels));
    private final Module body = new Linear(3, 5, random);
    private final List<String> said = new ArrayList<>();
    private final AtomicInteger calls = new AtomicInteger();

    @TempDir
    private Path folder;

    private FeatureCache cache(Optional<KeptFeatures> kept, Function<Batch, List<Tensor>> features) throws IOException {
        body.freeze();
        return FeatureCache.computeAll(
                body,
                batch -> {
                    calls.incrementAndGet();
                    return features.apply(batch);
                },
                data,
                DataLoader.of(data, 3),
                1,
                "features",
                folder,
                kept,
                new StopSignal(),
                Progress.silent());
    }

    private List<Tensor> all(Batch batch) {
        List<Tensor> in = batch.allInputs();
        return List.of(body.forward(in.get(0)), in.get(1), in.get(2));
    }

    private void assertRight(FeatureCache cache) {
        float[] expected = body.forward(images).toFloatArray();
        for (int i = 0; i < 7; i++) {
            Example example = cache.get(i, random);
            assertThat(example.allInputs()).hasSize(3);
            Tensor feature = example.allInputs().get(0);
            assertThat(feature.shape().toArray()).containsExactly(2, 5);
            float[] found = feature.toFloatArray();
            for (int j = 0; j < 10; j++) {
                assertThat(found[j]).isCloseTo(expected[10 * i + j], Offset.offset(1e-6f));
            }
            assertThat(example.allInputs().get(1).toFloatArray())
                    .containsExactly(columns.select(0, i).toFloatArray());
            assertThat(example.allInputs().get(2).shape().toArray()).containsExactly(0);
            assertThat(example.target().toLongArray()).containsExactly(labels.toLongArray()[i]);
        }
    }

    @Test
    void severalFeaturesOfUnequalShapesComeBack() throws IOException {
        try (FeatureCache cache = cache(Optional.empty(), this::all)) {
            assertRight(cache);
            try (DataLoader loader = DataLoader.of(cache, 7)) {
                for (Batch batch : loader) {
                    assertThat(batch.allInputs().get(1).toFloatArray()).containsExactly(columns.toFloatArray());
                }
            }
        }
    }

    @Test
    void anInputMayHaveNoFeature() throws IOException {
        try (FeatureCache cache =
                cache(Optional.empty(), b -> List.of(b.allInputs().get(1)))) {
            assertThat(cache.get(2, random).input().toFloatArray())
                    .containsExactly(columns.select(0, 2).toFloatArray());
        }
    }

    @Test
    void keptFeaturesAreTakenUnderTheirKeyAlone() throws IOException {
        KeptFeatures kept = KeptFeatures.of(folder.resolve("f.bin"), Map.of("columns", 4), said::add);
        cache(Optional.of(kept), this::all).close();
        assertThat(calls.getAndSet(0)).isEqualTo(3);
        try (FeatureCache again = cache(Optional.of(kept), this::all)) {
            assertThat(again.taken()).isEqualTo(7);
            assertThat(calls).hasValue(0);
            assertRight(again);
        }
        KeptFeatures other = KeptFeatures.of(folder.resolve("f.bin"), Map.of("columns", 5), said::add);
        try (FeatureCache again = cache(Optional.of(other), this::all)) {
            assertThat(again.taken()).isZero();
            assertThat(said).singleElement().asString().contains("f.bin is thrown away");
            assertRight(again);
        }
    }

    @Test
    void whatCannotBeStoredIsRefused() {
        assertThatThrownBy(() -> cache(Optional.empty(), b -> List.of()))
                .hasMessage("feature cache: there are no features. Hint: return at least one tensor.");
        assertThatThrownBy(() -> cache(Optional.empty(), b -> List.of(b.labels())))
                .hasMessage("feature cache: feature 0 is I64 [3], not F32. Hint: embed indices in the frozen part.");
        assertThatThrownBy(() -> cache(Optional.empty(), b -> List.of(Tensor.zeros(2, 4))))
                .hasMessageContaining("the features of a batch of 3 must begin with its size");
        assertThatThrownBy(() -> cache(Optional.empty(), b -> List.of(Tensor.zeros(b.size(), b.indices()[0] + 1))))
                .hasMessageContaining("(of this batch [[3, 4]], and of earlier ones [1])");
    }
}
