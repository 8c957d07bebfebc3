package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Messages about a recorded result name the function that the user called, not the last operator inside it. */
class RecordedNamesTest {

    /** The results of all public functions that are recorded, under the functions' names. */
    private static Stream<DynamicTest> recorded(Check check) {
        List<DynamicTest> tests = new ArrayList<>();
        RefusalTest.uses().forEach((signature, use) -> {
            String name = signature.substring(0, signature.indexOf('('));
            if (List.of("backward", "item", "itemLong", "requireGrad", "retainGrad", "keep")
                            .contains(name)
                    || name.endsWith("InPlace")
                    || name.equals("fill")
                    || name.equals("copyFrom")) {
                return; // no new tensor, or only of one element
            }
            Tensor x = Tensor.ones(use.shape().toArray()).requireGrad(true);
            if (use.function().apply(x) instanceof Tensor y && y.requiresGrad()) {
                tests.add(DynamicTest.dynamicTest(signature, () -> check.of(name, y)));
            }
        });
        Tensor x = Tensor.ones(2, 3).requireGrad(true);
        tests.add(DynamicTest.dynamicTest("stack", () -> check.of("stack", Tensor.stack(0, x, x))));
        tests.add(DynamicTest.dynamicTest("concat", () -> check.of("concat", Tensor.concat(0, x, x))));
        tests.add(DynamicTest.dynamicTest("where", () -> check.of("where", Tensor.where(x.eq(x), x, x))));
        return tests.stream();
    }

    private interface Check {
        void of(String name, Tensor result);
    }

    @TestFactory
    Stream<DynamicTest> aSecondBackwardNamesTheFunction() {
        return recorded((name, y) -> {
            Tensor seed = Tensor.ones(y.shape().toArray());
            y.backward(seed);
            assertThatIllegalStateException()
                    .isThrownBy(() -> y.backward(seed))
                    .withMessage("backward: a part of this graph (made by " + name
                            + ") was already run backward and its saved tensors are freed. Hint: call backward() once per"
                            + " forward pass, add losses before calling it, or retain the graph with backward(true).");
        });
    }

    @TestFactory
    Stream<DynamicTest> whatMayNotChangeNamesTheFunction() {
        return recorded((name, y) -> {
            assertThatIllegalStateException()
                    .isThrownBy(() -> y.requireGrad(true))
                    .withMessageContaining(" is the result of " + name + ", ");
            if (!y.view().repeatsElements()) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> y.mulInPlace(2))
                        .withMessageContaining(" is a result of " + name + " that ");
            }
            if (y.view().isDense()) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> Update.sgd(
                                y, Tensor.zeros(y.shape().toArray()), Optional.empty(), true, 0.1f, 0, 0, 0, false))
                        .withMessageContaining(" is a result of " + name + ", ");
            }
        });
    }

    @Test
    void allFunctionsThatAreRecordedAreHere() {
        assertThat(recorded((name, y) -> {}).count()).isGreaterThan(65);
    }
}
