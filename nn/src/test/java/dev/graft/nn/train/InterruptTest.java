package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a training politely from outside, in a JVM of its own, as Ctrl-C does. */
class InterruptTest {

    /** Trains without end and says how it ended. */
    static final class Endless {
        private Endless() {}

        public static void main(String[] args) {
            Sequential model = Toy.network(3, 0.3f);
            try (StopSignal stop = StopSignal.onShutdown();
                    DataLoader train = DataLoader.of(Toy.spirals(500, 1), 16).shuffled(5)) {
                History history = Trainer.builder(
                                model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.01)))
                        .epochs(1_000_000)
                        .directory(Path.of(args[0]))
                        .resume(true)
                        .stop(stop)
                        .progress(Progress.lines(System.out))
                        .build()
                        .fit(train);
                System.out.println("ended " + history.ending());
            }
        }
    }

    @TempDir
    private Path folder;

    private List<String> trainUntilKilled() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Endless.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            int epochs = 0;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
                if (line.startsWith("epoch ") && ++epochs == 2) {
                    process.toHandle().destroy(); // Process.destroy would also close the pipe that is being read
                }
            }
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return lines;
    }

    @Test
    @Timeout(60)
    void ctrlCFinishesTheStepAndLeavesACheckpointToResumeFrom() throws IOException, InterruptedException {
        List<String> first = trainUntilKilled();
        assertThat(first).last().isEqualTo("ended INTERRUPTED");
        List<String> epochs =
                first.stream().filter(line -> line.startsWith("epoch ")).toList();
        int done = Integer.parseInt(epochs.get(epochs.size() - 1).split("[ /]", -1)[1]);
        assertThat(folder.resolve("last.safetensors")).exists();
        assertThat(trainUntilKilled().stream()
                        .filter(line -> line.startsWith("epoch "))
                        .findFirst()
                        .orElseThrow())
                .startsWith("epoch " + (done + 1) + "/");
    }
}
