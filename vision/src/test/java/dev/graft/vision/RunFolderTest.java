package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.FolderLock;
import dev.graft.nn.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a run does with the run that is in its folder already. */
class RunFolderTest {
    @TempDir
    private Path folder;

    private Path data;
    private Path out;
    private Runs.Plan plan;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 8, 1);
        plan = new Runs(data).plan().epochs(1);
        out = folder.resolve("out");
    }

    /** The hash of each file, by name; what runs keep for themselves, such as the lock, left out. */
    private static Map<String, String> files(Path run) throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        try (Stream<Path> all = Files.list(run)) {
            all.filter(file -> !file.getFileName().toString().equals(FolderLock.FILE_NAME))
                    .forEach(file -> hashes.put(file.getFileName().toString(), Sha256.of(file)));
        }
        return hashes;
    }

    private static Map<String, String> result(Path run) throws IOException {
        Map<String, String> files = files(run);
        files.keySet().retainAll(List.of("model.safetensors", "model.json", "metrics.json"));
        assertThat(files).hasSize(3);
        return files;
    }

    private void assertModelOf(Path one, Path two) throws IOException {
        assertThat(Files.mismatch(one.resolve("model.safetensors"), two.resolve("model.safetensors")))
                .isEqualTo(-1);
    }

    private static void assertUsable(Path run) {
        ImageModels.load(ModelCard.read(run), run).close();
    }

    @Test
    void theSameRunAgainIsAlreadyFinished() throws IOException {
        Runs.Told first = Runs.run(out, plan);
        Map<String, String> before = files(out);
        for (Runs.Plan again : new Runs.Plan[] {plan, plan.resume()}) {
            Runs.Told told =
                    Runs.run(out, again, (event, stop) -> assertThat(event).isEqualTo("opened"));
            assertThat(told.ending()).isEqualTo(FineTuning.Ending.ALREADY_FINISHED);
            assertThat(told.metrics()).isEqualTo(first.metrics());
            assertThat(told.log()).contains("already finished: the result of this run is in " + out);
            assertThat(files(out)).isEqualTo(before);
        }
    }

    @Test
    void seedsAbove2To53AreTwoRuns() {
        long seed = (1L << 53) + 1;
        Runs.run(out, plan.seed(seed));
        assertThat(Json.readObject(out.resolve("model.json"))).containsEntry("seed", seed);
        for (long other : new long[] {seed - 1, seed + 1, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> Runs.run(out, plan.seed(other)))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("holds another finished run: seed was 9007199254740993, is " + other);
            assertThatThrownBy(() -> Runs.run(out, plan.seed(other).resume()))
                    .hasMessageContaining("seed was 9007199254740993, is " + other);
        }
    }

    @Test
    void anOldModelStaysUntilTheNewOneIsComplete() throws IOException {
        Runs.run(out, plan);
        Map<String, String> old = result(out);
        Runs.Plan other = plan.seed(6).epochs(3);
        Runs.run(folder.resolve("straight"), other);

        assertThat(Runs.stopped(out, other.overwrite(), "opened").ending()).isEqualTo(FineTuning.Ending.STOPPED_EARLY);
        assertThat(Runs.run(out, plan).ending()).as("nothing was begun").isEqualTo(FineTuning.Ending.ALREADY_FINISHED);
        for (String at : new String[] {"batch 1", "batch 2", "epoch 1"}) {
            assertThat(Runs.stopped(out, other.overwrite(), at).ending()).isEqualTo(FineTuning.Ending.STOPPED);
            assertThat(result(out)).as("stopped at " + at).isEqualTo(old);
            assertUsable(out);
            assertThatThrownBy(() -> Runs.run(out, other))
                    .as("stopped at " + at)
                    .hasMessageContaining("holds an unfinished run");
        }
        assertThatThrownBy(() -> Runs.run(out, plan.resume()))
                .hasMessageContaining("seed was 6, is 5")
                .hasMessageContaining("epochs was 3, is 1");
        assertThat(Runs.run(out, other.resume()).ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertModelOf(out, folder.resolve("straight"));
        assertUsable(out);
    }

    @Test
    void aRunThatFailsToBeginLeavesTheOldOne() throws IOException {
        Runs.run(out, plan);
        Map<String, String> old = files(out);
        Runs.Plan impossible =
                plan.overwrite().weights(folder.resolve("absent.pth").toString());
        assertThatThrownBy(() -> Runs.run(out, impossible)).hasMessageContaining("absent.pth does not exist");
        Path text = Files.writeString(folder.resolve("text.pth"), "no weights");
        assertThatThrownBy(() -> Runs.run(out, plan.overwrite().weights(text.toString())))
                .hasMessageContaining("text.pth");
        Path image = data.resolve("left/image3.png");
        Files.write(image, Arrays.copyOf(Files.readAllBytes(image), 200));
        assertThatThrownBy(() -> Runs.run(out, plan.overwrite().seed(8))).hasMessageContaining("image3.png");
        assertThat(files(out)).isEqualTo(old);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void weightsOfTheFolderItselfAreRefused() throws IOException {
        Runs.run(out, plan);
        Map<String, String> old = files(out);
        Path link = Files.createSymbolicLink(folder.resolve("link.safetensors"), out.resolve("model.safetensors"));
        for (Path weights : new Path[] {
            out.resolve("model.safetensors"),
            out.resolve("best.safetensors"),
            out.resolve("../out/model.safetensors"),
            link
        }) {
            assertThatThrownBy(() -> Runs.run(out, plan.overwrite().weights(weights.toString())))
                    .isInstanceOf(RunException.class)
                    .hasMessage("weights " + weights + " is a file of the run in out " + out
                            + ", which this run would replace. Hint: choose another out.");
            assertThat(files(out)).isEqualTo(old);
        }
        Path mine = Files.copy(out.resolve("model.safetensors"), out.resolve("mine.safetensors"));
        assertThat(Runs.run(out, plan.overwrite().weights(mine.toString())).ending())
                .isEqualTo(FineTuning.Ending.FINISHED);
    }

    @Test
    void aLongerRunIsUnfinishedUntilItIsDone() throws IOException {
        Runs.run(folder.resolve("straight"), plan.epochs(3));
        Runs.run(out, plan);
        Map<String, String> old = result(out);
        Map<String, String> all = files(out);
        assertThat(Runs.stopped(out, plan.epochs(3).resume(), "opened").ending())
                .isEqualTo(FineTuning.Ending.STOPPED_EARLY);
        assertThat(files(out)).as("run.json among them: nothing was trained").isEqualTo(all);
        assertThat(Runs.run(out, plan).ending()).isEqualTo(FineTuning.Ending.ALREADY_FINISHED);

        assertThat(Runs.stopped(out, plan.epochs(3).resume(), "batch 1").ending())
                .isEqualTo(FineTuning.Ending.STOPPED);
        String checkpoint = files(out).get("last.safetensors");
        for (Runs.Plan again : new Runs.Plan[] {plan, plan.epochs(3)}) {
            assertThatThrownBy(() -> Runs.run(out, again))
                    .hasMessageContaining("holds an unfinished run")
                    .hasMessageContaining("continue with resume");
            assertThat(files(out)).containsEntry("last.safetensors", checkpoint);
        }
        assertThatThrownBy(() -> Runs.run(out, plan.epochs(2).resume())).hasMessageContaining("epochs was 3, is 2");
        assertThat(result(out)).isEqualTo(old);
        assertUsable(out);
        assertThat(Runs.run(out, plan.epochs(3).resume()).ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertModelOf(out, folder.resolve("straight"));
        assertThat(Runs.run(out, plan.epochs(3)).ending()).isEqualTo(FineTuning.Ending.ALREADY_FINISHED);
        assertThatThrownBy(() -> Runs.run(out, plan.epochs(4)))
                .hasMessageContaining("epochs was 3, is 4")
                .hasMessageContaining("train it for longer with resume");
    }

    @Test
    void aRunWhoseScheduleDependsOnItsLengthDoesNotGrow() {
        Runs.Plan cosine = plan.schedule(Recipe.Schedule.COSINE);
        Runs.run(out, cosine);
        assertThatThrownBy(() -> Runs.run(out, cosine.epochs(3).resume())).hasMessageContaining("epochs was 1, is 3");
    }

    @Test
    void aSecondRunInTheSameFolderIsRefused() throws IOException {
        Files.createDirectories(out);
        try (FolderLock other = FolderLock.acquire(out)) {
            assertThatThrownBy(() -> Runs.run(out, plan))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("is in use by another run of this process");
        }
        Runs.run(
                out,
                plan,
                (event, stop) -> assertThatThrownBy(() -> Runs.run(out, plan.overwrite()))
                        .as(event)
                        .isInstanceOf(TrainingException.class)
                        .hasMessageContaining("is in use"));
        assertUsable(out);
    }

    private Path list(String header, int rename, String... changed) throws IOException {
        List<String> lines = new ArrayList<>(List.of(header));
        for (int i = 0; i < 8; i++) {
            for (String side : new String[] {"left", "right"}) {
                lines.add("data/" + side + "/image" + i + ".png," + side + ",p" + (i < rename ? i / 2 : i));
            }
        }
        for (int k = 0; k + 1 < changed.length; k += 2) {
            int at = Integer.parseInt(changed[k]);
            lines.set(at, changed[k + 1]);
        }
        return Files.write(folder.resolve("list.csv"), lines);
    }

    @Test
    void aResumeWithOtherDataSaysWhatChanged() throws IOException {
        Path csv = list("file,label,patient", 0);
        Runs.Plan listed =
                plan.source(new ImageSource(csv, Optional.empty(), 0.25)).epochs(2);
        Runs.stopped(out, listed, "epoch 1");
        Map<String, String> before = files(out);

        list("file,label,patient", 4);
        assertThatThrownBy(() -> Runs.run(out, listed.resume()))
                .isInstanceOf(RunException.class)
                .hasMessageContaining(
                        "resume: the run in " + out + " had other settings or data: training patients changed")
                .hasMessageNotContaining("training files")
                .hasMessageNotContaining("training labels")
                .hasMessageNotContaining("contents");
        list("file,label,who", 0);
        assertThatThrownBy(() -> Runs.run(out, listed.resume()))
                .hasMessageContaining("training patients changed; split changed");
        list("file,label,patient", 0, "1", "data/left/image0.png,right,p0");
        assertThatThrownBy(() -> Runs.run(out, listed.resume())).hasMessageContaining("training labels changed");
        list("file,label,patient", 0, "1", "data/right/image0.png,right,p0", "2", "data/left/image0.png,left,p0");
        assertThatThrownBy(() -> Runs.run(out, listed.resume())).hasMessageContaining("training files changed");
        list("file,label,patient", 0);
        TinyImages.folder(data, 1, 9);
        assertThatThrownBy(() -> Runs.run(out, listed.resume()))
                .hasMessageContaining("data: training contents changed. Hint");
        TinyImages.folder(data, 8, 1);
        Runs.Plan other = listed.source(new ImageSource(csv, Optional.empty(), 0.3));
        assertThatThrownBy(() -> Runs.run(out, other.resume())).hasMessageContaining("val_fraction was 0.25, is 0.3");
        assertThat(files(out)).isEqualTo(before);
        assertThat(Runs.run(out, listed.resume()).ending())
                .as("the data are as they were")
                .isEqualTo(FineTuning.Ending.FINISHED);
    }

    @Test
    void aResumeWithOtherValidationImagesIsRefused() throws IOException {
        Path held = TinyImages.folder(folder.resolve("held"), 3, 2);
        Runs.Plan given =
                plan.source(new ImageSource(data, Optional.of(held), 0.2)).epochs(2);
        Runs.stopped(out, given, "epoch 1");
        Files.delete(held.resolve("left/image0.png"));
        assertThatThrownBy(() -> Runs.run(out, given.resume())).hasMessageContaining("validation files changed");
        assertThatThrownBy(() -> Runs.run(
                        out,
                        given.source(new ImageSource(data, Optional.empty(), 0.2))
                                .resume()))
                .hasMessageContaining("val_fraction was null, is 0.2");
    }

    @Test
    void dataInAnotherPlaceIsTheSameData() throws IOException {
        Runs.stopped(out, plan.epochs(2), "epoch 1");
        Path moved = Files.move(data, folder.resolve("moved"));
        Runs.Told told = Runs.run(out, new Runs(moved).plan().epochs(2).resume());
        assertThat(told.ending()).isEqualTo(FineTuning.Ending.FINISHED);
    }

    @Test
    void damagedFilesAreFoundBeforeAnythingIsTrained() throws IOException {
        Path held = TinyImages.folder(folder.resolve("held"), 3, 2);
        Runs.Plan given = plan.source(new ImageSource(data, Optional.of(held), 0.2));
        for (String name : new String[] {"left/image1.png", "right/image2.png"}) {
            Files.write(held.resolve(name), Arrays.copyOf(Files.readAllBytes(held.resolve(name)), 150));
        }
        assertThatThrownBy(() ->
                        Runs.run(out, given, (event, stop) -> assertThat(event).isEqualTo("opened")))
                .hasMessageContaining("2 images cannot be read: ")
                .hasMessageContaining("image1.png")
                .hasMessageContaining("image2.png");
        assertThat(out.resolve("last.safetensors")).doesNotExist();
        TinyImages.write(held.resolve("left/image1.png"), true, new SplittableRandom(1));
        assertThatThrownBy(() -> Runs.run(out, given))
                .hasMessageContaining("image2.png")
                .hasMessageContaining("truncated");
        TinyImages.write(held.resolve("right/image2.png"), false, new SplittableRandom(2));
        Path image = data.resolve("right/image5.png");
        Files.write(image, Arrays.copyOf(Files.readAllBytes(image), 150));
        assertThatThrownBy(() ->
                        Runs.run(out, given, (event, stop) -> assertThat(event).isEqualTo("opened")))
                .hasMessageContaining("image5.png");
    }

    @Test
    void aModelFromElsewhereIsNotTheRunsResult() throws IOException {
        Runs.run(out, plan);
        Runs.run(folder.resolve("other"), plan.seed(9));
        Files.copy(
                folder.resolve("other/model.safetensors"),
                out.resolve("model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> Runs.run(out, plan)).hasMessageContaining("unfinished");
        assertThat(Runs.run(out, plan.resume()).ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertUsable(out);
    }

    /** Killed after the weights took their place, and before their card did. */
    @Test
    void aResultThatIsHalfInPlaceIsToldAndFinishedByAResume() throws IOException {
        Runs.run(folder.resolve("straight"), plan.seed(6));
        Runs.run(out, plan);
        for (String name : new String[] {"last.safetensors", "best.safetensors", "run.json", "model.safetensors"}) {
            Files.copy(
                    folder.resolve("straight").resolve(name), out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        assertThatThrownBy(() -> assertUsable(out))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(
                        "a run was interrupted while it put its result in place; finish it with FineTuning.resume(Path.of(\""
                                + out + "\"))");
        assertThat(Runs.run(
                                out,
                                plan.seed(6).resume(),
                                (event, stop) -> assertThat(event)
                                        .as("nothing is trained again")
                                        .isEqualTo("opened"))
                        .ending())
                .isEqualTo(FineTuning.Ending.FINISHED);
        assertUsable(out);
        assertModelOf(out, folder.resolve("straight"));
    }

    /** Killed after run.json was written, and before the first checkpoint was. */
    @Test
    void aCheckpointOfTheRunThatWasToBeReplacedIsNotGoneOnWith() throws IOException {
        Runs.run(folder.resolve("straight"), plan.seed(6));
        Runs.run(out, plan);
        Files.copy(folder.resolve("straight/run.json"), out.resolve("run.json"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Runs.run(out, plan.seed(6).resume()).ending()).isEqualTo(FineTuning.Ending.FINISHED);
        assertModelOf(out, folder.resolve("straight"));
    }

    @Test
    void aFolderWithARunThatNothingTellsOfIsLeftAlone() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("model.safetensors"), "mine");
        assertThatThrownBy(() -> Runs.run(out, plan)).hasMessageContaining("unfinished run");
        assertThatThrownBy(() -> Runs.run(out, plan.resume()))
                .hasMessageContaining("holds a run without a run.json that says what it was");
        assertThat(out.resolve("model.safetensors")).hasContent("mine");
        assertThat(Runs.run(out, plan.overwrite()).ending()).isEqualTo(FineTuning.Ending.FINISHED);
    }

    @Test
    void leftoversOfAKilledRunAreRemoved() throws IOException {
        Runs.run(out, plan);
        Map<String, String> before = files(out);
        for (String name : new String[] {
            ".model.safetensors.new",
            "..model.json.new.12.tmp",
            ".run.json.77.tmp",
            ".graft-features123.tmp",
            "..model.safetensors.new.1f.tmp"
        }) {
            Files.writeString(out.resolve(name), "half");
        }
        Runs.run(out, plan);
        assertThat(files(out)).isEqualTo(before);
    }
}
