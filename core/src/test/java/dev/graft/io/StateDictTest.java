package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.Sha256;
import dev.graft.io.file.WeightFileException;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateDictTest {
    @TempDir
    Path folder;

    private static StateDict sample() {
        return new StateDict()
                .put("module.conv1.weight", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3))
                .put("module.conv1.bias", Tensor.of(new float[] {-1, 1}, 2))
                .put("module.fc.weight", Tensor.of(new long[] {7}, 1));
    }

    @Test
    void keepsOrderAndFindsByName() {
        try (StateDict dict = sample()) {
            assertThat(dict.names()).containsExactly("module.conv1.weight", "module.conv1.bias", "module.fc.weight");
            assertThat(dict.size()).isEqualTo(3);
            assertThat(dict.get("module.conv1.bias").toFloatArray()).containsExactly(-1, 1);
            assertThat(dict.find("nothing")).isEmpty();
            assertThat(dict.entries()).extracting(Map.Entry::getKey).isEqualTo(dict.names());
            assertThatThrownBy(() -> dict.entries().clear()).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void aCopyHasMemoryOfItsOwnAndOutlivesScopes() {
        try (StateDict dict = sample()) {
            Tensor bias = dict.get("module.conv1.bias").requireGrad(true);
            StateDict copy;
            try (Scope scope = Scope.open()) {
                copy = dict.copy();
            }
            assertThat(copy.names()).isEqualTo(dict.names());
            assertThat(copy.get("module.fc.weight").toLongArray()).containsExactly(7);
            assertThat(copy.get("module.conv1.bias").requiresGrad()).isFalse();
            copy.get("module.conv1.bias").fill(3);
            assertThat(bias.toFloatArray()).containsExactly(-1, 1);
            copy.close();
            assertThat(bias.isClosed()).isFalse();
        }
    }

    @Test
    void aCopyThatFailsLeavesNothing() {
        try (StateDict dict = sample()) {
            dict.get("module.fc.weight").close();
            long before = Device.cpu().memory().live();
            assertThatThrownBy(dict::copy).isInstanceOf(IllegalStateException.class);
            assertThat(Device.cpu().memory().live()).isEqualTo(before);
        }
    }

    @Test
    void namesTheNearestKey() {
        try (StateDict dict = sample()) {
            assertThatThrownBy(() -> dict.get("module.conv1.wieght"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no tensor named \"module.conv1.wieght\" among 3")
                    .hasMessageContaining("did you mean \"module.conv1.weight\"?");
            assertThatThrownBy(() -> dict.get("quite.another.thing")).hasMessageContaining("Hint: look at names().");
        }
    }

    @Test
    void ownsItsTensors() {
        StateDict dict = sample();
        Tensor weight = dict.get("module.conv1.weight");
        Tensor replaced = dict.get("module.fc.weight");
        dict.put("module.fc.weight", Tensor.of(new long[] {8}, 1));
        assertThat(replaced.isClosed()).isTrue();
        dict.close();
        assertThat(weight.isClosed()).isTrue();
        assertThat(dict.size()).isZero();
    }

    @Test
    void aTensorUnderTwoNamesLivesWhileOneOfThemHoldsIt() {
        Tensor tied = Tensor.of(new float[] {1, 2}, 2);
        Tensor other = Tensor.of(new float[] {3}, 1);
        StateDict dict = new StateDict().put("emb", tied).put("head", tied).put("emb", other);
        assertThat(dict.get("head").toFloatArray()).containsExactly(1, 2);
        dict.put("head", tied);
        assertThat(tied.isClosed()).as("put again").isFalse();
        dict.put("head", other);
        assertThat(tied.isClosed()).as("no name left").isTrue();
        assertThat(dict.get("emb").toFloatArray()).containsExactly(3);
        try (StateDict renamed = dict.stripPrefix("h");
                StateDict headless = dict.without("head")) {
            assertThat(renamed.names()).containsExactly("emb", "ead");
            headless.put("emb", Tensor.zeros(1));
            assertThat(renamed.get("ead").toFloatArray()).containsExactly(3);
        }
        dict.close();
        assertThat(other.isClosed()).isTrue();
    }

    @Test
    void tiedWeightsAreWrittenToATorchFileOnceAndReadUnderBothNames() throws Exception {
        Path once = folder.resolve("once.pt");
        Path tied = folder.resolve("tied.pt");
        Path safetensors = folder.resolve("tied.safetensors");
        float[] values = new float[10_000];
        values[7] = 7;
        try (StateDict dict = new StateDict().put("emb", Tensor.of(values, 100, 100))) {
            TorchCheckpoint.save(dict, once);
            dict.put("head", dict.get("emb")).put("bias", Tensor.ones(2));
            TorchCheckpoint.save(dict, tied);
            Safetensors.save(dict, safetensors);
        }
        assertThat(Files.size(tied) - Files.size(once)).isBetween(0L, 4000L);
        for (Path file : List.of(tied, safetensors)) {
            try (StateDict dict = WeightFiles.load(file)) {
                assertThat(dict.names()).containsExactly("emb", "head", "bias");
                assertThat(dict.get("emb").toFloatArray()).isEqualTo(values);
                assertThat(dict.get("head").toFloatArray()).isEqualTo(values);
                assertThat(dict.get("bias").toFloatArray()).containsExactly(1, 1);
                dict.get("emb").close();
                assertThat(dict.get("head").get(0, 7)).isEqualTo(7);
            }
        }
    }

    @Test
    void outlivesTheScopeItWasMadeIn() {
        StateDict dict;
        try (Scope scope = Scope.open()) {
            dict = sample();
            assertThat(scope).isNotNull();
        }
        assertThat(dict.get("module.conv1.bias").toFloatArray()).containsExactly(-1, 1);
        dict.close();
    }

    @Test
    void derivedDictsShareMemoryAndCloseAlone() {
        StateDict dict = sample();
        try (StateDict headless = dict.without("module.fc.");
                StateDict stripped = headless.stripPrefix("module.")) {
            assertThat(headless.names()).containsExactly("module.conv1.weight", "module.conv1.bias");
            assertThat(stripped.names()).containsExactly("conv1.weight", "conv1.bias");
            dict.close();
            assertThat(stripped.get("conv1.weight").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        }
        try (StateDict clash = new StateDict().put("a", Tensor.ones(1)).put("x.a", Tensor.ones(1))) {
            assertThatThrownBy(() -> clash.stripPrefix("x.")).hasMessageContaining("two tensors would be named \"a\"");
        }
    }

    @Test
    void hashesLittleEndianBytes() {
        try (StateDict dict = new StateDict().put("w", Tensor.of(new int[] {0x61626364}, 1))) {
            assertThat(dict.sha256("w"))
                    .isEqualTo(Sha256.of("dcba".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }
    }

    @Test
    void refusesNamesThatAreNotUnicode() {
        try (StateDict dict = new StateDict();
                Tensor tensor = Tensor.ones(1)) {
            assertThatThrownBy(() -> dict.put("half \ud800", tensor))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not valid Unicode");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dtypes.pth",
                "dtypes-legacy.pth",
                "dtypes.safetensors",
                "views.pth",
                "views-legacy.pth",
                "views-tar.pth",
                "big-endian.pth"
            })
    void goldenFilesLoadWriteAndLoadAgain(String name) {
        Path source = GoldenFiles.golden(name);
        List<TensorInfo> expected = WeightFiles.inspect(source).tensors();
        BiConsumer<StateDict, Path> torch = TorchCheckpoint::save;
        BiConsumer<StateDict, Path> safetensors = Safetensors::save;
        try (StateDict dict = WeightFiles.load(source)) {
            for (TensorInfo info : expected) {
                assertThat(dict.sha256(info.name())).as(info.name()).isEqualTo(info.sha256());
                assertThat(dict.get(info.name()).shape()).isEqualTo(info.shape());
            }
            torch.accept(dict, folder.resolve("copy.pth"));
            assertThat(WeightFiles.inspect(folder.resolve("copy.pth")).tensors())
                    .isEqualTo(expected);
            if (!dict.contains("complex128")) {
                safetensors.accept(dict, folder.resolve("copy.safetensors"));
                assertThat(WeightFiles.inspect(folder.resolve("copy.safetensors"))
                                .tensors())
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void stridedViewsOfLiveTensorsAreWrittenContiguously() {
        Path file = folder.resolve("view.safetensors");
        try (Scope scope = Scope.open();
                StateDict dict = new StateDict()
                        .put(
                                "t",
                                Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose(0, 1))) {
            Safetensors.save(dict, file, Map.of("epoch", "3"));
            assertThat(scope).isNotNull();
        }
        try (StateDict dict = Safetensors.load(file)) {
            assertThat(dict.get("t").shape()).isEqualTo(Shape.of(3, 2));
            assertThat(dict.get("t").dtype()).isEqualTo(DType.F32);
            assertThat(dict.get("t").toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
        }
        assertThat(Safetensors.metadata(file)).containsExactly(Map.entry("epoch", "3"));
    }

    @Test
    void equalMetadataMakesEqualBytesWhateverTheMapsOrder() {
        Map<String, String> forward = new LinkedHashMap<>();
        Map<String, String> back = new LinkedHashMap<>();
        for (int i = 0; i < 10; i++) {
            forward.put("key" + i, "" + i);
            back.put("key" + (9 - i), "" + (9 - i));
        }
        Path one = folder.resolve("one.safetensors");
        Path other = folder.resolve("other.safetensors");
        try (Scope scope = Scope.open();
                StateDict dict = new StateDict().put("t", Tensor.of(new float[] {1, 2}, 2))) {
            Safetensors.save(dict, one, forward);
            Safetensors.save(dict, other, back);
            assertThat(scope).isNotNull();
        }
        assertThat(one).hasSameBinaryContentAs(other);
    }

    @Test
    void theWrongReaderNamesTheRightOne() {
        assertThatThrownBy(() -> Safetensors.load(GoldenFiles.golden("views.pth")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("torch-zip")
                .hasMessageContaining("TorchCheckpoint.load");
        assertThatThrownBy(() -> TorchCheckpoint.load(GoldenFiles.golden("dtypes.safetensors")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("Safetensors.load");
        try (StateDict dict = TorchCheckpoint.load(GoldenFiles.golden("views-tar.pth"))) {
            assertThat(dict.contains("channels_last")).isTrue();
        }
    }
}
