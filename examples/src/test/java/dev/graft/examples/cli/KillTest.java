package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.RunFolder;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs of the program in JVMs that are killed without a warning at random moments, then resumed: after each kill the
 * folder is whole, and the result has the bits of a run that nobody killed. Half of the kills come when files are
 * written.
 */
class KillTest {
    private static final int MOST_EVENTS = 60;

    @TempDir
    private Path folder;

    private Path data;
    private SplittableRandom random;

    /** What is killed. */
    static final class Run {
        private Run() {}

        public static void main(String[] args) {
            Program.runAndExit(args);
        }
    }

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
        long seed = Long.getLong("graft.test.seed", System.nanoTime());
        System.out.println("KillTest: seed " + seed + " (repeat with -Dgraft.test.seed=" + seed + ")");
        random = new SplittableRandom(seed);
    }

    private String pretrained() {
        Path file = folder.resolve("pretrained.pth");
        try (CifarResNet model = CifarResNet.resnet20(5, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        return file.toString();
    }

    /** Plain kernels compiled quickly: what counts is when files are written, not how fast numbers are computed. */
    private Process start(Path out, String[] recipe, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx400m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dgraft.kernels=plain",
                "-Dgraft.threads=1",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                Run.class.getName(),
                "finetune",
                "--data",
                data.toString(),
                "--model",
                "resnet20",
                "--batch",
                "6",
                "--threads",
                "1",
                "--out",
                out.toString()));
        command.addAll(Arrays.asList(recipe));
        command.addAll(Arrays.asList(more));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
    }

    private String said() throws IOException {
        return Files.readString(folder.resolve("said"));
    }

    private void runToTheEnd(Path out, String[] recipe, String... more) throws Exception {
        Process process = start(out, recipe, more);
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("the program ends").isTrue();
        assertThat(process.exitValue()).as(said()).isZero();
    }

    /** Returns whether the process ended before it was killed. */
    private boolean killAtSomeMoment(Process process, Path out, long millis) throws Exception {
        if (random.nextBoolean()) {
            process.waitFor(random.nextLong(millis), TimeUnit.MILLISECONDS);
        } else {
            waitForWrites(process, out, random.nextInt(1, MOST_EVENTS));
            Thread.sleep(random.nextInt(3), random.nextInt(1_000_000));
        }
        boolean ended = !process.isAlive();
        process.destroyForcibly().waitFor();
        return ended;
    }

    private static void waitForWrites(Process process, Path out, int count) throws IOException, InterruptedException {
        try (WatchService watch = out.getFileSystem().newWatchService()) {
            out.register(
                    watch,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
            for (int events = 0; events < count && process.isAlive(); ) {
                WatchKey key = watch.poll(20, TimeUnit.MILLISECONDS);
                if (key != null) {
                    events += key.pollEvents().size();
                    key.reset();
                }
            }
        }
    }

    /** Every file under its own name is whole, whatever is beside it. */
    private static void assertWhole(Path out, String when) throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.filter(path -> !path.getFileName().toString().startsWith("."))
                    .toList()) {
                if (file.toString().endsWith(".safetensors")) {
                    Safetensors.load(file).close();
                } else if (file.toString().endsWith(".json")) {
                    assertThat(Json.readObject(file)).as(file + " " + when).isNotEmpty();
                }
            }
        }
    }

    /**
     * The model in the folder is one of {@code known} with its own card, or the folder says how to have it finished.
     */
    private static void assertOneModel(Path out, List<String> known, String when) {
        try {
            ModelCard card = ModelCard.read(out);
            ImageClassifier.load(out).close();
            assertThat(known).as("model " + when).contains(card.weightsSha256().orElseThrow());
        } catch (ModelException e) {
            assertThat(OptionWords.render(e.explanation()))
                    .as("model " + when)
                    .contains("finish it with graft finetune --resume --out " + Shell.word(out.toString()));
        }
    }

    private static String epochs(Path run) {
        StringBuilder text = new StringBuilder();
        for (Object epoch :
                (List<?>) Json.readObject(run.resolve("metrics.json")).get("epochs")) {
            Map<Object, Object> map = new LinkedHashMap<>((Map<?, ?>) epoch);
            map.remove("seconds");
            map.remove("images_per_second");
            text.append(map).append('\n');
        }
        return text.toString();
    }

    private void check(String name, int kills, String... recipe) throws Exception {
        Path whole = folder.resolve(name + "-whole");
        long begin = System.nanoTime();
        runToTheEnd(whole, recipe);
        long millis = (System.nanoTime() - begin) / 1_000_000;
        Path out = folder.resolve(name);
        Files.createDirectories(out);
        int done = 0;
        int runs = 0;
        while (done < kills) {
            boolean ended = killAtSomeMoment(start(out, recipe, "--resume"), out, millis);
            runs++;
            String when = "of " + name + " after kill " + (done + 1) + " ("
                    + said().lines().reduce("", (first, second) -> second) + ")";
            assertWhole(out, when);
            if (ended) {
                assertThat(out.resolve("model.safetensors"))
                        .as(
                                "model %s, which said%n%s%s",
                                when, said(), Arrays.toString(out.toFile().list()))
                        .exists();
                compare(out, whole, when);
                delete(out);
                Files.createDirectories(out);
            } else {
                done++;
                if (Files.exists(out.resolve("model.safetensors"))) {
                    assertOneModel(out, List.of(Sha256.of(whole.resolve("model.safetensors"))), when);
                }
            }
        }
        runToTheEnd(out, recipe, "--resume");
        compare(out, whole, "at last");
        System.out.println("KillTest: " + name + ", " + kills + " kills in " + runs + " runs of " + millis + " ms");
    }

    private static void compare(Path out, Path whole, String when) throws IOException {
        assertThat(Files.mismatch(out.resolve("model.safetensors"), whole.resolve("model.safetensors")))
                .as("model " + when)
                .isEqualTo(-1);
        assertThat(epochs(out)).as("epochs " + when).isEqualTo(epochs(whole));
        assertThat(Files.readAllLines(out.resolve("log.csv")))
                .as("log " + when)
                .hasSameSizeAs(Files.readAllLines(whole.resolve("log.csv")));
        ImageClassifier.load(out).close();
        try (Stream<Path> files = Files.list(out);
                Stream<Path> wanted = Files.list(whole)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("files " + when)
                    .containsExactlyInAnyOrderElementsOf(
                            wanted.map(file -> file.getFileName().toString()).toList());
        }
    }

    private static void delete(Path out) throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    /** A finished run is replaced by another one that is killed again and again. */
    private void checkReplacement(String name, int kills, String... recipe) throws Exception {
        Path whole = folder.resolve(name + "-whole");
        long begin = System.nanoTime();
        runToTheEnd(whole, with(recipe, "--seed", "2"));
        long millis = (System.nanoTime() - begin) / 1_000_000;
        Path first = folder.resolve(name + "-first");
        runToTheEnd(first, with(recipe, "--seed", "1"));
        Path out = folder.resolve(name);
        List<String> known =
                List.of(Sha256.of(first.resolve("model.safetensors")), Sha256.of(whole.resolve("model.safetensors")));
        Files.createDirectories(out);
        for (int done = 0; done < kills; ) {
            delete(out);
            for (String file : new String[] {
                "run.json",
                "model.safetensors",
                "model.json",
                "metrics.json",
                "log.csv",
                "last.safetensors",
                "best.safetensors"
            }) {
                Files.copy(first.resolve(file), out.resolve(file));
            }
            boolean begun = false;
            for (int run = 0; run < 3; run++) {
                boolean ended = killAtSomeMoment(
                        start(out, with(recipe, "--seed", "2"), begun ? "--resume" : "--overwrite"), out, millis);
                String when = "of " + name + " after kill " + (done + 1);
                assertWhole(out, when);
                assertOneModel(out, known, when);
                begun = RunFolder.options(out).get("--seed").equals("2");
                if (ended) {
                    break;
                }
                done++;
            }
            runToTheEnd(out, with(recipe, "--seed", "2"), begun ? "--resume" : "--overwrite");
            compare(out, whole, "after kill " + done);
        }
        System.out.println("KillTest: " + name + ", " + kills + " kills");
    }

    private static String[] with(String[] recipe, String... more) {
        return Stream.concat(Arrays.stream(recipe), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    @Timeout(300)
    void aKilledRunGoesOnToTheSameBits() throws Exception {
        check("quick", 3, "--weights", "none", "--freeze", "none", "--epochs", "2", "--augment", "light");
    }

    @Test
    @Timeout(300)
    void aKilledReplacementLeavesTheOldModelOrTheNew() throws Exception {
        checkReplacement("replaced", 2, "--weights", pretrained(), "--epochs", "3");
    }

    @Test
    @Tag("slow")
    @Timeout(3600)
    void manyKills() throws Exception {
        check(
                "whole",
                30,
                "--weights",
                "none",
                "--freeze",
                "none",
                "--epochs",
                "3",
                "--augment",
                "strong",
                "--schedule",
                "warmup-cosine");
        check("cached", 30, "--weights", pretrained(), "--epochs", "30", "--patience", "5");
        check("views", 20, "--weights", pretrained(), "--epochs", "8", "--augment", "light", "--cached-views", "2");
        checkReplacement("replaced", 40, "--weights", pretrained(), "--epochs", "8");
    }
}
