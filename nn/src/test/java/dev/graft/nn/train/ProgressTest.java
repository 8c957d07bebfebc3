package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever watches a training hears of each epoch's start once and of its end once: done, or aborted. */
@Timeout(60)
class ProgressTest {
    @TempDir
    private Path folder;

    private final List<String> calls = new ArrayList<>();
    private final StopSignal stop = new StopSignal();

    /** Writes down what it is told, and does {@code action} at each batch. */
    private Progress recorder(Runnable action) {
        return new Progress() {
            @Override
            public void epochStarted(int epoch, int epochs, int batches, int done) {
                calls.add("start " + epoch + "/" + epochs + " " + done + "/" + batches);
            }

            @Override
            public void batchDone(double lossSoFar) {
                calls.add("batch");
                action.run();
            }

            @Override
            public void epochDone(EpochResult result) {
                calls.add("done " + result.epoch());
            }

            @Override
            public void epochAborted() {
                calls.add("aborted");
            }
        };
    }

    private static DataLoader train() {
        return DataLoader.of(Toy.spirals(12, 1), 4).workers(0);
    }

    private TrainerBuilder builder(Sequential model, Progress progress) {
        return Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                .progress(progress)
                .stop(stop);
    }

    @Test
    void aWholeEpochIsDoneAndNotAborted() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            builder(model, recorder(() -> {})).epochs(2).build().fit(train, train);
        }
        assertThat(calls)
                .containsExactly(
                        "start 1/2 0/3",
                        "batch",
                        "batch",
                        "batch",
                        "done 1",
                        "start 2/2 0/3",
                        "batch",
                        "batch",
                        "batch",
                        "done 2");
    }

    /** Every example of the pass counts, also those whose label does not. */
    @Test
    void aValidationIsAPassThatBeginsAndEndsOnce() {
        Sequential model = Toy.network(3, 0);
        Progress passes = new Progress() {
            @Override
            public void passStarted(String name, long examples, long done) {
                calls.add(name + " " + examples + " " + done);
            }

            @Override
            public void passAdvanced(int examples) {
                calls.add("+" + examples);
            }

            @Override
            public void passDone() {
                calls.add("passed");
            }
        };
        TensorDataset held = new TensorDataset(Tensor.ones(5, 2), Tensor.of(new long[] {1, -100, 0, 1, 0}, 5));
        try (DataLoader train = train();
                DataLoader validation = DataLoader.of(held, 4).workers(0);
                DataLoader broken = DataLoader.of(broken(5), 4).workers(0)) {
            builder(model, passes).epochs(1).build().fit(train, validation);
            assertThat(calls).containsExactly("validation 5 0", "+4", "+1", "passed");
            calls.clear();
            Evaluator.evaluate(model, validation, new CrossEntropyLoss(), passes);
            assertThat(calls).containsExactly("evaluation 5 0", "+4", "+1", "passed");
            calls.clear();
            assertThatThrownBy(() -> builder(model, passes).epochs(1).build().fit(train, broken))
                    .hasMessageContaining("unreadable");
            assertThat(calls).containsExactly("validation 12 0", "+4", "passed");
        }
    }

    @Test
    void earlyStoppingAbortsNothing() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            History history = builder(model, recorder(() -> {}))
                    .epochs(9)
                    .schedulePerEpoch(epoch -> 0)
                    .monitor(Monitor.ACCURACY)
                    .earlyStopping(1)
                    .build()
                    .fit(train, train);
            assertThat(history.ending()).isEqualTo(History.Ending.STOPPED_EARLY);
            assertThat(calls.stream().filter(call -> call.startsWith("done")).count())
                    .isEqualTo(history.epochs().size());
            assertThat(calls)
                    .doesNotContain("aborted")
                    .endsWith("done " + history.epochs().size());
        }
    }

    @Test
    void aStopWithinAnEpochAbortsItAndResumingStartsIt() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            builder(model, recorder(stop::request))
                    .epochs(2)
                    .directory(folder)
                    .build()
                    .fit(train);
            assertThat(calls).containsExactly("start 1/2 0/3", "batch", "aborted");
            calls.clear();
            Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                    .epochs(1)
                    .directory(folder)
                    .resume(true)
                    .progress(recorder(() -> {}))
                    .build()
                    .fit(train);
            assertThat(calls).containsExactly("start 1/1 1/3", "batch", "batch", "done 1");
        }
    }

    @Test
    void aStopAfterTheLastBatchAbortsTheEpochThatIsNotJudged() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            builder(model, recorder(() -> {
                        if (calls.stream().filter("batch"::equals).count() == 3) {
                            stop.request();
                        }
                    }))
                    .epochs(2)
                    .directory(folder)
                    .build()
                    .fit(train, train);
            assertThat(calls).containsExactly("start 1/2 0/3", "batch", "batch", "batch", "aborted");
            calls.clear();
            Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                    .epochs(1)
                    .directory(folder)
                    .resume(true)
                    .progress(recorder(() -> {}))
                    .build()
                    .fit(train, train);
            assertThat(calls).containsExactly("start 1/1 3/3", "done 1");
        }
    }

    @Test
    void aStopAfterAnEpochAbortsNothing() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            builder(model, recorder(() -> {
                        if (calls.stream().filter("batch"::equals).count() == 3) {
                            stop.request();
                        }
                    }))
                    .epochs(2)
                    .build()
                    .fit(train);
            assertThat(calls).containsExactly("start 1/2 0/3", "batch", "batch", "batch", "done 1");
        }
    }

    /** A data set whose examples from {@code broken} on cannot be loaded. */
    private static Dataset<Example> broken(int broken) {
        TensorDataset whole = Toy.spirals(12, 1);
        return new Dataset<>() {
            @Override
            public int size() {
                return whole.size();
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                if (index >= broken) {
                    throw new IllegalStateException("unreadable");
                }
                return whole.get(index, random);
            }
        };
    }

    @Test
    void anExceptionAbortsOnce() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = DataLoader.of(broken(5), 4).workers(0)) {
            assertThatThrownBy(() -> builder(model, recorder(() -> {})).build().fit(train))
                    .hasMessageContaining("unreadable");
        }
        assertThat(calls).containsExactly("start 1/1 0/3", "batch", "aborted");
    }

    @Test
    void anExceptionInTheValidationAbortsOnce() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train();
                DataLoader validation = DataLoader.of(broken(0), 4).workers(0)) {
            assertThatThrownBy(() -> builder(model, recorder(() -> {})).build().fit(train, validation))
                    .hasMessageContaining("unreadable");
        }
        assertThat(calls).containsExactly("start 1/1 0/3", "batch", "batch", "batch", "aborted");
    }

    @Test
    void anExceptionOfTheListenerAbortsOnceAndIsTheOneThrown() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            Progress listener = recorder(() -> {
                throw new IllegalCallerException("listener");
            });
            assertThatThrownBy(() -> builder(model, listener).build().fit(train))
                    .isInstanceOf(IllegalCallerException.class);
            assertThat(calls).containsExactly("start 1/1 0/3", "batch", "aborted");
            calls.clear();
            Progress atEnd = new Progress() {
                @Override
                public void epochDone(EpochResult result) {
                    calls.add("done");
                    throw new IllegalCallerException("at the end");
                }

                @Override
                public void epochAborted() {
                    calls.add("aborted");
                    throw new IllegalStateException("at the abort");
                }

                @Override
                public void batchDone(double lossSoFar) {
                    if (!calls.isEmpty()) {
                        throw new IllegalCallerException("listener");
                    }
                }
            };
            assertThatThrownBy(() -> builder(model, atEnd).build().fit(train)).hasMessage("at the end");
            assertThat(calls).containsExactly("done");
            assertThatThrownBy(() -> builder(model, atEnd).build().fit(train))
                    .hasMessage("listener")
                    .satisfies(e -> assertThat(e.getSuppressed())
                            .extracting(Throwable::getMessage)
                            .containsExactly("at the abort"));
            assertThat(calls).containsExactly("done", "aborted");
        }
    }

    @Test
    void aResumedEpochThatWasTrainedPrintsItsNumber() {
        Sequential model = Toy.network(3, 0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DataLoader train = train()) {
            builder(model, recorder(() -> {
                        if (calls.stream().filter("batch"::equals).count() == 3) {
                            stop.request();
                        }
                    }))
                    .epochs(2)
                    .directory(folder)
                    .build()
                    .fit(train, train);
            Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                    .epochs(1)
                    .directory(folder)
                    .resume(true)
                    .progress(Progress.lines(new PrintStream(out, true, StandardCharsets.UTF_8)))
                    .build()
                    .fit(train, train);
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("epoch 1/1 ");
    }

    @Test
    void aStopInTheStepThatOverflowsKeepsTheLastFiniteCheckpoint() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train()) {
            Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                    .epochs(1)
                    .directory(folder)
                    .build()
                    .fit(train);
            Path last = folder.resolve("last.safetensors");
            List<String> good = hashes(last);
            Trainer overflowing = builder(model, recorder(stop::request))
                    .epochs(2)
                    .schedulePerEpoch(epoch -> 3e38)
                    .directory(folder)
                    .resume(true)
                    .build();
            assertThatThrownBy(() -> overflowing.fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("the weights' norm is")
                    .hasMessageContaining("the last good checkpoint is " + last);
            assertThat(hashes(last)).isEqualTo(good);
            assertThat(calls).containsExactly("start 2/2 0/3", "batch", "aborted");
            History resumed = Trainer.builder(
                            model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)))
                    .epochs(2)
                    .directory(folder)
                    .resume(true)
                    .build()
                    .fit(train);
            assertThat(resumed.epochs()).hasSize(2);
        }
    }

    private static List<String> hashes(Path file) {
        try (StateDict state = Safetensors.load(file)) {
            return state.names().stream().map(state::sha256).toList();
        }
    }
}
