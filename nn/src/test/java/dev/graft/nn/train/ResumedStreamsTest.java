package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.nn.data.BalancedSampler;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A resumed training continues every random stream: order, balanced draws, augmentation, and the masks of each dropout.
 */
class ResumedStreamsTest {
    private static final int EXAMPLES = 30;
    private static final int BATCH = 7;

    @TempDir
    private Path folder;

    /** Examples moved by noise, which asks for a stop when a number of them has been read. */
    private record Noisy(int stopAt, AtomicInteger read, Optional<StopSignal> stop) implements Dataset<Example> {
        @Override
        public int size() {
            return EXAMPLES;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            if (read.incrementAndGet() == stopAt) {
                stop.ifPresent(StopSignal::request);
            }
            return Example.of(
                    Tensor.of(
                            new float[] {index + random.nextFloat(), (float) random.nextGaussian(), random.nextInt(5)},
                            3),
                    index % 2);
        }
    }

    /** Another seed for each try: what is not in the checkpoint shows. */
    private static Sequential network(long dropoutSeed) {
        SplittableRandom weights = new SplittableRandom(1);
        SplittableRandom dropout = new SplittableRandom(dropoutSeed);
        return new Sequential(
                new Dropout(0.2f, dropout),
                new Linear(3, 16, weights),
                new BatchNorm1d(16),
                new ReLU(),
                new Dropout(0.5f, dropout),
                new Linear(16, 2, weights));
    }

    private static String trained(Path out, boolean resume, long dropoutSeed, int workers, int stopAt) {
        Sequential model = network(dropoutSeed);
        int[] labels = IntStream.range(0, EXAMPLES).map(i -> i % 5 == 0 ? 1 : 0).toArray();
        try (StopSignal stop = new StopSignal();
                DataLoader loader = DataLoader.of(new Noisy(stopAt, new AtomicInteger(), Optional.of(stop)), BATCH)
                        .workers(workers)
                        .seed(9)
                        .sampler(new BalancedSampler(labels));
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.05).momentum(0.9))) {
            History history = Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .epochs(4)
                    .directory(out)
                    .resume(resume)
                    .stop(stop)
                    .build()
                    .fit(loader);
            assertThat(history.ending()).isEqualTo(stopAt > 0 ? History.Ending.INTERRUPTED : History.Ending.COMPLETED);
        }
        try (StateDict state = model.stateDict()) {
            return state.names().stream()
                    .map(name -> name + " " + state.sha256(name))
                    .toList()
                    .toString();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 16, 33, 64, 89})
    void aTrainingStoppedAnywhereEndsWithTheSameBits(int stopAt) {
        String straight = trained(folder.resolve("straight"), false, 2, 0, 0);
        Path broken = folder.resolve("broken");
        assertThat(trained(broken, false, 2, 0, stopAt)).isNotEqualTo(straight);
        // Other dropout seeds and workers: the checkpoint's state counts, and workers do not.
        assertThat(trained(broken, true, 77, 2, 0)).isEqualTo(straight);
    }
}
