package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Freezing and modes are two settings: whichever comes first, both hold. */
class FreezingTest {
    private final RandomGenerator random = new SplittableRandom(31);

    private Sequential network() {
        return new Sequential(
                new Linear(3, 3, random),
                new BatchNorm1d(3),
                new Sequential(new Dropout(0.5f, random), new Linear(3, 2, random)));
    }

    private static boolean[] modes(Module net) {
        boolean[] modes = new boolean[net.modules().size()];
        for (int i = 0; i < modes.length; i++) {
            modes[i] = net.modules().get(i).isTraining();
        }
        return modes;
    }

    @Test
    void theOrderOfFreezingAndModesDoesNotMatter() {
        Sequential one = network();
        one.freezeExcept("2");
        one.eval();
        one.train();
        Sequential other = network();
        other.eval();
        other.train();
        other.freezeExcept("2");
        // The network, the linear layer, the norm; the head, its dropout, its linear layer.
        assertThat(modes(one)).isEqualTo(modes(other)).containsExactly(false, false, false, true, true, true);
        one.unfreeze();
        assertThat(modes(one)).containsExactly(true, true, true, true, true, true);
        one.freeze();
        one.eval();
        one.unfreeze();
        assertThat(modes(one)).as("the mode last asked for").containsExactly(false, false, false, false, false, false);
    }

    @Test
    void freezeExceptOfALayerFreezesTheDropoutBesideIt() {
        Sequential net = network();
        net.freezeExcept("2.1");
        net.train();
        assertThat(net.module("2.0").isTraining()).isFalse();
        assertThat(net.module("2.1").isTraining()).isTrue();
        assertThat(net.trainableParameters())
                .containsExactlyElementsOf(net.module("2.1").parameters());
        net.freezeExcept("2");
        assertThat(net.module("2.0").isTraining())
                .as("named with the whole head")
                .isTrue();
    }

    @Test
    void freezeExceptReplacesWhatWasFrozenBeforeAndKeepsGradientsOfWhatTrains() {
        Sequential net = network();
        net.forward(Tensor.randn(random, 4, 3)).sum().backward();
        Tensor gradient = net.module("2.1").parameters().get(0).grad().orElseThrow();
        net.freezeExcept("2", "2.1", "1.bias");
        assertThat(net.module("2.1").parameters().get(0).grad()).containsSame(gradient);
        assertThat(gradient.isClosed()).isFalse();
        assertThat(net.module("0").parameters().get(0).grad()).as("frozen").isEmpty();
        assertThat(net.trainableParameters()).hasSize(3);
        assertThat(net.module("1").isTraining())
                .as("a norm of which one parameter trains")
                .isFalse();
        net.freezeExcept("0");
        assertThat(net.trainableParameters())
                .containsExactlyElementsOf(net.module("0").parameters());
        net.freezeExcept();
        assertThat(net.isFrozen()).isTrue();
        assertThat(net.trainableParameters()).isEmpty();
    }

    @Test
    void aSharedLayerIsFrozenOrReleasedUnderEitherName() {
        Linear shared = new Linear(3, 3, random);
        Sequential net = new Sequential(shared, new ReLU(), shared);
        net.freezeExcept("2");
        assertThat(net.trainableParameters()).hasSize(2);
        assertThat(shared.isFrozen()).isFalse();
        net.module("0").freeze();
        assertThat(net.trainableParameters()).isEmpty();
    }

    @Test
    void parametersFrozenAloneLeaveTheirLayersMode() {
        BatchNorm1d norm = new BatchNorm1d(3);
        norm.parameters().forEach(parameter -> parameter.freeze(true));
        norm.forward(Tensor.randn(random, 4, 3));
        assertThat(norm.isTraining()).isTrue();
        assertThat(norm.stateDict().get("num_batches_tracked").itemLong()).isEqualTo(1);
        norm.freeze(Freezing.PARAMETERS_ONLY);
        norm.eval();
        assertThat(norm.isTraining()).isFalse();
        norm.train();
        assertThat(norm.isTraining()).isTrue();
    }

    @Test
    void freezingHoldsInsideAnEvaluationAndAfterIt() {
        Sequential net = network();
        net.evaluating(() -> {
            net.freezeExcept("2");
            assertThat(modes(net)).containsOnly(false);
            return 0;
        });
        assertThat(modes(net)).containsExactly(false, false, false, true, true, true);
    }

    @Test
    void aNewHeadFollowsTheModeButNotTheFreezing() {
        Sequential net = network();
        net.freeze();
        net.eval();
        net.replace("2", new Sequential(new Dropout(0.5f, random), new Linear(3, 4, random)));
        assertThat(net.module("2.0").isTraining())
                .as("the network is in evaluation mode")
                .isFalse();
        net.train();
        assertThat(modes(net)).containsExactly(false, false, false, true, true, true);
        assertThat(net.trainableParameters()).hasSize(2);
    }

    /** As a language model whose embedding is its classifier too. */
    private static final class Tied extends Module {
        private static final class Head extends Module {
            private final Parameter weight;

            Head(Parameter weight) {
                this.weight = weight;
            }

            @Override
            protected Tensor compute(Tensor x) {
                return x.linear(weight.value(), Optional.empty());
            }
        }

        private final Embedding words = new Embedding(5, 3, new SplittableRandom(1));
        private final Linear body = new Linear(3, 3, new SplittableRandom(2));
        private final Head head = new Head(words.weight());
        private final Parameter again = words.weight();

        @Override
        protected Tensor compute(Tensor x) {
            return head.forward(body.forward(words.forward(x)))
                    .add(again.value().sum());
        }
    }

    @Test
    void aSharedParameterIsFoundByEachOfItsNames() {
        Tied net = new Tied();
        assertThat(net.namedParameters().keySet()).containsExactly("again", "body.weight", "body.bias");
        for (String name : List.of("again", "words.weight", "head.weight", "head", "words")) {
            net.freezeExcept(name);
            assertThat(net.trainableParameters()).as(name).containsExactly(net.words.weight());
            assertThat(net.parameters(name)).as(name).containsExactly(net.words.weight());
            net.freeze();
            net.unfreeze(name);
            assertThat(net.trainableParameters()).as(name).containsExactly(net.words.weight());
            net.unfreeze();
            List<ParameterGroup<Sgd.Options>> groups =
                    ParameterGroup.byDepth(net, depth -> Sgd.lr(0.1 / (1 + depth)), name);
            assertThat(groups.get(0).parameters()).as(name).containsExactly(net.words.weight());
            assertThat(groups.get(1).parameters()).as(name).hasSize(2);
        }
        assertThat(net.parameters("body.bias")).containsExactly(net.parameters().get(2));
        assertThat(net.parameters("")).isEqualTo(net.parameters());
        for (String name : List.of("nothing", "body.nothing", "nothing.weight", "body.weight.x")) {
            assertThatThrownBy(() -> net.parameters(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no module '" + name + "'");
            assertThatThrownBy(() -> net.freezeExcept(name)).hasMessageContaining("no module '" + name + "'");
            assertThatThrownBy(() -> net.unfreeze(name)).hasMessageContaining("no module '" + name + "'");
        }
    }
}
