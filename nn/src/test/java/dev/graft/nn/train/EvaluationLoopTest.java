package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Judging is reading: it changes neither the loop around it, nor the loader, nor the model's mode, nor what autograd
 * records.
 */
class EvaluationLoopTest {

    /** Example {@code i} is a point with noise, so that the augmentation of an epoch shows. */
    private static final Dataset<Example> AUGMENTED = new Dataset<>() {
        @Override
        public int size() {
            return 10;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            return Example.of(Tensor.of(new float[] {index, random.nextFloat()}, 2), index % 2);
        }
    };

    private static String text(Batch batch) {
        return Arrays.toString(batch.indices()) + Arrays.toString(batch.inputs().toFloatArray());
    }

    private static List<List<String>> epochs(int workers, boolean judged) {
        Sequential model = Toy.network(3, 0.3f);
        List<List<String>> epochs = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(AUGMENTED, 4).shuffled(7).workers(workers)) {
            for (int epoch = 1; epoch <= 4; epoch++) {
                List<String> shown = new ArrayList<>();
                for (Batch batch : loader) {
                    shown.add(text(batch));
                }
                epochs.add(shown);
                if (judged) {
                    Evaluator.evaluate(model, loader, new CrossEntropyLoss());
                }
            }
        }
        return epochs;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void judgingOnTheTrainingLoaderLeavesItsEpochsAlone(int workers) {
        List<List<String>> judged = epochs(workers, true);
        assertThat(judged).isEqualTo(epochs(workers, false)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void judgingOnTheTrainingLoaderInsideItsLoopLeavesTheLoopWhole(int workers) {
        Sequential model = Toy.network(3, 0.3f);
        model.train();
        List<String> shown = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(AUGMENTED, 4).shuffled(7).workers(workers)) {
            for (Batch batch : loader) {
                Tensor inputs = batch.inputs();
                losses.add(Evaluator.evaluate(model, loader, new CrossEntropyLoss())
                        .loss());
                shown.add(text(batch));
                assertThat(inputs.isClosed()).isFalse();
                assertThat(model.isTraining()).isTrue();
                assertThat(Autograd.isEnabled()).isTrue();
            }
        }
        assertThat(shown).isEqualTo(epochs(workers, false).get(0));
        assertThat(losses).hasSize(3).allSatisfy(loss -> assertThat(loss).isEqualTo(losses.get(0)));
    }

    @Test
    void aTrainerLeavesTheLoadersOwnCountAlone() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader loader = DataLoader.of(AUGMENTED, 4).shuffled(7).workers(0)) {
            List<String> first = new ArrayList<>();
            Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.01));
            Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .epochs(2)
                    .build()
                    .fit(loader, loader);
            for (Batch batch : loader) {
                first.add(text(batch));
            }
            assertThat(first).isEqualTo(epochs(0, false).get(0));
        }
    }
}
