package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loaders whose workers compute while a training computes, and trainings that fail. */
@Timeout(60)
class BesideTrainingTest {
    private static final int WIDTH = 96;

    /** Examples that take kernels to make, some of them cut into pieces for all threads. */
    private static final Dataset<Example> COMPUTED = new Dataset<>() {
        @Override
        public int size() {
            return 40;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            float[] numbers = new float[WIDTH * WIDTH];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = (float) Math.sin(index + i) + random.nextFloat();
            }
            Tensor x = Tensor.of(numbers, WIDTH, WIDTH);
            return Example.of(x.matmul(x.transpose(0, 1)).relu().mean(0).mul(0.01f), index % 3);
        }
    };

    private static List<Float> train(int workers, int prefetch) {
        SplittableRandom random = new SplittableRandom(2);
        Sequential model = new Sequential(new Linear(WIDTH, 256, random), new ReLU(), new Linear(256, 3, random));
        List<Float> losses = new ArrayList<>();
        try (model;
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.05).momentum(0.9));
                DataLoader loader =
                        DataLoader.of(COMPUTED, 8).shuffled(3).workers(workers).prefetch(prefetch)) {
            for (int epoch = 0; epoch < 2; epoch++) {
                for (Batch batch : loader) {
                    sgd.zeroGrad();
                    Tensor loss = new CrossEntropyLoss().forward(model.forward(batch.inputs()), batch.labels());
                    loss.backward();
                    sgd.step();
                    losses.add(loss.item());
                }
            }
        }
        return losses;
    }

    @Test
    void workersThatComputeBesideATrainingGiveTheSameBits() {
        List<Float> alone = train(0, 1);
        assertThat(alone).hasSize(10).doesNotContain(Float.NaN);
        assertThat(train(1, 1)).isEqualTo(alone);
        assertThat(train(4, 3)).isEqualTo(alone);
    }

    @Test
    void twoTrainingsAndALoaderAtOnceEndAndGiveTheSameBits() throws Exception {
        List<Float> alone = train(0, 1);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        AtomicBoolean done = new AtomicBoolean();
        try (DataLoader other = DataLoader.of(COMPUTED, 8).workers(2)) {
            Future<Integer> loading = threads.submit(() -> {
                int batches = 0;
                while (!done.get()) {
                    for (Batch unused : other) {
                        batches++;
                    }
                }
                return batches;
            });
            List<Future<List<Float>>> trainings =
                    List.of(threads.submit(() -> train(2, 2)), threads.submit(() -> train(1, 2)));
            for (Future<List<Float>> training : trainings) {
                assertThat(training.get(40, TimeUnit.SECONDS)).isEqualTo(alone);
            }
            done.set(true);
            assertThat(loading.get(20, TimeUnit.SECONDS)).isPositive();
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    @Test
    void aFailedTrainingGivesItsMemoryBackAtOnce() {
        SplittableRandom random = new SplittableRandom(2);
        Sequential model = new Sequential(new Linear(WIDTH, 2000, random), new ReLU(), new Linear(2000, 3, random));
        try (model;
                Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.05));
                DataLoader loader = DataLoader.of(COMPUTED, 8).workers(0)) {
            Trainer.builder(model, new CrossEntropyLoss(), sgd).build().fit(loader);
            long before = Device.cpu().memory().live();
            for (int round = 0; round < 10; round++) {
                int[] steps = {0};
                Trainer failing = Trainer.builder(
                                model,
                                (outputs, labels) -> {
                                    if (++steps[0] == 2) {
                                        throw new IllegalCallerException("expected");
                                    }
                                    return new CrossEntropyLoss().forward(outputs, labels);
                                },
                                sgd)
                        .build();
                assertThatThrownBy(() -> failing.fit(loader)).isInstanceOf(IllegalCallerException.class);
                sgd.zeroGrad();
            }
            // a step of 8 examples keeps 130 kB of activations; the collector may free what other tests left
            assertThat(Device.cpu().memory().live()).isLessThan(before + 100_000);
            try (Scope scope = Scope.open()) {
                assertThat(model.forward(Tensor.ones(1, WIDTH)).numel()).isEqualTo(3);
            }
        }
    }
}
