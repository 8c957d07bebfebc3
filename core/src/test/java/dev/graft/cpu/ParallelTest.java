package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
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

    @Test
    void usesAllThreads() {
        try (Parallel parallel = new Parallel(3)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            CountDownLatch together = new CountDownLatch(3);
            parallel.forRange(3, 1, (from, to) -> {
                threads.add(Thread.currentThread());
                together.countDown();
                waitFor(together);
            });
            assertThat(threads).hasSize(3).contains(Thread.currentThread());
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
                assertThat(first.values()).containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, threads).mapToObj(share -> 12 * share / threads).toList());
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
                })).isInstanceOf(IllegalStateException.class).hasMessage("piece 42");
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
        assertThatThrownBy(() -> new Parallel(0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("threads: 0");
    }
}
