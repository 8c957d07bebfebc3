package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What autograd refuses, word for word, and what stays whole afterwards. */
class AutogradErrorTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void aSecondBackwardIsRefused() {
        Tensor x = Tensor.ones(3).requireGrad(true);
        Tensor loss = x.square().sum();
        loss.backward();
        assertThatIllegalStateException()
                .isThrownBy(loss::backward)
                .withMessage(
                        "backward: a part of this graph (made by sum) was already run backward and its saved tensors are "
                                + "freed. Hint: call backward() once per forward pass, add losses before calling it, or retain "
                                + "the graph with backward(true).");
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(2, 2, 2);
    }

    @Test
    void aSecondBackwardThroughASharedPartIsRefused() {
        Tensor x = Tensor.ones(3).requireGrad(true);
        Tensor shared = x.exp();
        shared.sum().backward();
        assertThatIllegalStateException()
                .isThrownBy(() -> shared.mean().backward())
                .withMessage("backward: a part of this graph (made by exp) was already run backward and its saved "
                        + "tensors are freed. Hint: call backward() once per forward pass, add losses before calling it, or "
                        + "retain the graph with backward(true).");
    }

    @Test
    void aSavedTensorChangedInPlaceIsNoticed() {
        Tensor x = Tensor.ones(2, 3);
        Tensor w = Tensor.ones(2, 3).requireGrad(true);
        Tensor loss = x.mul(w).sum();
        x.addInPlace(Tensor.ones(2, 3), 1);
        assertThatIllegalStateException()
                .isThrownBy(loss::backward)
                .withMessage("backward: a tensor [2, 3] that an operator saved was changed in place "
                        + "after the forward pass. Hint: call backward() before step(), or change a copy().");
        assertThat(w.grad()).isEmpty();
    }

    @Test
    void everyChangeInPlaceIsNoticed() {
        Tensor other = Tensor.ones(2);
        for (Consumer<Tensor> change : List.<Consumer<Tensor>>of(
                t -> t.fill(1),
                t -> t.mulInPlace(2),
                t -> t.copyFrom(other),
                t -> t.addInPlace(other, 1),
                t -> t.slice(0, 0, 1).fill(0),
                t -> Update.sgd(t, other, Optional.empty(), true, 0.1f, 0, 0, 0, false),
                t -> Update.adamW(t, other, Tensor.zeros(2), Tensor.zeros(2), 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0))) {
            Tensor w = Tensor.ones(2).requireGrad(true);
            Tensor loss = w.exp().mul(w).sum();
            try (Autograd.Guard guard = Autograd.noGrad()) {
                change.accept(w);
            }
            assertThatIllegalStateException().isThrownBy(loss::backward).withMessageContaining("was changed in place");
        }
    }

    @Test
    void changingATensorThatNothingSavedIsFine() {
        Tensor x = Tensor.ones(2).requireGrad(true);
        Tensor loss = x.add(1).sum();
        Autograd.noGrad(() -> x.fill(7));
        loss.backward();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(1, 1);
    }

    @Test
    void backwardNeedsASingleValue() {
        Tensor y = Tensor.ones(2, 3).requireGrad(true).mul(2);
        assertThatIllegalArgumentException()
                .isThrownBy(y::backward)
                .withMessage(
                        "backward: needs a single value, got shape [2, 3]. Hint: call mean() or sum() first, or pass a seed.");
    }

    @Test
    void backwardNeedsSomethingToDifferentiate() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensor.ones(2).sum().backward())
                .withMessage(
                        "backward: nothing to differentiate, no operand of "
                                + "[] requires a gradient. Hint: requireGrad(true) on a leaf, unfreeze a parameter, and keep autograd on.");
    }

    @Test
    void theSeedMustFit() {
        Tensor y = Tensor.ones(2).requireGrad(true).mul(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> y.backward(Tensor.ones(3)))
                .withMessage("backward: the seed F32 [3] must be F32 of the result's shape [2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> y.backward(Tensor.arange(2)))
                .withMessage("backward: the seed I64 [2] must be F32 of the result's shape [2]");
    }

    @Test
    void onlyLeavesAskForGradients() {
        Tensor x = Tensor.ones(2).requireGrad(true);
        assertThatIllegalStateException()
                .isThrownBy(() -> x.exp().requireGrad(true))
                .withMessage("requireGrad: [2] is the result of exp, not a leaf. Hint: detach() first.");
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensor.arange(3).requireGrad(true))
                .withMessage("requireGrad: only F32 tensors have gradients, this is I64 [3]");
    }

    @Test
    void closedTensorsAreRefusedEverywhere() {
        Tensor closed = Tensor.ones(2);
        closed.close();
        Tensor x = Tensor.ones(2).requireGrad(true);
        String text =
                ": the tensor [2] was closed. Hint: keep() it, or move the use inside its scope. Set -Dgraft.traceClose=true to see "
                        + "where.";
        assertThatIllegalStateException().isThrownBy(closed::exp).withMessage("exp" + text);
        assertThatIllegalStateException().isThrownBy(() -> x.add(closed)).withMessage("add" + text);
        assertThatIllegalStateException().isThrownBy(() -> closed.add(x)).withMessage("add" + text);
        assertThatIllegalStateException().isThrownBy(closed::copy).withMessage("copy" + text);
        assertThatIllegalStateException().isThrownBy(closed::detach).withMessage("detach" + text);
        assertThatIllegalStateException().isThrownBy(closed::toBytes).withMessage("toBytes" + text);
        assertThatIllegalStateException().isThrownBy(closed::toFloatArray).withMessageEndingWith(text);
        assertThatIllegalStateException().isThrownBy(() -> closed.fill(1)).withMessage("fill" + text);
        assertThatIllegalStateException().isThrownBy(() -> closed.mulInPlace(1)).withMessage("mulInPlace" + text);
        assertThatIllegalStateException()
                .isThrownBy(() -> x.addInPlace(closed, 1))
                .withMessage("addInPlace" + text);
        assertThatIllegalStateException().isThrownBy(() -> x.copyFrom(closed)).withMessage("copyFrom" + text);
        assertThatIllegalStateException()
                .isThrownBy(() -> x.mul(2).backward(closed))
                .withMessage("backward" + text);
        assertThatIllegalStateException().isThrownBy(() -> closed.argmax(0)).withMessage("argmax" + text);
        assertThatIllegalStateException()
                .isThrownBy(() -> Update.sgd(x, closed, Optional.empty(), true, 0.1f, 0, 0, 0, false))
                .withMessage("sgd" + text);
        assertThatIllegalStateException()
                .isThrownBy(() -> Update.norm(List.of(x, closed)))
                .withMessage("norm" + text);
        Tensor y = x.exp();
        y.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> y.backward(Tensor.ones(2)))
                .withMessage("backward" + text);
    }

    @Test
    void aClosedLeafGetsNoGradientThatNobodyCouldFree() {
        Tensor x = Tensor.ones(2).requireGrad(true);
        Tensor z = Tensor.ones(2).requireGrad(true);
        Tensor loss = x.mul(z).sum();
        x.close();
        loss.backward();
        assertThat(x.grad()).isEmpty();
        assertThat(z.grad().orElseThrow().toFloatArray()).containsExactly(1, 1);
    }
}
