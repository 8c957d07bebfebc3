package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.message.SettingException;
import dev.graft.nn.json.Json;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.image.transform.Augment;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library's fine-tuning, as a user calls it. */
class FineTuningTest {
    /** Methods that set who is told, not what is trained. */
    private static final Set<String> LISTENERS = Set.of("progress", "stop", "log", "downloads", "study");

    @TempDir
    private Path folder;

    private FineTuning small() throws IOException {
        return FineTuning.of(TinyImages.folder(folder.resolve("data"), 8, 1))
                .valFraction(0.25)
                .model("resnet20")
                .weights("none")
                .epochs(2)
                .batch(4)
                .lr(1e-5)
                .threads(2)
                .out(folder.resolve("run"));
    }

    @Test
    void everySettingIsAMethodAndEveryMethodASetting() {
        Set<String> methods = Arrays.stream(FineTuning.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
                .filter(method -> method.getReturnType() == FineTuning.class && method.getParameterCount() > 0)
                .map(Method::getName)
                .filter(name -> !LISTENERS.contains(name) && !name.equals("set"))
                .collect(Collectors.toSet());
        assertThat(methods).containsExactlyInAnyOrderElementsOf(FineTuning.settings());
    }

    @Test
    void everyDefaultIsReadBackAsItself() {
        for (String name : FineTuning.settings()) {
            FineTuning.standard(name).ifPresent(text -> FineTuning.unset().set(name, text));
        }
        assertThat(FineTuning.standard("epochs")).contains("10");
        assertThat(FineTuning.standard("freeze")).contains("backbone");
        assertThat(FineTuning.standard("out")).isEmpty();
    }

    @Test
    void trainsAndWritesAModelThatIsLoaded() throws IOException {
        List<String> log = new ArrayList<>();
        List<Integer> epochs = new ArrayList<>();
        FineTuning.Result result = small().log(line -> log.add(line.toString()))
                .progress(new Progress() {
                    @Override
                    public void epochDone(EpochResult epoch) {
                        epochs.add(epoch.epoch());
                    }
                })
                .run();
        assertThat(result.ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertThat(result.bestEpoch()).isPresent();
        assertThat(result.accuracy().orElseThrow()).isBetween(0.0, 1.0);
        assertThat(epochs).containsExactly(1, 2);
        assertThat(log).anyMatch(line -> line.startsWith("data: 12 training and 4 validation images of 2 classes"));
        assertThat(small().run().ending()).isEqualTo(FineTuning.Ending.ALREADY_FINISHED);
        assertThat(small().run().metrics().get("best"))
                .isEqualTo(Json.readObject(folder.resolve("run/metrics.json")).get("best"));
    }

    @Test
    void aResumedRunHasTheSettingsThatItBeganWith() throws IOException {
        FineTuning whole = small().schedule(Recipe.Schedule.STEP);
        whole.out(folder.resolve("whole")).run();
        try (StopSignal stop = new StopSignal()) {
            FineTuning.Result stopped = whole.stop(stop)
                    .progress(new Progress() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            stop.request();
                        }
                    })
                    .run();
            assertThat(stopped.ending()).isEqualTo(FineTuning.Ending.STOPPED);
            assertThat(stopped.isFinished()).isFalse();
        }
        assertThat(FineTuning.resume(folder.resolve("run")).run().ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertThat(Files.mismatch(folder.resolve("run/model.safetensors"), folder.resolve("whole/model.safetensors")))
                .isEqualTo(-1);
    }

    @Test
    void aWrongSettingIsRefusedInJavasWords() throws IOException {
        assertThatThrownBy(() -> FineTuning.unset().epochs(0))
                .isInstanceOf(SettingException.class)
                .hasMessageStartingWith("epochs must be at least 1, was 0");
        assertThatThrownBy(() -> FineTuning.unset().set("labelSmoothing", "much"))
                .hasMessageStartingWith("labelSmoothing takes a number, not 'much'");
        assertThatThrownBy(() -> FineTuning.unset().set("schedule", "zigzag"))
                .hasMessageStartingWith("schedule is one of none, step, cosine, warmup-cosine, not 'zigzag'");
        assertThatThrownBy(() -> FineTuning.unset().set("window", "wide"))
                .hasMessageStartingWith("window: 'wide' is not a window");
        assertThatThrownBy(() -> FineTuning.unset().set("epoch", "3")).hasMessageContaining("no setting 'epoch'");
        assertThatThrownBy(() -> small().val(folder).run())
                .hasMessageStartingWith("val and valFraction exclude each other");
        assertThatThrownBy(() -> small().cachedViews(2).run())
                .hasMessageStartingWith("cachedViews needs augment light or strong and freeze backbone,"
                        + " and excludes featureCache(false)");
        assertThatThrownBy(() -> FineTuning.of(folder).run()).hasMessageStartingWith("out is missing");
        assertThatThrownBy(() -> FineTuning.unset().out(folder).run()).hasMessageStartingWith("data is missing");
        assertThatThrownBy(() -> small().momentum(0.5)
                        .optimizer(Recipe.Optimization.ADAMW)
                        .run())
                .hasMessageStartingWith("momentum is for optimizer sgd");
        assertThat(folder.resolve("run")).doesNotExist();
        assertThatThrownBy(() -> FineTuning.resume(folder.resolve("nothing")).run())
                .isInstanceOf(RunException.class)
                .hasMessageContaining("does not exist");
    }

    /** As unset, they would be taken for the default. */
    @Test
    void nullIsRefusedWhereItIsGiven() {
        FineTuning none = FineTuning.unset();
        assertThatThrownBy(() -> none.augment(null))
                .isInstanceOf(SettingException.class)
                .hasMessageStartingWith("augment is null");
        assertThatThrownBy(() -> FineTuning.of(null)).hasMessageStartingWith("data is null");
        assertThatThrownBy(() -> none.model(null)).hasMessageStartingWith("model is null");
        assertThatThrownBy(() -> none.set("epochs", null)).hasMessageStartingWith("epochs is null");
        assertThatThrownBy(() -> none.progress(null)).hasMessage("progress");
    }

    @Test
    void aClosedRunDoesNotTrainInAFolderThatIsGivenBack() throws IOException {
        FineTuningRun run = small().open();
        run.close();
        assertThatThrownBy(run::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("this run was closed");
        assertThat(folder.resolve("run/model.json")).doesNotExist();
    }

    @Test
    void twoThreadsWithOneRunTrainItOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try (FineTuningRun run = small().open()) {
            List<FineTuning.Ending> endings = new ArrayList<>();
            Callable<FineTuning.Result> train = run::run;
            for (Future<FineTuning.Result> result : pool.invokeAll(List.of(train, train))) {
                endings.add(result.get().ending());
            }
            assertThat(endings)
                    .containsExactlyInAnyOrder(FineTuning.Ending.FINISHED, FineTuning.Ending.ALREADY_FINISHED);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aCardThatWasEditedIsWrittenAgainByAResume() throws IOException {
        small().run();
        Path card = folder.resolve("run/model.json");
        String right = Files.readString(card);
        String report = Files.readString(folder.resolve("run/report.html"));
        String asked = Files.readString(folder.resolve("run/run.json"));
        Files.writeString(card, right.replace("\"left\"", "\"lift\""));
        assertThatThrownBy(() -> small().run()).hasMessageContaining("holds an unfinished run");
        assertThat(small().resume(true).run().ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertThat(Files.readString(card)).isEqualTo(right);
        assertThat(folder.resolve("run/report.html")).hasContent(report);
        assertThat(folder.resolve("run/run.json")).hasContent(asked);
    }

    @Test
    void filesThatHoldNullAreDamaged() throws IOException {
        small().run();
        Files.writeString(folder.resolve("run/metrics.json"), "null");
        assertThat(small().resume(true).run().ending()).isEqualTo(FineTuning.Ending.FINISHED);
        Files.writeString(folder.resolve("run/run.json"), "null");
        assertThatThrownBy(() -> FineTuning.resume(folder.resolve("run")).run())
                .isInstanceOf(RunException.class)
                .hasMessageContaining("run.json cannot be read");
    }

    @Test
    void anotherRunInTheFolderIsRefusedInJavasWords() throws IOException {
        small().run();
        assertThatThrownBy(() -> small().seed(1).run())
                .hasMessageContaining("holds another finished run: seed was 0, is 1")
                .hasMessageContaining("replace it with overwrite")
                .hasMessageNotContaining("--");
        assertThat(small().seed(1).overwrite(true).run().ending()).isEqualTo(FineTuning.Ending.FINISHED);
    }

    @Test
    void settingsAreKeptForAResumeWithTheirDefaults() throws IOException {
        small().augment(Augment.LIGHT).featureCache(false).run();
        assertThat(Json.readObject(folder.resolve("run/run.json")).get("options"))
                .isInstanceOfSatisfying(Map.class, options -> {
                    assertThat(options.get("--augment")).isEqualTo("light");
                    assertThat(options.get("--feature-cache")).isEqualTo("false");
                    assertThat(options.get("--monitor")).isEqualTo("accuracy");
                    assertThat(options.get("--weight-decay")).isEqualTo("1.0E-4");
                    assertThat(options.keySet().toString())
                            .doesNotContain("--out", "--threads", "--resume", "--device");
                });
    }
}
