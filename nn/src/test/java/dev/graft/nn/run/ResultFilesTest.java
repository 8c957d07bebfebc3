package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.AtomicText;
import dev.graft.io.file.Sha256;
import dev.graft.nn.model.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a result consists of, and what is left if writing it ends half-way. */
class ResultFilesTest {
    @TempDir
    private Path folder;

    private static RunIdentity run(int seed) {
        return new RunIdentity(Map.of("seed", seed), false);
    }

    private void finish(int seed, Function<ModelCard, ResultFiles> files) {
        try (RunFolder run = RunFolder.open(folder, Map.of())) {
            run.finish(run(seed), Map.of(), result(seed, files));
        }
    }

    private static RunFolder.Result result(int seed, Function<ModelCard, ResultFiles> files) {
        return new RunFolder.Result() {
            @Override
            public void saveWeights(Path file) {
                AtomicText.write(file, "weights " + seed);
            }

            @Override
            public Map<String, Object> metrics() {
                return Map.of("best", Map.of("epoch", seed));
            }

            @Override
            public ResultFiles files(ModelCard card) {
                return files.apply(card);
            }

            @Override
            public ModelCard card(String weightsSha256, Map<String, Object> run) {
                return new ModelCard("any-task", "tiny", List.of("a"), Map.of(), run)
                        .withFact(ModelCard.HASH, weightsSha256)
                        .withFact("seed", seed);
            }
        };
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(".graft.lock"))
                    .sorted()
                    .toList();
        }
    }

    private ModelCard card() {
        return ModelCard.read(folder);
    }

    @Test
    void theCardListsEveryFileWithItsHash() {
        finish(
                1,
                card -> new ResultFiles()
                        .text(ResultFiles.REPORT, "<html>" + card.facts().get("seed"))
                        .text("attention.csv", "a,b\n"));
        assertThat(folder.resolve("report.html")).hasContent("<html>1");
        assertThat(card().facts())
                .containsEntry(
                        "files",
                        Map.of(
                                "report.html",
                                Sha256.of("<html>1"),
                                "attention.csv",
                                Sha256.of("a,b\n"),
                                "model-card.md",
                                Sha256.of(folder.resolve("model-card.md"))));
    }

    @Test
    void aFileOfAnUnusualNameIsTheRunsToo() throws IOException {
        finish(1, card -> new ResultFiles().text("attention.csv", "a,b\n"));
        assertThat(RunFolder.isOwn(folder, folder.resolve("attention.csv"))).isTrue();
        assertThat(RunFolder.isOwn(folder, folder.resolve("other.csv"))).isFalse();
        Path link = Files.createLink(folder.resolve("other.csv"), folder.resolve("attention.csv"));
        assertThat(RunFolder.isOwn(folder, link)).isTrue();
    }

    @Test
    void theNextResultRemovesWhatOnlyTheOldOneHad() throws IOException {
        Files.writeString(folder.resolve("my notes.txt"), "mine");
        finish(
                1,
                card -> new ResultFiles()
                        .text(ResultFiles.PREDICTIONS, "p")
                        .text("attention.csv", "a")
                        .text("kept.csv", "old"));
        finish(2, card -> new ResultFiles().text("kept.csv", "new"));
        assertThat(names())
                .containsExactly(
                        "kept.csv",
                        "metrics.json",
                        "model-card.md",
                        "model.json",
                        "model.safetensors",
                        "my notes.txt",
                        "run.json");
        assertThat(folder.resolve("kept.csv")).hasContent("new");
    }

    @Test
    void aFileThatAForeignCardListsStays() throws IOException {
        finish(1, card -> new ResultFiles().text("thesis.txt", "graft's"));
        Files.writeString(folder.resolve("thesis.txt"), "mine");
        finish(2, card -> new ResultFiles());
        assertThat(folder.resolve("thesis.txt")).hasContent("mine");
    }

    @Test
    void aFileThatCannotBeWrittenLeavesTheOldResult() throws IOException {
        finish(1, card -> new ResultFiles().text(ResultFiles.REPORT, "one").text("old.csv", "one"));
        List<String> before = names();
        assertThatThrownBy(() -> finish(
                        2,
                        card -> new ResultFiles()
                                .text(ResultFiles.REPORT, "two")
                                .file("broken.csv", path -> {
                                    AtomicText.write(path, "half");
                                    throw new IllegalStateException("disk full");
                                })))
                .hasMessage("disk full");
        assertThat(names()).isEqualTo(before);
        assertThat(folder.resolve("report.html")).hasContent("one");
        assertThat(folder.resolve("model.safetensors")).hasContent("weights 1");
        assertThat(card().facts()).containsEntry("seed", 1);
        assertThat(RunFolder.isUnfinished(folder))
                .as("run.json says what was about to be written")
                .isTrue();
    }

    /** A folder in the place of a file makes its rename fail, as a kill between two renames. */
    @Test
    void theCardIsTheLastToBePutInPlace() throws IOException {
        finish(1, card -> new ResultFiles().text(ResultFiles.PREDICTIONS, "one"));
        Files.createDirectories(folder.resolve("report.html/in the way"));
        assertThatThrownBy(() -> finish(2, card -> new ResultFiles().text(ResultFiles.REPORT, "two")))
                .hasMessageContaining("report.html");
        assertThat(folder.resolve("model.safetensors")).hasContent("weights 2");
        assertThat(card().facts()).containsEntry("seed", 1);
        assertThat(RunFolder.isUnfinished(folder)).isTrue();
        Files.delete(folder.resolve("report.html/in the way"));
        Files.delete(folder.resolve("report.html"));
        try (RunFolder run = RunFolder.open(folder, Map.of())) {
            assertThat(folder.resolve("predictions.csv"))
                    .as("nothing is removed before its successor is there")
                    .hasContent("one");
            assertThatThrownBy(() -> run.check(RunFolder.Existing.REFUSE)).hasMessageContaining("unfinished");
            run.finish(run(2), Map.of(), result(2, card -> new ResultFiles().text(ResultFiles.REPORT, "two")));
        }
        assertThat(names())
                .containsExactly(
                        "metrics.json", "model-card.md", "model.json", "model.safetensors", "report.html", "run.json");
        assertThat(RunFolder.isUnfinished(folder)).isFalse();
    }

    /** Killed after the card, before the older result's files were removed. */
    @Test
    void whatAKillLeftOfTheOldResultIsRemovedByTheNextRun() throws IOException {
        finish(1, card -> new ResultFiles());
        Files.writeString(folder.resolve("predictions.csv"), "of a fold that was here before");
        Files.writeString(folder.resolve(".report.html.new"), "half");
        RunFolder.open(folder, Map.of()).close();
        assertThat(names())
                .containsExactly("metrics.json", "model-card.md", "model.json", "model.safetensors", "run.json");
    }

    /** Killed while a file of an unusual name was written: run.json tells that it is one. */
    @Test
    void halfOfAnUnusualFileIsRemovedByTheNextRun() throws IOException {
        Path half = folder.resolve(".attention.csv.new");
        finish(1, card -> new ResultFiles().file("attention.csv", path -> AtomicText.write(path, "whole")));
        Files.delete(folder.resolve("model.json"));
        Files.writeString(half, "half");
        Path other = Files.writeString(folder.resolve(".notes.csv.new"), "of another program");
        RunFolder.open(folder, Map.of()).close();
        assertThat(half).doesNotExist();
        assertThat(other).exists();
    }

    /** Folders of before a card listed its files. */
    @Test
    void nothingOfAnOldFolderIsRemovedUntilItIsReplaced() throws IOException {
        finish(1, card -> new ResultFiles().text(ResultFiles.PREDICTIONS, "one"));
        String text = Files.readString(folder.resolve("model.json"));
        Files.writeString(
                folder.resolve("model.json"),
                text.replace("\"files\"", "\"unknown\"")
                        .replaceFirst("\"format_version\"\\s*:\\s*2", "\"format_version\": 1"));
        RunFolder.open(folder, Map.of()).close();
        assertThat(folder.resolve("predictions.csv")).hasContent("one");
        finish(2, card -> new ResultFiles());
        assertThat(folder.resolve("predictions.csv")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.json",
                "Model.JSON",
                "metrics.json",
                "model.safetensors",
                "model-card.md",
                "run.json",
                "log.csv",
                "best.safetensors",
                "../up.csv",
                "a/b.csv",
                "",
                ".hidden",
                "x.tmp",
                "x.new",
                "a b.csv",
                "taken.csv",
                "TAKEN.csv"
            })
    void namesThatCannotBeAResultsAreRefused(String name) {
        ResultFiles files = new ResultFiles().text("taken.csv", "");
        assertThatThrownBy(() -> files.text(name, ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("run folder: ")
                .hasMessageContaining("Hint: ");
        assertThat(files.names()).containsExactly("taken.csv");
    }

    @Test
    void aCardThatListsNamesOutsideItsFolderNamesNone() throws IOException {
        finish(1, card -> new ResultFiles().text("a.csv", ""));
        String text = Files.readString(folder.resolve("model.json"));
        Path outside = Files.writeString(folder.resolveSibling("outside.csv"), "mine");
        Files.writeString(
                folder.resolve("model.json"),
                text.replace("a.csv", "../outside.csv")
                        .replaceFirst("\"format_version\"\\s*:\\s*2", "\"format_version\": 1"));
        assertThat(RunFolder.isOwn(folder, outside)).isFalse();
        assertThat(RunContents.listed(folder).orElseThrow()).containsOnlyKeys("model-card.md");
    }
}
