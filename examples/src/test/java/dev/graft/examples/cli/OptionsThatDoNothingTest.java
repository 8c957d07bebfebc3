package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An option that would do nothing is refused, and so is a path that could not be written in the end. */
@Timeout(60)
class OptionsThatDoNothingTest {
    @TempDir
    private Path folder;

    @Test
    void theDemonstrationAndTheTrainingOfItsSourceExcludeEachOther() {
        Path file = folder.resolve("w.safetensors");
        Cli.run("demo", "--train-source", file, "--save", folder.resolve("d"))
                .wrongUsage("--train-source runs instead of the demonstration, and excludes --seeds and --save");
        Cli.run("demo", "--train-source", file, "--seeds", 3).wrongUsage("excludes --seeds and --save");
        for (String option : new String[] {"--source-images", "--source-epochs", "--source-seed"}) {
            Cli.run("demo", option, 3).wrongUsage("need --train-source");
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void momentumIsOfSgdAlone() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 4, 1);
        Object[] adamw = {
            "finetune",
            "--data",
            data,
            "--model",
            "resnet20",
            "--weights",
            "none",
            "--freeze",
            "none",
            "--epochs",
            1,
            "--optimizer",
            "adamw",
            "--out",
            folder.resolve("run")
        };
        Object[] both = java.util.Arrays.copyOf(adamw, adamw.length + 2);
        both[adamw.length] = "--momentum";
        both[adamw.length + 1] = 0.9;
        Cli.run(both).wrongUsage("--momentum is for --optimizer sgd");
        Cli.run(adamw).succeeded();
        // as runs of older versions have it among their options
        Cli.run("finetune", "--resume", "--out", folder.resolve("run"), "--momentum", 0.9, "--epochs", 2)
                .succeeded();
    }

    @Test
    void whatCannotBeWrittenIsToldBeforeTheWork() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        Path inFile = file.resolve("below");
        Path absent = folder.resolve("absent/report.json");
        Cli.run("demo", "--save", inFile).failedWith("--save " + inFile + " cannot be written: " + file + " is a file");
        Cli.run("demo", "--save", file).failedWith("--save " + file + " cannot be written");
        Cli.run("demo", "--train-source", absent).failedWith("--train-source " + absent + " cannot be written");
        Cli.run("demo", "--json", absent).failedWith("--json " + absent + " cannot be written");
        Cli.run("doctor", "--json", folder).failedWith("--json " + folder + " cannot be written");
    }
}
