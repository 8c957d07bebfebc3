package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.WeightFileException;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Real published weights, where they lie beside the project. */
class RealWeightFilesTest {
    private static Path real(String name) {
        Path file = GoldenFiles.realWeights().resolve(name);
        Requirement.of(
                Files.exists(file), "no " + file + "; set GRAFT_DATA to the folder of real data to run this test");
        return file;
    }

    @Test
    void threeContainersOfSqueezeNetHoldTheSameBits() {
        WeightFileInfo zip = WeightFiles.inspect(real("squeezenet1_1/squeezenet1_1.pth"));
        WeightFileInfo legacy = WeightFiles.inspect(real("squeezenet1_1/squeezenet1_1-legacy.pth"));
        WeightFileInfo safe = WeightFiles.inspect(real("squeezenet1_1/squeezenet1_1.safetensors"));
        assertThat(List.of(zip.format(), legacy.format(), safe.format()))
                .containsExactly("torch-zip", "torch-legacy", "safetensors");
        assertThat(zip.tensors())
                .hasSize(52)
                .isEqualTo(legacy.tensors())
                .containsExactlyInAnyOrderElementsOf(safe.tensors());
    }

    @Test
    void resNet20LiesUnderStateDictWithAPrefix() {
        WeightFileInfo info = WeightFiles.inspect(real("resnet_cifar10/resnet20-12fca82f.th"));
        assertThat(info.format()).isEqualTo("torch-legacy");
        assertThat(info.tensors())
                .hasSize(97)
                .extracting(TensorInfo::name)
                .startsWith("conv1.weight", "bn1.weight")
                .endsWith("linear.weight", "linear.bias");
        assertThat(info.skipped()).containsExactly("best_prec1");
    }

    @Test
    void efficientNetLite0() {
        WeightFileInfo info = WeightFiles.inspect(real("efficientnet_lite0/efficientnet-lite0-57934424.pth"));
        assertThat(info.format()).isEqualTo("torch-legacy");
        assertThat(info.tensors()).hasSize(296);
        assertThat(info.tensors().stream()
                        .filter(t -> t.name().equals("_fc.weight"))
                        .findFirst()
                        .orElseThrow()
                        .shape())
                .hasToString("[1000, 1280]");
    }

    @Test
    void openSpliceAi() throws IOException {
        try (Stream<Path> files = Files.walk(real("openspliceai"))) {
            List<Path> models = files.filter(f -> f.toString().endsWith(".pt")).toList();
            assertThat(models).isNotEmpty().allSatisfy(model -> {
                WeightFileInfo info = WeightFiles.inspect(model);
                assertThat(info.format()).isEqualTo("torch-zip");
                assertThat(info.tensors().get(0).name()).isEqualTo("initial_conv.weight");
            });
        }
    }

    @Test
    void halfDownloadedFilesSaySo() {
        Path tar = real("resnet18_truncated/resnet18-5c106cde.truncated.pth");
        Path zip = real("resnet18_truncated/resnet18-f37072fd.truncated.pth");
        assertThatThrownBy(() -> WeightFiles.inspect(tar))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(
                        "the file looks truncated: 1,048,576 of 46,827,520 bytes. Hint: download it again.");
        assertThatThrownBy(() -> WeightFiles.inspect(zip))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(
                        "the file looks truncated: 579,901 of at least 46,809,656 bytes. Hint: download it again.");
    }
}
