package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One network in several threads: each evaluation sees its own mode, and says so where another thread changed the
 * weights.
 */
@Timeout(120)
class SharedEvaluationTest {
    private static final int THREADS = 16;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private static DataLoader loader() {
        return DataLoader.of(Toy.spirals(60, 4), 16);
    }

    private <T> List<T> all(Callable<T> task) throws Exception {
        List<Future<T>> futures = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            futures.add(threads.submit(task));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(future.get());
        }
        return results;
    }

    @Test
    void evaluationsOfOneNetworkAtOnceGiveOneResultAndLeaveItsModeAlone() throws Exception {
        Sequential net = Toy.network(1, 0.5f);
        CrossEntropyLoss loss = new CrossEntropyLoss();
        double expected;
        try (DataLoader loader = loader()) {
            expected = Evaluator.evaluate(net, loader, loss).loss();
        }
        try (DataLoader shared = loader()) {
            List<Double> losses = all(() -> {
                double last = 0;
                for (int i = 0; i < 10; i++) {
                    last = Evaluator.evaluate(net, shared, loss).loss();
                    assertThat(last).isEqualTo(expected);
                }
                return last;
            });
            assertThat(losses).hasSize(THREADS).containsOnly(expected);
        }
        assertThat(net.modules()).allMatch(Module::isTraining);
        assertThat(net.stateDict().get("1.num_batches_tracked").itemLong()).isZero();
    }

    @Test
    void aNetworkThatTrainsMeanwhileTrainsAsIfAlone() throws Exception {
        Sequential net = Toy.network(2, 0.5f);
        Sequential alone = Toy.network(2, 0.5f);
        Tensor x = Tensor.randn(new SplittableRandom(5), 32, 2);
        AtomicBoolean done = new AtomicBoolean();
        List<Future<Integer>> evaluations = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            evaluations.add(threads.submit(() -> {
                int refused = 0;
                try (DataLoader loader = loader()) {
                    while (!done.get()) {
                        try {
                            Evaluator.evaluate(net, loader, new CrossEntropyLoss());
                        } catch (ConcurrentModificationException e) {
                            assertThat(e)
                                    .hasMessageContaining("another thread changed")
                                    .hasMessageContaining("1.running_");
                            refused++;
                        }
                    }
                }
                return refused;
            }));
        }
        for (int i = 0; i < 300; i++) {
            try (Scope scope = Scope.open()) {
                assertThat(net.forward(x).toFloatArray())
                        .isEqualTo(alone.forward(x).toFloatArray());
            }
        }
        done.set(true);
        for (Future<Integer> evaluation : evaluations) {
            assertThat(evaluation.get()).isPositive();
        }
        try (StateDict mine = net.stateDict();
                StateDict theirs = alone.stateDict()) {
            assertThat(mine.get("1.num_batches_tracked").itemLong()).isEqualTo(300);
            mine.names()
                    .forEach(name -> assertThat(mine.get(name).toFloatArray())
                            .as(name)
                            .isEqualTo(theirs.get(name).toFloatArray()));
        }
        assertThat(net.modules()).allMatch(Module::isTraining);
    }

    @Test
    void trainingCallsOfSeveralThreadsLoseNoRunningStatistics() throws Exception {
        BatchNorm1d net = new BatchNorm1d(4);
        BatchNorm1d alone = new BatchNorm1d(4);
        Tensor x = Tensor.randn(new SplittableRandom(6), 64, 4);
        all(() -> {
            for (int i = 0; i < 20; i++) {
                try (Scope scope = Scope.open()) {
                    Autograd.noGrad(() -> net.forward(x));
                }
            }
            return 0;
        });
        for (int i = 0; i < 20 * THREADS; i++) {
            try (Scope scope = Scope.open()) {
                alone.forward(x);
            }
        }
        try (StateDict mine = net.stateDict();
                StateDict theirs = alone.stateDict()) {
            mine.names()
                    .forEach(name -> assertThat(mine.get(name).toFloatArray())
                            .as(name)
                            .isEqualTo(theirs.get(name).toFloatArray()));
            assertThat(mine.get("num_batches_tracked").itemLong()).isEqualTo(20 * THREADS);
        }
    }

    @Test
    void noTwoCallsOfADropoutShareAMask() throws Exception {
        Dropout dropout = new Dropout(0.5f, new SplittableRandom(7));
        Tensor x = Tensor.ones(64);
        List<Set<String>> masks = all(() -> {
            Set<String> mine = new HashSet<>();
            for (int i = 0; i < 200; i++) {
                try (Scope scope = Scope.open()) {
                    mine.add(Arrays.toString(dropout.forward(x).toFloatArray()));
                }
            }
            return mine;
        });
        Set<String> different = new HashSet<>();
        masks.forEach(different::addAll);
        assertThat(different).as("masks of 64 values").hasSize(200 * THREADS);
        assertThat(dropout.randomState()[1]).isEqualTo(200L * THREADS);
    }

    @Test
    void aStepDuringTheEvaluationIsNoticed() {
        Sequential net = Toy.network(3, 0.1f);
        Sgd sgd = new Sgd(net.trainableParameters(), Sgd.lr(0.1));
        CrossEntropyLoss inner = new CrossEntropyLoss();
        AtomicBoolean stepped = new AtomicBoolean();
        try (DataLoader loader = loader()) {
            Loss loss = (outputs, targets) -> {
                if (!stepped.getAndSet(true)) {
                    join(threads.submit(() -> {
                        net.forward(Tensor.randn(new SplittableRandom(8), 4, 2))
                                .sum()
                                .backward();
                        sgd.step();
                    }));
                }
                return inner.forward(outputs, targets);
            };
            assertThatThrownBy(() -> Evaluator.evaluate(net, loader, loss))
                    .isInstanceOf(ConcurrentModificationException.class)
                    .hasMessageContaining("evaluate: another thread changed")
                    .hasMessageContaining("Hint: evaluate between training steps");
            assertThat(Evaluator.evaluate(net, loader, loss).loss()).as("later").isPositive();
        }
    }

    private static void join(Future<?> future) {
        try {
            future.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void modesSetInsideAnEvaluationHoldUntilItsEnd() {
        Sequential net = Toy.network(4, 0.5f);
        Dropout dropout = (Dropout) net.module("5");
        net.module("1").eval();
        net.evaluating(() -> {
            assertThat(net.modules()).noneMatch(Module::isTraining);
            dropout.train();
            assertThat(dropout.isTraining()).as("Monte-Carlo dropout").isTrue();
            net.module("2").evaluating(() -> {
                net.train();
                assertThat(net.isTraining()).isTrue();
                return 0;
            });
            net.eval();
            return 0;
        });
        assertThat(net.module("1").isTraining()).isFalse();
        assertThat(net.module("2").isTraining()).isTrue();
        assertThat(dropout.isTraining()).isTrue();
        assertThatThrownBy(() -> net.evaluating(() -> {
                    throw new IllegalArgumentException("inside");
                }))
                .hasMessage("inside");
        assertThat(net.isTraining()).as("after an exception").isTrue();
    }
}
