package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data as people find it: split into folders, with other files beside, listed in an old spreadsheet's encoding. */
class FoundDataTest {
    @TempDir
    private Path folder;

    private Cli finetune(Path data, Object... more) {
        return Cli.finetune(data, folder.resolve("run"), more);
    }

    @Test
    void aListInAnotherEncodingIsRefusedUntilItIsNamed() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 10, 1);
        StringBuilder list = new StringBuilder("file,label\n");
        for (int i = 0; i < 10; i++) {
            list.append("left/image")
                    .append(i)
                    .append(".png,Grad \u00C4\nright/image")
                    .append(i)
                    .append(".png,Grad \u00D6\n");
        }
        Path csv = Files.write(data.resolve("list.csv"), list.toString().getBytes(StandardCharsets.ISO_8859_1));
        finetune(csv).failedWith("line 2 is not UTF-8", "--csv-encoding");
        finetune(csv, "--csv-encoding", "klingon").wrongUsage("'klingon' is not an encoding");
        finetune(csv, "--csv-encoding", "windows-1252").succeeded();
        assertThat(Json.readObject(folder.resolve("run/model.json")))
                .containsEntry("classes", List.of("Grad \u00C4", "Grad \u00D6"));
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", csv).failedWith("line 2 is not UTF-8");
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", csv, "--csv-encoding", "latin1")
                .succeeded();
    }

    @Test
    void filesThatAreNoImagesAreCountedByTypeInOneLine() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 10, 1);
        for (String name : List.of("left/a.nii", "left/b.NII", "right/c.nii", "right/notes.txt", "README")) {
            Files.writeString(data.resolve(name), "x");
        }
        String line = "left out: 5 files of types that are not read: 3 .nii, 1 without an extension, 1 .txt";
        assertThat(finetune(data).succeeded().out().lines().filter(l -> l.startsWith("left out")))
                .containsExactly(line);
        assertThat(Cli.run("evaluate", "--model", folder.resolve("run"), "--data", data)
                        .succeeded()
                        .out())
                .contains(line);
    }

    @Test
    void partsOfASplitAreUsedAsSuch() throws IOException {
        Path data = folder.resolve("data");
        TinyImages.folder(data.resolve("Training"), 10, 1);
        TinyImages.folder(data.resolve("valid"), 4, 2);
        TinyImages.folder(data.resolve("test"), 3, 3);
        Cli run = finetune(data).succeeded();
        assertThat(run.out())
                .contains(
                        "data: 20 training and 8 validation images of 2 classes: left 10+4, right 10+4",
                        "split: trained on " + data.resolve("Training") + ", validated on " + data.resolve("valid"),
                        "split: " + data.resolve("test") + " is left for graft evaluate");
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", data)
                .failedWith(
                        "Training, valid, test, which are parts of a split and no classes",
                        "such as " + data.resolve("test"));
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", data.resolve("test"))
                .succeeded();
        finetune(data, "--val-fraction", "0.3")
                .wrongUsage("--val-fraction is for data without validation images of its own");
        finetune(data.resolve("Training"), "--val", data, "--overwrite").failedWith("parts of a split and no classes");
    }

    @Test
    void withoutAValidationPartAShareOfTheTrainingPartIsHeldBack() throws IOException {
        Path data = folder.resolve("data");
        TinyImages.folder(data.resolve("train"), 10, 1);
        TinyImages.folder(data.resolve("test"), 3, 3);
        assertThat(finetune(data).succeeded().out())
                .contains("data: 16 training and 4 validation images", "left 8+2", "validated on a share of it");
    }
}
