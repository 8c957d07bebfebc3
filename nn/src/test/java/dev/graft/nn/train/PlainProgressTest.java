package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Lines that fit a terminal, and few of them. */
class PlainProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nanos;
    private final PlainProgress progress =
            new PlainProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), () -> nanos);

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static EpochResult result(int epoch, double loss, double seconds) {
        return new EpochResult(
                epoch, 0.001, loss, 0.69231, Optional.of(new Scores(loss, 0.87755, 0.945, 2)), seconds, 135.2);
    }

    @Test
    void anEpochIsOneLineWithItsScores() {
        assertThat(EpochLine.of(result(3, 0.39591, 1.63), 10))
                .isEqualTo("epoch 3/10  loss 0.3959 acc 0.692  val loss 0.3959 acc 0.878 AUROC 0.945  1.6s");
        assertThat(EpochLine.of(new EpochResult(1, 0.1, 0.5, Double.NaN, Optional.empty(), 2, 30), 1))
                .isEqualTo("epoch 1/1  loss 0.5000  2.0s");
    }

    @Test
    void longNumbersFitEightyColumnsToo() {
        for (int epochs : new int[] {9, 99, 100, 1000, 12345, Integer.MAX_VALUE}) {
            for (double loss : new double[] {0, 1.23456, 12.0954, 123.456, 1234.5, 99999, 1.7e30}) {
                for (double seconds : new double[] {0.04, 9.99, 123.4, 4000, 90000, 1e9}) {
                    assertThat(EpochLine.of(result(epochs, loss, seconds), epochs))
                            .hasSizeLessThanOrEqualTo(80)
                            .startsWith("epoch " + epochs + "/" + epochs)
                            .contains("  val loss ", " acc 0.878");
                }
            }
        }
        assertThat(EpochLine.of(result(100, 0.1, 12.3), 100)).endsWith("AUROC 0.945  12s");
    }

    @Test
    void timesAreShort() {
        assertThat(List.of(0.04, 9.94, 9.96, 59.0, 599.0, 600.0, 35_000.0, 36_000.0, 360_000.0).stream()
                        .map(EpochLine::seconds))
                .containsExactly("0.0s", "9.9s", "10s", "59s", "599s", "10m", "583m", "10.0h", "100.0h");
    }

    @Test
    void whatTakesLongIsToldEverMoreRarely() {
        progress.passStarted("validation", 10_000, 0);
        for (int i = 0; i < 100; i++) {
            nanos += 1_000_000_000L;
            progress.passAdvanced(100);
        }
        progress.passDone();
        assertThat(lines())
                .containsExactly(
                        "validation: 1,000 of 10,000 examples, 100/s, 90s left",
                        "validation: 3,000 of 10,000 examples, 100/s, 70s left",
                        "validation: 7,000 of 10,000 examples, 100/s, 30s left");
    }

    @Test
    void whatIsQuickIsNotToldAtAll() {
        progress.epochStarted(1, 2, 9, 0);
        for (int i = 0; i < 9; i++) {
            nanos += 1_000_000_000L;
            progress.batchDone(0.5);
        }
        progress.passStarted("validation", 9, 0);
        progress.passAdvanced(9);
        assertThat(lines()).isEmpty();
    }

    /** What was done in an earlier process says nothing about the speed of this one. */
    @Test
    void anInterruptedPassGoesOn() {
        progress.passStarted("features", 1000, 900);
        nanos += 20_000_000_000L;
        progress.passAdvanced(50);
        assertThat(lines()).containsExactly("features: 950 of 1,000 examples, 2.5/s, 20s left");
    }

    @Test
    void aLongEpochIsToldOf() {
        progress.epochStarted(1, 2, 100, 0);
        nanos += 11_000_000_000L;
        progress.batchDone(0.5);
        assertThat(lines()).containsExactly("epoch 1/2: 1 of 100 batches, 0.1/s, 18m left");
    }
}
