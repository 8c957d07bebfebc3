package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What finetune calls the validation's loss is what evaluate calls the loss of the same images, whatever is trained
 * with.
 */
class LossUnderOneNameTest {
    @TempDir
    private Path folder;

    @Test
    void finetuneAndEvaluatePrintTheSameLoss() throws IOException {
        Path train = TinyImages.folder(folder.resolve("train"), 8, 1);
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 6; i++) {
            TinyImages.write(
                    train.resolve("left").resolve("more" + i + ".png"),
                    true,
                    random); // unbalanced, so that class weights differ
        }
        Path held = TinyImages.folder(folder.resolve("held"), 5, 2);
        Path run = folder.resolve("run");
        Map<String, Object> metrics = Cli.json(
                folder.resolve("m.json"),
                "finetune",
                "--data",
                train,
                "--val",
                held,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--freeze",
                "none",
                "--epochs",
                2,
                "--batch",
                3,
                "--label-smoothing",
                0.3,
                "--class-weights",
                "auto",
                "--out",
                run);
        for (int batch : new int[] {1, 4, 32}) {
            Map<String, Object> scores = Cli.json(
                    folder.resolve("e" + batch + ".json"),
                    "evaluate",
                    "--model",
                    run,
                    "--data",
                    held,
                    "--batch",
                    batch);
            double loss = ((Number) Cli.map(metrics.get("best")).get("loss")).doubleValue();
            assertThat(((Number) scores.get("loss")).doubleValue())
                    .as("batches of %d", batch)
                    .isCloseTo(loss, within(1e-5 * loss));
        }
    }
}
