package dev.graft.examples.cli;

import static dev.graft.message.Message.setting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.message.Message;
import dev.graft.nn.model.ModelCard;
import dev.graft.tensor.Tensor;
import dev.graft.vision.FineTuning;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hint is code in Java and a command line in the program, whichever part of the library it comes from. */
class HintWordsTest {
    @TempDir
    private Path folder;

    private static void assertSays(ThrowingCallable call, String java, String program) {
        Throwable failure = catchThrowable(call);
        assertThat(failure).hasMessageContaining(java);
        assertThat(Failures.line(failure)).contains(program);
        assertThat(failure.getMessage()).doesNotContain("--").doesNotMatch("(?s).*[\\uE000-\\uF8FF].*");
        assertThat(Failures.line(failure)).doesNotContain(java).doesNotMatch("(?s).*[\\uE000-\\uF8FF].*");
    }

    private Path twoNetworks() {
        Path file = folder.resolve("two.safetensors");
        try (CifarResNet model = CifarResNet.resnet20(2, new SplittableRandom(7));
                StateDict own = model.stateDict();
                StateDict saved = new StateDict()) {
            own.entries()
                    .forEach(e -> saved.put("net." + e.getKey(), e.getValue().copy()));
            own.entries()
                    .forEach(e -> saved.put(
                            "ema." + e.getKey(),
                            e.getKey().equals("linear.weight")
                                    ? e.getValue().neg()
                                    : e.getValue().copy()));
            Safetensors.save(saved, file);
        }
        return file;
    }

    @Test
    void aRunToBeFinished() throws IOException {
        Path run = folder.resolve("run 1");
        assertThat(Message.of(setting("FineTuning.resume", Path.of("run1"))))
                .hasToString("FineTuning.resume(Path.of(\"run1\"))");
        assertThat(OptionWords.render(Message.of(setting("FineTuning.resume", Path.of("run1")))))
                .isEqualTo("graft finetune --resume --out run1");
        Files.createDirectories(run);
        Files.writeString(
                run.resolve("run.json"),
                "{\"run_sha256\": \"1\", \"identity\": {\"classes\": [\"a\"]}, \"options\": {}}");
        assertSays(
                () -> ImageClassifier.load(run).close(),
                "finish it with FineTuning.resume(Path.of(\"" + run + "\"))",
                "finish it with graft finetune --resume --out " + Shell.word(run.toString()));
    }

    @Test
    void oneOfSeveralStateDicts() {
        Path file = twoNetworks();
        assertSays(
                () -> {
                    try (CifarResNet model = CifarResNet.resnet20(2, new SplittableRandom(7));
                            StateDict own = model.stateDict();
                            StateDict state = WeightFiles.load(file)) {
                        state.unwrapped(own.names()).close();
                    }
                },
                "with state.under(\"ema\") or WeightFiles.load(path, \"ema\").",
                "with --state-dict ema.");
        Path data = imagesIn(folder.resolve("data"));
        FineTuning tuning = FineTuning.of(data).model("resnet20").weights(file.toString());
        assertSays(() -> tuning.out(folder.resolve("x")).run(), "with stateDict(\"ema\").", "with --state-dict ema.");
        assertSays(
                () -> WeightFiles.load(file, "other").close(),
                "WeightFiles.inspectAll(Path.of(\"" + file + "\")) lists them all",
                "graft inspect --all " + Shell.word(file.toString()) + " lists them all");
        assertThat(Cli.run("inspect", "--all", file).succeeded().out()).contains("ema.linear.weight");
    }

    private static Path imagesIn(Path data) {
        try {
            return TinyImages.folder(data, 4, 1);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aWindowForDarkImages() {
        ImageNotes notes = new ImageNotes();
        notes.accept(new ImageNote(ImageNote.Kind.FEW_BITS, "scan.png", "12 of its 16 bits"));
        Message line = notes.takeLines().get(0);
        assertThat(line.toString())
                .contains("Hint: window(Window.percentile()) or window(Window.of(centre, width)) shows");
        assertThat(OptionWords.render(line)).contains("Hint: --window percentile or --window CENTRE:WIDTH shows");
    }

    @Test
    void theEncodingOfAList() throws IOException {
        Path csv = folder.resolve("list.csv");
        Files.write(csv, "file,label\n0.png,Gr\u00e4d\n".getBytes(StandardCharsets.ISO_8859_1));
        assertSays(
                () -> ImageCsv.open(csv, StandardCharsets.UTF_8, (ImagePipeline) null),
                "name the encoding with csvEncoding, the charset of ImageCsv.open, such as windows-1252",
                "name the encoding with --csv-encoding, such as windows-1252");
    }

    @Test
    void aTrainingThatDiverges() {
        FineTuning tuning = FineTuning.of(imagesIn(folder.resolve("data")))
                .model("resnet20")
                .weights("none")
                .batch(2)
                .epochs(9)
                .lr(1e30)
                .out(folder.resolve("run"));
        assertSays(tuning::run, "or clipNorm(1)", "or --clip-norm 1");
    }

    @Test
    void aResultThatIsHalfInPlace() throws IOException {
        Path run = Files.createDirectories(folder.resolve("half"));
        try (StateDict state = new StateDict()) {
            state.put("w", Tensor.of(new float[] {1}, 1));
            Safetensors.save(state, run.resolve("model.safetensors"));
        }
        Files.writeString(run.resolve("run.json"), "{\"run_sha256\": \"" + "1".repeat(64) + "\"}");
        ModelCard card = new ModelCard(
                ModelCard.IMAGE_CLASSIFICATION,
                "resnet20",
                List.of("a", "b"),
                Map.of(),
                Map.of(ModelCard.HASH, "0".repeat(64), ModelCard.RUN, "0".repeat(64)));
        assertSays(
                () -> card.load(run, () -> CifarResNet.resnet20(2, new SplittableRandom(1))),
                "finish it with FineTuning.resume(Path.of(\"" + run + "\"))",
                "finish it with graft finetune --resume --out " + Shell.word(run.toString()));
    }
}
