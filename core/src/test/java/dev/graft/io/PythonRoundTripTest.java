package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.content.TensorSource;
import dev.graft.io.safetensors.SafetensorsWriter;
import dev.graft.io.torch.TorchZipWriter;
import dev.graft.testing.Requirement;
import dev.graft.type.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PyTorch, with {@code weights_only=True}, and safetensors read what is written here, to the bit. */
class PythonRoundTripTest {
    @TempDir
    Path folder;

    @Test
    void pythonReadsWhatIsWritten() throws IOException, InterruptedException {
        Map<String, TensorSource> tensors = WritersTest.everyType();
        Path torch = folder.resolve("w.pth");
        TorchZipWriter.write(torch, tensors);
        tensors.values().removeIf(t -> t.dtype() == DType.C128);
        Path safetensors = folder.resolve("w.safetensors");
        SafetensorsWriter.write(safetensors, tensors, Map.of("note", "\u00e9 \"quoted\""));

        List<String> expected = Stream.of(torch, safetensors)
                .flatMap(PythonRoundTripTest::lines)
                .toList();
        assertThat(run("check_weight_files.py", torch, safetensors)).containsExactlyInAnyOrderElementsOf(expected);
    }

    private static Stream<String> lines(Path file) {
        WeightFileInfo info = WeightFiles.inspect(file);
        return info.tensors().stream().map(t -> file + "\t" + GoldenFiles.line(info.format(), t));
    }

    @Test
    void fullSizeResNet18HoldsTheSameBitsInAllFourContainers() throws IOException, InterruptedException {
        run("export_weight_files.py", folder);
        List<TensorInfo> zip =
                WeightFiles.inspect(folder.resolve("resnet18-zip.pth")).tensors();
        assertThat(zip)
                .hasSize(122)
                .extracting(t -> t.name() + " " + t.shape())
                .startsWith("conv1.weight [64, 3, 7, 7]")
                .endsWith("fc.bias [1000]");
        assertThat(WeightFiles.inspect(folder.resolve("resnet18-legacy.pth")).tensors())
                .isEqualTo(zip);
        assertThat(WeightFiles.inspect(folder.resolve("resnet18-tar.pth")).tensors())
                .isEqualTo(zip);
        assertThat(WeightFiles.inspect(folder.resolve("resnet18.safetensors")).tensors())
                .containsExactlyInAnyOrderElementsOf(zip);
    }

    private List<String> run(String script, Path... arguments) throws IOException, InterruptedException {
        String python = System.getenv("GRAFT_PYTHON");
        Requirement.of(
                python != null, "set GRAFT_PYTHON to a Python with torch, numpy and safetensors to run this test");
        List<String> command =
                new ArrayList<>(List.of(python, "-W", "ignore", script(script).toString()));
        Stream.of(arguments).map(Path::toString).forEach(command::add);
        Path output = folder.resolve("out.tsv");
        Path errors = folder.resolve("errors.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        assertThat(process.waitFor()).as(() -> read(errors)).isZero();
        return Files.readAllLines(output, StandardCharsets.UTF_8);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Tests run in the module's folder or in the repository's. */
    private static Path script(String name) {
        Path inModule = Path.of("src/test/python", name);
        return Files.exists(inModule) ? inModule : Path.of("core").resolve(inModule);
    }
}
