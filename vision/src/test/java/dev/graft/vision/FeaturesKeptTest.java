package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a frozen backbone made of the images is not lost by a stop or a kill. 18 training and 6 validation images. */
class FeaturesKeptTest {
    private static final String TRAINING = "features-training.bin";
    private static final String VALIDATION = "features-validation.bin";

    @TempDir
    private Path folder;

    private Path data;
    private String pretrained;
    private Path out;

    /**
     * What a run did.
     *
     * @param computed images that the backbone saw
     * @param begun where each pass of the backbone began
     */
    private record Told(FineTuning.Result result, int computed, List<Long> begun, String log) {}

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
        pretrained = weights(5);
        out = folder.resolve("out");
    }

    private String weights(long seed) throws IOException {
        Path file = folder.resolve("pretrained" + seed + ".pth");
        try (CifarResNet model = CifarResNet.resnet20(5, new SplittableRandom(seed));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        return file.toString();
    }

    private FineTuning plan(Path to) {
        return FineTuning.of(data)
                .valFraction(0.25)
                .model("resnet20")
                .weights(pretrained)
                .epochs(2)
                .batch(4)
                .threads(2)
                .out(to);
    }

    private FineTuning views(Path to) {
        return plan(to).augment(Augment.LIGHT).cachedViews(3);
    }

    private static Told run(FineTuning plan) throws IOException {
        return run(plan, Integer.MAX_VALUE, Integer.MAX_VALUE, Optional.empty());
    }

    /**
     * Runs, stopped once the backbone has seen so many images, or after so many epochs.
     *
     * @param copy where to copy the folder at that moment, as a kill would leave it
     */
    private static Told run(FineTuning plan, int images, int epochs, Optional<Path> copy) throws IOException {
        List<String> log = new ArrayList<>();
        List<Long> begun = new ArrayList<>();
        int[] computed = {0};
        try (StopSignal stop = new StopSignal();
                FineTuningRun run = plan.log(line -> log.add(line.toString())).open()) {
            FineTuning.Result result = run.run(
                    new Progress() {
                        private boolean features;

                        @Override
                        public void passStarted(String name, long examples, long done) {
                            features = name.startsWith("features of");
                            if (features) {
                                begun.add(done);
                            }
                        }

                        @Override
                        public void passAdvanced(int examples) {
                            if (features) {
                                computed[0] += examples;
                                if (computed[0] >= images && !stop.isRequested()) {
                                    copy.ifPresent(to -> copy(to.resolveSibling("out"), to));
                                    stop.request();
                                }
                            }
                        }

                        @Override
                        public void epochDone(EpochResult epoch) {
                            if (epoch.epoch() >= epochs) {
                                stop.request();
                            }
                        }
                    },
                    stop);
            return new Told(result, computed[0], begun, String.join("\n", log));
        }
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

    private void assertSameModel(Path one, Path two) throws IOException {
        assertThat(Files.mismatch(one.resolve("model.safetensors"), two.resolve("model.safetensors")))
                .isEqualTo(-1);
        assertThat(withoutRun(two)).isEqualTo(withoutRun(one));
    }

    /** Each run has a name of its own; all else that its report says is the same. */
    private static String withoutRun(Path folder) throws IOException {
        return Files.readString(folder.resolve("report.html"))
                .replace(String.valueOf(ModelCard.read(folder).facts().get(ModelCard.RUN)), "RUN");
    }

    private void assertNoFeatures(Path of) {
        assertThat(of.resolve(TRAINING)).doesNotExist();
        assertThat(of.resolve(VALIDATION)).doesNotExist();
    }

    private void assertFinished(Told told) {
        assertThat(told.result.ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertNoFeatures(told.result.out());
    }

    /** By a resume, and by the same command; the bits, and for views the draws, of a run that nobody stopped. */
    @Test
    void aStopInThePassLosesNothing() throws IOException {
        for (boolean views : new boolean[] {false, true}) {
            Path whole = folder.resolve("whole" + views);
            int all = views ? 3 * 18 + 6 : 24;
            Told unbroken = run(views ? views(whole) : plan(whole));
            assertFinished(unbroken);
            assertThat(unbroken.computed).isEqualTo(all);
            for (int at : views ? new int[] {8, 18, 30, 56} : new int[] {4, 18, 22}) {
                for (boolean resume : new boolean[] {false, true}) {
                    Path to = folder.resolve("stopped" + views + at + resume);
                    FineTuning same = views ? views(to) : plan(to);
                    Told stopped = run(same, at, Integer.MAX_VALUE, Optional.empty());
                    assertThat(stopped.result.ending()).isEqualTo(FineTuning.Ending.STOPPED_EARLY);
                    Told again = run(same.resume(resume));
                    assertFinished(again);
                    assertThat(stopped.computed + again.computed)
                            .as("stopped at " + at)
                            .isEqualTo(all);
                    assertThat(again.begun.get(0)).isPositive();
                    assertThat(again.log)
                            .contains(stopped.computed + " of " + all + " features were there from before");
                    assertSameModel(whole, to);
                }
            }
        }
    }

    @Test
    void aStopInTheTrainingLosesNothing() throws IOException {
        Path whole = folder.resolve("whole");
        assertThat(run(plan(whole)).log).containsPattern("keeps 7 KB of features in .*whole until the run is finished");
        assertThat(run(plan(out), Integer.MAX_VALUE, 1, Optional.empty()).result.ending())
                .isEqualTo(FineTuning.Ending.STOPPED);
        assertThat(out.resolve(TRAINING)).exists();
        Told resumed = run(plan(out).resume(true));
        assertFinished(resumed);
        assertThat(resumed.computed).isZero();
        assertThat(resumed.begun).containsExactly(18L, 6L);
        assertSameModel(whole, out);
    }

    /** The folder as it is in the middle of the pass, with a block that is half there. */
    @Test
    void aKillInThePassLosesOneBatchAtMost() throws IOException {
        Path whole = folder.resolve("whole");
        run(plan(whole));
        Path killed = folder.resolve("killed");
        run(plan(out), 12, Integer.MAX_VALUE, Optional.of(killed));
        try (FileChannel file = FileChannel.open(killed.resolve(TRAINING), StandardOpenOption.WRITE)) {
            file.truncate(file.size() - 100);
        }
        Told resumed = run(plan(killed).resume(true));
        assertFinished(resumed);
        assertThat(resumed.begun).containsExactly(8L, 0L);
        assertThat(resumed.computed).isEqualTo(24 - 8);
        assertSameModel(whole, killed);
    }

    @Test
    void whatIsDamagedIsComputedAgain() throws IOException {
        Path whole = folder.resolve("whole");
        run(plan(whole));
        run(plan(out), Integer.MAX_VALUE, 1, Optional.empty());
        byte[] bytes = Files.readAllBytes(out.resolve(TRAINING));
        bytes[bytes.length / 2] ^= 1;
        Files.write(out.resolve(TRAINING), bytes);
        Files.write(out.resolve(VALIDATION), new byte[] {1, 2, 3});
        Told resumed = run(plan(out).resume(true));
        assertFinished(resumed);
        assertThat(resumed.computed).isBetween(6 + 4, 23);
        assertThat(resumed.log)
                .contains(
                        "a part of features-training.bin is damaged, and is computed again",
                        "features-validation.bin is thrown away: it is damaged");
        assertSameModel(whole, out);
    }

    @Test
    void whatIsOfAnotherRunIsThrownAway() throws IOException {
        FineTuning[] others = {
            plan(out).weights(weights(6)),
            plan(out).imageSize(24),
            plan(out).seed(3),
            plan(out).batch(3),
            views(out),
            views(out).cachedViews(2),
        };
        for (FineTuning other : others) {
            run(plan(out), 20, Integer.MAX_VALUE, Optional.empty());
            Told told = run(other.overwrite(true));
            assertFinished(told);
            assertThat(told.begun).containsExactly(0L, 0L);
            assertThat(told.log).contains("features-training.bin is thrown away: it is of other images or settings");
            Path clean = folder.resolve("clean");
            run(other.out(clean).overwrite(true));
            assertSameModel(clean, out);
            delete(out);
        }
        run(plan(out), 20, Integer.MAX_VALUE, Optional.empty());
        TinyImages.write(data.resolve("left/image0.png"), false, new SplittableRandom(99));
        Told told = run(plan(out));
        assertThat(told.begun).containsExactly(0L, 0L);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void aRunThatNeedsNoFeaturesRemovesThem() throws IOException {
        run(plan(out), 20, Integer.MAX_VALUE, Optional.empty());
        assertThat(out.resolve(TRAINING)).exists();
        assertFinished(run(plan(out).featureCache(false)));
    }

    @Test
    void aRunThatIsOverwrittenByItselfBeginsAnew() throws IOException {
        run(plan(out), Integer.MAX_VALUE, 1, Optional.empty());
        assertThat(out.resolve(TRAINING)).exists();
        Told again = run(plan(out).overwrite(true));
        assertFinished(again);
        assertThat(again.computed).isEqualTo(24);
    }

    /** The run that replaces a finished one is stopped in its pass, and asked for once more. */
    @Test
    void aRunThatReplacesAnotherLosesNothingEither() throws IOException {
        run(plan(out).seed(3));
        FineTuning replacing = plan(out).overwrite(true);
        run(replacing, 12, Integer.MAX_VALUE, Optional.empty());
        assertThat(out.resolve("model.safetensors")).exists();
        Told again = run(replacing);
        assertFinished(again);
        assertThat(again.computed).isEqualTo(12);
    }

    @Test
    void whereTheFileCannotBeWrittenTheRunGoesOn() throws IOException {
        Path whole = folder.resolve("whole");
        run(plan(whole));
        Files.createDirectories(out.resolve(TRAINING).resolve("in the way"));
        Told told = run(plan(out));
        assertThat(told.result.ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertThat(told.log)
                .containsPattern("a stop would lose the features of training images, whose file cannot be written");
        assertSameModel(whole, out);
    }

    /** Whether an image has more than 8 bits is not known of those that were not read again. */
    @Test
    void aWindowIsNotSaidToChangeNothingByARunThatReadFewImages() throws IOException {
        FineTuning windowed = plan(out).window(Window.parse("0:1000"));
        run(windowed, 20, Integer.MAX_VALUE, Optional.empty());
        assertThat(run(windowed).log).doesNotContain("changed nothing");
        assertThat(run(windowed.out(folder.resolve("whole"))).log).contains("changed nothing");
    }
}
