package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    @TempDir
    private Path folder;

    @Test
    void trainsSourceWeights() {
        Map<String, Object> report = Cli.json(
                folder.resolve("d.json"),
                "demo",
                "--train-source",
                folder.resolve("w.safetensors"),
                "--source-images",
                64,
                "--source-epochs",
                1);
        assertThat(report)
                .containsEntry("images", 64)
                .containsEntry("epochs", 1)
                .containsKey("accuracy");
        assertThat(folder.resolve("w.safetensors")).exists();
        Cli.run("demo", "--seeds", 0).wrongUsage("--seeds");
    }

    @Test
    @Tag("slow")
    void comparesScratchWithTransferAtThreeSizes() {
        Map<String, Object> report =
                Cli.json(folder.resolve("d.json"), "demo", "--seeds", 1, "--save", folder.resolve("phantoms"));
        assertThat(report).containsEntry("synthetic", true);
        assertThat(Cli.list(report, "sizes")).hasSize(3).allSatisfy(size -> {
            assertThat(Cli.map(size).containsKey("patients")).isTrue();
            for (String start : new String[] {"scratch", "transfer"}) {
                assertThat((Double) Cli.map(Cli.map(size).get(start)).get("accuracy"))
                        .isBetween(0.3, 1.0);
                assertThat((Double) Cli.map(Cli.map(size).get(start)).get("auroc"))
                        .isBetween(0.2, 1.0);
            }
        });
        assertThat(folder.resolve("phantoms/val/opacity")).isDirectory();
    }
}
