package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MixUp, CutMix, RandAugment and erasing as options: their runs resume to the bit, and cache nothing that varies. */
class AugmentationCommandTest {
    private static final List<String> ALL =
            List.of("--mixup", "0.2", "--cutmix", "1", "--rand-augment", "9", "--random-erasing", "0.5");

    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 8, 1);
    }

    private Object[] finetune(String out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "finetune",
                "--data",
                data,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--batch",
                4,
                "--out",
                folder.resolve(out)));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    private static Object[] with(List<String> options, Object... more) {
        List<Object> all = new ArrayList<>(options);
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void runsResumeToTheBitWithAnyThreads() throws IOException {
        Cli.run(finetune("whole", with(ALL, "--freeze", "none", "--epochs", 3, "--threads", 1)))
                .succeeded();
        Cli.run(finetune("broken", with(ALL, "--freeze", "none", "--epochs", 1, "--threads", 3)))
                .succeeded();
        Cli.run("finetune", "--resume", "--out", folder.resolve("broken"), "--epochs", 3)
                .succeeded();
        assertThat(Files.mismatch(
                        folder.resolve("whole/model.safetensors"), folder.resolve("broken/model.safetensors")))
                .isEqualTo(-1);
        Map<?, ?> settings =
                Cli.map(Json.readObject(folder.resolve("whole/model.json")).get("settings"));
        assertThat(settings.get("mixup")).isEqualTo(0.2);
        assertThat(settings.get("cutmix")).isEqualTo(1.0);
        assertThat(settings.get("rand_augment").toString()).contains("magnitude=9");
        assertThat(settings.get("random_erasing").toString()).contains("probability=0.5");
        Cli.run(finetune("broken", with(ALL, "--freeze", "none", "--epochs", 3, "--resume", "--mixup", 0.4)))
                .failedWith("mixup was 0.2, is 0.4");
        Cli.run(finetune("broken", with(ALL, "--freeze", "none", "--epochs", 3, "--resume", "--rand-augment", 8)))
                .failedWith("rand_augment was");
    }

    @Test
    void eachOfThemChangesWhatIsLearnt() {
        List<Object> losses = new ArrayList<>();
        for (List<String> options : List.of(
                List.<String>of(), ALL.subList(0, 2), ALL.subList(2, 4), ALL.subList(4, 6), ALL.subList(6, 8))) {
            String out = "run" + losses.size();
            Cli run = Cli.run(finetune(out, with(options, "--epochs", 1))).succeeded();
            assertThat(run.out().contains("feature cache: the frozen backbone ran once"))
                    .as(options.toString())
                    .isEqualTo(options.isEmpty());
            Map<?, ?> first = Cli.map(Cli.list(Json.readObject(folder.resolve(out + "/metrics.json")), "epochs")
                    .get(0));
            losses.add(first.get("train_loss"));
        }
        assertThat(losses).doesNotHaveDuplicates();
    }

    @Test
    void viewsAreKeptOfWhatVariesImagesNotOfWhatMixesThem() {
        Cli.run(finetune("views", "--rand-augment", 9, "--random-erasing", 0.5, "--cached-views", 2, "--epochs", 2))
                .succeeded();
        Cli.run(finetune("mixed", "--augment", "light", "--mixup", 1, "--cached-views", 2))
                .wrongUsage(
                        "--cached-views keeps what the backbone makes of each image by itself, and --mixup mixes images");
        Cli.run(finetune("none", "--cached-views", 2)).wrongUsage("--cached-views needs --augment");
    }

    @Test
    void valuesThatCannotBeMeantAreRefused() {
        Cli.run(finetune("run", "--mixup", 0)).wrongUsage("--mixup must be positive, was 0");
        Cli.run(finetune("run", "--cutmix", -1)).wrongUsage("--cutmix must be positive");
        Cli.run(finetune("run", "--rand-augment", 31)).wrongUsage("--rand-augment must be from 0 to 30, was 31");
        Cli.run(finetune("run", "--random-erasing", 1.5)).wrongUsage("--random-erasing must be in [0, 1]");
    }
}
