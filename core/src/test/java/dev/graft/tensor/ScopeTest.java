package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.graft.type.Shape;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who owns a tensor, and when its memory goes. */
class ScopeTest {

    @Test
    void closesWhatWasMadeInside() {
        Tensor outside = Tensor.ones(2);
        Tensor inside;
        Tensor result;
        try (Scope scope = Scope.open()) {
            inside = Tensor.ones(2);
            result = inside.add(outside);
            assertThat(inside.isClosed()).isFalse();
        }
        assertThat(inside.isClosed()).isTrue();
        assertThat(result.isClosed()).isTrue();
        assertThat(inside.storage().isReleased()).isTrue();
        assertThat(outside.isClosed()).isFalse();
    }

    @Test
    void keepMovesToTheScopeAround() {
        Tensor kept;
        Tensor keptTwice;
        try (Scope outer = Scope.open()) {
            try (Scope inner = Scope.open()) {
                kept = inner.keep(Tensor.ones(2));
                keptTwice = inner.keep(Tensor.ones(3));
            }
            assertThat(kept.isClosed()).isFalse();
            outer.keep(keptTwice);
        }
        assertThat(kept.isClosed()).isTrue();
        assertThat(keptTwice.isClosed()).isFalse();
        assertThat(keptTwice.toFloatArray()).containsExactly(1, 1, 1);
        keptTwice.close();
    }

    @Test
    void keepOnATensorTakesItOutOfEveryScope() {
        Tensor kept;
        try (Scope outer = Scope.open();
                Scope inner = Scope.open()) {
            kept = Tensor.ones(2).keep();
        }
        assertThat(kept.isClosed()).isFalse();
        kept.close();
        assertThat(kept.isClosed()).isTrue();
        kept.close();
    }

    @Test
    void aTensorOfAScopeInsideIsKeptPastTheOuterOne() {
        Tensor kept;
        Tensor movedOnce;
        try (Scope outermost = Scope.open()) {
            try (Scope outer = Scope.open()) {
                try (Scope middle = Scope.open();
                        Scope inner = Scope.open()) {
                    kept = Tensor.ones(2);
                    assertThat(outer.keep(kept)).isSameAs(kept);
                    assertThat(kept.scope()).isSameAs(outermost);
                    movedOnce = inner.keep(Tensor.ones(2));
                }
            }
            assertThat(kept.isClosed()).isFalse();
            assertThat(movedOnce.isClosed()).isTrue();
        }
        assertThat(kept.isClosed()).isTrue();
    }

    @Test
    void aTensorOfAScopeInsideGoesToTheCollectorWhereNoneIsAround() {
        Tensor kept;
        try (Scope outer = Scope.open();
                Scope inner = Scope.open()) {
            kept = outer.keep(Tensor.ones(2));
        }
        assertThat(kept.scope()).isNull();
        assertThat(kept.toFloatArray()).containsExactly(1, 1);
    }

    @Test
    void whatOutlivesAScopeAnywayMayBeKept() {
        Tensor unowned = Tensor.ones(2);
        Tensor outers;
        try (Scope outer = Scope.open()) {
            outers = Tensor.ones(2);
            try (Scope inner = Scope.open()) {
                assertThat(inner.keep(outers)).isSameAs(outers);
                assertThat(inner.keep(unowned)).isSameAs(unowned);
            }
            assertThat(outers.isClosed()).isFalse();
            assertThat(outers.scope()).isSameAs(outer);
        }
        assertThat(outers.isClosed()).isTrue();
        assertThat(unowned.toFloatArray()).containsExactly(1, 1);
    }

    @Test
    void aClosedTensorCannotBeKept() {
        try (Scope scope = Scope.open()) {
            Tensor closed = Tensor.ones(2);
            closed.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> scope.keep(closed))
                    .withMessageStartingWith("keep: the tensor [2] was closed");
            assertThatIllegalStateException()
                    .isThrownBy(closed::keep)
                    .withMessageStartingWith("keep: the tensor [2] was closed");
            assertThatIllegalStateException()
                    .isThrownBy(() -> scope.handOver(closed))
                    .withMessageContaining("was closed");
        }
    }

    @Test
    void aClosedScopeKeepsNothing() {
        Scope scope = Scope.open();
        scope.close();
        Tensor t = Tensor.ones(2);
        assertThatIllegalStateException()
                .isThrownBy(() -> scope.keep(t))
                .withMessageStartingWith("keep: the scope was closed");
    }

    @Test
    void aTensorOfAnotherThreadsScopeCannotBeKept() {
        try (Scope scope = Scope.open()) {
            Tensor mine = Tensor.ones(2);
            assertRefused(() -> mine.keep(), "keep: the tensor [2] belongs to a scope of another thread");
            assertRefused(() -> scope.keep(mine), "keep: called on a different thread");
            assertRefused(
                    () -> {
                        try (Scope theirs = Scope.open()) {
                            theirs.keep(mine);
                        }
                    },
                    "keep: the tensor belongs to a scope of another thread");
            assertThat(mine.scope()).isSameAs(scope);
            assertThat(CompletableFuture.supplyAsync(() -> {
                                try (Scope theirs = Scope.open()) {
                                    return Tensor.ones(3).keep();
                                }
                            })
                            .join()
                            .keep()
                            .isClosed())
                    .isFalse();
        }
    }

    private static void assertRefused(Runnable body, String message) {
        assertThat(catchThrowableOfType(CompletionException.class, CompletableFuture.runAsync(body)::join)
                        .getCause())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void anyThreadMayCloseATensorAndOneCloseCounts() throws InterruptedException {
        for (int round = 0; round < 300; round++) {
            try (Scope scope = Scope.open()) {
                Tensor t = Tensor.ones(16);
                Tensor view = t.alias().keep();
                CountDownLatch start = new CountDownLatch(1);
                List<CompletableFuture<Void>> closers = IntStream.range(0, 3)
                        .mapToObj(i -> CompletableFuture.runAsync(() -> {
                            try {
                                start.await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                            t.close();
                        }))
                        .toList();
                start.countDown();
                t.close();
                closers.forEach(CompletableFuture::join);
                assertThat(view.storage().holders()).as("round %d", round).isEqualTo(1);
                view.close();
                assertThat(view.storage().isReleased()).isTrue();
            }
        }
    }

    @Test
    void whatIsHandedOverIsTheCallersToClose() {
        Tensor argument = Tensor.ones(2).requireGrad(true);
        Tensor result;
        try (Scope caller = Scope.open()) {
            try (Scope function = Scope.open()) {
                result = function.handOver(argument);
            }
            assertThat(result).isNotSameAs(argument);
            assertThat(result.scope()).isSameAs(caller);
            result.sum().backward();
            assertThat(argument.grad().orElseThrow().toFloatArray()).containsExactly(1, 1);
            result.close();
            assertThat(argument.toFloatArray()).containsExactly(1, 1);
            Tensor fresh;
            try (Scope function = Scope.open()) {
                Tensor made = Tensor.ones(3);
                fresh = function.handOver(made);
                assertThat(fresh).isSameAs(made);
            }
            assertThat(fresh.scope()).isSameAs(caller);
        }
    }

    @Test
    void closingEarlyIsFine() {
        try (Scope scope = Scope.open()) {
            Tensor t = Tensor.ones(2);
            t.close();
            assertThat(t.storage().isReleased()).isTrue();
        }
    }

    @Test
    void closingTheOuterScopeClosesThoseInside() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        Tensor t = Tensor.ones(2);
        outer.close();
        assertThat(t.isClosed()).isTrue();
        inner.close();
        Tensor free = Tensor.ones(2);
        assertThat(free.scope()).as("no scope is open any more").isNull();
    }

    @Test
    void anExceptionClosesTheScopeToo() {
        Tensor[] made = new Tensor[1];
        try (Scope scope = Scope.open()) {
            made[0] = Tensor.ones(2);
            throw new IllegalCallerException("expected");
        } catch (IllegalCallerException e) {
            assertThat(made[0].isClosed()).isTrue();
        }
    }

    @Test
    void aScopeIsClosedOnItsOwnThread() {
        try (Scope scope = Scope.open()) {
            Tensor t = Tensor.ones(2);
            CompletableFuture<Void> elsewhere = CompletableFuture.runAsync(scope::close);
            assertThat(catchThrowableOfType(CompletionException.class, elsewhere::join)
                            .getCause())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "scope: closed on a different thread from the one that opened it. Hint: open and close it on one thread.");
            assertThat(t.isClosed()).isFalse();
        }
    }

    @Test
    void aTensorMadeOnAnotherThreadIsNotTheScopes() {
        Tensor elsewhere;
        try (Scope scope = Scope.open()) {
            elsewhere = CompletableFuture.supplyAsync(() -> Tensor.ones(2)).join();
        }
        assertThat(elsewhere.isClosed()).isFalse();
        elsewhere.close();
    }

    @Test
    void aClosedTensorSaysSo() {
        Tensor t = Tensor.ones(2, 3);
        t.close();
        assertThat(t.toString()).isEqualTo("Tensor[2, 3] F32 closed");
        assertThatIllegalStateException()
                .isThrownBy(t::relu)
                .withMessage("relu: the tensor [2, 3] was closed. Hint: keep() it, or move the use inside its "
                        + "scope. Set -Dgraft.traceClose=true to see where.");
        assertThat(t.shape()).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void viewsKeepTheMemoryAlive() {
        Tensor base = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        Tensor view = base.transpose(0, 1);
        Tensor row = view.select(0, 1);
        base.close();
        view.close();
        assertThat(row.toFloatArray()).containsExactly(2, 4);
        assertThat(row.storage().isReleased()).isFalse();
        row.close();
        assertThat(row.storage().isReleased()).isTrue();
    }

    @Test
    void recordedOperatorsKeepWhatTheySaved() {
        try (Scope scope = Scope.open()) {
            Tensor w = Tensor.of(new float[] {3, 4}, 2).requireGrad(true);
            Tensor loss;
            try (Scope inner = Scope.open()) {
                loss = inner.keep(Tensor.of(new float[] {5, 6}, 2).mul(w).sum());
            }
            loss.backward();
            assertThat(w.grad().orElseThrow().toFloatArray()).containsExactly(5, 6);
        }
    }

    @Test
    void theGradientGoesWithItsLeaf() {
        Tensor g;
        try (Scope scope = Scope.open()) {
            Tensor w = Tensor.ones(2).requireGrad(true);
            try (Scope step = Scope.open()) {
                w.square().sum().backward();
            }
            g = w.grad().orElseThrow();
            assertThat(g.isClosed())
                    .as("a gradient outlives the step that computed it")
                    .isFalse();
        }
        assertThat(g.isClosed()).isTrue();
    }

    @Test
    void withoutAScopeTheTensorStaysUsable() {
        Tensor t = Tensor.ones(2).mul(3);
        assertThat(t.scope()).isNull();
        assertThat(t.toFloatArray()).containsExactly(3, 3);
    }

    @Test
    void aWeakScopeClosesWhatIsStillHeld() {
        Scope scope = Scope.openWeak(this);
        Tensor held = Tensor.ones(2);
        Tensor kept = scope.keep(Tensor.ones(3));
        Tensor closedEarly = Tensor.ones(4);
        closedEarly.close();
        scope.close();
        assertThat(held.isClosed()).isTrue();
        assertThat(held.storage().isReleased()).isTrue();
        assertThat(kept.isClosed()).isFalse();
        assertThat(Tensor.ones(2).scope()).as("no scope is open any more").isNull();
    }

    @Test
    void aWeakScopeClosesItselfAlone() {
        Tensor after;
        try (Scope outer = Scope.open()) {
            Scope step = Scope.openWeak(this);
            Tensor mine = Tensor.ones(2);
            Scope later = Scope.openWeak(this);
            Tensor other = Tensor.ones(3);
            step.close();
            assertThat(mine.isClosed()).isTrue();
            assertThat(other.isClosed()).isFalse();
            Tensor kept = later.keep(Tensor.ones(4));
            assertThat(kept.scope()).isSameAs(outer);
            after = Tensor.ones(5);
            assertThat(after.scope()).isSameAs(later);
        }
        assertThat(after.isClosed()).as("the scope around closes it").isTrue();
    }

    @Test
    void aReleasedWeakScopePassesByOtherWeakOnes() {
        try (Scope outer = Scope.open()) {
            Scope step = Scope.openWeak(this);
            Scope later = Scope.openWeak(this);
            Tensor held = Tensor.ones(2);
            later.release();
            step.close();
            assertThat(held.isClosed()).isFalse();
            assertThat(held.scope()).isSameAs(outer);
        }
    }

    @Test
    void aWeakScopeKeepsNothingAlive() throws InterruptedException {
        Scope scope = Scope.openWeak(this);
        WeakReference<Tensor> forgotten = new WeakReference<>(Tensor.ones(1000));
        Tensor held = Tensor.ones(2);
        for (int i = 0; i < 500 && forgotten.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(forgotten.get()).isNull();
        assertThat(held.isClosed()).isFalse();
        scope.close();
        assertThat(held.isClosed()).isTrue();
    }

    @Test
    void aWeakScopeStillKnowsItsTensorsAfterThousandsHaveLeft() {
        Scope scope = Scope.openWeak(this);
        List<Tensor> held = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            Tensor t = Tensor.scalar(i);
            if (i % 7 == 0) {
                held.add(t);
            } else {
                t.close();
            }
        }
        held.get(1).close();
        Tensor kept = held.get(2).keep();
        scope.close();
        assertThat(kept.isClosed()).isFalse();
        assertThat(kept.item()).isEqualTo(14);
        held.remove(kept);
        assertThat(held).allSatisfy(t -> assertThat(t.isClosed()).isTrue());
    }

    @Test
    void aReleasedScopeHandsItsTensorsOn() {
        Tensor inside;
        Tensor innermost;
        Tensor later;
        try (Scope outer = Scope.open()) {
            Scope step = Scope.openWeak(this);
            inside = Tensor.ones(2);
            try (Scope inner = Scope.open()) {
                step.release();
                innermost = Tensor.ones(2);
                step.release();
                step.close();
                assertThat(innermost.isClosed())
                        .as("a scope opened inside stays open")
                        .isFalse();
                assertThat(innermost.scope()).isSameAs(inner);
            }
            assertThat(innermost.isClosed()).isTrue();
            assertThat(inside.isClosed()).isFalse();
            later = Tensor.ones(2);
            assertThat(later.scope()).isSameAs(outer);
        }
        assertThat(inside.isClosed()).isTrue();
        assertThat(later.isClosed()).isTrue();
    }

    @Test
    void aReleasedScopeWithNoneAroundLeavesTensorsToTheCollector() {
        Scope scope = Scope.open();
        Tensor inside = Tensor.ones(2);
        scope.release();
        assertThat(inside.scope()).isNull();
        assertThat(inside.toFloatArray()).containsExactly(1, 1);
        assertThat(Tensor.ones(2).scope()).as("no scope is open any more").isNull();
    }

    @Test
    void aScopeIsReleasedOnItsOwnThread() {
        try (Scope scope = Scope.open()) {
            CompletableFuture<Void> elsewhere = CompletableFuture.runAsync(scope::release);
            assertThat(catchThrowableOfType(CompletionException.class, elsewhere::join)
                            .getCause())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("scope: released on a different thread");
        }
    }

    @Test
    void aWeakScopeWhoseHolderIsGoneEndsWithTheNext() throws InterruptedException {
        WeakReference<Object> holder = new WeakReference<>(new Object());
        Scope abandoned = Scope.openWeak(holder.get());
        Tensor held = Tensor.ones(2);
        assertThat(held.scope()).isSameAs(abandoned);
        for (int i = 0; i < 500 && holder.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        try (Scope next = Scope.openWeak(this)) {
            assertThat(held.scope()).isNull();
            assertThat(held.isClosed()).isFalse();
        }
        assertThat(Tensor.ones(2).scope()).as("no scope is open any more").isNull();
    }
}
