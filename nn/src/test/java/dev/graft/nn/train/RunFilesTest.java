package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a training leaves in its folder, whenever it ends, and what the next one makes of it. */
@Timeout(120)
class RunFilesTest {
    private static final int TRAIN = 60;
    private static final int HELD = 48;
    private static final int BATCH = 16;

    @TempDir
    private Path folder;

    /** Examples that are watched as they are read. */
    private record Watched(Dataset<Example> data, Consumer<Integer> onRead) implements Dataset<Example> {
        @Override
        public int size() {
            return data.size();
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            onRead.accept(index);
            return data.get(index, random);
        }
    }

    /** Calls {@code action} when the first example of the {@code nth} pass over the data is read, from 1. */
    private static Consumer<Integer> onPass(int nth, Runnable action) {
        AtomicInteger passes = new AtomicInteger();
        return index -> {
            if (index == 0 && passes.incrementAndGet() == nth) {
                action.run();
            }
        };
    }

    private static void nothing(int index) {}

    private record Run(History history, Map<String, String> bits) {
        List<String> scores() {
            return history.epochs().stream()
                    .map(r -> r.epoch() + " " + r.trainLoss() + " " + r.trainAccuracy() + " " + r.validation())
                    .toList();
        }
    }

    private static Run fit(
            Path out,
            boolean resume,
            Consumer<Integer> onTrain,
            Consumer<Integer> onHeld,
            UnaryOperator<TrainerBuilder> more) {
        Sequential model = Toy.network(3, 0.3f);
        try (DataLoader train = DataLoader.of(new Watched(Toy.spirals(TRAIN, 1), onTrain), BATCH)
                        .workers(0)
                        .shuffled(5);
                DataLoader held = DataLoader.of(new Watched(Toy.spirals(HELD, 2), onHeld), BATCH)
                        .workers(0)) {
            TrainerBuilder builder = Trainer.builder(
                            model, new CrossEntropyLoss(), new AdamW(model.trainableParameters(), AdamW.lr(0.01)))
                    .epochs(3)
                    .accumulate(2)
                    .monitor(Monitor.LOSS)
                    .directory(out)
                    .resume(resume);
            History history = more.apply(builder).build().fit(train, held);
            try (StateDict state = model.stateDict()) {
                Map<String, String> bits = new TreeMap<>();
                state.names().forEach(name -> bits.put(name, state.sha256(name)));
                return new Run(history, bits);
            }
        }
    }

    private static Run fit(Path out, boolean resume, Consumer<Integer> onHeld, UnaryOperator<TrainerBuilder> more) {
        return fit(out, resume, RunFilesTest::nothing, onHeld, more);
    }

    private static Run fit(Path out, boolean resume) {
        return fit(out, resume, RunFilesTest::nothing, builder -> builder);
    }

    private static void assertSame(Run got, Run wanted) {
        assertThat(got.scores()).isEqualTo(wanted.scores());
        assertThat(got.history().bestEpoch()).isEqualTo(wanted.history().bestEpoch());
        assertThat(got.bits()).isEqualTo(wanted.bits());
    }

    private Path whole() {
        return folder.resolve("whole");
    }

    private Path broken() {
        return folder.resolve("broken");
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.list(from)) {
            Files.createDirectories(to);
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aNewRunIsNeverTakenForTheOldOneInItsFolder() {
        fit(broken(), false);
        assertThat(broken().resolve("best.safetensors")).exists();
        Sequential model = Toy.network(4, 0);
        TensorDataset bad = new TensorDataset(Tensor.full(Float.NaN, TRAIN, 2), Tensor.of(new long[TRAIN], TRAIN));
        try (DataLoader train = DataLoader.of(bad, BATCH).shuffled(5)) {
            Trainer trainer = Trainer.builder(
                            model, new CrossEntropyLoss(), new AdamW(model.trainableParameters(), AdamW.lr(0.01)))
                    .epochs(3)
                    .directory(broken())
                    .build();
            assertThatThrownBy(() -> trainer.fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("at epoch 1, step 1");
        }
        assertThat(broken().resolve("best.safetensors"))
                .as("the old run's best weights are not the new run's")
                .doesNotExist();
        assertThat(broken().resolve("log.csv")).content().hasLineCount(1);
        int[] trained = new int[1];
        fit(broken(), true, index -> trained[0]++, RunFilesTest::nothing, builder -> builder);
        assertThat(trained[0]).as("examples learnt from after the resume").isEqualTo(3 * TRAIN);
    }

    @Test
    void aStopIsHeededBetweenTheBatchesOfTheValidation() {
        Run straight = fit(whole(), false);
        StopSignal stop = new StopSignal();
        int[] read = new int[1];
        Consumer<Integer> secondPass = onPass(2, stop::request);
        Run stopped = fit(
                broken(),
                false,
                index -> {
                    read[0]++;
                    secondPass.accept(index);
                },
                builder -> builder.stop(stop));
        assertThat(stopped.history().ending()).isEqualTo(History.Ending.INTERRUPTED);
        assertThat(read[0]).as("a whole first pass, one batch of the second").isEqualTo(HELD + BATCH);
        assertThat(stopped.history().epochs()).hasSize(1);

        int[] trained = new int[1];
        Run resumed = fit(broken(), true, index -> trained[0]++, RunFilesTest::nothing, builder -> builder);
        assertThat(trained[0]).as("the second epoch is not trained again").isEqualTo(TRAIN);
        assertSame(resumed, straight);
    }

    @Test
    void aFailureInTheValidationLosesNoTrainedEpoch() {
        Run straight = fit(whole(), false);
        Consumer<Integer> damaged = onPass(2, () -> {
            throw new IllegalStateException("image 0 is damaged");
        });
        assertThatThrownBy(() -> fit(broken(), false, damaged, builder -> builder))
                .hasMessageContaining("image 0 is damaged");
        int[] trained = new int[1];
        Run resumed = fit(broken(), true, index -> trained[0]++, RunFilesTest::nothing, builder -> builder);
        assertThat(trained[0]).as("the second epoch is not trained again").isEqualTo(TRAIN);
        assertSame(resumed, straight);
    }

    /** The folder as a kill would leave it at the beginning of a validation pass. */
    private Path killedInValidation(int pass) {
        Path killed = folder.resolve("killed" + pass);
        fit(
                folder.resolve("run" + pass),
                false,
                onPass(pass, () -> copy(folder.resolve("run" + pass), killed)),
                builder -> builder.unsaved(Duration.ZERO));
        return killed;
    }

    @Test
    void aKillDuringTheValidationLosesNoTrainedEpoch() {
        Run straight = fit(whole(), false);
        for (int pass = 1; pass <= 3; pass++) {
            Path killed = killedInValidation(pass);
            assertThat(killed.resolve("unvalidated.safetensors")).exists();
            int[] trained = new int[1];
            Run resumed = fit(killed, true, index -> trained[0]++, RunFilesTest::nothing, builder -> builder);
            assertThat(trained[0])
                    .as("examples trained after a kill in pass " + pass)
                    .isEqualTo((3 - pass) * TRAIN);
            assertSame(resumed, straight);
            assertThat(killed.resolve("unvalidated.safetensors")).doesNotExist();
        }
    }

    @Test
    void aKillBetweenTheBestWeightsAndTheirCheckpointChangesNothing() throws IOException {
        Run straight = fit(whole(), false);
        Path killed = killedInValidation(2);
        // the next file to be written would have been the second epoch's best weights
        Path after = folder.resolve("after");
        Run two = fit(folder.resolve("two"), false, RunFilesTest::nothing, builder -> builder.epochs(2));
        assertThat(two.history().bestEpoch())
                .as("this test needs an epoch 2 that is better than epoch 1")
                .hasValue(2);
        copy(killed, after);
        rename(
                folder.resolve("two/best.safetensors"),
                after.resolve("best.safetensors"),
                runOf(killed.resolve("best.safetensors")));
        assertSame(fit(after, true), straight);
    }

    private static String runOf(Path best) throws IOException {
        return (String)
                JSON.std.mapFrom(Safetensors.metadata(best).get("graft.best")).get("run");
    }

    /** The same weights as if {@code run} had kept them after epoch 2. */
    private static void rename(Path from, Path to, String run) {
        try (StateDict weights = Safetensors.load(from)) {
            Safetensors.save(weights, to, Map.of("graft.best", "{\"run\":\"" + run + "\",\"epoch\":2}"));
        }
    }

    @Test
    void anOldCheckpointOfAnotherRunIsNoStepAhead() {
        fit(folder.resolve("other"), false);
        Path killed = killedInValidation(3);
        Path mixed = folder.resolve("mixed");
        fit(mixed, false, RunFilesTest::nothing, builder -> builder.epochs(1));
        move(killed.resolve("unvalidated.safetensors"), mixed.resolve("unvalidated.safetensors"));
        int[] trained = new int[1];
        fit(mixed, true, index -> trained[0]++, RunFilesTest::nothing, builder -> builder);
        assertThat(trained[0]).isEqualTo(2 * TRAIN);
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void bestWeightsOfAnotherRunAreRefused() {
        Path foreign = folder.resolve("foreign");
        fit(foreign, false);
        fit(broken(), false, RunFilesTest::nothing, builder -> builder.epochs(2));
        move(foreign.resolve("best.safetensors"), broken().resolve("best.safetensors"));
        assertThatThrownBy(() -> fit(broken(), true))
                .isInstanceOf(TrainingException.class)
                .hasMessageMatching(
                        "resume: .*best.safetensors does not hold the weights of epoch \\d of the run in .*last.safetensors. Hint: put .*");
    }

    @Test
    void weightsThatFailTheirValidationDoNotReplaceTheLastGoodCheckpoint() throws IOException {
        Sequential model = Toy.network(3, 0);
        TensorDataset bad = new TensorDataset(Tensor.full(Float.NaN, HELD, 2), Tensor.of(new long[HELD], HELD));
        Path before = folder.resolve("before");
        fit(broken(), false, RunFilesTest::nothing, builder -> builder.epochs(1));
        copy(broken(), before);
        try (DataLoader train =
                        DataLoader.of(Toy.spirals(TRAIN, 1), BATCH).workers(0).shuffled(5);
                DataLoader held = DataLoader.of(bad, BATCH)) {
            Trainer trainer = Trainer.builder(
                            model, new CrossEntropyLoss(), new AdamW(model.trainableParameters(), AdamW.lr(0.01)))
                    .epochs(2)
                    .directory(broken())
                    .resume(true)
                    .unsaved(Duration.ZERO)
                    .build();
            assertThatThrownBy(() -> trainer.fit(train, held))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("the validation loss is NaN")
                    .hasMessageContaining("the last good checkpoint is " + broken().resolve("last.safetensors"));
        }
        assertThat(broken().resolve("unvalidated.safetensors")).doesNotExist();
        assertThat(Files.mismatch(broken().resolve("last.safetensors"), before.resolve("last.safetensors")))
                .isEqualTo(-1);
    }

    @Test
    void aCheckpointOfAnotherIdentityIsRefused() {
        assertThat(Trainer.identity(folder)).isEmpty();
        fit(broken(), false, RunFilesTest::nothing, builder -> builder.epochs(1).identity("data a"));
        assertThat(Trainer.identity(broken())).contains("data a");
        assertThatThrownBy(() -> fit(broken(), true, RunFilesTest::nothing, builder -> builder.identity("data b")))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("is a checkpoint of another run (then 'data a', now 'data b'). Hint: ");
        assertThat(fit(broken(), true, RunFilesTest::nothing, builder -> builder.identity("data a"))
                        .history()
                        .epochs())
                .hasSize(3);
    }

    @Test
    void seedsAbove2To53AreToldApart() {
        long seed = (1L << 53) + 1;
        Sequential model = Toy.network(3, 0);
        for (long each : new long[] {seed, seed - 1}) {
            try (DataLoader train =
                    DataLoader.of(Toy.spirals(TRAIN, 1), BATCH).workers(0).shuffled(each)) {
                Trainer trainer = Trainer.builder(
                                model, new CrossEntropyLoss(), new AdamW(model.trainableParameters(), AdamW.lr(0.01)))
                        .directory(broken())
                        .resume(true)
                        .build();
                if (each == seed) {
                    trainer.fit(train);
                } else {
                    assertThatThrownBy(() -> trainer.fit(train))
                            .hasMessageContaining("seed 9007199254740993; now")
                            .hasMessageContaining("seed 9007199254740992");
                }
            }
        }
    }

    @Test
    void leftoversOfAKilledRunAreRemoved() throws IOException {
        Files.createDirectories(broken());
        Path leftover = Files.writeString(broken().resolve(".last.safetensors.0f3a.tmp"), "half");
        Path foreign = Files.writeString(broken().resolve("notes.tmp"), "mine");
        fit(broken(), false);
        assertThat(leftover).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void aLogThatLacksTheLastEpochIsCompleteAfterAResume() throws IOException {
        fit(broken(), false);
        List<String> log = Files.readAllLines(broken().resolve("log.csv"));
        Files.write(broken().resolve("log.csv"), log.subList(0, 3));
        fit(broken(), true);
        assertThat(Files.readAllLines(broken().resolve("log.csv"))).isEqualTo(log);
    }
}
