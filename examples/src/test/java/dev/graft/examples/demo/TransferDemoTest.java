package dev.graft.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.demo.TransferDemo.Result;
import dev.graft.examples.demo.TransferDemo.Start;
import dev.graft.io.Safetensors;
import dev.graft.nn.train.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferDemoTest {
    private static final Path WEIGHTS =
            Path.of("src/main/resources/dev/graft/examples/demo/source-resnet20.safetensors");
    private static final long MOST_BYTES = 3_000_000;

    @Test
    void theShippedWeightsAreSmallAndTellHowTheyWereMade() throws Exception {
        assertThat(Files.size(WEIGHTS)).isLessThan(MOST_BYTES);
        SourceTraining shipped = SourceTraining.asShipped();
        assertThat(Safetensors.metadata(WEIGHTS))
                .containsEntry(
                        "command",
                        "graft demo --train-source FILE --source-images " + shipped.images() + " --source-epochs "
                                + shipped.epochs() + " --source-seed " + shipped.seed());
        assertThat(Double.parseDouble(Safetensors.metadata(WEIGHTS).get("accuracy_on_fresh_images")))
                .isGreaterThan(0.7);
    }

    @Test
    void theSourceTrainingWritesWeightsThatTheDemonstrationTakes(@TempDir Path folder) {
        Path file = folder.resolve("source.safetensors");
        double accuracy = new SourceTraining(64, 1, 3).train(file, Progress.silent());
        assertThat(accuracy).isBetween(0.0, 1.0);
        assertThat(Safetensors.metadata(file).get("command"))
                .contains("--source-images 64 --source-epochs 1 --source-seed 3");
        try (TransferDemo demo = new TransferDemo(Safetensors.load(file))) {
            assertThat(demo.testImages()).isEqualTo(demo.testPatients() * demo.imagesPerPatient());
        }
    }

    /** The demonstration's claim, on patients that its tables do not use. */
    @Test
    @Tag("slow")
    void transferWinsWhereLabelsAreFew() {
        try (TransferDemo demo = new TransferDemo()) {
            double scratch = mean(demo, Start.SCRATCH);
            double transfer = mean(demo, Start.TRANSFER);
            assertThat(transfer)
                    .as("mean AUROC by transfer, from scratch " + scratch)
                    .isGreaterThan(scratch + 0.05);
        }
    }

    private static double mean(TransferDemo demo, Start start) {
        return LongStream.rangeClosed(101, 104)
                .mapToObj(seed -> demo.run(start, 18, seed))
                .mapToDouble(Result::auroc)
                .average()
                .orElseThrow();
    }
}
