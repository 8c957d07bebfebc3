package dev.graft.cpu.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ParallelTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void runsEveryIndexOnceInPiecesOfTheGrain(int threads) {
        try (Parallel parallel = new Parallel(threads)) {
            for (int n : new int[] {0, 1, 7, 64, 1000}) {
                for (int grain : new int[] {1, 3, 64, 5000}) {
                    AtomicIntegerArray seen = new AtomicIntegerArray(n);
                    parallel.forRange(n, grain, (from, to) -> {
                        assertThat(from % grain).isZero();
                        assertThat(to).isEqualTo(Math.min(n, from + grain));
                        for (int i = from; i < to; i++) {
                            seen.incrementAndGet(i);
                        }
                    });
                    for (int i = 0; i < n; i++) {
                        assertThat(seen.get(i)).isEqualTo(1);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8, 16})
    void usesAllThreads(int count) {
        try (Parallel parallel = new Parallel(count)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            CountDownLatch together = new CountDownLatch(count);
            parallel.forRange(count, 1, (from, to) -> {
                threads.add(Thread.currentThread());
                together.countDown();
                waitFor(together);
            });
            assertThat(threads).hasSize(count).contains(Thread.currentThread());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void threadsBeginWithSharesOfNeighbouringPieces(int threads) {
        try (Parallel parallel = new Parallel(threads)) {
            for (int round = 0; round < 100; round++) {
                Map<Thread, Integer> first = new ConcurrentHashMap<>();
                CountDownLatch together = new CountDownLatch(threads);
                parallel.forRange(12, 1, (from, to) -> {
                    if (first.putIfAbsent(Thread.currentThread(), from) == null) {
                        together.countDown();
                        waitFor(together);
                    }
                });
                assertThat(first.get(Thread.currentThread())).isZero();
                assertThat(first.values())
                        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, threads)
                                .mapToObj(share -> 12 * share / threads)
                                .toList());
            }
        }
    }

    @Test
    void aThreadThatIsDoneHelpsTheOthers() {
        try (Parallel parallel = new Parallel(2)) {
            CountDownLatch others = new CountDownLatch(9);
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            parallel.forRange(10, 1, (from, to) -> {
                if (from == 0) {
                    waitFor(others);
                } else {
                    threads.add(Thread.currentThread());
                    others.countDown();
                }
            });
            assertThat(threads).hasSize(1).doesNotContain(Thread.currentThread());
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void throwsWhatAPieceThrowsAndStaysUsable(int threads) {
        try (Parallel parallel = new Parallel(threads)) {
            for (int round = 0; round < 50; round++) {
                assertThatThrownBy(() -> parallel.forRange(100, 1, (from, to) -> {
                            if (from == 42) {
                                throw new IllegalStateException("piece 42");
                            }
                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("piece 42");
            }
            AtomicInteger count = new AtomicInteger();
            parallel.forRange(10, 1, (from, to) -> count.incrementAndGet());
            assertThat(count).hasValue(10);
        }
    }

    @Test
    void nestedLoopsRunOnTheCallingThread() {
        try (Parallel parallel = new Parallel(3)) {
            AtomicInteger count = new AtomicInteger();
            parallel.forRange(6, 1, (from, to) -> {
                Thread outer = Thread.currentThread();
                parallel.forRange(5, 1, (f, t) -> {
                    assertThat(Thread.currentThread()).isSameAs(outer);
                    count.incrementAndGet();
                });
            });
            assertThat(count).hasValue(30);
        }
    }

    @Test
    void severalCallersAtOnceAllFinish() throws InterruptedException {
        try (Parallel parallel = new Parallel(2)) {
            AtomicInteger count = new AtomicInteger();
            Thread[] callers = new Thread[4];
            for (int i = 0; i < callers.length; i++) {
                callers[i] = new Thread(() -> {
                    for (int round = 0; round < 500; round++) {
                        parallel.forRange(8, 1, (from, to) -> count.incrementAndGet());
                    }
                });
                callers[i].start();
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(count).hasValue(4 * 500 * 8);
        }
    }

    /** Four pieces of two loops, two each, none of which ends before all four run. */
    @Test
    void callersAtOnceShareTheWorkers() throws InterruptedException {
        try (Parallel parallel = new Parallel(4)) {
            for (int round = 0; round < 100; round++) {
                CountDownLatch together = new CountDownLatch(4);
                atOnce(
                        2,
                        caller -> parallel.forRange(2, 1, (from, to) -> {
                            together.countDown();
                            waitFor(together);
                        }));
            }
        }
    }

    @Test
    void aWorkerLeavesALongLoopForOneThatHasNone() throws InterruptedException {
        try (Parallel parallel = new Parallel(4)) {
            CountDownLatch allAtFirst = new CountDownLatch(4);
            CountDownLatch second = new CountDownLatch(2);
            atOnce(2, caller -> {
                if (caller == 0) {
                    parallel.forRange(1_000_000, 1, (from, to) -> {
                        allAtFirst.countDown();
                        if (second.getCount() > 0) {
                            LockSupport.parkNanos(100_000);
                        }
                    });
                } else {
                    waitFor(allAtFirst);
                    parallel.forRange(2, 1, (from, to) -> {
                        second.countDown();
                        waitFor(second);
                    });
                }
            });
        }
    }

    @Test
    void aWorkerJoinsALongLoopWhenThereIsRoom() throws InterruptedException {
        try (Parallel parallel = new Parallel(2)) {
            CountDownLatch bothCall = new CountDownLatch(2);
            CountDownLatch firstIsOver = new CountDownLatch(1);
            Set<Thread> helpers = ConcurrentHashMap.newKeySet();
            atOnce(2, caller -> {
                Thread thread = Thread.currentThread();
                if (caller == 0) {
                    parallel.forRange(100, 1, (from, to) -> {
                        bothCall.countDown();
                        waitFor(bothCall);
                    });
                    firstIsOver.countDown();
                } else {
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                    parallel.forRange(1_000_000, 1, (from, to) -> {
                        bothCall.countDown();
                        if (Thread.currentThread() != thread) {
                            helpers.add(Thread.currentThread());
                        } else if (firstIsOver.getCount() > 0 || (helpers.isEmpty() && System.nanoTime() < end)) {
                            LockSupport.parkNanos(100_000);
                        }
                    });
                }
            });
            assertThat(helpers).hasSize(1);
        }
    }

    /** As many callers as threads: workers would only take the processors from them. */
    @Test
    void workersStayAwayFromAsManyCallersAsThreads() throws InterruptedException {
        try (Parallel parallel = new Parallel(3)) {
            CountDownLatch inside = new CountDownLatch(3);
            AtomicInteger callers = new AtomicInteger(3);
            AtomicInteger byWorkers = new AtomicInteger();
            atOnce(3, caller -> {
                Thread thread = Thread.currentThread();
                parallel.forRange(200, 1, (from, to) -> {
                    if (Thread.currentThread() == thread) {
                        inside.countDown();
                        waitFor(inside);
                    } else if (inside.getCount() == 0 && callers.get() == 3) {
                        byWorkers.incrementAndGet();
                    }
                    LockSupport.parkNanos(20_000);
                    if (to == 200) {
                        callers.decrementAndGet(); // this loop is nearly done: workers may come for the others'
                    }
                });
            });
            // the pieces that were in progress when the last caller came
            assertThat(byWorkers.get()).isLessThanOrEqualTo(6);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3", "2, 1", "2, 2", "2, 5", "4, 2", "4, 16", "8, 3", "16, 16"})
    void everyCallerGetsEveryPieceOnce(int threads, int callers) throws InterruptedException {
        try (Parallel parallel = new Parallel(threads)) {
            atOnce(callers, caller -> {
                for (int round = 0; round < 100; round++) {
                    int n = 1 + (caller * 31 + round * 17) % 97;
                    AtomicIntegerArray seen = new AtomicIntegerArray(n);
                    parallel.forRange(n, 1 + round % 3, (from, to) -> {
                        for (int i = from; i < to; i++) {
                            seen.incrementAndGet(i);
                        }
                    });
                    for (int i = 0; i < n; i++) {
                        assertThat(seen.get(i)).isEqualTo(1);
                    }
                }
            });
        }
    }

    @Test
    void aCallerSeesTheFailureOfItsOwnLoopAlone() throws InterruptedException {
        try (Parallel parallel = new Parallel(4)) {
            atOnce(4, caller -> {
                for (int round = 0; round < 200; round++) {
                    if (caller % 2 == 0) {
                        assertThatThrownBy(() -> parallel.forRange(50, 1, (from, to) -> {
                                    if (from == 7 || from == 33) {
                                        throw new IllegalStateException("of " + caller);
                                    }
                                }))
                                .hasMessage("of " + caller);
                    } else {
                        AtomicInteger count = new AtomicInteger();
                        parallel.forRange(50, 1, (from, to) -> count.incrementAndGet());
                        assertThat(count).hasValue(50);
                    }
                }
            });
        }
    }

    @Test
    void anInterruptWaitsUntilTheLoopIsDone() {
        try (Parallel parallel = new Parallel(2)) {
            Thread caller = Thread.currentThread();
            AtomicInteger done = new AtomicInteger();
            CountDownLatch together = new CountDownLatch(2);
            parallel.forRange(2, 1, (from, to) -> {
                together.countDown();
                while (together.getCount() > 0) {
                    Thread.onSpinWait();
                }
                if (Thread.currentThread() != caller) {
                    caller.interrupt();
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                }
                done.incrementAndGet();
            });
            assertThat(done).hasValue(2);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    /** An interrupted thread does not park: it would spin for good. */
    @Test
    void aWorkerThatAPieceInterruptedGoesToSleep() throws InterruptedException {
        try (Parallel parallel = new Parallel(2)) {
            AtomicReference<Thread> worker = new AtomicReference<>();
            Thread caller = Thread.currentThread();
            CountDownLatch together = new CountDownLatch(2);
            parallel.forRange(2, 1, (from, to) -> {
                if (Thread.currentThread() != caller) {
                    worker.set(Thread.currentThread());
                    Thread.currentThread().interrupt();
                }
                together.countDown();
                if (Thread.currentThread() == caller) {
                    waitFor(together);
                }
            });
            Thread.sleep(200);
            assertThat(worker.get().isInterrupted()).isFalse();
            assertThat(worker.get().getState()).isIn(Thread.State.TIMED_WAITING, Thread.State.TERMINATED);
        }
    }

    @Test
    void idleWorkersEndAndComeAgain() throws InterruptedException {
        try (Parallel parallel = new Parallel(3)) {
            for (int round = 0; round < 2; round++) {
                Set<Thread> threads = ConcurrentHashMap.newKeySet();
                CountDownLatch together = new CountDownLatch(3);
                parallel.forRange(3, 1, (from, to) -> {
                    threads.add(Thread.currentThread());
                    together.countDown();
                    waitFor(together);
                });
                threads.remove(Thread.currentThread());
                assertThat(threads)
                        .hasSize(2)
                        .allMatch(thread -> thread.isDaemon() && thread.getContextClassLoader() == null);
                for (Thread thread : threads) {
                    thread.join(10_000);
                    assertThat(thread.isAlive()).isFalse();
                }
            }
        }
    }

    @Test
    void loopsGoOnWithoutWorkersAfterClosing() {
        Parallel parallel = new Parallel(3);
        parallel.close();
        AtomicInteger count = new AtomicInteger();
        parallel.forRange(10, 1, (from, to) -> count.incrementAndGet());
        assertThat(count).hasValue(10);
    }

    /**
     * Runs {@code caller} with each number below {@code count} on threads that begin at the same time; throws what one
     * threw.
     */
    private static void atOnce(int count, IntConsumer caller) throws InterruptedException {
        CountDownLatch begin = new CountDownLatch(count);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] threads = new Thread[count];
        for (int i = 0; i < count; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                begin.countDown();
                waitFor(begin);
                try {
                    caller.accept(number);
                } catch (Throwable t) {
                    failure.compareAndSet(null, t);
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    @Test
    void wakesThreadsThatWentToSleep() throws InterruptedException {
        try (Parallel parallel = new Parallel(2)) {
            for (int round = 0; round < 5; round++) {
                CountDownLatch together = new CountDownLatch(2);
                parallel.forRange(2, 1, (from, to) -> {
                    together.countDown();
                    waitFor(together);
                });
                Thread.sleep(20);
            }
        }
    }

    @Test
    void refusesLessThanOneThread() {
        assertThatThrownBy(() -> new Parallel(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("threads: 0");
    }
}
