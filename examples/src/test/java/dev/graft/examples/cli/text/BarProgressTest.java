package dev.graft.examples.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.train.EpochResult;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BarProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nanos;
    private final BarProgress bar =
            new BarProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), () -> nanos += 1_000_000_000L);

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void drawsABarWhileAnEpochRunsAndLeavesItsLine() {
        bar.epochStarted(1, 3, 4, 0);
        bar.batchDone(0.75);
        bar.epochDone(new EpochResult(1, 0.1, 0.5, 0.9, Optional.empty(), 2, 30));
        assertThat(text())
                .contains("epoch 1/3  25% [====", "] 1/4 0:", " left loss 0.7500")
                .endsWith("\repoch 1/3  loss 0.5000 acc 0.900  2.0s" + System.lineSeparator());
    }

    @Test
    void aWarningGetsALineOfItsOwn() {
        bar.epochStarted(1, 1, 4, 0);
        bar.warning("odd");
        assertThat(text()).matches("(?s).*[\\r\\n]warning: odd\\R");
        bar.epochAborted();
    }

    /** Also where names and numbers are long: a line that wraps is redrawn below itself. */
    @Test
    void barsFitEightyColumnsAndLeaveNoEmptyLine() {
        bar.epochStarted(12_345, 99_999, 1_234_567, 1_000_000);
        for (int i = 0; i < 3; i++) {
            bar.batchDone(123_456.789);
        }
        bar.passStarted("features of training images", 1_234_567_890, 1_000_000_000);
        bar.passAdvanced(32);
        bar.passDone();
        bar.passStarted("x".repeat(100), Long.MAX_VALUE, 0);
        bar.passAdvanced(1);
        bar.passDone();
        bar.passStarted("nothing", 0, 0);
        bar.passDone();
        bar.passStarted("validation", 100, 0);
        bar.passAdvanced(60);
        bar.passDone();
        bar.epochDone(new EpochResult(12_345, 0.1, 0.5, 0.9, Optional.empty(), 2, 30));
        assertThat(text().split("[\\r\\n]")).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(79));
        assertThat(text())
                .containsOnlyOnce("\n")
                .endsWith("\r" + " ".repeat(79) + "\r" + "epoch 12345/99999  loss 0.5000 acc 0.900  2.0s"
                        + System.lineSeparator());
        assertThat(text()).contains("epoch 12345/99999", "features of training images", "validation  60%", "60/100");
    }

    /** A shorter text must not leave the end of a longer one behind. */
    @Test
    void everyDrawingIsAsWideAsTheOneBefore() {
        bar.epochStarted(1, 1, 1000, 0);
        for (int i = 0; i < 5; i++) {
            bar.batchDone(i % 2 == 0 ? 12_345.6789 : Double.NaN);
        }
        assertThat(text().substring(1).split("\r"))
                .allSatisfy(line -> assertThat(line).hasSize(79));
    }

    /** Ten drawings a second are enough for eyes, and cost nothing. */
    @Test
    void fastWorkIsNotSlowedByDrawing() {
        BarProgress fast = new BarProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), () -> nanos += 1000);
        fast.passStarted("validation", 100_000, 0);
        for (int i = 0; i < 100_000; i++) {
            fast.passAdvanced(1);
        }
        assertThat(text().chars().filter(c -> c == '\r').count()).isLessThan(10);
    }
}
