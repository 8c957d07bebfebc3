package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Who keeps a module's tensors alive: everybody who holds it, until somebody closes it. */
class ModuleOwnershipTest {
    private final RandomGenerator random = new SplittableRandom(11);

    private static Tensor input() {
        return Tensor.ones(2, 3);
    }

    // Replacing

    @Test
    void aLayerThatLeavesOneNetworkLivesOnInAnother() {
        Linear shared = new Linear(3, 3, random);
        Sequential inner = new Sequential(shared);
        Sequential outer = new Sequential(inner, shared);
        inner.replace("0", new Linear(3, 3, random));
        assertThat(outer.forward(input()).numel()).isEqualTo(6);
        assertThat(outer.namedParameters().keySet()).containsExactly("0.0.weight", "0.0.bias", "1.weight", "1.bias");
    }

    static final class Holder extends Module {
        private final Module left;
        private final Module right;

        Holder(Module left, Module right) {
            this.left = left;
            this.right = right;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return left.forward(x).add(right.forward(x));
        }
    }

    @Test
    void aNetworkThatNobodyAskedYetKeepsItsSharedLayerToo() {
        Sequential inner = new Sequential(new BatchNorm1d(3), new Linear(3, 3, random));
        Holder outer = new Holder(inner, inner.module("0"));
        inner.replace("0", new Identity());
        assertThat(outer.forward(input()).numel()).isEqualTo(6);
    }

    @Test
    void aTiedParameterOfAReplacedLayerLivesOn() {
        Embedding embedding = new Embedding(5, 3, random);
        final class Head extends Module {
            private final Parameter weight = embedding.weight();

            @Override
            protected Tensor compute(Tensor x) {
                return x.linear(weight.value(), Optional.empty());
            }
        }
        Sequential net = new Sequential(embedding, new Head());
        net.replace("0", new Linear(3, 3, random));
        assertThat(net.forward(input()).numel()).isEqualTo(10);
        assertThat(embedding.weight().takenOutOf()).as("the head holds it").isEmpty();
    }

    @Test
    void aParameterKnowsUnderWhichNameItWasReplaced() {
        Sequential net = new Sequential(new Linear(3, 3, random), new Sequential(new Linear(3, 2, random)));
        Linear head = (Linear) net.module("1.0");
        List<Parameter> before = net.parameters();
        assertThat(before)
                .allSatisfy(parameter -> assertThat(parameter.takenOutOf()).isEmpty());
        net.replace("1", new Linear(3, 4, random));
        assertThat(before.stream().map(Parameter::takenOutOf))
                .containsExactly(
                        Optional.empty(), Optional.empty(), Optional.of("1.0.weight"), Optional.of("1.0.bias"));
        assertThat(net.parameters())
                .allSatisfy(parameter -> assertThat(parameter.takenOutOf()).isEmpty());
        assertThat(before).noneMatch(Parameter::isClosed);
        head.forward(input());
        assertThat(head.weight().takenOutOf()).as("somebody uses it").isEmpty();
    }

    @Test
    void aReplacedLayerThatComesBackIsAPartAgain() {
        Sequential net = new Sequential(new Linear(3, 3, random));
        Module old = net.module("0");
        net.replace("0", new Identity());
        assertThat(old.parameters().get(0).takenOutOf()).contains("0.weight");
        net.replace("0", new Sequential(old));
        assertThat(old.parameters().get(0).takenOutOf()).isEmpty();
    }

    @Test
    void aSharedLayerThatTheNetworkStillHoldsIsNotTakenOut() {
        Linear shared = new Linear(3, 3, random);
        Sequential net = new Sequential(shared, shared);
        net.replace("0", new Identity());
        assertThat(shared.weight().takenOutOf()).isEmpty();
    }

    @Test
    void aReplacementThatCannotBeUsedChangesNothing() {
        Sequential net = new Sequential(new Linear(3, 3, random), new Sequential(new ReLU()));
        Module first = net.module("0");
        Module relu = net.module("1.0");
        assertThatThrownBy(() -> net.replace("0", new Sequential(net)))
                .hasMessage("replace '0': the replacement Sequential contains the network"
                        + " itself. Hint: wrap the module at '0', not one that holds it.");
        assertThatThrownBy(() -> net.replace("1.0", new Sequential(net.module("1"))))
                .hasMessageContaining("contains '1', which is above it");
        assertThatThrownBy(() -> net.replace("1.0", net)).hasMessageContaining("contains the network itself");
        assertThatThrownBy(() -> net.replace("1.0", new ModuleMembersTest.Holder(List.of(new ReLU()))))
                .hasMessageContaining("hides a ReLU");
        assertThat(net.module("0")).isSameAs(first);
        assertThat(net.module("1.0")).isSameAs(relu);
        assertThat(net.forward(input()).numel()).isEqualTo(6);
        assertThat(first.parameters())
                .allSatisfy(parameter -> assertThat(parameter.takenOutOf()).isEmpty());
    }

    @Test
    void aReplacementFollowsTheModeThatWasSetAndTheOneOfTheEvaluation() {
        Sequential net = new Sequential(new Dropout(0.5f, random));
        net.evaluating(() -> {
            net.replace("0", new Dropout(0.5f, random));
            assertThat(net.module("0").isTraining()).isFalse();
            return 0;
        });
        assertThat(net.module("0").isTraining()).isTrue();
        net.eval();
        net.replace("0", new Sequential(new Dropout(0.5f, random)));
        assertThat(net.module("0.0").isTraining()).isFalse();
    }

    @Test
    void aMarkTellsWhichWeightsChangedAndHow() {
        Sequential net = new Sequential(new Linear(3, 3, random), new BatchNorm1d(3), new Linear(3, 2, false, random));
        WeightsMark mark = net.markWeights();
        net.evaluating(() -> net.forward(input()));
        net.forward(Tensor.randn(random, 4, 3)).sum().backward();
        assertThat(mark.changes()).as("a training call").containsExactly("1.running_mean", "1.running_var");
        WeightsMark second = net.markWeights();
        assertThat(second.changes()).isEmpty();
        new Sgd(net.module("2").parameters(), Sgd.lr(0.1)).step();
        assertThat(second.changes()).as("a step").containsExactly("2.weight");
        WeightsMark third = net.markWeights();
        net.replace("0", new Sequential(new Linear(3, 3, random)));
        net.module("1").to(SmallDevice.holding(9));
        assertThat(third.changes())
                .as("replaced, moved")
                .containsExactly(
                        "0.weight",
                        "0.bias",
                        "1.weight",
                        "1.bias",
                        "1.running_mean",
                        "1.running_var",
                        "0.0.weight",
                        "0.0.bias");
    }

    // Moving

    @Test
    void aNetworkMovesWholeAndKeepsNoOldMemory() {
        Sequential net = new Sequential(new Linear(3, 3, random), new BatchNorm1d(3));
        float[] weights = ((Linear) net.module("0")).weight().value().toFloatArray();
        List<Tensor> before = net.parameters().stream().map(Parameter::value).toList();
        net.parameters().get(1).freeze(true);
        Device small = SmallDevice.holding(7);
        net.to(small);
        assertThat(before).allMatch(Tensor::isClosed);
        assertThat(net.parameters())
                .allMatch(parameter -> parameter.value().device().equals(small));
        assertThat(net.parameters().stream().map(parameter -> parameter.value().requiresGrad()))
                .containsExactly(true, false, true, true);
        net.to(small);
        net.to(Device.cpu());
        assertThat(((Linear) net.module("0")).weight().value().toFloatArray()).isEqualTo(weights);
        net.to(small);
    }

    @Test
    void aMoveThatFailsHalfWayMovesNothing() {
        Linear shared = new Linear(3, 3, random);
        Sequential net = new Sequential(shared, new BatchNorm1d(3), shared);
        for (int room = 0; room < 7; room++) {
            Device small = SmallDevice.holding(room);
            assertThatThrownBy(() -> net.to(small)).hasMessage("to: out of memory");
            assertThat(net.parameters())
                    .allMatch(parameter -> parameter.value().device().equals(Device.cpu())
                            && parameter.value().requiresGrad());
            assertThat(net.forward(input()).numel()).isEqualTo(6);
        }
    }

    @Test
    void aReplacementThatDoesNotFitOnTheDeviceChangesNothing() {
        Sequential net = new Sequential(new Linear(3, 3, random), new ReLU());
        Module first = net.module("0");
        Device small = SmallDevice.holding(3);
        net.to(small);
        Linear tooMuch = new Linear(3, 3, random);
        assertThatThrownBy(() -> net.replace("0", tooMuch)).hasMessage("to: out of memory");
        assertThat(net.module("0")).isSameAs(first);
        assertThat(tooMuch.weight().value().device()).isEqualTo(Device.cpu());
        assertThat(first.parameters())
                .allSatisfy(parameter -> assertThat(parameter.takenOutOf()).isEmpty());
    }

    // Closing

    @Test
    void useAfterCloseNamesTheLayer() {
        Sequential net = new Sequential(new Linear(3, 3, random), new Sequential(new ReLU(), new Linear(3, 2, random)));
        net.module("1.1").close();
        assertThatThrownBy(() -> net.forward(input()))
                .isInstanceOf(LayerException.class)
                .hasMessageStartingWith("1.1: this Linear(3, 2) was closed")
                .hasMessageContaining("Hint:");
        net.close();
        assertThatThrownBy(() -> net.forward(input())).hasMessageStartingWith("Sequential: this Sequential was closed");
        assertThatCode(net::close).doesNotThrowAnyException();
        assertThat(net.parameters()).allMatch(Parameter::isClosed);
        assertThatThrownBy(net::stateDict)
                .hasMessage(
                        "stateDict: '0.weight' of this Sequential was closed. Hint: take the state dict before close().");
        assertThat(net.summary()).contains("Linear(3, 2)");
    }

    @Test
    void aFusedLayerIsNamedToo() {
        Sequential net = new Sequential(new Conv2d(1, 2, 3, random), new BatchNorm2d(2), new ReLU());
        net.eval();
        net.module("1").close();
        assertThatThrownBy(() -> net.forward(Tensor.ones(1, 1, 4, 4)))
                .hasMessageStartingWith("1: this BatchNorm2d(2) was closed");
    }

    @Test
    void whatTwoNetworksShareIsClosedOnce() {
        Linear shared = new Linear(3, 3, random);
        Sequential one = new Sequential(shared);
        Sequential two = new Sequential(new ReLU(), shared);
        one.close();
        assertThatThrownBy(() -> two.forward(input()))
                .hasMessageStartingWith("1: this Linear(3, 3) was closed")
                .hasMessageContaining("shared parts after the last use of all networks");
        assertThatCode(two::close).doesNotThrowAnyException();
    }

    @Test
    void anOverriddenCloseIsCalledOnce() {
        List<String> closed = new ArrayList<>();
        final class Resource extends Module {
            @Override
            protected Tensor compute(Tensor x) {
                return x;
            }

            @Override
            public void close() {
                closed.add("resource");
                super.close();
            }
        }
        Resource resource = new Resource();
        Sequential net = new Sequential(new Sequential(resource), resource);
        net.close();
        net.close();
        assertThat(closed).containsExactly("resource");
    }

    @Test
    void closingWaitsForTheCallThatAnotherThreadIsIn() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        final class Slow extends Module {
            @Override
            protected Tensor compute(Tensor x) {
                inside.countDown();
                await(closed);
                return x;
            }
        }
        Sequential net = new Sequential(new Slow(), new Linear(3, 3, random));
        float[] expected = ((Linear) net.module("1")).forward(input()).toFloatArray();
        CompletableFuture<float[]> answer =
                CompletableFuture.supplyAsync(() -> net.forward(input()).toFloatArray());
        await(inside);
        net.close();
        assertThat(net.parameters()).as("in use").noneMatch(Parameter::isClosed);
        closed.countDown();
        assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(expected);
        assertThat(net.parameters()).allMatch(Parameter::isClosed);
        assertThatThrownBy(() -> net.forward(input())).hasMessageContaining("was closed");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
