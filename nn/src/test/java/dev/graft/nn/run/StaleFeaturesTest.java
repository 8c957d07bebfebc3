package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerCallback;
import dev.graft.nn.train.Training;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stored features are refused once the network that they came from is another one. */
class StaleFeaturesTest {
    private final SplittableRandom random = new SplittableRandom(1);
    private final TensorDataset data = new TensorDataset(Tensor.randn(random, 6, 3), Tensor.of(new long[6], 6));
    private final Module body = new Linear(3, 4, random);
    private final Module head = new Linear(4, 2, random);
    private final Sequential model = new Sequential(body, head);

    @TempDir
    private Path folder;

    private FeatureCache cache() throws IOException {
        model.freezeExcept("1");
        return FeatureCache.compute(
                model,
                body::forward,
                data,
                DataLoader.of(data, 2),
                1,
                "features",
                folder,
                new StopSignal(),
                Progress.silent());
    }

    @Test
    void unfreezingTheBodyMakesThemStale() throws IOException {
        try (FeatureCache cache = cache()) {
            assertThat(cache.get(2, random).input().shape().toArray()).containsExactly(4);
            body.unfreeze();
            assertThatThrownBy(() -> cache.get(2, random))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("feature cache: 0.weight was unfrozen after the features were computed");
            body.freeze();
            assertThat(cache.get(2, random).input().rank()).isEqualTo(1);
        }
    }

    @Test
    void changingTheBodyMakesThemStaleAndTrainingTheHeadDoesNot() throws IOException {
        try (FeatureCache cache = cache()) {
            Autograd.noGrad(() -> head.parameters().get(0).value().fill(0));
            assertThat(cache.get(2, random).input().rank()).isEqualTo(1);
            Autograd.noGrad(() -> body.parameters().get(1).value().fill(0));
            assertThatThrownBy(() -> cache.get(2, random)).hasMessageContaining("0.bias was changed");
        }
    }

    @Test
    void aTrainingThatUnfreezesTheBodyOverStoredFeaturesEnds() throws IOException {
        try (FeatureCache cache = cache();
                DataLoader loader = DataLoader.of(cache, 2);
                Sgd sgd = new Sgd(head.trainableParameters(), Sgd.lr(0.1))) {
            Trainer trainer = Trainer.builder(head, new CrossEntropyLoss(), sgd)
                    .epochs(3)
                    .callback(new TrainerCallback() {
                        @Override
                        public void epochStarted(Training training) {
                            if (training.epoch() == 2) {
                                body.unfreeze();
                            }
                        }
                    })
                    .build();
            assertThatThrownBy(() -> trainer.fit(loader))
                    .hasMessageContaining("feature cache: 0.weight was unfrozen after the features were computed");
        }
    }
}
