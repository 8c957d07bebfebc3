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
        Map<String, Object> scores =
                Cli.json(folder.resolve("e.json"), "evaluate", "--model", folder.resolve("run"), "--data", file);
        assertThat(scores).containsEntry("images", 6);
        Cli.run("finetune", "--data", file, "--val-fraction", 0.3, "--out", folder.resolve("other"))
                .wrongUsage("--val-fraction is for data without validation images of its own");
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
