package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.graft.io.file.WeightFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every golden file reads as PyTorch reads it; every hostile one is refused for the right reason and at a small price.
 */
class WeightFilesTest {
    private static final long MOST_ALLOCATED = 64L << 20;

    @TempDir
    Path folder;

    static List<String> good() {
        return GoldenFiles.good();
    }

    @ParameterizedTest
    @MethodSource("good")
    void readsWhatPyTorchWrote(String file) {
        WeightFileInfo info = WeightFiles.inspect(GoldenFiles.golden(file));
        List<String> expected = GoldenFiles.table("expected.tsv").stream()
                .filter(row -> row[0].equals(file))
                .map(row -> String.join("\t", List.of(row).subList(1, row.length)))
                .toList();
        assertThat(info.tensors().stream().map(t -> GoldenFiles.line(info.format(), t)))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    static Stream<String[]> hostile() {
        return GoldenFiles.table("hostile/hostile.tsv").stream();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("hostile")
    void refusesHostileFiles(String file, String reason) {
        Path path = GoldenFiles.golden("hostile/" + file);
        long allocated = Allocations.during(() -> assertThatThrownBy(() -> WeightFiles.inspect(path))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(file)
                .hasMessageContaining(reason)
                .hasMessageContaining("Hint: "));
        assertThat(allocated).as("bytes allocated").isLessThan(MOST_ALLOCATED);
        assertThat(path.resolveSibling("owned")).doesNotExist();
    }

    @Test
    void oneStateDictHasTheSameBitsInAllFourContainers() {
        List<TensorInfo> zip =
                WeightFiles.inspect(GoldenFiles.golden("resnet18-zip.pth")).tensors();
        assertThat(zip).hasSize(122);
        assertThat(WeightFiles.inspect(GoldenFiles.golden("resnet18-legacy.pth"))
                        .tensors())
                .isEqualTo(zip);
        assertThat(WeightFiles.inspect(GoldenFiles.golden("resnet18-tar.pth")).tensors())
                .isEqualTo(zip);
        assertThat(WeightFiles.inspect(GoldenFiles.golden("resnet18.safetensors"))
                        .tensors())
                .containsExactlyInAnyOrderElementsOf(zip);
    }

    /** What a developer wants to see of a checkpoint that does not resume. */
    @Test
    void allOfACheckpointListsTheOptimizersTensorsUnderTheirPaths() {
        for (String file : new String[] {"checkpoint.pth", "checkpoint-legacy.pth"}) {
            WeightFileInfo all = WeightFiles.inspectAll(GoldenFiles.golden(file));
            assertThat(all.tensors().stream().map(TensorInfo::name))
                    .containsExactly(
                            "state_dict.module.0.weight",
                            "state_dict.module.0.bias",
                            "state_dict.module.1.weight",
                            "state_dict.module.1.bias",
                            "state_dict.module.1.running_mean",
                            "state_dict.module.1.running_var",
                            "state_dict.module.1.num_batches_tracked",
                            "optimizer.state.0.momentum_buffer",
                            "optimizer.state.1.momentum_buffer",
                            "optimizer.state.2.momentum_buffer",
                            "optimizer.state.3.momentum_buffer");
            assertThat(all.skipped())
                    .contains("epoch", "arch", "optimizer.param_groups", "history")
                    .noneMatch(name -> name.startsWith("optimizer.param_groups."));
            WeightFileInfo weights = WeightFiles.inspect(GoldenFiles.golden(file));
            assertThat(weights.tensors()).hasSize(7);
            assertThat(weights.tensors().get(0).name()).isEqualTo("0.weight");
            assertThat(weights.tensors().get(0).sha256())
                    .isEqualTo(all.tensors().get(0).sha256());
        }
    }

    @Test
    void listsWhatIsNotWeights() {
        assertThat(WeightFiles.inspect(GoldenFiles.golden("checkpoint.pth")).skipped())
                .contains("epoch", "best_prec1", "optimizer", "classes")
                .doesNotContain("state_dict");
    }

    @Test
    void saysHowToConvertAFileThatRunsCode() {
        WeightFileException e = (WeightFileException)
                catchThrowable(() -> WeightFiles.inspect(GoldenFiles.golden("hostile/os-system.pth")));
        assertThat(e.problem())
                .isEqualTo("archive/data.pkl: asks for os.system, which is not plain tensor data; it was not run");
        assertThat(e.hint()).contains("safetensors.torch.save_file");
        assertThat(e.file().getFileName()).hasToString("os-system.pth");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "<!DOCTYPE html><html>not found</html>|web page|check the address",
                "version https://git-lfs.github.com/spec/v1|Git LFS pointer|git lfs pull",
                "\u0089HDF|HDF5|convert",
                "hello world|neither safetensors nor a PyTorch checkpoint|68 65 6c 6c 6f"
            })
    void namesOtherKindsOfFile(String content, String problem, String more) throws IOException {
        Path file = Files.write(folder.resolve("w.pth"), content.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> WeightFiles.inspect(file))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(problem)
                .hasMessageContaining(more);
    }

    @Test
    void namesMissingEmptyAndFolder() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.pth"));
        assertThatThrownBy(() -> WeightFiles.inspect(empty))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("the file is empty");
        assertThatThrownBy(() -> WeightFiles.inspect(folder))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("is a folder");
        assertThatThrownBy(() -> WeightFiles.inspect(folder.resolve("no.pth")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("no such file")
                .hasMessageContaining("check the path");
    }
}
