package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.ConvTranspose2d;
import dev.graft.nn.layer.EmbeddingBag;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.layer.sequence.AttentionMasks;
import dev.graft.nn.layer.sequence.GRU;
import dev.graft.nn.layer.sequence.LSTM;
import dev.graft.nn.layer.sequence.MultiheadAttention;
import dev.graft.nn.layer.sequence.TransformerEncoder;
import dev.graft.nn.layer.sequence.TransformerEncoderLayer;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What observers of forward see, and what their being there changes: nothing. */
class ForwardObserverTest {
    private final RandomGenerator random = new SplittableRandom(6);
    private final Sequential net = new Sequential(new Linear(3, 4, random), new ReLU(), new Linear(4, 2, random));
    private final Tensor x = Tensor.randn(random, 5, 3);

    private static final class Two extends Module {
        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            return List.of(inputs.get(0).add(inputs.get(1)), inputs.get(0).sub(inputs.get(1)));
        }
    }

    @Test
    void anObserverSeesInputsAndOutputsUntilItIsClosed() {
        List<String> seen = new ArrayList<>();
        float[] hidden = net.get(0).forward(x).toFloatArray();
        Observation first = net.observe("1", call -> {
            assertThat(call.module()).isSameAs(net.get(1));
            assertThat(call.input().toFloatArray()).containsExactly(hidden);
            assertThat(call.output().toFloatArray())
                    .containsExactly(call.input().relu().toFloatArray());
            seen.add("a");
        });
        try (Observation second = net.observe("1", call -> seen.add("b"));
                Observation whole =
                        net.observe("", call -> seen.add("net " + call.output().shape()))) {
            net.forward(x);
            first.close();
            first.close();
            net.forward(List.of(x));
        }
        net.forward(x);
        assertThat(seen).containsExactly("a", "b", "net [5, 2]", "b", "net [5, 2]");
        assertThat(net.modules()).noneMatch(Module::isObserved);
    }

    @Test
    void anUnknownModuleIsRefused() {
        assertThatThrownBy(() -> net.observe("3", call -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no module '3'");
        assertThatThrownBy(() -> net.intermediates(x, "1", "layer9")).hasMessageContaining("no module 'layer9'");
        assertThatThrownBy(() -> net.intermediates(x)).hasMessageContaining("no layer is named");
    }

    @Test
    void severalInputsAndOutputsAreSeen() {
        Two two = new Two();
        List<String> seen = new ArrayList<>();
        try (Observation o = two.observe("", call -> {
            seen.add(call.inputs().size() + " to " + call.outputs().size());
            assertThatThrownBy(call::input)
                    .hasMessage("observe: the call of Two has 2 inputs ([5, 3], [5, 3]), not one. Hint: use inputs().");
            assertThatThrownBy(call::output).hasMessageContaining("has 2 outputs");
        })) {
            two.forward(List.of(x, x));
        }
        assertThat(seen).containsExactly("2 to 2");
        assertThatThrownBy(() -> two.intermediates(List.of(x, x), "")).hasMessageContaining("has 2 outputs");
    }

    @Test
    void aLayerInsideAFusedOneShowsItsOwnOutput() {
        Conv2d conv = new Conv2d(2, 3, 3, random);
        BatchNorm2d norm = new BatchNorm2d(3);
        norm.runningMean().value().copyFrom(Tensor.of(new float[] {1, -2, 0.5f}, 3));
        Sequential block = new Sequential(conv, norm, new ReLU());
        block.eval();
        Tensor images = Tensor.randn(random, 2, 2, 6, 6);
        float[] whole = block.forward(images).toFloatArray();
        float[] convolved = conv.forward(images).toFloatArray();
        float[] normed = norm.forward(conv.forward(images)).toFloatArray();
        for (String layer : List.of("0", "1", "2")) {
            List<float[]> seen = new ArrayList<>();
            try (Observation o =
                    block.observe(layer, call -> seen.add(call.output().toFloatArray()))) {
                close(block.forward(images).toFloatArray(), whole);
            }
            assertThat(seen).hasSize(1);
            close(seen.get(0), layer.equals("0") ? convolved : layer.equals("1") ? normed : whole);
        }
        Map<String, Tensor> all = block.intermediates(images, "2", "0", "1", "");
        assertThat(all.keySet()).containsExactly("2", "0", "1", "");
        close(all.get("0").toFloatArray(), convolved);
        close(all.get("1").toFloatArray(), normed);
        close(all.get("").toFloatArray(), whole);
    }

    private static void close(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], Offset.offset(1e-5f));
        }
    }

    @Test
    void whatIsSeenIsClosedUnlessAHandleIsKept() {
        List<Tensor> seen = new ArrayList<>();
        List<Tensor> kept = new ArrayList<>();
        try (Observation o = net.observe("0", call -> {
            seen.add(call.output());
            kept.add(call.output().alias().keep());
        })) {
            try (Scope scope = Scope.open()) {
                net.forward(x);
            }
        }
        assertThat(seen.get(0).isClosed()).isTrue();
        Tensor hidden = kept.get(0);
        assertThat(hidden.toFloatArray()).containsExactly(net.get(0).forward(x).toFloatArray());
        hidden.sum().backward(); // the handle has its history
        assertThat(net.get(0).parameters()).allMatch(p -> p.grad().isPresent());
        hidden.close();
    }

    @Test
    void anExceptionOfAnObserverEndsTheCallAndNamesTheLayer() {
        try (Observation o = net.observe("2", call -> {
            throw new IllegalStateException("enough");
        })) {
            assertThatThrownBy(() -> net.forward(x))
                    .isInstanceOf(LayerException.class)
                    .hasMessage("2: enough");
            long before = Device.cpu().memory().live();
            assertThatThrownBy(() -> net.forward(x)).hasMessage("2: enough");
            assertThatThrownBy(() -> net.intermediates(x, "0")).hasMessage("2: enough");
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(before);
        }
        assertThat(net.modules()).noneMatch(Module::isObserved);
    }

    @Test
    void threadsAreSeenAndMayRegisterWhileOthersCall() {
        net.eval();
        AtomicInteger always = new AtomicInteger();
        float[] expected = net.forward(x).toFloatArray();
        try (Observation o = net.observe("1", call -> always.incrementAndGet())) {
            List<CompletableFuture<Boolean>> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                threads.add(CompletableFuture.supplyAsync(() -> {
                    boolean same = true;
                    for (int i = 0; i < 100; i++) {
                        AtomicInteger mine = new AtomicInteger();
                        try (Scope scope = Scope.open();
                                Observation own = net.observe("2", call -> mine.incrementAndGet())) {
                            same &= Arrays.equals(net.forward(x).toFloatArray(), expected) && mine.get() >= 1;
                        }
                    }
                    return same;
                }));
            }
            assertThat(threads).allMatch(CompletableFuture::join);
            assertThat(always.get()).isEqualTo(400);
        }
        assertThat(net.module("2").isObserved()).isFalse();
    }

    @Test
    void intermediatesBelongToTheCallersScopeAndToTheGraph() {
        Map<String, Tensor> outputs;
        try (Scope scope = Scope.open()) {
            outputs = net.intermediates(x, "0", "2");
            outputs.get("0").sum().backward();
            assertThat(net.get(0).parameters()).allMatch(p -> p.grad().isPresent());
            assertThat(net.get(2).parameters()).noneMatch(p -> p.grad().isPresent());
            assertThat(outputs.get("2").toFloatArray())
                    .containsExactly(net.forward(x).toFloatArray());
        }
        assertThat(outputs.values()).allMatch(Tensor::isClosed);
    }

    @Test
    void intermediatesOfOneThreadDoNotConcernOthers() throws Exception {
        List<Boolean> elsewhere = new ArrayList<>();
        try (Observation o = net.observe(
                "0",
                call -> elsewhere.add(
                        CompletableFuture.supplyAsync(() -> net.module("1").isObserved())
                                .join()))) {
            net.intermediates(x, "1");
        }
        assertThat(elsewhere).containsExactly(false);
    }

    @Test
    void aModuleThatIsCalledTwiceGivesItsLastOutputAndOneThatIsNotIsNamed() {
        Module twice = new Module() {
            private final Linear same = new Linear(3, 3, random);
            private final ReLU unused = new ReLU();

            @Override
            protected Tensor compute(Tensor input) {
                return same.forward(same.forward(input));
            }
        };
        assertThat(twice.intermediates(x, "same").get("same").toFloatArray())
                .containsExactly(twice.forward(x).toFloatArray());
        assertThatThrownBy(() -> twice.intermediates(x, "same", "unused"))
                .hasMessageContaining("intermediates: unused was not called by forward of anonymous Module");
        long before = Device.cpu().memory().live();
        assertThatThrownBy(() -> twice.intermediates(x, "same", "unused")).hasMessageContaining("unused");
        assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(before);
    }

    @Test
    void anObserverMayRetainTheGradientOfALayerInsideAFusedOne() {
        Conv2d conv = new Conv2d(2, 3, 3, random);
        BatchNorm2d norm = new BatchNorm2d(3);
        Sequential block = new Sequential(conv, norm, new ReLU());
        block.eval();
        Tensor images = Tensor.randn(random, 2, 2, 6, 6);
        List<Tensor> seen = new ArrayList<>();
        try (Observation o =
                block.observe("0", call -> seen.add(call.output().alias().keep().retainGrad()))) {
            block.forward(images).square().sum().backward();
        }
        List<Tensor> onTheWay = new ArrayList<>();
        try (Observation o = block.observe(
                "0", call -> onTheWay.add(call.output().retainGrad().keep()))) {
            block.forward(images).square().sum().backward();
        }
        assertThat(seen.get(0).grad().orElseThrow().toFloatArray())
                .as("an alias is the output itself")
                .containsExactly(onTheWay.get(0).grad().orElseThrow().toFloatArray());
        Tensor gradient = onTheWay.get(0).grad().orElseThrow();
        Tensor convolved = conv.forward(images).detach().requireGrad(true);
        norm.forward(convolved).relu().square().sum().backward();
        close(gradient.toFloatArray(), convolved.grad().orElseThrow().toFloatArray());
        Tensor output = block.intermediates(images, "0", "").get("0");
        assertThat(output.requiresGrad()).isTrue();
    }

    @Test
    void anotherFormOfForwardIsSeenToo() {
        final class Masked extends Module {
            Tensor forward(Tensor input, float mask) {
                return asThisLayer(List.of(input), () -> input.mul(mask));
            }

            List<Tensor> both(Tensor input) {
                return allAsThisLayer(List.of(input), () -> List.of(input, input));
            }

            @Override
            protected Tensor compute(Tensor input) {
                return forward(input, 1f);
            }
        }
        Masked masked = new Masked();
        List<Integer> outputs = new ArrayList<>();
        try (Observation o =
                masked.observe("", call -> outputs.add(call.outputs().size()))) {
            masked.forward(x, 2f);
            masked.both(x);
        }
        assertThat(outputs).containsExactly(1, 2);
    }

    @Test
    void attentionInsideAnEncoderIsSeenOnceWithMasksAndWithout() {
        var options = TransformerEncoderLayer.options().hidden(8);
        TransformerEncoder encoder = TransformerEncoder.of(2, 6, 2, options, random);
        encoder.eval();
        Tensor sequences = Tensor.randn(random, 2, 4, 6);
        for (String path : List.of("", "layers.0", "layers.1", "layers.1.self_attn")) {
            List<Shape> seen = new ArrayList<>();
            try (Observation o = encoder.observe(path, call -> {
                seen.add(call.input().shape());
                seen.add(call.output().shape());
            })) {
                encoder.forward(sequences);
                assertThat(seen).as(path).containsExactly(sequences.shape(), sequences.shape());
                seen.clear();
                encoder.forward(sequences, AttentionMasks.none().causal(true));
                assertThat(seen).as(path).containsExactly(sequences.shape(), sequences.shape());
            }
        }
        MultiheadAttention attention = (MultiheadAttention) encoder.module("layers.0.self_attn");
        assertThat(encoder.intermediates(sequences, "layers.0.self_attn")
                        .get("layers.0.self_attn")
                        .toFloatArray())
                .containsExactly(attention.forward(sequences).toFloatArray());
        List<Integer> inputs = new ArrayList<>();
        try (Observation o =
                attention.observe("", call -> inputs.add(call.inputs().size()))) {
            attention.forward(sequences, sequences, sequences, AttentionMasks.none());
        }
        assertThat(inputs).containsExactly(3);
    }

    @Test
    void recurrentLayersWithLengthsAndStatesAreSeen() {
        LSTM lstm = new LSTM(3, 4, random);
        GRU gru = new GRU(3, 4, random);
        Tensor steps = Tensor.randn(random, 5, 2, 3);
        Tensor lengths = Tensor.of(new long[] {5, 2}, 2);
        List<String> seen = new ArrayList<>();
        ForwardObserver sizes =
                call -> seen.add(call.input().shape() + " to " + call.outputs().size());
        try (Observation one = lstm.observe("", sizes);
                Observation two = gru.observe("", sizes)) {
            lstm.forward(steps, Optional.empty(), Optional.of(lengths));
            gru.forward(steps, Optional.of(new GRU.State(Tensor.zeros(1, 2, 4))), Optional.empty());
        }
        assertThat(seen).containsExactly("[5, 2, 3] to 3", "[5, 2, 3] to 2");
    }

    @Test
    void sizesAndOffsetsDoNotHideALayer() {
        ConvTranspose2d conv =
                new ConvTranspose2d(2, 3, 3, ConvTranspose2d.options().stride(2).padding(1), random);
        EmbeddingBag bag = new EmbeddingBag(6, 2, EmbeddingBag.Mode.SUM, random);
        List<Shape> seen = new ArrayList<>();
        ForwardObserver shapes = call -> {
            seen.add(call.input().shape());
            seen.add(call.output().shape());
        };
        try (Observation one = conv.observe("", shapes);
                Observation two = bag.observe("", shapes)) {
            conv.forward(Tensor.ones(1, 2, 4, 4), 8, 8);
            bag.forward(
                    Tensor.of(new long[] {0, 1, 2}, 3), Optional.of(Tensor.of(new long[] {0, 2}, 2)), Optional.empty());
        }
        assertThat(seen).containsExactly(Shape.of(1, 2, 4, 4), Shape.of(1, 3, 8, 8), Shape.of(3), Shape.of(2, 2));
    }

    @Test
    void anObserverStaysWithItsModule() {
        List<String> seen = new ArrayList<>();
        Module old = net.module("1");
        try (Observation o = net.observe("1", call -> seen.add("old"))) {
            net.replace("1", new ReLU());
            net.forward(x);
            assertThat(seen).isEmpty();
            old.forward(x);
            assertThat(seen).containsExactly("old");
        }
    }

    /** As Grad-CAM needs them: the intermediate result is the one that the logits are made of. */
    @Test
    void intermediatesKeepTheGradientOfWhatLiesBehindThem() {
        net.eval();
        List<Tensor> kept = new ArrayList<>();
        try (Observation o =
                net.observe("1", call -> kept.add(call.output().retainGrad().keep()))) {
            net.forward(x).square().sum().backward();
        }
        Map<String, Tensor> outputs = net.intermediates(x, "1", "", "2");
        outputs.values().forEach(Tensor::retainGrad);
        outputs.get("").square().sum().backward();
        assertThat(outputs.get("1").grad().orElseThrow().toFloatArray())
                .containsExactly(kept.get(0).grad().orElseThrow().toFloatArray());
        assertThat(outputs.get("").grad().orElseThrow().toFloatArray())
                .containsExactly(outputs.get("").detach().mul(2).toFloatArray());
        assertThat(outputs.get("2").grad().orElseThrow().toFloatArray())
                .as("the last layer's output is the network's")
                .containsExactly(outputs.get("").grad().orElseThrow().toFloatArray());
    }
}
