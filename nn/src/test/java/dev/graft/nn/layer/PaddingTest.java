package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.Module;
import dev.graft.nn.layer.sequence.AttentionMasks;
import dev.graft.nn.layer.sequence.GRU;
import dev.graft.nn.layer.sequence.LSTM;
import dev.graft.nn.layer.sequence.MultiheadAttention;
import dev.graft.nn.layer.sequence.RecurrentOptions;
import dev.graft.nn.layer.sequence.TransformerEncoder;
import dev.graft.nn.layer.sequence.TransformerEncoderLayer;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Padded positions have no influence, whatever they hold, on what is not padding and on no gradient. */
class PaddingTest {
    private static final int BATCH = 3;
    private static final int STEPS = 5;
    private static final int WIDTH = 4;
    private static final int[] LENGTHS = {5, 2, 3};

    /** A network, and its output [N, T, ...] for x [N, T, WIDTH]. */
    private record Padded(Module network, Function<Tensor, Tensor> forward) {}

    private static final Map<String, Function<RandomGenerator, Padded>> NETWORKS = networks();

    private static boolean isPadding(int n, int t) {
        return t >= LENGTHS[n];
    }

    private static Tensor mask() {
        boolean[] padding = new boolean[BATCH * STEPS];
        for (int i = 0; i < padding.length; i++) {
            padding[i] = isPadding(i / STEPS, i % STEPS);
        }
        return Tensor.of(padding, BATCH, STEPS);
    }

    private static Map<String, Function<RandomGenerator, Padded>> networks() {
        Map<String, Function<RandomGenerator, Padded>> all = new TreeMap<>();
        Tensor lengths = Tensor.of(new long[] {LENGTHS[0], LENGTHS[1], LENGTHS[2]}, BATCH);
        AttentionMasks bool = AttentionMasks.none().keyPadding(mask());
        AttentionMasks terms = AttentionMasks.none()
                .keyPadding(Tensor.zeros(BATCH, STEPS).maskedFill(mask(), Float.NEGATIVE_INFINITY));
        for (int layers : new int[] {1, 2}) {
            for (boolean both : new boolean[] {false, true}) {
                for (boolean batchFirst : new boolean[] {false, true}) {
                    RecurrentOptions options = RecurrentOptions.of()
                            .layers(layers)
                            .bidirectional(both)
                            .batchFirst(batchFirst);
                    BiFunction<Tensor, Function<Tensor, Tensor>, Tensor> ordered = (x, f) ->
                            batchFirst ? f.apply(x) : f.apply(x.transpose(0, 1)).transpose(0, 1);
                    String name = layers + (both ? ", both ways" : "") + (batchFirst ? ", by sequence" : "");
                    all.put("LSTM " + name, random -> {
                        LSTM lstm = new LSTM(WIDTH, 3, options, random);
                        return new Padded(
                                lstm,
                                x -> ordered.apply(
                                        x,
                                        y -> lstm.forward(y, Optional.empty(), Optional.of(lengths))
                                                .output()));
                    });
                    all.put("GRU " + name, random -> {
                        GRU gru = new GRU(WIDTH, 3, options, random);
                        return new Padded(
                                gru,
                                x -> ordered.apply(
                                        x,
                                        y -> gru.forward(y, Optional.empty(), Optional.of(lengths))
                                                .output()));
                    });
                }
            }
        }
        Map.of("bool", bool, "terms", terms, "causal", bool.causal(true)).forEach((name, masks) -> {
            all.put("attention, " + name, random -> {
                MultiheadAttention attention = new MultiheadAttention(WIDTH, 2, random);
                return new Padded(attention, x -> attention.forward(x, masks));
            });
            all.put("attention to others, " + name, random -> {
                MultiheadAttention attention = new MultiheadAttention(
                        WIDTH, 2, MultiheadAttention.options().widths(WIDTH, 3), random);
                Tensor queries = Tensor.randn(random, BATCH, STEPS, WIDTH);
                return new Padded(attention, x -> attention.forward(queries, x, x.slice(2, 0, 3), masks));
            });
            all.put("attention with weights, " + name, random -> {
                MultiheadAttention attention = new MultiheadAttention(WIDTH, 1, random);
                return new Padded(
                        attention,
                        x -> attention.forwardWithWeights(x, x, x, masks).output());
            });
            for (boolean normFirst : new boolean[] {false, true}) {
                all.put("encoder, " + name + ", " + normFirst, random -> {
                    TransformerEncoder encoder = TransformerEncoder.of(
                            2,
                            WIDTH,
                            2,
                            TransformerEncoderLayer.options()
                                    .hidden(6)
                                    .dropout(0)
                                    .normFirst(normFirst),
                            random);
                    return new Padded(encoder, x -> encoder.forward(x, masks));
                });
            }
        });
        return all;
    }

    static Stream<String> names() {
        return NETWORKS.keySet().stream();
    }

    /** The outputs of what is no padding, all gradients of parameters, and that of the input. */
    private static List<float[]> run(String name, float padding) {
        RandomGenerator random = new SplittableRandom(4);
        Tensor x = Tensor.randn(random, BATCH, STEPS, WIDTH)
                .maskedFill(mask().unsqueeze(2), padding)
                .detach()
                .requireGrad(true);
        Padded padded = NETWORKS.get(name).apply(random);
        Tensor y = padded.forward().apply(x);
        // Queries to others are no padding themselves.
        boolean all = name.startsWith("attention to others");
        Tensor outputs = all ? y : y.maskedFill(mask().unsqueeze(2), 0);
        outputs.mul(Tensor.randn(random, outputs.shape().toArray())).sum().backward();
        List<float[]> results = new ArrayList<>(List.of(outputs.toFloatArray()));
        padded.network()
                .parameters()
                .forEach(p -> results.add(p.value().grad().orElseThrow().toFloatArray()));
        results.add(x.grad().orElseThrow().toFloatArray());
        return results;
    }

    @ParameterizedTest
    @MethodSource("names")
    void paddingHasNoInfluence(String name) {
        List<float[]> expected = run(name, 0.5f);
        for (float padding : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -3e38f, 7}) {
            if (padding == -3e38f && !(name.startsWith("LSTM") || name.startsWith("GRU"))) {
                continue; // queries of padding overflow, and 0 times their weights is not 0: see AttentionMasks
            }
            List<float[]> found = run(name, padding);
            for (int i = 0; i < expected.size(); i++) {
                assertThat(found.get(i))
                        .as("result %s with padding of %s", i, padding)
                        .isEqualTo(expected.get(i));
            }
        }
        float[] gradient = expected.get(expected.size() - 1);
        for (int i = 0; i < gradient.length; i++) {
            int position = i / WIDTH;
            if (isPadding(position / STEPS, position % STEPS)) {
                assertThat(gradient[i]).isZero();
            }
        }
    }

    @Test
    void whatIsNoPaddingKeepsItsInfluence() {
        RandomGenerator random = new SplittableRandom(4);
        float[] data = Tensor.randn(random, BATCH, STEPS, WIDTH).toFloatArray();
        data[1] = Float.NaN;
        Tensor x = Tensor.of(data, BATCH, STEPS, WIDTH);
        for (Function<RandomGenerator, Padded> maker : NETWORKS.values()) {
            Padded padded = maker.apply(random);
            assertThat(Float.isFinite(padded.forward().apply(x).sum().item())).isFalse();
        }
    }
}
