package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people mistype is told in two lines: what is wrong, and what was perhaps meant. */
class WrongUsageTest {
    @TempDir
    private Path folder;

    @Test
    void aMistypedCommandIsNamedWithTheOneThatWasMeant() {
        assertThat(Cli.run("finetun", "--out", "x").wrongUsage().err())
                .isEqualToNormalizingNewlines("graft: unknown command 'finetun'.\n"
                        + "Hint: did you mean finetune? graft --help shows all commands.\n");
        assertThat(Cli.run("train").wrongUsage("unknown command 'train'").err()).doesNotContain("did you mean");
    }

    @Test
    void aMistypedOptionIsNamedWithTheOneThatWasMeant() {
        assertThat(Cli.run("finetune", "--out", "x", "--data", "y", "--epoc", 3)
                        .wrongUsage()
                        .err())
                .isEqualToNormalizingNewlines("graft finetune: unknown option '--epoc'.\n"
                        + "Hint: did you mean --epochs? graft finetune --help shows all options.\n");
        Cli.run("finetune", "--out", "x", "--bathc=3").wrongUsage("unknown option '--bathc'", "did you mean --batch?");
        Cli.run("finetune", "--out", "x", "--val-frac", 1).wrongUsage("did you mean --val-fraction?");
        Cli.run("evaluate", "--modle", "x").wrongUsage("unknown option '--modle'", "did you mean --model?");
        assertThat(Cli.run("predict", "--zzzzzz")
                        .wrongUsage("unknown option '--zzzzzz'")
                        .err())
                .doesNotContain("did you mean");
    }

    /** The mistake is the mistyped option, and not the required one that it should have been. */
    @Test
    void aMistypedRequiredOptionIsNotCalledMissing() {
        Cli.run("evaluate", "--modell", "x", "--data", "y").wrongUsage("unknown option '--modell'", "--model?");
        Cli.run("finetune", "--ot", "x").wrongUsage("unknown option '--ot'", "did you mean --out?");
    }

    @Test
    void valuesOfTheWrongKindAreToldInPlainWords() {
        Cli.run("finetune", "--out", "x", "--epochs", "ten")
                .wrongUsage("graft finetune: --epochs takes a whole number, not 'ten'.");
        Cli.run("finetune", "--out", "x", "--lr", "fast").wrongUsage("--lr takes a number, not 'fast'.");
        Cli.run("finetune", "--out", "x", "--cached-views", 2_000_000_000_000L)
                .wrongUsage("--cached-views takes a whole number");
        Cli.run("finetune", "--out", "x", "--optimizer", "sdg")
                .wrongUsage("--optimizer is one of sgd, adamw, not 'sdg'.", "Hint: did you mean sgd?");
        Cli.run("finetune", "--out", "x", "--schedule", "cosin")
                .wrongUsage("--schedule is one of none, step, cosine, warmup-cosine, not 'cosin'.", "mean cosine?");
    }

    /** An unset variable of a script; as a path it would mean the current folder. */
    @Test
    void anEmptyWordIsRefused() {
        String hint = "Hint: give a value; perhaps a variable of your script is not set.";
        Cli.run("finetune", "--data", folder, "--out", "").wrongUsage("graft finetune: --out is empty.", hint);
        Cli.run("finetune", "--data", "", "--out", "x").wrongUsage("--data is empty.", hint);
        Cli.run("finetune", "--data", folder, "--val", "", "--out", "x").wrongUsage("--val is empty.", hint);
        Cli.run("finetune", "--data", folder, "--weights", "", "--out", "x").wrongUsage("--weights is empty.", hint);
        Cli.run("predict", "--model", "", "x.jpg").wrongUsage("--model is empty.", hint);
        Cli.run("predict", "--model", "x", "").wrongUsage("IMAGE is empty.", hint);
        Cli.run("evaluate", "--model", "x", "--data", "y", "--csv=").wrongUsage("--csv is empty.", hint);
        Cli.run("inspect", "").wrongUsage("FILE|DIR is empty.", hint);
    }

    /** An option that writes is easily taken for one that reads. */
    @Test
    void aReportDoesNotReplaceWhatTheCommandReads() throws Exception {
        Path list = Files.writeString(folder.resolve("list.csv"), "file,label");
        Path run = Files.createDirectory(folder.resolve("run"));
        Path card = Files.writeString(run.resolve("model.json"), "{}");
        Cli.run("evaluate", "--model", run, "--data", list, "--csv", list)
                .wrongUsage("--csv " + list + " would replace the file that --data names.", "Hint: name another file.");
        Path detour = run.resolve("..").resolve("list.csv");
        Cli.run("evaluate", "--model", run, "--data", list, "--json", detour).wrongUsage("the file that --data names");
        Cli.run("evaluate", "--model", run, "--data", list, "--csv", card)
                .wrongUsage("--csv " + card + " would replace a file of the run in " + run + ".");
        Path both = folder.resolve("both");
        Cli.run("evaluate", "--model", run, "--data", list, "--csv", both, "--json", both)
                .wrongUsage("would replace the file that --csv names");
        Cli.run("predict", "--model", "resnet18", "--weights", list, "--json", list, "x.jpg")
                .wrongUsage("the file that --weights names");
        Cli.run("predict", "--model", run, "--json", list, "x.jpg", list).wrongUsage("the file that IMAGE names");
        Cli.run("inspect", card, "--json", card).wrongUsage("the file that FILE|DIR names");
        Cli.run("finetune", "--data", list, "--out", run, "--json", list).wrongUsage("the file that --data names");
        assertThat(list).hasContent("file,label");
        assertThat(card).hasContent("{}");
    }

    /** A path with a typing error, and the file in place of its folder, are likelier than an unknown network. */
    @Test
    void aModelThatIsNotThereIsNotCalledANetwork() throws Exception {
        Cli.run("predict", "--model", folder.resolve("nope"), "x.jpg")
                .failedWith(
                        "nope is neither a folder nor a network's name. Hint: check the path; the networks are res");
        Path file = Files.writeString(folder.resolve("model.safetensors"), "x");
        Cli.run("predict", "--model", file, "x.jpg")
                .failedWith(file + " is a file, and a model is a folder. Hint: give the folder that has model.json");
    }

    @Test
    void aNameWithSpacesThatLacksItsQuotesIsRecognised() {
        Cli.run("finetune", "--data", "my", "images", "--out", "x")
                .wrongUsage("unexpected argument 'images'", "Hint: put quotes around a name with spaces.");
    }

    @Test
    void missingOptionsAndWordsAreNamed() {
        Cli.run("finetune", "--data", "x").wrongUsage("missing required option: '--out=DIR'.");
        Cli.run("finetune", "--out").wrongUsage("missing required parameter for option '--out' (DIR).");
        Cli.run("predict", "--model", folder).wrongUsage("IMAGE");
    }

    /** Who types the name alone asks what there is. */
    @Test
    void theNameAloneListsTheCommands() {
        Cli alone = Cli.run();
        assertThat(alone.code()).isEqualTo(2);
        assertThat(alone.err()).contains("Usage: graft", "finetune", "evaluate", "predict", "doctor");
        assertThat(Cli.run("--stacktrace")
                        .wrongUsage("missing required subcommand")
                        .err())
                .doesNotContain("Usage");
    }

    @Test
    void aHintOfTheOptionItselfIsKept() throws Exception {
        Path data = TinyImages.folder(Files.createDirectory(folder.resolve("data")), 3, 1);
        Cli.run("finetune", "--data", data, "--out", folder.resolve("x"), "--window", "wide")
                .wrongUsage("'wide' is not a window");
    }
}
