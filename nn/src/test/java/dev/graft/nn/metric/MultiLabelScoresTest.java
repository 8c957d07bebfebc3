package dev.graft.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Monitor;
import dev.graft.nn.train.Trainer;
import dev.graft.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Several labels at once: scores against scikit-learn's, and a training that knows them. */
class MultiLabelScoresTest {
    private static final float[][] P = {
        {0.9f, 0.2f, 0.5f},
        {0.4f, 0.6f, 0.5f},
        {0.7f, 0.1f, 0.2f},
        {0.3f, 0.8f, 0.9f},
        {0.6f, 0.3f, 0.1f},
        {0.5f, 0.5f, 0.5f}
    };
    private static final boolean[][] Y = {
        {true, false, true},
        {false, true, false},
        {true, false, false},
        {false, true, true},
        {false, true, false},
        {true, false, true}
    };

    /** By scikit-learn's roc_auc_score and average_precision_score, average macro. */
    @Test
    void scoresAreThoseOfScikitLearn() {
        MultiLabelScores scores = MultiLabelScores.of(P, Y);
        double[][] expected = {
            {0.888888888888889, 0.9166666666666665, 0.8333333333333334},
            {0.888888888888889, 0.9166666666666665, 0.6666666666666666},
            {0.888888888888889, 0.8333333333333333, 0.8333333333333334}
        };
        for (int c = 0; c < expected.length; c++) {
            MultiLabelScores.Label label = scores.labels().get(c);
            assertThat(label.auroc()).isCloseTo(expected[c][0], within(1e-12));
            assertThat(label.averagePrecision()).isCloseTo(expected[c][1], within(1e-12));
            assertThat(label.accuracy()).isCloseTo(expected[c][2], within(1e-12));
        }
        assertThat(scores.auroc()).isCloseTo(0.888888888888889, within(1e-12));
        assertThat(scores.averagePrecision()).isCloseTo(0.8888888888888887, within(1e-12));
        assertThat(scores.labels()).allMatch(label -> label.positives() == 3);
    }

    @Test
    void whatIsNotDefinedIsLeftOutOfMeans() {
        boolean[][] none = {{true, false}, {false, false}};
        MultiLabelScores scores = MultiLabelScores.of(new float[][] {{0.9f, 0.1f}, {0.2f, 0.6f}}, none);
        assertThat(scores.labels().get(1).auroc()).isNaN();
        assertThat(scores.labels().get(1).averagePrecision()).isNaN();
        assertThat(scores.auroc()).isEqualTo(1);
        assertThat(scores.accuracy()).isEqualTo(0.75);
        assertThatThrownBy(() -> MultiLabelScores.of(new float[0][], new boolean[0][]))
                .hasMessageContaining("there are no examples");
        assertThatThrownBy(() -> MultiLabelScores.of(P, none)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTrainingKnowsAccuracyAndAuroc() {
        SplittableRandom random = new SplittableRandom(3);
        int n = 64;
        Tensor inputs = Tensor.randn(random, n, 4);
        float[] x = inputs.toFloatArray();
        float[] y = new float[2 * n];
        for (int i = 0; i < n; i++) {
            y[2 * i] = x[4 * i] > 0 ? 1 : 0;
            y[2 * i + 1] = x[4 * i + 1] + x[4 * i + 2] > 0.5 ? 1 : 0;
        }
        TensorDataset data = new TensorDataset(inputs, Tensor.of(y, n, 2));
        BceWithLogitsLoss loss = new BceWithLogitsLoss().multiLabel();
        try (Module model = new Linear(4, 2, random);
                DataLoader loader = DataLoader.of(data, 10).workers(0).shuffled(1);
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(1).momentum(0.9))) {
            History history = Trainer.builder(model, loss, sgd)
                    .epochs(20)
                    .monitor(Monitor.AUROC)
                    .build()
                    .fit(loader, loader);
            Evaluation all = Evaluator.evaluate(model, loader, loss);
            assertThat(all.isMultiLabel()).isTrue();
            assertThat(all.truths().length).isEqualTo(n);
            assertThat(all.accuracy()).isGreaterThan(0.9);
            assertThat(all.auroc())
                    .isGreaterThan(0.97)
                    .isEqualTo(all.multiLabel().auroc());
            assertThat(all.averagePrecision()).isGreaterThan(0.95);
            assertThat(history.epochs().get(19).trainAccuracy()).isGreaterThan(0.9);
            assertThat(history.best().orElseThrow().validation().orElseThrow().auroc())
                    .isGreaterThan(0.97);
            for (int i = 0; i < n; i++) {
                int row = all.indices()[i];
                assertThat(all.truths()[i]).containsExactly(y[2 * row] == 1, y[2 * row + 1] == 1);
            }
            assertThatThrownBy(all::confusion)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("evaluation: confusion is for examples of one class each. Hint: see multiLabel().");
        }
    }
}
