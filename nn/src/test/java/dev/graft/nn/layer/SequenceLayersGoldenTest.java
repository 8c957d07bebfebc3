package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.layer.sequence.AttentionMasks;
import dev.graft.nn.layer.sequence.GRU;
import dev.graft.nn.layer.sequence.LSTM;
import dev.graft.nn.layer.sequence.MultiheadAttention;
import dev.graft.nn.layer.sequence.RecurrentOptions;
import dev.graft.nn.layer.sequence.TransformerEncoder;
import dev.graft.nn.layer.sequence.TransformerEncoderLayer;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention layers, encoders, recurrent layers and bags of embeddings against PyTorch: keys, outputs, all gradients,
 * and steps of training, from {@code export_sequence_layers_golden.py}.
 */
class SequenceLayersGoldenTest {
    private static final StateDict GOLDEN = load();
    private static final SplittableRandom RANDOM = new SplittableRandom(1);

    private static StateDict load() {
        try {
            return Safetensors.load(Path.of(SequenceLayersGoldenTest.class
                    .getResource("/golden/sequence-layers.safetensors")
                    .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<String> cases() {
        return GOLDEN.names().stream()
                .filter(name -> name.contains("/state/"))
                .map(name -> name.substring(0, name.indexOf("/state/")))
                .distinct();
    }

    /** The arrays of a case under a heading, such as {@code in}. */
    private static Map<String, Tensor> part(String name, String heading) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        String prefix = name + "/" + heading + "/";
        GOLDEN.entries().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .forEach(entry -> found.put(entry.getKey().substring(prefix.length()), entry.getValue()));
        return found;
    }

    private static Module module(String name) {
        String variant = name.substring(name.indexOf('/') + 1);
        return switch (name.substring(0, name.indexOf('/'))) {
            case "attention" -> {
                MultiheadAttention.Options options = MultiheadAttention.options();
                options = variant.equals("no_bias") ? options.withoutBias() : options;
                options = variant.equals("widths") ? options.widths(3, 6) : options;
                yield new MultiheadAttention(8, 2, options, RANDOM);
            }
            case "encoder" ->
                TransformerEncoder.of(
                        2,
                        8,
                        2,
                        TransformerEncoderLayer.options()
                                .hidden(12)
                                .dropout(0)
                                .normFirst(variant.startsWith("first") || variant.equals("padding"))
                                .activation(
                                        variant.endsWith("gelu") || variant.equals("padding")
                                                ? TransformerEncoderLayer.Activation.GELU
                                                : TransformerEncoderLayer.Activation.RELU),
                        RANDOM);
            case "bag" ->
                new EmbeddingBag(
                        7,
                        3,
                        variant.startsWith("mean")
                                ? EmbeddingBag.Mode.MEAN
                                : variant.startsWith("max") ? EmbeddingBag.Mode.MAX : EmbeddingBag.Mode.SUM,
                        variant.endsWith("padding") ? OptionalInt.of(2) : OptionalInt.empty(),
                        RANDOM);
            default -> {
                RecurrentOptions options = RecurrentOptions.of();
                options = variant.equals("no_bias") ? options.withoutBias() : options;
                options = variant.equals("layers") ? options.layers(3) : options;
                options = variant.equals("batch_first") ? options.batchFirst(true) : options;
                options = variant.equals("both_ways") ? options.bidirectional(true) : options;
                options = variant.equals("everything")
                        ? options.layers(2).bidirectional(true).batchFirst(true)
                        : options;
                yield name.startsWith("lstm") ? new LSTM(4, 5, options, RANDOM) : new GRU(4, 5, options, RANDOM);
            }
        };
    }

    private static List<Tensor> run(String name, Module module, Map<String, Tensor> in) {
        Optional<Tensor> lengths = Optional.ofNullable(in.get("lengths"));
        if (module instanceof MultiheadAttention attention) {
            AttentionMasks masks = masks(in);
            if (name.endsWith("weights")) {
                MultiheadAttention.Weighted both =
                        attention.forwardWithWeights(in.get("q"), in.get("k"), in.get("v"), masks);
                return List.of(both.output(), both.weights());
            }
            if (in.containsKey("q")) {
                // Both ways of calling with three.
                return name.endsWith("cross")
                        ? attention.forward(List.of(in.get("q"), in.get("k"), in.get("v")))
                        : List.of(attention.forward(in.get("q"), in.get("k"), in.get("v"), masks));
            }
            return List.of(attention.forward(in.get("x"), masks));
        }
        if (module instanceof TransformerEncoder encoder) {
            AttentionMasks masks = masks(in).causal(name.endsWith("causal"));
            return List.of(name.contains("_") ? encoder.forward(in.get("x")) : encoder.forward(in.get("x"), masks));
        }
        if (module instanceof EmbeddingBag bag) {
            return List.of(
                    bag.forward(in.get("i"), Optional.ofNullable(in.get("offsets")), Optional.ofNullable(in.get("w"))));
        }
        if (module instanceof LSTM lstm) {
            LSTM.Result result = lstm.forward(
                    in.get("x"),
                    in.containsKey("h") ? Optional.of(new LSTM.State(in.get("h"), in.get("c"))) : Optional.empty(),
                    lengths);
            return List.of(result.output(), result.last().h(), result.last().c());
        }
        GRU.Result result = ((GRU) module)
                .forward(in.get("x"), Optional.ofNullable(in.get("h")).map(GRU.State::new), lengths);
        return List.of(result.output(), result.last().h());
    }

    private static AttentionMasks masks(Map<String, Tensor> in) {
        AttentionMasks masks = AttentionMasks.none();
        masks = in.containsKey("padding") ? masks.keyPadding(in.get("padding")) : masks;
        masks = in.containsKey("pairs") ? masks.attention(in.get("pairs")) : masks;
        return in.containsKey("terms_mask") ? masks.attention(in.get("terms_mask")) : masks;
    }

    private static void close(String what, Tensor found, Tensor expected) {
        assertThat(found.shape()).as(what).isEqualTo(expected.shape());
        float[] f = found.toFloatArray();
        float[] e = expected.toFloatArray();
        for (int i = 0; i < f.length; i++) {
            assertThat(f[i]).as("%s[%d]", what, i).isCloseTo(e[i], within(3e-5f * (1 + Math.abs(e[i]))));
        }
    }

    private static Module filled(String name) {
        Module module = Init.skip(() -> module(name));
        StateDict state = new StateDict();
        part(name, "state").forEach((key, value) -> state.put(key, value.copy()));
        module.load(state);
        assertThat(module.stateDict().names()).containsExactlyInAnyOrderElementsOf(state.names());
        return module;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void outputsAndGradientsAreThoseOfPyTorch(String name) {
        try (Scope scope = Scope.open();
                Module module = filled(name)) {
            Map<String, Tensor> gradients = part(name, "grad_in");
            Map<String, Tensor> in = new LinkedHashMap<>();
            part(name, "in").forEach((key, value) -> in.put(key, value.copy().requireGrad(gradients.containsKey(key))));
            List<Tensor> outputs = run(name, module, in);
            List<Tensor> sums = new ArrayList<>();
            Map<String, Tensor> dy = part(name, "dy");
            for (int i = 0; i < outputs.size(); i++) {
                close(name + " output " + i, outputs.get(i), part(name, "out").get("" + i));
                sums.add(outputs.get(i).mul(dy.get("" + i)).sum());
            }
            sums.stream().reduce(Tensor::add).orElseThrow().backward();
            gradients.forEach((key, value) ->
                    close(name + " gradient of " + key, in.get(key).grad().orElseThrow(), value));
            Map<String, Parameter> parameters = module.namedParameters();
            Map<String, Tensor> expected = part(name, "grad");
            assertThat(parameters.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            expected.forEach((key, value) -> close(
                    name + " gradient of " + key, parameters.get(key).grad().orElseThrow(), value));
        }
    }

    static Stream<String> trainings() {
        return cases().filter(name -> GOLDEN.contains(name + "/losses"));
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void trainsAsPyTorchDoes(String name) {
        try (Scope scope = Scope.open();
                Module module = filled(name);
                Sgd sgd = new Sgd(module.parameters(), Sgd.lr(0.05).momentum(0.9))) {
            float[] losses = GOLDEN.get(name + "/losses").toFloatArray();
            for (float expected : losses) {
                sgd.zeroGrad();
                Tensor loss = run(name, module, part(name, "in")).stream()
                        .map(output -> output.square().mean())
                        .reduce(Tensor::add)
                        .orElseThrow();
                assertThat(loss.item()).isCloseTo(expected, within(2e-5f * (1 + expected)));
                loss.backward();
                sgd.step();
            }
            part(name, "after")
                    .forEach((key, value) -> close(
                            name + " " + key + " afterwards",
                            module.namedParameters().get(key).value(),
                            value));
        }
    }

    @Test
    void paddingHasNoInfluence() {
        try (Scope scope = Scope.open()) {
            LSTM lstm = new LSTM(3, 4, RecurrentOptions.of().layers(2).bidirectional(true), RANDOM);
            Tensor lengths = Tensor.of(new long[] {2, 5, 3}, 3);
            Tensor x = Tensor.randn(RANDOM, 5, 3, 3);
            Tensor y = x.copy();
            y.slice(0, 2, 5).select(1, 0).fill(1e30);
            y.slice(0, 3, 5).select(1, 2).fill(-7);
            LSTM.Result first = lstm.forward(x, Optional.empty(), Optional.of(lengths));
            LSTM.Result second = lstm.forward(y, Optional.empty(), Optional.of(lengths));
            assertThat(second.output().toFloatArray())
                    .containsExactly(first.output().toFloatArray());
            assertThat(second.last().c().toFloatArray())
                    .containsExactly(first.last().c().toFloatArray());
            assertThat(first.output().slice(0, 2, 5).select(1, 0).toFloatArray())
                    .containsOnly(0f);
        }
    }

    @Test
    void aListGivesOutputsAndStates() {
        try (Scope scope = Scope.open()) {
            GRU gru = new GRU(3, 4, RANDOM);
            Tensor x = Tensor.randn(RANDOM, 5, 2, 3);
            List<Tensor> both = gru.forward(List.of(x, Tensor.of(new long[] {5, 2}, 2)));
            assertThat(both).hasSize(2);
            assertThat(both.get(1).select(0, 0).select(0, 1).toFloatArray())
                    .containsExactly(both.get(0).select(0, 1).select(0, 1).toFloatArray());
            assertThat(gru.forward(x).shape().toArray()).containsExactly(5, 2, 4);
        }
    }

    @Test
    void dropoutActsInTrainingOnlyAndIsRepeatable() {
        try (Scope scope = Scope.open()) {
            MultiheadAttention attention =
                    new MultiheadAttention(8, 2, MultiheadAttention.options().dropout(0.5f), new SplittableRandom(3));
            Tensor x = Tensor.randn(RANDOM, 2, 5, 8);
            long[] state = attention.randomState();
            float[] first = attention.forward(x).toFloatArray();
            float[] second = attention.forward(x).toFloatArray();
            attention.restoreRandomState(state);
            assertThat(attention.forward(x).toFloatArray())
                    .containsExactly(first)
                    .isNotEqualTo(second);
            attention.eval();
            assertThat(attention.forward(x).toFloatArray())
                    .containsExactly(attention.forward(x).toFloatArray())
                    .isNotEqualTo(first);
        }
    }

    @Test
    void thePaddingRowIsZeroAndStaysSo() {
        try (Scope scope = Scope.open()) {
            Embedding table = new Embedding(4, 3, OptionalInt.of(-1), RANDOM);
            table.forward(Tensor.of(new long[] {3, 0, 3}, 3)).sum().backward();
            Tensor gradient = table.weight().grad().orElseThrow();
            assertThat(gradient.select(0, 3).toFloatArray()).containsOnly(0f);
            assertThat(gradient.select(0, 0).toFloatArray()).containsOnly(1f);
            assertThat(table.weight().value().select(0, 3).toFloatArray()).containsOnly(0f);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Scope scope = Scope.open()) {
            MultiheadAttention attention = new MultiheadAttention(8, 2, RANDOM);
            Tensor x = Tensor.zeros(2, 5, 8);
            assertThatThrownBy(() -> new MultiheadAttention(8, 3, RANDOM))
                    .hasMessage(
                            "multiheadAttention: the width must be a multiple of the number of heads (width 8, heads 3).");
            assertThatThrownBy(() -> attention.forward(Tensor.zeros(5, 8)))
                    .hasMessageContaining(
                            "multiheadAttention: query must be [N, L, 8], key [N, S, 8] and value [N, S, 8]");
            assertThatThrownBy(() ->
                            attention.forward(x, AttentionMasks.none().keyPadding(Tensor.of(new boolean[8], 2, 4))))
                    .hasMessageContaining(
                            "the key padding mask must be [N, S] = [2, 5], BOOL or F32, got BOOL [2, 4].");
            assertThatThrownBy(() -> attention.forward(
                            x, AttentionMasks.none().attention(Tensor.zeros(DType.I64, Shape.of(5, 5)))))
                    .hasMessageContaining("the attention mask must be [L, S] or [N * heads, L, S] = [5, 5]");
            LSTM lstm = new LSTM(3, 4, RANDOM);
            assertThatThrownBy(() -> lstm.forward(Tensor.zeros(5, 2, 4)))
                    .hasMessageContaining(
                            "lstm: input must be [T, N, 3], got [5, 2, 4]. Hint: unsqueeze what has no batch.");
            assertThatThrownBy(() -> lstm.forward(
                            Tensor.zeros(5, 2, 3), Optional.empty(), Optional.of(Tensor.of(new long[] {5, 0}, 2))))
                    .hasMessageContaining("lstm: length 0 of sequence 1 is not from 1 to the number of steps, 5.");
            assertThatThrownBy(() -> lstm.forward(
                            Tensor.zeros(5, 2, 3),
                            Optional.of(new LSTM.State(Tensor.zeros(2, 2, 4), Tensor.zeros(2, 2, 4))),
                            Optional.empty()))
                    .hasMessageContaining(
                            "lstm: the initial state must be [1, 2, 4] (layers * directions, N, H), got [2, 2, 4].");
            EmbeddingBag bag = new EmbeddingBag(7, 3, EmbeddingBag.Mode.MEAN, RANDOM);
            assertThatThrownBy(() -> bag.forward(Tensor.of(new long[] {1, 2}, 2)))
                    .hasMessageContaining("embeddingBag: indices must be [B, L], or [M] with offsets (indices [2]).");
            assertThatThrownBy(() ->
                            bag.forward(List.of(Tensor.of(new long[] {1, 2}, 2), Tensor.of(new long[] {0, 3}, 2))))
                    .hasMessageContaining(
                            "embeddingBag: offsets must be [B], begin with 0, not decrease, and not exceed");
            assertThatThrownBy(() -> bag.forward(
                            Tensor.of(new long[] {1, 2}, 1, 2), Optional.empty(), Optional.of(Tensor.ones(1, 2))))
                    .hasMessageContaining("embeddingBag: weights per sample are for sums");
        }
    }
}
