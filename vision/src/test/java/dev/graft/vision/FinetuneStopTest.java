package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.nn.json.Json;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunFolder;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C at every stage of a run, then a resume: the bits of a run that nobody stopped. */
class FinetuneStopTest {
    @TempDir
    private Path folder;

    private Path data;
    private String pretrained;
    private Runs.Plan plan;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
        plan = new Runs(data).plan();
        Path file = folder.resolve("pretrained.pth");
        try (CifarResNet model = CifarResNet.resnet20(5, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        pretrained = file.toString();
    }

    private void assertSameModel(Path one, Path two, String what) throws IOException {
        assertThat(Files.mismatch(one.resolve("model.safetensors"), two.resolve("model.safetensors")))
                .as(what)
                .isEqualTo(-1);
    }

    /**
     * 18 training images in batches of 8, two of them a step: 3 batches and 2 steps an epoch. A stop at "batch 3" is
     * one in the validation.
     */
    private void check(String name, Runs.Plan variant, String... events) throws IOException {
        Path whole = folder.resolve(name + "-whole");
        assertThat(Runs.run(whole, variant).ending()).isEqualTo(FineTuning.Ending.FINISHED);
        for (String at : events) {
            Path out = folder.resolve(name + "-" + at.replace(' ', '-'));
            Runs.Told stopped = Runs.stopped(out, variant, at);
            assertThat(stopped.ending())
                    .as(name + " at " + at)
                    .isEqualTo(at.equals("opened") ? FineTuning.Ending.STOPPED_EARLY : FineTuning.Ending.STOPPED);
            assertThat(stopped.metrics()).isEmpty();
            assertThat(out.resolve("model.safetensors")).doesNotExist();
            Runs.Told resumed = Runs.run(out, variant.resume());
            assertThat(resumed.ending()).as(name + " resumed after " + at).isEqualTo(FineTuning.Ending.FINISHED);
            assertSameModel(whole, out, name + " resumed after " + at);
            assertThat(epochs(resumed))
                    .as(name + " resumed after " + at)
                    .isEqualTo(epochs(
                            new Runs.Told(resumed.ending(), Json.readObject(whole.resolve("metrics.json")), "")));
        }
    }

    /** All that two runs have in common: everything but the time they took. */
    private static String epochs(Runs.Told told) {
        StringBuilder text = new StringBuilder();
        for (Object epoch : (List<?>) told.metrics().get("epochs")) {
            Map<Object, Object> map = new LinkedHashMap<>((Map<?, ?>) epoch);
            map.remove("seconds");
            map.remove("images_per_second");
            text.append(map).append('\n');
        }
        return text.append(told.metrics().get("best")).toString();
    }

    @Test
    void theWholeNetworkWithAugmentation() throws IOException {
        check(
                "strong",
                new Runs.Plan(
                        plan.source(),
                        "none",
                        false,
                        Augment.STRONG,
                        true,
                        0,
                        2,
                        0,
                        Recipe.Schedule.WARMUP_COSINE,
                        5,
                        RunFolder.Existing.REFUSE),
                "opened",
                "batch 1",
                "batch 3",
                "epoch 1",
                "batch 5");
    }

    @Test
    void aHeadOnCachedFeatures() throws IOException {
        check("cached", plan.frozen(pretrained, true, Augment.NONE, 0), "batch 2", "batch 3", "batch 4");
    }

    @Test
    void aHeadOnCachedViews() throws IOException {
        check("views", plan.frozen(pretrained, true, Augment.LIGHT, 2), "batch 3", "batch 5");
    }

    @Test
    void aFrozenBackboneWithoutACache() throws IOException {
        check("uncached", plan.frozen(pretrained, false, Augment.LIGHT, 0), "batch 3", "batch 5");
    }

    @Test
    void earlyStopping() throws IOException {
        check(
                "patience",
                plan.frozen(pretrained, true, Augment.NONE, 0).epochs(40).patience(1),
                "batch 4",
                "epoch 2");
    }
}
