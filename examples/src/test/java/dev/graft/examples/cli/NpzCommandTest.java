package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --data FILE.npz}: MedMNIST's arrays are training, validation and test images. */
class NpzCommandTest {
    private static final int SIDE = 16;

    @TempDir
    private Path folder;

    @Test
    void trainsOnItsTrainingImagesAndEvaluatesOnItsTestImages() throws IOException {
        Path file = folder.resolve("set.npz");
        SplittableRandom random = new SplittableRandom(3);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            part(zip, "train", 20, random);
            part(zip, "val", 8, random);
            part(zip, "test", 6, random);
        }
        Cli run = Cli.run(
                        "finetune",
                        "--data",
                        file,
                        "--model",
                        "resnet20",
                        "--weights",
                        "none",
                        "--freeze",
                        "none",
                        "--epochs",
                        1,
                        "--batch",
                        8,
                        "--out",
                        folder.resolve("run"))
                .succeeded();
        assertThat(run.out()).contains("data: 20 training and 8 validation images of 2 classes: 0 10+4, 1 10+4");
        assertThat(Json.readObject(folder.resolve("run/model.json")).get("classes"))
                .hasToString("[0, 1]");
        Path report = folder.resolve("e.html");
        Map<String, Object> scores = Cli.json(
                folder.resolve("e.json"),
                "evaluate",
                "--model",
                folder.resolve("run"),
                "--data",
                file,
                "--report",
                report);
        assertThat(scores).containsEntry("images", 6);
        for (Path page : List.of(report, folder.resolve("run/report.html"))) {
            assertThat(Files.readString(page))
                    .as("its images are shown, though none is a file")
                    .contains("alt=\"image of 0, predicted ")
                    .contains("and its Grad-CAM map")
                    .contains(page.equals(report) ? "test/0<" : "val/0<")
                    .doesNotContain("could not be read again");
        }
        Cli.run("finetune", "--data", file, "--val-fraction", 0.3, "--out", folder.resolve("other"))
                .wrongUsage("--val-fraction is for data without validation images of its own");
    }

    /** A folder sorts "10" before "2", an array file does not: classes are matched by their names. */
    @Test
    void numericClassesAreMatchedByNameWhateverTheirOrder() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        Path images = folder.resolve("images");
        for (int c = 0; c <= 10; c++) {
            for (int i = 0; i < 2; i++) {
                TinyImages.write(images.resolve(c + "/image" + i + ".png"), c % 2 == 0, random);
            }
        }
        Path file = folder.resolve("eleven.npz");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String part : new String[] {"val", "test"}) {
                byte[] labels = {0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10};
                byte[] pixels = new byte[labels.length * SIDE * SIDE];
                for (int i = 0; i < pixels.length; i++) {
                    pixels[i] = (byte) random.nextInt(200);
                }
                entry(zip, part + "_images", "(14, " + SIDE + ", " + SIDE + ")", pixels);
                entry(zip, part + "_labels", "(14, 1)", labels);
            }
        }
        Object[] recipe = {
            "finetune",
            "--data",
            images,
            "--val",
            file,
            "--model",
            "resnet20",
            "--weights",
            "none",
            "--freeze",
            "none",
            "--epochs",
            1,
            "--batch",
            8,
            "--out",
            folder.resolve("run")
        };
        Cli run = Cli.run(recipe).succeeded();
        assertThat(run.out()).contains("0 2+1, 1 2+1, 10 2+3, 2 2+2, 3 2+1");
        Cli judged = Cli.run("evaluate", "--model", folder.resolve("run"), "--data", file)
                .succeeded();
        assertThat(judged.out())
                .contains("14 images: accuracy")
                .containsPattern("(?m)^10 +3 ")
                .containsPattern("(?m)^2 +2 ")
                .containsPattern("(?m)^9 +1 ");
        Path other = TinyImages.folder(folder.resolve("other"), 2, 1);
        Cli.run("evaluate", "--model", folder.resolve("run"), "--data", other)
                .failedWith("the images have other classes than the model");
        Cli.run("finetune", "--data", images, "--val", other, "--weights", "none", "--out", folder.resolve("no"))
                .failedWith("training and validation images have different classes");
    }

    /** Bright above for class 0, below for class 1. */
    private static void part(ZipOutputStream zip, String name, int count, SplittableRandom random) throws IOException {
        byte[] pixels = new byte[count * SIDE * SIDE];
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % 2);
            for (int p = 0; p < SIDE * SIDE; p++) {
                boolean bright = p < SIDE * SIDE / 2 == (labels[i] == 0);
                pixels[i * SIDE * SIDE + p] = (byte) (random.nextInt(100) + (bright ? 120 : 20));
            }
        }
        entry(zip, name + "_images", "(" + count + ", " + SIDE + ", " + SIDE + ")", pixels);
        entry(zip, name + "_labels", "(" + count + ", 1)", labels);
    }

    private static void entry(ZipOutputStream zip, String name, String shape, byte[] values) throws IOException {
        byte[] header = ("{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }\n")
                .getBytes(StandardCharsets.US_ASCII);
        zip.putNextEntry(new ZipEntry(name + ".npy"));
        zip.write(ByteBuffer.allocate(10 + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) header.length)
                .put(header)
                .array());
        zip.write(values);
        zip.closeEntry();
    }
}
