package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.WeightFileException;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One small state dict in the forms that training scripts give their checkpoints; {@code export_weight_forms.py} wrote
 * them.
 */
class CheckpointFormsTest {
    @TempDir
    private Path folder;

    private static Path form(String name) {
        return GoldenFiles.golden("forms/" + name);
    }

    private static void expectState(StateDict state, String... furtherNames) {
        assertThat(state.names())
                .startsWith("conv.weight", "conv.bias")
                .hasSize(2 + furtherNames.length)
                .endsWith(furtherNames);
        assertThat(state.get("conv.weight").shape()).hasToString("[2, 3]");
        assertThat(state.get("conv.weight").toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(state.get("conv.bias").toFloatArray()).containsExactly(0.5f, -0.5f);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tensor-beside.pth",
                "loss-beside.pth",
                "other-key.pth",
                "foreign-beside.pth",
                "foreign-beside-protocol5.pth",
                "foreign-beside-legacy.pth",
                "protocol1.pth",
                "protocol3.pth",
                "protocol4.pth",
                "protocol5.pth",
                "protocol1-legacy.pth",
                "protocol3-legacy.pth",
                "protocol4-legacy.pth",
                "protocol5-legacy.pth",
                "odd-type-beside.pth",
                "odd-type-inside.pth",
                "metadata-null.safetensors",
                "odd-type.safetensors",
                "python2-int.tar.pth",
                "protocol0.tar.pth"
            })
    void theStateDictIsFound(String name) {
        try (StateDict state = WeightFiles.load(form(name))) {
            expectState(state);
        }
    }

    @Test
    void whatIsLeftOutIsNamed() {
        assertThat(WeightFiles.inspect(form("tensor-beside.pth")).skipped()).containsExactly("epoch", "best_acc1");
        assertThat(WeightFiles.inspect(form("loss-beside.pth")).skipped())
                .containsExactly("loss", "optimizer_state_dict");
        assertThat(WeightFiles.inspect(form("other-key.pth")).skipped()).containsExactly("epoch", "optimizer");
        assertThat(WeightFiles.inspect(form("foreign-beside.pth")).skipped())
                .contains("args", "best", "when", "day", "array", "config", "records", "type", "blob");
    }

    @Test
    void severalDictsOfTensorsKeepTheirNames() {
        try (StateDict state = WeightFiles.load(form("two-dicts.pth"))) {
            assertThat(state.names())
                    .containsExactly(
                            "generator.conv.weight",
                            "generator.conv.bias",
                            "discriminator.conv.weight",
                            "discriminator.conv.bias");
        }
    }

    @Test
    void anObjectWhereWeightsBelongIsRefused() {
        assertThatThrownBy(() -> WeightFiles.load(form("foreign-inside.pth")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("entry \"args\" of the state dict asks for argparse.Namespace")
                .hasMessageContaining("it was not run");
        assertThatThrownBy(() -> WeightFiles.load(form("whole-model.pth")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("torch.nn.modules.linear.Linear")
                .hasMessageContaining("state.state_dict()");
        assertThatThrownBy(() -> WeightFiles.load(form("model-in-checkpoint.pth")))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("torch.nn.modules.linear.Linear")
                .hasMessageContaining("state.state_dict()");
    }

    @Test
    void aTensorOfAnUnknownTypeIsAnErrorOnlyWhereItIsNeeded() {
        for (String name : new String[] {"odd-type-inside.pth", "odd-type.safetensors"}) {
            try (StateDict state = WeightFiles.load(form(name));
                    StateDict renamed = state.stripPrefix("sc");
                    StateDict without = state.without("scale")) {
                String type = name.endsWith("pth") ? "torch.float8_e8m0fnu" : "F8_E8M0";
                assertThat(state.unreadable()).containsOnlyKeys("scale");
                assertThatThrownBy(() -> state.get("scale"))
                        .hasMessageContaining("tensor \"scale\" has type " + type + ", which is not supported. Hint: ");
                assertThat(renamed.unreadable()).containsOnlyKeys("ale");
                assertThat(without.unreadable()).isEmpty();
            }
        }
    }

    @Test
    void floatsOfEightBitsBecomeFloats() throws IOException {
        String json = Files.readString(form("float8.json"));
        try (StateDict state = WeightFiles.load(form("float8.pth"))) {
            for (String name : new String[] {"e4m3", "e5m2"}) {
                String list = json.substring(json.indexOf(name), json.indexOf(']', json.indexOf(name)));
                float[] want = floats(list);
                try (Tensor wide = state.get(name).to(DType.F32)) {
                    assertThat(wide.toFloatArray()).as(name).containsExactly(want);
                }
            }
        }
    }

    private static float[] floats(String list) {
        float[] values = new float[256];
        List<String> texts = Pattern.compile("\"([^\"]+)\"")
                .matcher(list.substring(list.indexOf('[')))
                .results()
                .map(m -> m.group(1))
                .toList();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (texts.get(i)) {
                case "nan" -> Float.NaN;
                case "inf" -> Float.POSITIVE_INFINITY;
                case "-inf" -> Float.NEGATIVE_INFINITY;
                default -> Float.parseFloat(texts.get(i));
            };
        }
        return values;
    }

    @Test
    void paddingBehindAZipIsNoDamage() throws IOException {
        byte[] whole = Files.readAllBytes(form("tensor-beside.pth"));
        for (int zeros : new int[] {1, 10, 4096}) {
            try (StateDict state = WeightFiles.load(
                    Files.write(folder.resolve("padded.pth"), Arrays.copyOf(whole, whole.length + zeros)))) {
                expectState(state);
            }
        }
    }

    @Test
    void wrappersAreTakenOffWhereMoreNamesFitWithoutThem() {
        List<String> network = List.of("conv1.weight", "layer1.0.conv1.weight", "fc.weight");
        for (String prefix : new String[] {
            "module.",
            "_orig_mod.",
            "model.",
            "net.",
            "module._orig_mod.",
            "model._orig_mod.module.",
            "_forward_module.model."
        }) {
            try (StateDict wrapped = new StateDict()) {
                network.forEach(name -> wrapped.put(prefix + name, Tensor.zeros(1)));
                wrapped.put("criterion.weight", Tensor.zeros(1));
                try (StateDict fitted = wrapped.unwrapped(network)) {
                    assertThat(fitted.names()).as(prefix).isEqualTo(network);
                }
                assertThat(wrapped.names()).hasSize(4);
            }
        }
        try (StateDict inner = new StateDict()) {
            inner.put("model._fsdp_wrapped_module.conv1.weight", Tensor.zeros(1))
                    .put("model.layer1._fsdp_wrapped_module.0._orig_mod.conv1.weight", Tensor.zeros(1))
                    .put("model.fc._checkpoint_wrapped_module.weight", Tensor.zeros(1));
            try (StateDict fitted = inner.unwrapped(network)) {
                assertThat(fitted.names()).isEqualTo(network);
            }
        }
    }

    @Test
    void namesThatFitStayAsTheyAre() {
        List<String> network = List.of("model.conv.weight", "model.fc.weight");
        try (StateDict state = new StateDict()
                        .put("model.conv.weight", Tensor.zeros(1))
                        .put("model.fc.weight", Tensor.zeros(1));
                StateDict fitted = state.unwrapped(network);
                StateDict foreign = state.unwrapped(List.of("other"))) {
            assertThat(fitted.names()).isEqualTo(network);
            assertThat(foreign.names()).as("nothing fits better without it").isEqualTo(network);
        }
    }

    @Test
    void savingWritesThroughALinkAndKeepsPermissionsAndTakesAnyName() throws IOException {
        Assumptions.assumeTrue(
                FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
                "skipped: no POSIX permissions here");
        try (StateDict state = new StateDict().put("a", Tensor.ones(2))) {
            Path real = Files.writeString(
                    Files.createDirectories(folder.resolve("store")).resolve("real.safetensors"), "old");
            Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-------"));
            Path link = Files.createSymbolicLink(folder.resolve("link.safetensors"), Path.of("store/real.safetensors"));
            Path linkToLink = Files.createSymbolicLink(folder.resolve("chain.safetensors"), link);
            Safetensors.save(state, linkToLink, Map.of());
            assertThat(Files.isSymbolicLink(link)).isTrue();
            assertThat(Files.isSymbolicLink(linkToLink)).isTrue();
            assertThat(Files.isRegularFile(real)).isTrue();
            try (StateDict read = WeightFiles.load(real)) {
                assertThat(read.names()).containsExactly("a");
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
                    .isEqualTo("rw-------");
            Path dangling =
                    Files.createSymbolicLink(folder.resolve("dangling.safetensors"), folder.resolve("new.safetensors"));
            Safetensors.save(state, dangling, Map.of());
            assertThat(Files.isRegularFile(folder.resolve("new.safetensors"))).isTrue();
            Path longest = folder.resolve("\u00e4".repeat(121) + "." + "x".repeat(12));
            Safetensors.save(state, longest, Map.of());
            assertThat(Files.size(longest)).isPositive();
            Path circle = Files.createSymbolicLink(folder.resolve("circle"), folder.resolve("circle"));
            assertThatThrownBy(() -> Safetensors.save(state, circle, Map.of()))
                    .isInstanceOf(WeightFileException.class)
                    .hasMessageContaining("circle");
            try (var left = Files.list(folder)) {
                assertThat(left.filter(f -> f.toString().endsWith(".tmp"))).isEmpty();
            }
        }
    }
}
