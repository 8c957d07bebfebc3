package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.nn.json.Json;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
    /** Of 1 and 2 as little-endian floats: {@code printf '\\0\\0\\200\\77\\0\\0\\0\\100' | sha256sum}. */
    private static final String SHA256_OF_ONE_TWO = "b9c80b5adeca450753a16950c3cc655d271f7bef7a485bc83f112b72fef21d37";

    @TempDir
    private Path folder;

    private StateDict weights() {
        return new StateDict()
                .put("fc.weight", Tensor.of(new float[] {1, 2}, 1, 2))
                .put("steps", Tensor.of(new long[] {7}));
    }

    @Test
    void printsJsonOfFormatAndTensors() throws IOException {
        Path file = folder.resolve("w.safetensors");
        Safetensors.save(weights(), file);
        Cli run = Cli.run("inspect", file).succeeded();
        Path saved = Files.writeString(folder.resolve("out.json"), run.out());
        Map<String, Object> report = Json.readObject(saved);
        assertThat(report).containsEntry("format", "safetensors").containsEntry("skipped", List.of());
        assertThat(Cli.list(report, "tensors")).hasSize(2);
        Map<?, ?> first = Cli.map(Cli.list(report, "tensors").get(0));
        assertThat(first.get("name")).isEqualTo("fc.weight");
        assertThat(first.get("dtype")).isEqualTo("float32");
        assertThat(first.get("shape")).isEqualTo(List.of(1, 2));
        assertThat(first.get("sha256")).isEqualTo(SHA256_OF_ONE_TWO);
        assertThat(Cli.map(Cli.list(report, "tensors").get(1)).get("dtype")).isEqualTo("int64");
    }

    @Test
    void theHashDoesNotDependOnTheContainer() {
        Path one = folder.resolve("w.safetensors");
        Path two = folder.resolve("w.pth");
        Safetensors.save(weights(), one);
        TorchCheckpoint.save(weights(), two);
        Map<String, Object> first = Cli.json(folder.resolve("1.json"), "inspect", one);
        Map<String, Object> second = Cli.json(folder.resolve("2.json"), "inspect", two);
        assertThat(second).containsEntry("format", "torch-zip");
        assertThat(second.get("tensors")).isEqualTo(first.get("tensors"));
    }

    @Test
    void allShowsAnOptimizersTensorsAndTheDefaultStaysShort() {
        Path file = Path.of("../core/src/test/resources/golden/weights/checkpoint.pth");
        Map<String, Object> all = Cli.json(folder.resolve("all.json"), "inspect", "--all", file);
        assertThat(Cli.list(all, "tensors").stream()
                        .map(tensor -> String.valueOf(Cli.map(tensor).get("name"))))
                .hasSize(11)
                .contains("state_dict.module.0.weight", "optimizer.state.3.momentum_buffer");
        Map<String, Object> weights = Cli.json(folder.resolve("weights.json"), "inspect", file);
        assertThat(Cli.list(weights, "tensors")).hasSize(7);
        assertThat(Cli.list(weights, "skipped").toString()).contains("optimizer");
    }

    @Test
    void failsInOneLineAndWithWrongUsageInTwo() throws IOException {
        Cli.run("inspect", folder.resolve("absent.pth")).failedWith("absent.pth");
        Path text = Files.writeString(folder.resolve("text.pth"), "this is no weight file");
        Cli.run("inspect", text).failedWith("text.pth");
        Cli.run("inspect").wrongUsage("FILE");
        Cli.run("inspect", text, "--no-such-option").wrongUsage("--no-such-option");
        Cli.run("no-such-command").wrongUsage("no-such-command");
    }

    @Test
    void stacktraceShowsMore() throws IOException {
        Path text = Files.writeString(folder.resolve("text.pth"), "this is no weight file");
        Cli run = Cli.run("inspect", text, "--stacktrace");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("\tat dev.graft.io.");
    }

    @Test
    void jsonGoesToStandardOutputForADash() {
        Path file = folder.resolve("w.safetensors");
        Safetensors.save(weights(), file);
        assertThat(Cli.run("inspect", file, "--json", "-").succeeded().out())
                .startsWith("{")
                .contains("\"safetensors\"");
    }

    @Test
    void aJsonFileThatCannotBeWrittenFailsBeforeTheWork() {
        Cli.run("inspect", folder.resolve("absent.pth"), "--json", folder.resolve("no/such/folder/x.json"))
                .failedWith("--json", "cannot be written");
    }
}
