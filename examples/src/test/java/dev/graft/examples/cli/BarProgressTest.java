package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.train.EpochResult;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BarProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final BarProgress bar = new BarProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8));

    @Test
    void drawsABarWhileAnEpochRunsAndLeavesItsLine() {
        bar.epochStarted(1, 3, 4, 0);
        bar.batchDone(0.75);
        bar.epochDone(new EpochResult(1, 0.1, 0.5, 0.9, Optional.empty(), 2, 30));
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .contains("epoch 1/3", "1/4", "loss 0.7500")
                .endsWith("epoch 1/3  lr 0.100  train loss 0.5000  accuracy 0.9000  2.0 s  30 examples/s"
                        + System.lineSeparator());
    }

    @Test
    void aWarningGetsALineOfItsOwn() {
        bar.epochStarted(1, 1, 4, 0);
        bar.warning("odd");
        assertThat(bytes.toString(StandardCharsets.UTF_8)).matches("(?s).*[\\r\\n]warning: odd\\R");
        bar.epochAborted();
    }
}
