package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Flatten;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A module's layers are found wherever its formula can reach them, or refused with the fix: never left out in silence.
 */
class ModuleMembersTest {
    private final RandomGenerator random = new SplittableRandom(3);
    private final Linear enclosed = new Linear(2, 2, random);
    private final Parameter enclosedParameter = new Parameter(Tensor.ones(2));

    // Found

    @Test
    void aLocalVariableThatAnAnonymousModuleUsesIsAMemberUnderItsName() {
        Linear fc = new Linear(2, 3, random);
        Dropout drop = new Dropout(0.5f, random);
        Parameter scale = new Parameter(Tensor.ones(3));
        Buffer shift = new Buffer(Tensor.zeros(3));
        Module net = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                return drop.forward(fc.forward(x)).mul(scale.value()).add(shift.value());
            }
        };
        assertThat(net.stateDict().names()).containsExactlyInAnyOrder("fc.weight", "fc.bias", "scale", "shift");
        assertThat(net.parameters())
                .containsExactlyInAnyOrder(fc.weight(), fc.bias().orElseThrow(), scale);
        net.eval();
        assertThat(drop.isTraining()).isFalse();
        net.train();
        Sgd sgd = new Sgd(net.trainableParameters(), Sgd.lr(0.1));
        float before = fc.bias().orElseThrow().value().get(0);
        drop.eval();
        net.forward(Tensor.ones(1, 2)).sum().backward();
        sgd.step();
        assertThat(fc.bias().orElseThrow().value().get(0)).isEqualTo(before - 0.1f);
    }

    @Test
    void aLocalClassFindsWhatItCapturesAndWhatItDeclares() {
        Linear first = new Linear(2, 2, random);
        class Local extends Module {
            private final Linear second = new Linear(2, 2, random);

            @Override
            protected Tensor compute(Tensor x) {
                return second.forward(first.forward(x));
            }
        }
        assertThat(new Local().stateDict().names())
                .containsExactlyInAnyOrder("first.weight", "first.bias", "second.weight", "second.bias");
    }

    @Test
    void aWrapperThatCapturesWhatItWrapsKeepsItAliveWhenItTakesItsPlace() {
        Sequential net = new Sequential(new Linear(2, 2, random), new ReLU());
        Module inner = net.module("0");
        List<Tensor> seen = new ArrayList<>();
        net.replace("0", new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                seen.add(x);
                return inner.forward(x);
            }
        });
        assertThat(net.stateDict().names()).containsExactly("0.inner.weight", "0.inner.bias");
        assertThat(net.forward(Tensor.ones(4, 2)).shape().dim(0)).isEqualTo(4);
        assertThat(seen).hasSize(1);
        assertThatThrownBy(() -> net.replace("0.inner", new Linear(2, 2, random)))
                .hasMessageContaining("'0.inner'")
                .hasMessageContaining("captured")
                .hasMessageContaining("private Module inner;");
    }

    interface Encoder {
        Tensor encode(Tensor x);
    }

    static final class LinearEncoder extends Module implements Encoder {
        private final Linear fc = new Linear(2, 2, new SplittableRandom(1));

        @Override
        public Tensor encode(Tensor x) {
            return forward(x);
        }

        @Override
        protected Tensor compute(Tensor x) {
            return fc.forward(x);
        }
    }

    static class Base extends Module {
        private final Linear hidden = new Linear(2, 2, new SplittableRandom(1));
        private final Object untyped = new Linear(2, 2, new SplittableRandom(2));

        @Override
        protected Tensor compute(Tensor x) {
            return ((Module) untyped).forward(hidden.forward(x));
        }
    }

    static final class Derived extends Base {
        private final Encoder encoder = new LinearEncoder();

        @Override
        protected Tensor compute(Tensor x) {
            return encoder.encode(super.compute(x));
        }
    }

    @Test
    void whatAFieldHoldsDecidesNotItsDeclaredTypeAndPrivateFieldsOfSuperclassesCount() {
        assertThat(new Derived().stateDict().names())
                .containsExactly(
                        "hidden.weight",
                        "hidden.bias",
                        "untyped.weight",
                        "untyped.bias",
                        "encoder.fc.weight",
                        "encoder.fc.bias");
    }

    static final class Ordered extends Module {
        private final Linear a = new Linear(2, 2, new SplittableRandom(1));
        private final Linear b = new Linear(2, 2, new SplittableRandom(2));
        private final List<Module> order = List.of(b, a, b);

        @Override
        protected Tensor compute(Tensor x) {
            Tensor y = x;
            for (Module layer : order) {
                y = layer.forward(y);
            }
            return y;
        }
    }

    @Test
    void aListOfModulesThatFieldsHoldTooHidesNothing() {
        Ordered net = new Ordered();
        assertThat(net.stateDict().names()).containsExactly("a.weight", "a.bias", "b.weight", "b.bias");
        assertThat(net.forward(Tensor.ones(1, 2)).numel()).isEqualTo(2);
    }

    // Refused where they are held

    static final class Holder extends Module {
        private final Object held;

        Holder(Object held) {
            this.held = held;
        }

        @Override
        protected Tensor compute(Tensor x) {
            throw new AssertionError("not called: " + held);
        }
    }

    record Pair(String name, Module layer) {}

    static Stream<Arguments> hidingPlaces() {
        RandomGenerator random = new SplittableRandom(9);
        Linear layer = new Linear(2, 2, random);
        Map<String, Object> map = new HashMap<>();
        map.put("a", "text");
        map.put("b", List.of("x", layer));
        List<Object> nulls = new ArrayList<>();
        nulls.add(null);
        nulls.add(layer);
        return Stream.of(
                        List.of("first is no layer", layer),
                        List.of(List.of(), List.of(layer)),
                        map,
                        Map.of(layer, "as a key"),
                        new Object[] {null, layer},
                        new Module[][] {{}, {layer}},
                        Optional.of(layer),
                        Optional.of(List.of(layer)),
                        new Pair("p", layer),
                        List.of(new Pair("p", layer)),
                        new AtomicReference<>(layer),
                        nulls,
                        new Parameter[] {new Parameter(Tensor.ones(1))},
                        List.of(new Buffer(Tensor.ones(1))),
                        Map.entry("k", layer))
                .map(place -> Arguments.of(place));
    }

    @ParameterizedTest
    @MethodSource("hidingPlaces")
    void aLayerInsideAnotherObjectIsRefusedWithTheFix(Object place) {
        Module net = new Sequential(new Holder(place));
        String message = "Holder: field 'held' of type ";
        assertThatThrownBy(net::stateDict)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining("Hint: ");
        assertThatThrownBy(net::parameters).hasMessageStartingWith(message);
        assertThatThrownBy(net::eval).hasMessageStartingWith(message);
        assertThatThrownBy(net::freeze).hasMessageStartingWith(message);
        assertThatThrownBy(() -> net.to(dev.graft.tensor.Device.cpu())).hasMessageStartingWith(message);
        assertThatThrownBy(() -> net.load(new StateDict())).hasMessageStartingWith(message);
    }

    @Test
    void aCollectionThatHoldsItselfIsNotFollowedForEver() {
        List<Object> self = new ArrayList<>();
        self.add(self);
        assertThatCode(() -> new Holder(self).parameters()).doesNotThrowAnyException();
    }

    // Refused where they are used: whatever hides them

    @Test
    void aLayerOfTheEnclosingObjectIsRefusedWhenItIsCalled() {
        Module net = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                return enclosed.forward(x);
            }
        };
        assertThatThrownBy(() -> net.forward(Tensor.ones(1, 2)))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("Linear(2, 2)")
                .hasMessageContaining("is not a part of")
                .hasMessageContaining("Hint: hold it in a field");
        Module outer = new Sequential(net);
        assertThatThrownBy(() -> outer.forward(Tensor.ones(1, 2))).hasMessageStartingWith("0: ");
    }

    @Test
    void aParameterOfTheEnclosingObjectIsRefusedWhenItIsUsed() {
        Module net = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                return x.mul(enclosedParameter.value());
            }
        };
        assertThatThrownBy(() -> net.forward(Tensor.ones(1, 2)))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("is not a part of");
    }

    static final class Helper {
        private final Linear layer = new Linear(2, 2, new SplittableRandom(1));

        Tensor apply(Tensor x) {
            return layer.forward(x);
        }
    }

    static final class WithHelper extends Module {
        private final Helper helper = new Helper();

        @Override
        protected Tensor compute(Tensor x) {
            return helper.apply(x);
        }
    }

    static final class WithFunction extends Module {
        private final UnaryOperator<Tensor> function;

        WithFunction(UnaryOperator<Tensor> function) {
            this.function = function;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return function.apply(x);
        }
    }

    @Test
    void aLayerInAHelperObjectOrALambdaIsRefusedWhenItIsCalled() {
        assertThatThrownBy(() -> new WithHelper().forward(Tensor.ones(1, 2))).hasMessageContaining("is not a part of");
        assertThatThrownBy(() -> new WithFunction(new Linear(2, 2, random)::forward).forward(Tensor.ones(1, 2)))
                .hasMessageContaining("is not a part of");
    }

    @Test
    void aFrozenNetworkFromElsewhereAndALayerWithoutStateMayBeCalled() {
        Linear teacher = new Linear(2, 2, random);
        teacher.freeze();
        assertThat(new WithFunction(teacher::forward).forward(Tensor.ones(1, 2)).numel())
                .isEqualTo(2);
        assertThat(new WithFunction(x -> new Sequential(new ReLU(), new Flatten()).forward(x))
                        .forward(Tensor.ones(1, 2))
                        .numel())
                .isEqualTo(2);
        assertThatThrownBy(() -> new WithFunction(new Dropout(0.5f, random)::forward).forward(Tensor.ones(1, 2)))
                .as("eval() would not reach it")
                .hasMessageContaining("is not a part of");
    }

    static final class HeadAlone extends Sequential {
        private final UnaryOperator<Tensor> formula;

        HeadAlone(Module head, UnaryOperator<Tensor> formula) {
            super(Map.of("head", head));
            this.formula = formula;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return formula.apply(x);
        }
    }

    /** How a head alone is trained through the formula of its network. */
    @Test
    void aNetworkThatIsFrozenButForTheCallersOwnLayersMayBeCalled() {
        Linear head = new Linear(2, 2, random);
        Module whole = new Sequential(new Linear(2, 2, random), head);
        whole.module("0").freeze();
        Module headOnly = new HeadAlone(head, whole::forward);
        assertThat(headOnly.forward(Tensor.ones(1, 2)).numel()).isEqualTo(2);
        whole.module("0").unfreeze();
        assertThatThrownBy(() -> headOnly.forward(Tensor.ones(1, 2))).hasMessageContaining("is not a part of");
    }

    static final class Tied extends Module {
        private final Linear first = new Linear(2, 2, new SplittableRandom(1));
        private final Module head = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                return x.linear(first.weight().value(), Optional.empty());
            }
        };

        @Override
        protected Tensor compute(Tensor x) {
            return head.forward(first.forward(x));
        }
    }

    @Test
    void aPartMayUseAnotherPartOfTheSameNetwork() {
        assertThat(new Tied().forward(Tensor.ones(1, 2)).numel()).isEqualTo(2);
        assertThat(new Tied().stateDict().names()).containsExactly("first.weight", "first.bias");
    }

    static final class Lazy extends Module {
        private Linear layer;

        @Override
        protected Tensor compute(Tensor x) {
            if (layer == null) {
                layer = new Linear(2, 2, new SplittableRandom(1));
            }
            return layer.forward(x);
        }
    }

    @Test
    void aLayerMadeInTheFirstCallIsAPartFromThenOn() {
        Lazy net = new Lazy();
        net.forward(Tensor.ones(1, 2));
        assertThat(net.parameters()).hasSize(2);
        net.forward(Tensor.ones(1, 2));
    }

    // Names

    static final class Clash extends Base {
        private final Linear hidden = new Linear(2, 2, new SplittableRandom(3));

        @Override
        protected Tensor compute(Tensor x) {
            return hidden.forward(x);
        }
    }

    @Test
    void twoMembersOfOneNameAreRefused() {
        assertThatThrownBy(() -> new Clash().stateDict()).hasMessageContaining("two members are called 'hidden'");
    }

    static final class Dotted extends Module {
        @StateKey("a.b")
        private final Linear layer = new Linear(2, 2, new SplittableRandom(3));

        @Override
        protected Tensor compute(Tensor x) {
            return layer.forward(x);
        }
    }

    @Test
    void namesThatNoPathCanReachAreRefused() {
        assertThatThrownBy(() -> new Sequential(Map.of("a.b", new ReLU())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Sequential: the name 'a.b' of a layer or tensor must not be empty or contain a dot. Hint: nest a Sequential for a dotted"
                                + " path.");
        assertThatThrownBy(() -> new Sequential(Map.of("", new ReLU()))).hasMessageContaining("the name ''");
        assertThatThrownBy(() -> new Dotted().parameters()).hasMessageStartingWith("Dotted.layer: the name 'a.b'");
        Map<String, Module> absent = new HashMap<>();
        absent.put("a", null);
        assertThatThrownBy(() -> new Sequential(absent))
                .hasMessage("element 'a' is null. Hint: leave an absent layer out.");
    }

    @Test
    void theSameModuleUnderTwoNamesIsSavedTwiceAndTrainedOnce() {
        Linear shared = new Linear(2, 2, random);
        Sequential net = new Sequential(new Sequential(shared), shared);
        assertThat(net.stateDict().names()).containsExactly("0.0.weight", "0.0.bias", "1.weight", "1.bias");
        Collection<Parameter> parameters = net.parameters();
        assertThat(parameters).hasSize(2);
        assertThat(net.module("0.0")).isSameAs(net.module("1"));
    }
}
