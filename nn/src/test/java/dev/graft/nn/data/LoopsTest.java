package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several loops over one loader, loops that are left, and loops that fail: none ends another, none loses or holds a
 * tensor.
 */
@Timeout(60)
class LoopsTest {

    private static Dataset<Example> numbers(int size, IntFunction<Example> get) {
        return new Dataset<>() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return get.apply(index);
            }
        };
    }

    private static Dataset<Example> numbers(int size) {
        return numbers(size, index -> Example.of(Tensor.of(new float[] {index}, 1), index));
    }

    private static List<String> indices(Iterable<Batch> loop) {
        List<String> indices = new ArrayList<>();
        for (Batch batch : loop) {
            indices.add(Arrays.toString(batch.indices()));
        }
        return indices;
    }

    /** What an undisturbed loader shows in an epoch. */
    private static List<String> epoch(int size, int batchSize, int epoch) {
        try (DataLoader loader =
                DataLoader.of(numbers(size), batchSize).shuffled(3).workers(0)) {
            return indices(loader.at(epoch, 0));
        }
    }

    private static <T> T soon(Future<T> future) throws InterruptedException, TimeoutException {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void aLoopInsideALoopOverTheSameLoaderLeavesItWhole(int workers) {
        try (DataLoader loader = DataLoader.of(numbers(10), 4).shuffled(3).workers(workers)) {
            List<String> outer = new ArrayList<>();
            int epoch = 2;
            for (Batch batch : loader) {
                outer.add(Arrays.toString(batch.indices()));
                Tensor made = batch.inputs().mul(2f);
                List<Tensor> inner = new ArrayList<>();
                List<String> shown = new ArrayList<>();
                for (Batch other : loader) {
                    shown.add(Arrays.toString(other.indices()));
                    inner.add(other.inputs());
                }
                assertThat(shown).isEqualTo(epoch(10, 4, epoch++));
                assertThat(inner)
                        .allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
                assertThat(made.sum().item()).isEqualTo(2 * batch.inputs().sum().item());
            }
            assertThat(outer).isEqualTo(epoch(10, 4, 1));
            assertThat(indices(loader)).isEqualTo(epoch(10, 4, 5));
        }
    }

    /** It cannot be told from one that goes on later, as in zipping two loaders: its step stays for who holds it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void aLoopInsideThatIsLeftEarlyDoesNotGoWithTheOuterStep(int workers) {
        try (DataLoader loader = DataLoader.of(numbers(9), 3).workers(workers)) {
            List<Batch> left = new ArrayList<>();
            int steps = 0;
            for (Batch batch : loader) {
                for (Batch other : loader) {
                    left.add(other);
                    break;
                }
                try (LoaderPass pass = loader.pass(1)) {
                    Tensor inputs = pass.iterator().next().inputs();
                    pass.close();
                    assertThat(inputs.isClosed())
                            .as("a pass is closed at once, step or no step")
                            .isTrue();
                }
                assertThat(left)
                        .allSatisfy(other ->
                                assertThat(other.inputs().toFloatArray()).containsExactly(0, 1, 2));
                assertThat(batch.inputs().get(0, 0)).isEqualTo(3 * steps);
                steps++;
            }
            assertThat(steps).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void aPassDoesNotCountAsAnEpoch(int workers) {
        try (DataLoader loader = DataLoader.of(numbers(10), 4).shuffled(3).workers(workers)) {
            for (int epoch = 1; epoch <= 3; epoch++) {
                assertThat(indices(loader)).isEqualTo(epoch(10, 4, epoch));
                try (LoaderPass pass = loader.pass(1)) {
                    assertThat(indices(pass)).isEqualTo(epoch(10, 4, 1));
                    assertThatThrownBy(pass::iterator).hasMessageContaining("this pass has begun already");
                }
                try (LoaderPass rest = loader.pass(7, 2)) {
                    assertThat(indices(rest)).isEqualTo(epoch(10, 4, 7).subList(2, 3));
                }
            }
        }
    }

    @Test
    void aClosedPassFreesItsBatch() {
        try (DataLoader loader = DataLoader.of(numbers(10), 4)) {
            Tensor inputs;
            Iterator<Batch> walk;
            try (LoaderPass pass = loader.pass(1)) {
                walk = pass.iterator();
                inputs = walk.next().inputs();
            }
            assertThat(inputs.isClosed()).isTrue();
            assertThatThrownBy(walk::hasNext)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("data loader: this loop has ended after 1 of 3 batches, because its pass was closed."
                            + " Hint: begin another loop.");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void closingTheLoaderInsideALoopIsAnErrorAndNotAnEarlyEnd(int workers) {
        DataLoader loader = DataLoader.of(numbers(10), 4).workers(workers);
        List<Tensor> inputs = new ArrayList<>();
        assertThatThrownBy(() -> {
                    for (Batch batch : loader) {
                        inputs.add(batch.inputs());
                        loader.close();
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("data loader: this loop has ended after 1 of 3 batches,"
                        + " because its loader was closed. Hint: begin another loop.");
        assertThat(inputs)
                .hasSize(1)
                .allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
        assertThat(indices(loader)).hasSize(3);
        loader.close();
    }

    @Test
    void closingTheLoaderElsewhereWakesALoopThatWaits() throws Exception {
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        DataLoader loader = DataLoader.of(
                        numbers(10, index -> {
                            loading.countDown();
                            try {
                                never.await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                            return Example.of(Tensor.zeros(1), 0);
                        }),
                        2)
                .workers(1);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<List<String>> loop = other.submit(() -> indices(loader));
            assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();
            Future<?> closing = CompletableFuture.runAsync(loader::close);
            assertThatThrownBy(() -> loop.get(4, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("this loop has ended after 0 of 5 batches, because its loader was closed");
            never.countDown();
            soon(closing);
        } finally {
            other.shutdownNow();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void twoThreadsEachSeeAWholeEpoch(int workers) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (DataLoader loader = DataLoader.of(numbers(103), 4).shuffled(3).workers(workers)) {
            CyclicBarrier together = new CyclicBarrier(2);
            List<Future<List<String>>> loops = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                loops.add(threads.submit(() -> {
                    List<String> shown = new ArrayList<>();
                    for (Batch batch : loader) {
                        together.await(20, TimeUnit.SECONDS);
                        for (int k = 0; k < batch.size(); k++) {
                            assertThat(batch.inputs().get(k, 0)).isEqualTo(batch.indices()[k]);
                        }
                        shown.add(Arrays.toString(batch.indices()));
                    }
                    return shown;
                }));
            }
            assertThat(List.of(soon(loops.get(0)), soon(loops.get(1))))
                    .containsExactlyInAnyOrder(epoch(103, 4, 1), epoch(103, 4, 2));
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void oneLoopIsNotForTwoThreads() throws Exception {
        try (DataLoader loader = DataLoader.of(numbers(10), 4)) {
            Iterator<Batch> walk = loader.iterator();
            walk.next();
            CompletableFuture<Batch> elsewhere = CompletableFuture.supplyAsync(walk::next);
            assertThatThrownBy(elsewhere::join)
                    .hasRootCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Hint: let each thread begin its own loop.");
            assertThat(walk.next().indices()).containsExactly(4, 5, 6, 7);
        }
    }

    /** Two loaders, neither of which can load its k-th example before the other loads its own. */
    @Test
    void twoLoadersLoadAtTheSameTime() throws Exception {
        CyclicBarrier pairs = new CyclicBarrier(2);
        IntFunction<Example> meeting = index -> {
            try {
                pairs.await(20, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IllegalStateException("the other loader does not load", e);
            }
            return Example.of(Tensor.zeros(1), index);
        };
        try (DataLoader first = DataLoader.of(numbers(12, meeting), 3).workers(1);
                DataLoader second = DataLoader.of(numbers(12, meeting), 3).workers(1)) {
            Iterator<Batch> other = second.iterator();
            int steps = 0;
            for (Batch batch : first) {
                assertThat(other.next().indices()).isEqualTo(batch.indices());
                steps++;
            }
            assertThat(steps).isEqualTo(4);
            assertThat(other.hasNext()).isFalse();
        }
    }

    @Test
    void aLoaderLoadsAheadWhileTheLoopIsBusy() throws Exception {
        AtomicInteger loaded = new AtomicInteger();
        try (DataLoader loader = DataLoader.of(
                        numbers(20, index -> {
                            loaded.incrementAndGet();
                            return Example.of(Tensor.zeros(1), index);
                        }),
                        2)
                .workers(2)
                .prefetch(3)) {
            int step = 0;
            for (Batch unused : loader) {
                step++;
                int ahead = Math.min(20, 2 * (step + 3));
                for (int i = 0; i < 1000 && loaded.get() < ahead; i++) {
                    Thread.sleep(5);
                }
                assertThat(loaded.get()).as("examples loaded in step %d", step).isEqualTo(ahead);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void whatIsMadeAfterABreakOutlivesTheLoader(int workers) {
        Tensor inLoop = Tensor.zeros(1);
        Tensor after;
        Tensor inputs = Tensor.zeros(1);
        try (DataLoader loader = DataLoader.of(numbers(10), 4).workers(workers)) {
            for (Batch batch : loader) {
                inputs = batch.inputs();
                inLoop = inputs.mul(2f);
                break;
            }
            after = inLoop.add(1f);
        }
        assertThat(inputs.isClosed()).isTrue();
        assertThat(inLoop.toFloatArray()).containsExactly(0, 2, 4, 6);
        assertThat(after.toFloatArray()).containsExactly(1, 3, 5, 7);
    }

    @Test
    void aLoopLeftEarlyEndsNoScopeOpenedLater() {
        DataLoader loader = DataLoader.of(numbers(10), 4);
        for (Batch unused : loader) {
            break;
        }
        Tensor made;
        try (Scope scope = Scope.open()) {
            loader.close();
            made = Tensor.ones(2);
            Tensor before = made;
            assertThat(before.isClosed()).isFalse();
        }
        assertThat(made.isClosed())
                .as("the scope was still open, and closed it")
                .isTrue();
    }

    @Test
    void aScopeAroundFreesALoopThatWasLeft() {
        Tensor inputs;
        Tensor made;
        try (DataLoader loader = DataLoader.of(numbers(10), 4)) {
            try (Scope scope = Scope.open()) {
                Iterator<Batch> walk = loader.iterator();
                inputs = walk.next().inputs();
                made = inputs.mul(2f);
            }
            assertThat(made.isClosed()).isTrue();
            assertThat(inputs.isClosed()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void anExceptionInTheBodyLeavesNothingOpen(int workers) {
        try (DataLoader loader = DataLoader.of(numbers(10), 4).shuffled(3).workers(workers)) {
            Tensor[] made = new Tensor[1];
            assertThatThrownBy(() -> {
                        for (Batch batch : loader) {
                            made[0] = batch.inputs().mul(2f);
                            throw new IllegalCallerException("expected");
                        }
                    })
                    .isInstanceOf(IllegalCallerException.class);
            assertThat(made[0].isClosed()).isFalse();
            assertThat(indices(loader)).isEqualTo(epoch(10, 4, 2));
            assertThat(made[0].numel()).isEqualTo(4);
        }
    }

    @Test
    void aFirstBatchAloneHoldsNoMemoryThatIsMadeLater() throws InterruptedException {
        DataLoader loader = DataLoader.of(numbers(10), 4);
        Batch first = loader.iterator().next();
        WeakReference<Tensor> forgotten = new WeakReference<>(Tensor.zeros(1000));
        for (int i = 0; i < 500 && forgotten.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(forgotten.get()).isNull();
        assertThat(first.inputs().toFloatArray()).containsExactly(0, 1, 2, 3);
        assertThat(indices(loader)).hasSize(3);
        loader.close();
    }

    @Test
    void loopsThatAreLeftAgainAndAgainKeepNothing() throws InterruptedException {
        try (DataLoader loader = DataLoader.of(numbers(64, index -> Example.of(Tensor.zeros(5000), index)), 8)
                .workers(2)) {
            long before = Device.cpu().memory().live();
            for (int round = 0; round < 60; round++) {
                for (Batch batch : loader) {
                    batch.inputs().mul(2f);
                    break;
                }
            }
            long most = Long.MAX_VALUE;
            for (int i = 0; i < 500 && most > before + 2_000_000; i++) {
                System.gc();
                Thread.sleep(10);
                most = Device.cpu().memory().live();
            }
            // a round makes 320 kB in its step and twice as much ahead; the loops may hold that of the last one
            assertThat(most).isLessThanOrEqualTo(before + 2_000_000);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void aLoopThatFailedCanBeBegunAgain(int workers) {
        AtomicBoolean broken = new AtomicBoolean(true);
        try (DataLoader loader = DataLoader.of(
                        numbers(10, index -> {
                            if (index == 5 && broken.get()) {
                                throw new IllegalStateException("not readable now");
                            }
                            return Example.of(Tensor.of(new float[] {index}, 1), index);
                        }),
                        4)
                .workers(workers)) {
            Iterator<Batch> walk = loader.iterator();
            walk.next();
            assertThatThrownBy(walk::next)
                    .isInstanceOf(DataException.class)
                    .hasMessage("data loader: example 5 could not be loaded: not readable now");
            assertThatThrownBy(walk::hasNext)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("because a batch could not be loaded");
            broken.set(false);
            assertThat(indices(loader)).containsExactly("[0, 1, 2, 3]", "[4, 5, 6, 7]", "[8, 9]");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void anErrorInAWorkerNamesTheExample(int workers) {
        Dataset<Example> broken = new Dataset<>() {
            @Override
            public int size() {
                return 3;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                throw new StackOverflowError("decoder");
            }

            @Override
            public String describe(int index) {
                if (index == 1) {
                    throw new IllegalStateException("no name");
                }
                return "scan-" + index + ".png";
            }
        };
        try (DataLoader loader = DataLoader.of(broken, 1).workers(workers)) {
            assertThatThrownBy(() -> loader.iterator().next())
                    .isInstanceOf(StackOverflowError.class)
                    .satisfies(e -> assertThat(e.getSuppressed())
                            .extracting(Throwable::getMessage)
                            .containsExactly("data loader: this happened while scan-0.png was loaded"));
            assertThatThrownBy(() -> loader.at(1, 1).iterator().next())
                    .isInstanceOf(StackOverflowError.class)
                    .satisfies(e -> assertThat(e.getSuppressed())
                            .extracting(Throwable::getMessage)
                            .containsExactly("data loader: this happened while example 1 was loaded"));
        }
    }

    @Test
    void anInterruptedLoopSaysSoAndCanBeBegunAgain() throws Exception {
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (DataLoader loader = DataLoader.of(
                        numbers(4, index -> {
                            loading.countDown();
                            try {
                                go.await();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                            return Example.of(Tensor.zeros(1), index);
                        }),
                        2)
                .workers(1)) {
            AtomicBoolean interrupted = new AtomicBoolean();
            CompletableFuture<Throwable> result = new CompletableFuture<>();
            Thread looping = new Thread(() -> {
                try {
                    indices(loader);
                    result.complete(null);
                } catch (Throwable e) {
                    interrupted.set(Thread.currentThread().isInterrupted());
                    result.complete(e);
                }
            });
            looping.start();
            assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();
            looping.interrupt();
            assertThat(soon(result))
                    .isInstanceOf(DataException.class)
                    .hasMessage("data loader: interrupted while waiting for a batch");
            assertThat(interrupted).isTrue();
            go.countDown();
            assertThat(indices(loader)).hasSize(2);
        }
    }

    @Test
    void idleWorkersEnd() throws InterruptedException {
        WorkerPool pool = new WorkerPool(3, 50);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch done = new CountDownLatch(6);
        for (int i = 0; i < 6; i++) {
            pool.submit(() -> {
                threads.add(Thread.currentThread());
                done.countDown();
            });
        }
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        for (Thread thread : threads) {
            thread.join(20_000);
            assertThat(thread.isAlive()).isFalse();
        }
        CountDownLatch again = new CountDownLatch(1);
        pool.submit(again::countDown);
        assertThat(again.await(20, TimeUnit.SECONDS)).isTrue();
        pool.close();
    }

    @Test
    void refusesEpochsAndBatchesThatDoNotExist() {
        try (DataLoader loader = DataLoader.of(numbers(10), 4)) {
            assertThatThrownBy(() -> loader.epoch(0)).hasMessage("data loader: epochs count from 1, was 0");
            assertThatThrownBy(() -> loader.at(-1, 0)).hasMessage("data loader: epochs count from 1, was -1");
            assertThatThrownBy(() -> loader.at(1, -1))
                    .hasMessage("data loader: the first batch must be in [0, 3], was -1");
            assertThatThrownBy(() -> loader.pass(1, 4))
                    .hasMessage("data loader: the first batch must be in [0, 3], was 4");
            assertThat(indices(loader.at(1, 3))).isEmpty();
        }
    }
}
