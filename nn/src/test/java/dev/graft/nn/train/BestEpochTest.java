package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small validation sets give many epochs the same accuracy; their losses still differ. */
class BestEpochTest {
    private static final int EPOCHS = 6;

    @TempDir
    private Path folder;

    /** Told apart from the first epoch on: the accuracy is 1 in each, and the loss falls. */
    private static TensorDataset easy() {
        float[] points = new float[32];
        long[] labels = new long[16];
        for (int i = 0; i < 16; i++) {
            labels[i] = i % 2;
            points[2 * i] = i % 2 == 0 ? -1 - i / 16f : 1 + i / 16f;
        }
        return new TensorDataset(Tensor.of(points, 16, 2), Tensor.of(labels, 16));
    }

    private History train(Path run, int epochs, boolean resume, OptionalInt patience) {
        Sequential model = new Sequential(new Linear(2, 2, new SplittableRandom(3)));
        try (DataLoader train = DataLoader.of(easy(), 4).shuffled(1).workers(0);
                DataLoader held = DataLoader.of(easy(), 16).workers(0)) {
            TrainerBuilder builder = Trainer.builder(
                            model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.5)))
                    .epochs(epochs)
                    .monitor(Monitor.ACCURACY)
                    .directory(run)
                    .resume(resume);
            patience.ifPresent(builder::earlyStopping);
            return builder.build().fit(train, held);
        }
    }

    @Test
    void ofEpochsWithTheSameScoreTheOneWithTheLowestLossIsTheBest() {
        History history = train(folder.resolve("whole"), EPOCHS, false, OptionalInt.empty());
        assertThat(history.epochs())
                .allSatisfy(
                        e -> assertThat(e.validation().orElseThrow().accuracy()).isEqualTo(1.0));
        assertThat(history.bestEpoch()).hasValue(EPOCHS);
    }

    @Test
    void aResumedRunDecidesTheSame() {
        Path run = folder.resolve("broken");
        for (int epochs = 1; epochs <= EPOCHS; epochs++) {
            assertThat(train(run, epochs, epochs > 1, OptionalInt.empty()).bestEpoch())
                    .hasValue(epochs);
        }
    }

    @Test
    void aLowerLossAtTheSameScoreDoesNotPutEarlyStoppingOff() {
        History history = train(folder.resolve("patient"), EPOCHS, false, OptionalInt.of(2));
        assertThat(history.ending()).isEqualTo(History.Ending.STOPPED_EARLY);
        assertThat(history.epochs()).hasSize(3);
        assertThat(history.bestEpoch()).hasValue(3);
    }
}
