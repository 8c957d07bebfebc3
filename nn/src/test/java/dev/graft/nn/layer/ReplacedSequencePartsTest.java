package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.LayerException;
import dev.graft.nn.Module;
import dev.graft.nn.Observation;
import dev.graft.nn.layer.sequence.AttentionMasks;
import dev.graft.nn.layer.sequence.LSTM;
import dev.graft.nn.layer.sequence.MaskedLayer;
import dev.graft.nn.layer.sequence.RecurrentOptions;
import dev.graft.nn.layer.sequence.TransformerEncoder;
import dev.graft.nn.layer.sequence.TransformerEncoderLayer;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every part of the layers of sequences may be replaced and observed, with masks and without. */
class ReplacedSequencePartsTest {
    private final RandomGenerator random = new SplittableRandom(2);
    private final Tensor x = Tensor.randn(random, 3, 5, 8);

    /** What a user might write: the same function, in a class that no layer knows. */
    private static class Same extends Module {
        private final Module inner;

        Same(Module inner) {
            this.inner = inner;
        }

        @Override
        protected Tensor compute(Tensor input) {
            return inner.forward(input);
        }
    }

    /** The same, with masks. */
    private static final class SameWithMasks extends Same implements MaskedLayer {
        private final MaskedLayer masked;

        SameWithMasks(Module inner) {
            super(inner);
            masked = (MaskedLayer) inner;
        }

        @Override
        public Tensor forward(Tensor input, AttentionMasks masks) {
            return asThisLayer(List.of(input), () -> masked.forward(input, masks));
        }
    }

    /** A part with an effect. */
    private static final class Changed extends Module {
        private final Module inner;

        Changed(Module inner) {
            this.inner = inner;
        }

        @Override
        protected Tensor compute(Tensor input) {
            Tensor y = inner.forward(input);
            return y.add(y.square().mul(0.5f)).add(0.25f);
        }
    }

    private TransformerEncoder encoder(boolean normFirst) {
        TransformerEncoder encoder = TransformerEncoder.of(
                2, 8, 2, TransformerEncoderLayer.options().hidden(16).normFirst(normFirst), random);
        encoder.eval();
        return encoder;
    }

    private static List<String> parts(Module network) {
        return network.namedModules().keySet().stream()
                .filter(name -> !name.isEmpty() && !name.equals("layers"))
                .toList();
    }

    private static void close(Tensor actual, Tensor expected) {
        float[] e = expected.toFloatArray();
        float[] a = actual.toFloatArray();
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(e[i], Offset.offset(1e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEquivalentPartGivesTheSameAndAnotherDoesNot(boolean normFirst) {
        TransformerEncoder encoder = encoder(normFirst);
        Tensor expected = encoder.forward(x);
        assertThat(parts(encoder))
                .contains("layers.1.self_attn", "layers.1.self_attn.out_proj", "layers.0.linear1", "layers.0.linear2")
                .contains("layers.0.activation", "layers.0.norm1", "layers.0.norm2", "layers.1.dropout2")
                .hasSize(normFirst ? 23 : 22);
        for (String part : parts(encoder)) {
            Module old = encoder.module(part);
            encoder.replace(part, new Same(old));
            close(encoder.forward(x), expected);
            encoder.replace(part, new Changed(old));
            assertThat(encoder.forward(x).toFloatArray()).as(part).isNotEqualTo(expected.toFloatArray());
            encoder.replace(part, old);
        }
        close(encoder.forward(x), expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyPartIsSeenOnceACallAndByItsPath(boolean masked) {
        TransformerEncoder encoder = encoder(true);
        AttentionMasks masks = masked
                ? AttentionMasks.none().causal(true).keyPadding(Tensor.of(new boolean[15], 3, 5))
                : AttentionMasks.none();
        for (String part : parts(encoder)) {
            int[] calls = {0};
            try (Observation seen = encoder.observe(part, call -> {
                calls[0]++;
                assertThat(call.input().dim(0)).isEqualTo(call.output().dim(0));
            })) {
                encoder.forward(x, masks);
            }
            assertThat(calls[0]).as(part).isEqualTo(1);
        }
        String[] paths = parts(encoder).toArray(String[]::new);
        assertThat(encoder.intermediates(x, paths)).containsOnlyKeys(paths);
    }

    @Test
    void replacedPartsAreTrained() {
        TransformerEncoder encoder = encoder(false);
        encoder.replace("layers.0.linear1", new Linear(8, 16, random));
        encoder.replace("layers.0.activation", new PReLU());
        encoder.replace("layers.1.norm1", new RMSNorm(8));
        encoder.forward(x).square().sum().backward();
        assertThat(encoder.parameters())
                .allSatisfy(p -> assertThat(p.value().grad()).isPresent());
        assertThat(encoder.stateDict().names()).contains("layers.0.activation.weight", "layers.0.linear1.weight");
    }

    @Test
    void stateDictNamesAreThoseOfPyTorch() {
        assertThat(encoder(true).stateDict().names())
                .filteredOn(n -> n.startsWith("layers.0") || n.startsWith("norm"))
                .containsExactlyInAnyOrder(
                        "layers.0.self_attn.in_proj_weight",
                        "layers.0.self_attn.in_proj_bias",
                        "layers.0.self_attn.out_proj.weight",
                        "layers.0.self_attn.out_proj.bias",
                        "layers.0.linear1.weight",
                        "layers.0.linear1.bias",
                        "layers.0.linear2.weight",
                        "layers.0.linear2.bias",
                        "layers.0.norm1.weight",
                        "layers.0.norm1.bias",
                        "layers.0.norm2.weight",
                        "layers.0.norm2.bias",
                        "norm.weight",
                        "norm.bias");
    }

    @ParameterizedTest
    @ValueSource(strings = {"layers.1", "layers.1.self_attn"})
    void masksReachWhatTakesThemAndAreRefusedElsewhere(String part) {
        TransformerEncoder encoder = encoder(true);
        AttentionMasks masks = AttentionMasks.none().causal(true);
        Tensor expected = encoder.forward(x, masks);
        Module old = encoder.module(part);
        encoder.replace(part, new SameWithMasks(old));
        close(encoder.forward(x, masks), expected);
        encoder.replace(part, new Same(old));
        assertThat(encoder.forward(x).shape()).isEqualTo(x.shape());
        assertThatThrownBy(() -> encoder.forward(x, masks))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("attention masks: the layer Same")
                .hasMessageContaining("Hint: let it implement MaskedLayer");
    }

    @Test
    void theDropoutBetweenRecurrentLayersMayBeReplaced() {
        LSTM lstm = new LSTM(8, 4, RecurrentOptions.of().layers(2).dropout(0.5f), random);
        lstm.eval();
        Tensor expected = lstm.forward(x);
        Module old = lstm.module("dropout");
        lstm.replace("dropout", new Same(old));
        close(lstm.forward(x), expected);
        int[] outputs = {0};
        try (Observation seen = lstm.observe("dropout", call -> outputs[0]++)) {
            lstm.forward(x, Optional.empty(), Optional.empty());
        }
        assertThat(outputs[0]).isEqualTo(1);
        lstm.replace("dropout", new Changed(old));
        assertThat(lstm.forward(x).toFloatArray()).isNotEqualTo(expected.toFloatArray());
    }
}
