package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.ReLU6;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ModuleTest {
    private final RandomGenerator random = new SplittableRandom(5);

    static final class Block extends Module {
        private final Conv2d conv1;
        private final BatchNorm2d bn1;
        private final Module downsample;

        Block(int in, int out, RandomGenerator random) {
            conv1 = new Conv2d(in, out, 3, Conv2d.options().padding(1).withoutBias(), random);
            bn1 = new BatchNorm2d(out);
            downsample = in == out ? null : new Sequential(new Conv2d(in, out, 1, random));
        }

        @Override
        protected Tensor compute(Tensor x) {
            return bn1.forward(conv1.forward(x))
                    .add(downsample == null ? x : downsample.forward(x))
                    .relu();
        }
    }

    static final class Net extends Module {
        private final Sequential layer1;
        private final Dropout drop;
        private Module fc;
        private final Linear fixed;

        @StateKey("pos_scale")
        private final Parameter positionScale = new Parameter(Tensor.ones(1));

        Net(RandomGenerator random) {
            layer1 = new Sequential(new Block(2, 3, random), new Block(3, 3, random));
            drop = new Dropout(0.5f, random);
            fc = new Linear(3, 4, random);
            fixed = new Linear(4, 4, random);
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor features = drop.forward(layer1.forward(x).mean(2, 3).mul(positionScale.value()));
            return fixed.forward(fc.forward(features));
        }
    }

    private Tensor image() {
        return Tensor.randn(random, 4, 2, 5, 5);
    }

    private static List<Float> values(StateDict state, String name) {
        float[] values = state.get(name).toFloatArray();
        Float[] boxed = new Float[values.length];
        for (int i = 0; i < boxed.length; i++) {
            boxed[i] = values[i];
        }
        return List.of(boxed);
    }

    @Test
    void fieldNamesAreStateDictKeysInPyTorchsOrder() {
        Net net = new Net(random);
        assertThat(net.stateDict().names())
                .containsExactly(
                        "pos_scale",
                        "layer1.0.conv1.weight",
                        "layer1.0.bn1.weight",
                        "layer1.0.bn1.bias",
                        "layer1.0.bn1.running_mean",
                        "layer1.0.bn1.running_var",
                        "layer1.0.bn1.num_batches_tracked",
                        "layer1.0.downsample.0.weight",
                        "layer1.0.downsample.0.bias",
                        "layer1.1.conv1.weight",
                        "layer1.1.bn1.weight",
                        "layer1.1.bn1.bias",
                        "layer1.1.bn1.running_mean",
                        "layer1.1.bn1.running_var",
                        "layer1.1.bn1.num_batches_tracked",
                        "fc.weight",
                        "fc.bias",
                        "fixed.weight",
                        "fixed.bias");
        assertThat(net.namedParameters().keySet())
                .containsExactly(
                        "pos_scale",
                        "layer1.0.conv1.weight",
                        "layer1.0.bn1.weight",
                        "layer1.0.bn1.bias",
                        "layer1.0.downsample.0.weight",
                        "layer1.0.downsample.0.bias",
                        "layer1.1.conv1.weight",
                        "layer1.1.bn1.weight",
                        "layer1.1.bn1.bias",
                        "fc.weight",
                        "fc.bias",
                        "fixed.weight",
                        "fixed.bias");
        assertThat(net.namedModules().keySet()).startsWith("", "layer1", "layer1.0", "layer1.0.conv1");
        assertThat(net.parameterCount()).isEqualTo(1 + 54 + 6 + 9 + 81 + 6 + 16 + 20);
        assertThat(net.module("layer1.1.bn1")).isInstanceOf(BatchNorm2d.class);
    }

    @Test
    void aSharedParameterIsCountedOnceAndSavedUnderBothNames() {
        Linear shared = new Linear(2, 2, random);
        Sequential twice = new Sequential(shared, shared);
        assertThat(twice.namedParameters().keySet()).containsExactly("0.weight", "0.bias");
        assertThat(twice.stateDict().names()).containsExactly("0.weight", "0.bias", "1.weight", "1.bias");
    }

    @Test
    void loadsWhatItSaved() {
        Net saved = new Net(random);
        saved.forward(image());
        Net loaded = new Net(random);
        try (StateDict state = saved.stateDict()) {
            loaded.load(state);
        }
        saved.eval();
        loaded.eval();
        Tensor image = image();
        assertThat(loaded.forward(image).toFloatArray())
                .isEqualTo(saved.forward(image).toFloatArray());
        assertThat(loaded.stateDict().get("layer1.1.bn1.num_batches_tracked").itemLong())
                .isEqualTo(1);
    }

    @Test
    void strictLoadReportsAllKeysAndChangesNothing() {
        Linear linear = new Linear(3, 2, random);
        Sequential net = new Sequential(linear, new BatchNorm1d(2), new Linear(2, 1, random));
        List<Float> before = values(net.stateDict(), "0.weight");
        try (StateDict state = net.stateDict().without("1.running_mean")) {
            state.put("0.weight", Tensor.zeros(2, 3))
                    .put("2.weight", Tensor.zeros(5, 2))
                    .put("extra.weight", Tensor.zeros(7));
            state.put("2.bias", Tensor.of(new long[] {1}, 1));
            assertThatThrownBy(() -> net.load(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "load: the state dict does not fit Sequential (9 entries): 1 missing, 1 unexpected, 2 mismatched."
                                    + "\n  missing: 1.running_mean [2]"
                                    + "\n  unexpected: extra.weight [7]"
                                    + "\n  mismatched: 2.weight: file [5, 2], module [1, 2]; 2.bias: file I64, module F32"
                                    + "\nHint: build the architecture the file was saved from, then replace its head after loading.");
        }
        assertThat(values(net.stateDict(), "0.weight")).isEqualTo(before);
    }

    @Test
    void aReplacedHeadIsTheExceptionToStrictLoading() {
        Net pretrained = new Net(random);
        Net net = new Net(random);
        net.replace("fc", new Linear(3, 4, false, random));
        List<Float> head = values(net.stateDict(), "fc.weight");
        try (StateDict state = pretrained.stateDict()) {
            assertThatThrownBy(() -> net.load(state)).hasMessageContaining("unexpected: fc.bias [4]");
            net.load(state, LoadOptions.replacedHead("fc"));
            assertThatThrownBy(() -> net.load(state, LoadOptions.replacedHead("head")))
                    .hasMessageContaining("no module 'head' in Net");
        }
        assertThat(values(net.stateDict(), "fc.weight")).isEqualTo(head);
        assertThat(values(net.stateDict(), "layer1.0.conv1.weight"))
                .isEqualTo(values(pretrained.stateDict(), "layer1.0.conv1.weight"));
    }

    @Test
    void hintsNameTheLikelyMistake() {
        Linear linear = new Linear(2, 2, random);
        try (StateDict prefixed =
                new StateDict().put("odd.weight", Tensor.zeros(2, 2)).put("odd.bias", Tensor.zeros(2))) {
            assertThatThrownBy(() -> linear.load(prefixed))
                    .hasMessageContaining("take it off with StateDict.stripPrefix");
        }
        Sequential net = new Sequential(linear);
        try (StateDict other =
                new StateDict().put("0.weight", Tensor.zeros(5, 2)).put("0.bias", Tensor.zeros(5))) {
            assertThatThrownBy(() -> net.load(other)).hasMessageContaining("load with LoadOptions.replacedHead(\"0\")");
        }
    }

    @Test
    void convertsOtherFloatTypesAndToleratesMissingCounters() {
        BatchNorm1d norm = new BatchNorm1d(1);
        norm.forward(Tensor.of(new float[] {1, 2}, 2, 1));
        byte[] half = {0x00, 0x3e}; // 1.5 in IEEE binary16
        try (StateDict state = new StateDict()
                .put("weight", Tensor.ofBytes(DType.F16, Shape.of(1), half))
                .put("bias", Tensor.zeros(1))
                .put("running_mean", Tensor.zeros(1))
                .put("running_var", Tensor.ones(1))) {
            norm.load(state);
        }
        assertThat(norm.weight().value().item()).isEqualTo(1.5f);
        assertThat(norm.stateDict().get("num_batches_tracked").itemLong()).isZero();
    }

    @Test
    void replaceSwapsFieldsAndElements() {
        Net net = new Net(random);
        net.eval();
        Linear oldHead = (Linear) net.module("fc");
        net.replace("fc", new Linear(3, 4, random));
        assertThat(oldHead.forward(Tensor.ones(1, 3)).shape())
                .as("whoever holds the old one may use it")
                .isEqualTo(Shape.of(1, 4));
        assertThat(net.module("fc").isTraining()).isFalse();
        net.replace("layer1.1", new Identity());
        assertThat(net.module("layer1.1")).isInstanceOf(Identity.class);
        Module head = net.module("fc");
        net.replace("fc", new Sequential(new Dropout(0.1f, random), head));
        assertThat(((Linear) head).weight().value().isClosed()).isFalse();
        assertThat(net.forward(image()).shape()).isEqualTo(Shape.of(4, 4));
    }

    @Test
    void replaceSaysWhatExists() {
        Net net = new Net(random);
        assertThatThrownBy(() -> net.replace("classifier", new Identity()))
                .hasMessage("no module 'classifier' in Net. Hint: the children of Net are layer1, drop, fc, fixed.");
        assertThatThrownBy(() -> net.replace("layer1.7", new Identity()))
                .hasMessage(
                        "no module 'layer1.7' in 'layer1' (Sequential). Hint: the children of 'layer1' (Sequential) are 0, 1.");
        assertThatThrownBy(() -> net.replace("fc.weight", new Identity()))
                .hasMessage("no module 'fc.weight' in 'fc' (Linear). Hint: 'fc' (Linear) has no child modules.");
        assertThatThrownBy(() -> net.replace("fixed", new Linear(4, 2, random)))
                .hasMessage("replace 'fixed': field Net.fixed is final. Hint: declare it `private Module fixed;`.");
    }

    @Test
    void frozenMeansFrozenEvenAfterTrain() {
        Net net = new Net(random);
        net.freezeExcept("fc");
        net.train();
        List<Float> mean = values(net.stateDict(), "layer1.0.bn1.running_mean");
        Tensor image = image();
        float[] first = net.forward(image).toFloatArray();
        assertThat(net.forward(image).toFloatArray()).as("no dropout").isEqualTo(first);
        assertThat(values(net.stateDict(), "layer1.0.bn1.running_mean")).isEqualTo(mean);
        assertThat(net.stateDict().get("layer1.0.bn1.num_batches_tracked").itemLong())
                .isZero();
        assertThat(net.trainableParameters())
                .containsExactlyElementsOf(net.module("fc").parameters());
        net.forward(image).sum().backward();
        net.namedParameters()
                .forEach((name, parameter) ->
                        assertThat(parameter.grad().isPresent()).as(name).isEqualTo(name.startsWith("fc.")));
        assertThat(net.isFrozen()).isFalse();
        assertThat(net.module("layer1").isFrozen()).isTrue();
        assertThat(net.module("layer1").isTraining()).isFalse();
        assertThat(net.module("fc").isTraining()).isTrue();

        net.unfreeze();
        assertThat(net.module("layer1").isTraining()).isTrue();
        net.forward(image);
        assertThat(values(net.stateDict(), "layer1.0.bn1.running_mean")).isNotEqualTo(mean);
    }

    @Test
    void freezingParametersOnlyIsPyTorchsBehaviour() {
        Net net = new Net(random);
        net.freeze(Freezing.PARAMETERS_ONLY);
        net.forward(image());
        assertThat(net.stateDict().get("layer1.0.bn1.num_batches_tracked").itemLong())
                .isEqualTo(1);
        assertThat(net.trainableParameters()).isEmpty();
        assertThat(net.isFrozen()).isTrue();
        assertThat(net.isTraining()).isTrue();
    }

    @Test
    void freezeExceptTakesParametersAndRefusesUnknownNames() {
        Net net = new Net(random);
        assertThatThrownBy(() -> net.freezeExcept("fc", "head"))
                .hasMessageContaining("the children of Net are layer1, drop, fc, fixed");
        assertThat(net.trainableParameters()).hasSize(13);
        net.freezeExcept("fc.bias");
        assertThat(net.trainableParameters()).hasSize(1);
    }

    @Test
    void aNewHeadOnAFrozenNetworkTrains() {
        Net net = new Net(random);
        net.freeze();
        net.replace("fc", new Linear(3, 4, random));
        assertThat(net.trainableParameters()).hasSize(2);
    }

    @Test
    void evaluatingGivesEveryModuleItsModeBack() {
        Net net = new Net(random);
        net.module("drop").eval();
        boolean inside = net.evaluating(() -> net.module("layer1").isTraining());
        assertThat(inside).isFalse();
        assertThat(net.module("layer1").isTraining()).isTrue();
        assertThat(net.module("drop").isTraining()).isFalse();
    }

    @Test
    void errorsNameTheLayersPath() {
        Net net = new Net(random);
        assertThatThrownBy(() -> net.forward(Tensor.ones(1, 3, 5, 5)))
                .isInstanceOf(LayerException.class)
                .hasMessageStartingWith("layer1.0.conv1: conv2d: ")
                .hasMessageContaining("3 channels");
        assertThatThrownBy(() -> net.module("layer1.0").forward(Tensor.ones(1, 3, 5, 5)))
                .hasMessageStartingWith("conv1: conv2d: ");
        assertThatThrownBy(() -> new ReLU6().forward(closed())).hasMessageStartingWith("ReLU6: ");
    }

    private static Tensor closed() {
        Tensor tensor = Tensor.ones(2);
        tensor.close();
        return tensor;
    }

    @Test
    void parametersSurviveTheScopeTheyAreMadeIn() {
        Linear linear;
        try (Scope scope = Scope.open()) {
            linear = new Linear(2, 3, random);
            assertThat(scope.keep(linear.forward(Tensor.ones(1, 2))).shape()).isEqualTo(Shape.of(1, 3));
        }
        assertThat(linear.forward(Tensor.ones(1, 2)).shape()).isEqualTo(Shape.of(1, 3));
    }

    static final class HidesLayers extends Module {
        private final List<Module> blocks;

        HidesLayers(List<Module> blocks) {
            this.blocks = blocks;
        }

        @Override
        protected Tensor compute(Tensor input) {
            return blocks.get(0).forward(input);
        }
    }

    static final class Cyclic extends Module {
        private final Module self = this;

        @Override
        protected Tensor compute(Tensor input) {
            return self == this ? input : input.relu();
        }
    }

    @Test
    void refusesLayersThatTheStateDictWouldMiss() {
        assertThatThrownBy(() -> new HidesLayers(List.of(new ReLU())).stateDict())
                .hasMessage(
                        "HidesLayers: field 'blocks' of type List hides a"
                                + " ReLU from the state dict. Hint: hold layers in a ModuleList or Sequential, and leave an absent one null.");
        assertThatThrownBy(() -> new Cyclic().parameters()).hasMessageContaining("contains itself");
    }

    @Test
    void summaryListsLayersAndCounts() {
        Net net = new Net(random);
        net.freezeExcept("fc");
        assertThat(net.summary())
                .contains(
                        "layer1.0.conv1",
                        "Conv2d(2, 3, 3x3, stride 1, padding 1, no bias)",
                        "[3, 2, 3, 3]",
                        "frozen",
                        "193 parameters, 16 trainable");
    }

    @Test
    void closeFreesParametersAndBuffers() {
        Net net = new Net(random);
        net.close();
        assertThat(net.parameters())
                .allSatisfy(
                        parameter -> assertThat(parameter.value().isClosed()).isTrue());
        net.close();
    }
}
