package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Trainings that failed without failing. */
class TrainingWarningsTest {
    private static EpochResult epoch(int number, double trainLoss, double trainAccuracy, Scores scores) {
        return new EpochResult(number, 0.01, trainLoss, trainAccuracy, Optional.ofNullable(scores), 1, 100);
    }

    private static List<String> warnings(int best, EpochResult... epochs) {
        return new History(
                        List.of(epochs),
                        best == 0 ? OptionalInt.empty() : OptionalInt.of(best),
                        History.Ending.COMPLETED)
                .warnings();
    }

    @Test
    void aTrainingThatLearnsHasNone() {
        Scores good = new Scores(0.4, 0.8, 0.9, 3);
        assertThat(warnings(2, epoch(1, 0.9, 0.6, good), epoch(2, 0.5, 0.8, good)))
                .isEmpty();
        assertThat(warnings(0, epoch(1, 0.9, 0.6, null), epoch(2, 0.5, 0.8, null)))
                .isEmpty();
        assertThat(warnings(0)).isEmpty();
        assertThat(warnings(1, epoch(1, 0.7, 0.5, good)))
                .as("one epoch cannot move")
                .isEmpty();
    }

    @Test
    void aConstantAnswerIsSaidOfTheEpochThatIsKept() {
        Scores constant = new Scores(0.69, 0.44, 0.5, 1);
        Scores good = new Scores(0.4, 0.8, 0.9, 2);
        assertThat(warnings(1, epoch(1, 0.9, 0.5, constant), epoch(2, 0.69, 0.5, constant)))
                .hasSize(2)
                .anySatisfy(
                        w -> assertThat(w)
                                .startsWith(
                                        "every validation example was given the same class in epoch 1 (accuracy 0.4400). Hint: "))
                .anySatisfy(w -> assertThat(w)
                        .startsWith("the validation AUROC is 0.5000 in epoch 1, no better than guessing. Hint: "));
        assertThat(warnings(1, epoch(1, 0.9, 0.5, good), epoch(2, 0.69, 0.5, constant)))
                .as("epoch 1 is kept")
                .isEmpty();
        assertThat(warnings(0, epoch(1, 0.9, 0.5, good), epoch(2, 0.69, 0.5, constant)))
                .as("the last is kept")
                .hasSize(2);
    }

    /** A tenth of the learning rate does not help a training that still learns, nor one that has learnt. */
    @Test
    void theAdviceFitsHowTheTrainingWent() {
        Scores constant = new Scores(0.69, 0.44, 0.5, 1);
        assertThat(warnings(
                        0, epoch(1, 0.9, 0.5, constant), epoch(2, 0.69, 0.5, constant), epoch(3, 0.69, 0.5, constant)))
                .as("stuck")
                .allSatisfy(w -> assertThat(w).contains("use a tenth of the learning rate (0.0100)"));
        assertThat(warnings(0, epoch(1, 0.9, 0.5, constant), epoch(2, 1.9, 0.5, constant)))
                .as("rising")
                .allSatisfy(w -> assertThat(w).contains("use a tenth of the learning rate (0.0100)"));
        assertThat(warnings(0, epoch(1, 0.9, 0.5, constant), epoch(2, 0.8, 0.6, constant)))
                .as("falling")
                .hasSize(2)
                .allSatisfy(w -> assertThat(w)
                        .contains(
                                "train for more epochs, because the training loss still falls, or use a larger learning"
                                        + " rate than 0.0100")
                        .doesNotContain("tenth"));
        assertThat(warnings(0, epoch(1, 0.9, 0.5, constant), epoch(2, 0.1, 0.97, constant)))
                .as("learnt by heart")
                .hasSize(2)
                .allSatisfy(w -> assertThat(w)
                        .contains("the training examples are classified well (accuracy 0.9700)")
                        .doesNotContain("tenth"));
    }

    @Test
    void theRateIsTheHighestOneAndNotWhatAScheduleEndsWith() {
        Scores constant = new Scores(0.69, 0.44, 0.5, 1);
        EpochResult end = new EpochResult(2, 1e-9, 0.9, 0.5, Optional.of(constant), 1, 100);
        assertThat(warnings(0, epoch(1, 0.9, 0.5, constant), end))
                .hasSize(3)
                .allSatisfy(w -> assertThat(w).contains("(0.0100)"));
    }

    @Test
    void oneClassIsNoFaultWhereItIsTheOnlyOne() {
        assertThat(warnings(
                        2,
                        epoch(1, 0.9, 0.5, new Scores(0.2, 1, Double.NaN, 1)),
                        epoch(2, 0.5, 0.9, new Scores(0.1, 1, Double.NaN, 1))))
                .isEmpty();
    }

    @Test
    void regressionHasNoClassesToMissAndAnUndefinedAurocIsNoGuess() {
        Scores regression = new Scores(3.5, Double.NaN, Double.NaN, 0);
        assertThat(warnings(2, epoch(1, 9, Double.NaN, regression), epoch(2, 4, Double.NaN, regression)))
                .isEmpty();
    }

    @Test
    void aLossThatDidNotMove() {
        Scores fair = new Scores(0.6, 0.7, 0.7, 2);
        assertThat(warnings(3, epoch(1, 0.6931, 0.5, fair), epoch(2, 0.71, 0.5, fair), epoch(3, 0.6935, 0.5, fair)))
                .containsExactly(
                        "the training loss did not move: 0.6931 in epoch 1, 0.6935 in epoch 3. Hint: use a learning rate ten times smaller or larger"
                                + " (0.0100), and check that the right parameters are trained.");
        assertThat(warnings(2, epoch(1, 0.001, 1, fair), epoch(2, 0.001, 1, fair)))
                .as("nothing left to learn")
                .isEmpty();
    }

    /** Counts as they come equal the scores of everything kept. */
    @Test
    void runningScoresAreThoseOfTheWhole() {
        float[][] p = {{0.8f, 0.2f, 0}, {0.1f, 0.6f, 0.3f}, {0.5f, 0.4f, 0.1f}, {0.2f, 0.7f, 0.1f}, {0.3f, 0.3f, 0.4f}};
        int[] labels = {0, 1, 1, 2, 0};
        RunningScores running = new RunningScores(false);
        for (int[] batch : new int[][] {{0, 1}, {2}, {3, 4}}) {
            running.answered(
                    new BatchPredictions(
                            IntStream.of(batch).mapToObj(i -> p[i]).toArray(float[][]::new),
                            IntStream.of(batch).map(i -> labels[i]).toArray(),
                            batch),
                    batch);
        }
        Evaluation whole = new Evaluation(0.5, p, labels, new int[] {0, 1, 2, 3, 4});
        assertThat(running.scores(0.5)).isEqualTo(new Scores(0.5, whole.accuracy(), whole.auroc(), 3));
        assertThat(running.isTooLarge()).isFalse();
        assertThat(new RunningScores(true).scores(1).accuracy())
                .as("no example")
                .isNaN();
    }

    @Test
    void probabilitiesOfLargeClassificationsAreNotKeptUnlessAurocIsMonitored() {
        int classes = 1000;
        BatchPredictions batch = new BatchPredictions(
                new float[8][classes], new int[8], IntStream.range(0, 8).toArray());
        RunningScores unasked = new RunningScores(false, 20_000);
        for (int i = 0; i < 5; i++) {
            unasked.answered(batch, batch.rows());
        }
        assertThat(unasked.isTooLarge()).isTrue();
        assertThat(unasked.scores(1)).isEqualTo(new Scores(1, 1, Double.NaN, 1));
        RunningScores monitored = new RunningScores(true, 20_000);
        monitored.answered(batch, batch.rows());
        monitored.answered(batch, batch.rows());
        assertThatThrownBy(() -> monitored.answered(batch, batch.rows()))
                .isInstanceOf(TrainingException.class)
                .hasMessage(
                        "training: AUROC is monitored, and the probabilities of 24 examples or more for 1000 classes fill half of the heap."
                                + " Hint: run Java with a larger -Xmx, or monitor accuracy.");
    }
}
