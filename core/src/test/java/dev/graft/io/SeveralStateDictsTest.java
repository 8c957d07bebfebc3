package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.WeightFileException;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file with several networks in it: which one is meant is for its user to say. */
class SeveralStateDictsTest {
    private static final List<String> NETWORK = List.of("conv.weight", "conv.bias");

    @TempDir
    private Path folder;

    private static Path form(String name) {
        return GoldenFiles.golden("forms/" + name);
    }

    private static StateDict two(String one, float first, String other, float second) {
        StateDict state = new StateDict();
        NETWORK.forEach(name -> state.put(one + name, Tensor.full(first, 2)));
        NETWORK.forEach(name -> state.put(other + name, Tensor.full(second, 2)));
        return state;
    }

    @ParameterizedTest
    @CsvSource({"model-and-ema.pth, model, model_ema", "state-dict-and-nested.pth, state_dict, best"})
    void aCheckpointWithASecondStateDictOfTheSameNamesAndShapesIsRefused(String file, String one, String other) {
        for (Runnable load : List.<Runnable>of(
                () -> WeightFiles.load(form(file)).close(),
                () -> TorchCheckpoint.load(form(file)).close())) {
            assertThatThrownBy(load::run)
                    .isInstanceOf(WeightFileException.class)
                    .hasMessageContaining(
                            "it holds two state dicts of the same names and shapes: " + one + ", " + other)
                    .hasMessageContaining(
                            "Hint: choose one by its name with WeightFiles.load(path, \"" + other + "\").");
        }
        try (StateDict first = WeightFiles.load(form(file), one);
                StateDict second = WeightFiles.load(form(file), other)) {
            StateDict bare = second.contains("n_averaged") ? second.under("module") : second;
            assertThat(first.get("conv.bias").toFloatArray()).containsExactly(0.5f, -0.5f);
            assertThat(bare.get("conv.bias").toFloatArray()).containsExactly(1.5f, 0.5f);
            assertThat(bare.names()).isEqualTo(NETWORK);
        }
        assertThat(WeightFiles.inspect(form(file)).tensors())
                .as("inspecting decides nothing")
                .hasSize(2);
    }

    @Test
    void oneStateDictUnderTwoKeysIsOne() {
        try (StateDict state = WeightFiles.load(form("one-under-two-keys.pth"))) {
            assertThat(state.names()).isEqualTo(NETWORK);
        }
    }

    @Test
    void aCheckpointOfTwoNamelessStateDictsIsToldWhenANetworkIsToBeFilled() {
        try (StateDict state = WeightFiles.load(form("a-and-b.pth"))) {
            assertThatThrownBy(() -> state.unwrapped(NETWORK))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "stateDict: it holds two state dicts: a, b; both fit the network. Hint: choose one by its"
                                    + " name with state.under(\"b\") or WeightFiles.load(path, \"b\").");
            try (StateDict both = state.unwrapped(List.of("a.conv.weight", "b.conv.weight"))) {
                assertThat(both.size()).as("a network of both").isEqualTo(4);
            }
        }
        try (StateDict b = WeightFiles.load(form("a-and-b.pth"), "b")) {
            assertThat(b.get("conv.bias").toFloatArray()).containsExactly(1.5f, 0.5f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "net., model.",
        "student., teacher.",
        "model., ema.",
        "encoder_q., encoder_k.",
        "module.a., module.b.",
        "x., y."
    })
    void namesThatFitUnderTwoPrefixesAreRefused(String one, String other) {
        String first = one.substring(0, one.length() - 1);
        String second = other.substring(0, other.length() - 1);
        try (StateDict state = two(one, 1, other, 2);
                StateDict chosen = state.under(second)) {
            assertThatThrownBy(() -> state.unwrapped(NETWORK))
                    .hasMessageContaining("two state dicts: " + first + ", " + second + "; both fit the network")
                    .hasMessageContaining("state.under(\"" + second + "\")");
            assertThat(chosen.names()).isEqualTo(NETWORK);
            assertThat(chosen.get("conv.weight").toFloatArray()).containsExactly(2, 2);
            Path file = folder.resolve("two.safetensors");
            Safetensors.save(state, file);
            try (StateDict read = WeightFiles.load(file, first)) {
                assertThat(read.get("conv.weight").toFloatArray()).containsExactly(1, 1);
            }
        }
        try (StateDict state = two(one, 1, other, 2).put("third.conv.weight", Tensor.ones(2))) {
            state.put("third.conv.bias", Tensor.ones(2));
            assertThatThrownBy(() -> state.unwrapped(NETWORK)).hasMessageContaining("it holds 3 state dicts: ");
        }
    }

    @Test
    void oneModuleUnderTwoNamesIsOne() {
        try (StateDict state = two("net.", 1, "model.", 1);
                StateDict fitted = state.unwrapped(NETWORK)) {
            assertThat(fitted.names()).isEqualTo(NETWORK);
        }
    }

    @Test
    void theOnlyOneThatFitsUnderAForeignNameIsNamed() {
        try (StateDict state = new StateDict()) {
            NETWORK.forEach(name -> state.put("generator." + name, Tensor.ones(2)));
            state.put("critic.head.weight", Tensor.ones(2)).put("critic.head.bias", Tensor.ones(2));
            assertThatThrownBy(() -> state.unwrapped(NETWORK))
                    .hasMessageContaining("two state dicts: generator, critic; generator fits the network")
                    .hasMessageContaining("state.under(\"generator\")");
        }
    }

    @Test
    void aNameThatIsNotThereIsToldWithThoseThatAre() {
        try (StateDict state = two("net.", 1, "model.", 2)) {
            Path file = folder.resolve("two.safetensors");
            Safetensors.save(state, file);
            assertThatThrownBy(() -> WeightFiles.load(file, "ema"))
                    .isInstanceOf(WeightFileException.class)
                    .hasMessageContaining(
                            "it holds no state dict named \"ema\". Hint: its names begin with net, model;");
            assertThatThrownBy(() -> state.under("ema"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no name begins with \"ema.\". Hint: they begin with [net., model.]");
        }
        assertThatThrownBy(() -> WeightFiles.load(form("model-and-ema.pth"), "teacher"))
                .hasMessageContaining("no state dict named \"teacher\". Hint: its names begin with model, model_ema,");
    }

    @ParameterizedTest
    @CsvSource({
        "quantized.pth, conv.weight, is quantized, dequantize()",
        "quantized-channels.pth, conv.weight, is quantized, dequantize()",
        "quantized-legacy.pth, q, is quantized, dequantize()",
        "sparse.pth, conv.weight, is sparse, to_dense()",
        "sparse-rows.pth, conv.weight, is sparse, to_dense()",
        "meta.pth, conv.weight, has no values, save the model after"
    })
    void tensorsOfOtherKindsAreNoDamageAndTheirFixIsTold(String file, String name, String problem, String fix) {
        try (StateDict state = WeightFiles.load(form(file))) {
            assertThat(state.unreadable()).containsOnlyKeys(name);
            assertThat(state.get("conv.bias").toFloatArray()).as("the others").containsExactly(0.5f, -0.5f);
            assertThatThrownBy(() -> state.get(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("tensor \"" + name + "\" " + problem)
                    .hasMessageContaining("Hint: ")
                    .hasMessageContaining(fix);
        }
        assertThat(WeightFiles.inspect(form(file)).skipped())
                .anySatisfy(line -> assertThat(line).startsWith(name + ", which " + problem));
    }
}
