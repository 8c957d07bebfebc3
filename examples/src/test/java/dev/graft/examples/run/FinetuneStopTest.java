package dev.graft.examples.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.TinyImages;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Monitor;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.image.Augment;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C in the middle of an epoch, then a resume. */
class FinetuneStopTest {
    @TempDir
    private Path folder;

    private Optional<Map<String, Object>> run(Path data, String out, boolean resume, int stopAfterBatches) {
        Recipe recipe = new Recipe(3, 8, Recipe.Optimization.ADAMW, 0.002, 0, 0.01, Recipe.Schedule.WARMUP_COSINE, 0.1f, true, 2,
                OptionalDouble.of(1), OptionalInt.empty(), Monitor.ACCURACY, 5);
        FinetuneSettings settings = new FinetuneSettings(new ImageData.Source(data, Optional.empty(), 0.25), "resnet20", "none", false,
                Augment.STRONG, OptionalInt.empty(), Optional.empty(), recipe, "cpu", OptionalInt.of(2), true, 0, folder.resolve(out), resume, false);
        try (StopSignal stop = new StopSignal()) {
            return new Finetune(settings, new PrintWriter(Writer.nullWriter()), stopAfter(stop, stopAfterBatches), stop).run();
        }
    }

    private static Progress stopAfter(StopSignal stop, int batches) {
        return new Progress() {
            private int seen;

            @Override
            public void batchDone(double meanLoss) {
                seen++;
                if (seen == batches) {
                    stop.request();
                }
            }

            @Override
            public void epochDone(EpochResult result) {
                assertThat(result.trainLoss()).isFinite();
            }
        };
    }

    @Test
    void aStoppedRunGoesOnToTheSameBits() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 20, 1);
        assertThat(run(data, "whole", false, -1)).isPresent();
        assertThat(run(data, "broken", false, 6)).as("stopped").isEmpty();
        assertThat(folder.resolve("broken/last.safetensors")).exists();
        assertThat(folder.resolve("broken/model.safetensors")).doesNotExist();
        assertThat(run(data, "broken", true, -1)).isPresent();
        assertThat(Files.mismatch(folder.resolve("whole/model.safetensors"), folder.resolve("broken/model.safetensors"))).isEqualTo(-1);
    }

    @Test
    void aStopBeforeTheFirstEpochLosesNothing() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 20, 1);
        assertThat(run(data, "early", false, 1)).isEmpty();
        assertThat(run(data, "early", true, -1)).isPresent();
    }
}
