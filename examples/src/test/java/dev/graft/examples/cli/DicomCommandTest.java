package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DICOM files wherever images are, through the whole program; how pixels are read is tested in vision. */
class DicomCommandTest {
    private static final int SIDE = 32;
    private static final String PATIENT = "Geheimnis^Gerda";

    @TempDir
    private Path folder;

    /** Explicit little endian, 12 of 16 bits, two frames: the first is noise, the second is bright on one side. */
    private static Path write(Path file, boolean left, SplittableRandom random) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[128]);
        out.writeBytes("DICM".getBytes(StandardCharsets.US_ASCII));
        text(out, 0x00020010, "UI", "1.2.840.10008.1.2.1");
        text(out, 0x00100010, "PN", PATIENT);
        number(out, 0x00280002, 1);
        text(out, 0x00280004, "CS", "MONOCHROME2");
        text(out, 0x00280008, "IS", "2");
        for (int[] pair : new int[][] {
            {0x00280010, SIDE},
            {0x00280011, SIDE},
            {0x00280100, 16},
            {0x00280101, 12},
            {0x00280102, 11},
            {0x00280103, 0}
        }) {
            number(out, pair[0], pair[1]);
        }
        text(out, 0x00281052, "DS", "-1000");
        text(out, 0x00281053, "DS", "1");
        tag(out, 0x7FE00010, "OW");
        int16(out, 0);
        int bytes = 2 * 2 * SIDE * SIDE;
        int16(out, bytes);
        int16(out, bytes >> 16);
        for (int i = 0; i < 2 * SIDE * SIDE; i++) {
            boolean bright = (i % SIDE < SIDE / 2) == left;
            int16(out, random.nextInt(500) + (i < SIDE * SIDE ? 500 : bright ? 1600 : 700));
        }
        Files.createDirectories(file.getParent());
        return Files.write(file, out.toByteArray());
    }

    private static void tag(ByteArrayOutputStream out, int tag, String type) {
        int16(out, tag >>> 16);
        int16(out, tag);
        out.writeBytes(type.getBytes(StandardCharsets.US_ASCII));
    }

    private static void text(ByteArrayOutputStream out, int tag, String type, String text) {
        byte[] even = (text.length() % 2 == 0 ? text : text + " ").getBytes(StandardCharsets.US_ASCII);
        tag(out, tag, type);
        int16(out, even.length);
        out.writeBytes(even);
    }

    private static void number(ByteArrayOutputStream out, int tag, int value) {
        tag(out, tag, "US");
        int16(out, 2);
        int16(out, value);
    }

    private static void int16(ByteArrayOutputStream out, int value) {
        out.write(value);
        out.write(value >> 8);
    }

    @Test
    void aModelIsTrainedJudgedAndAsked() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        Path data = folder.resolve("data");
        for (int i = 0; i < 12; i++) {
            write(data.resolve("left/1.2.840." + i), true, random);
            write(data.resolve("right/scan" + i + ".dcm"), false, random);
        }
        Files.copy(data.resolve("left/1.2.840.0"), data.resolve("left/copy.dcm"));
        Path run = folder.resolve("run");
        Cli training =
                Cli.finetune(data, run, "--frame", 2, "--window", "400:2000").succeeded();
        assertThat(training.out())
                .contains("left 10+", "right ", "byte-identical")
                .contains("DICOM files of several frames, of which only one is read: 25 (first ");
        Map<?, ?> preprocessing =
                (Map<?, ?>) Json.readObject(run.resolve("model.json")).get("preprocessing");
        assertThat(preprocessing.get("frame")).isEqualTo(2);
        assertThat(preprocessing.get("window")).isEqualTo("400:2000");

        Path asked = write(folder.resolve("asked/IM0001"), true, random);
        write(folder.resolve("asked/b.dcm"), false, random);
        Files.writeString(folder.resolve("asked/notes"), "no image");
        Cli answers = Cli.run("predict", "--model", run, "--top", 1, folder.resolve("asked"));
        answers.succeeded();
        assertThat(answers.out()).contains("IM0001", "b.dcm").doesNotContain("notes");
        String same = answers(run, asked);
        assertThat(same).isEqualTo(answers(run, asked, "--frame", 2)).isNotEqualTo(answers(run, asked, "--frame", 1));

        Path list = Files.writeString(folder.resolve("list.csv"), "file,label\nasked/IM0001,left\nasked/b.dcm,right\n");
        Cli judged = Cli.run("evaluate", "--model", run, "--data", list).succeeded();
        Cli refused = Cli.run("predict", "--model", run, "--frame", 3, asked);
        assertThat(refused.err()).contains("frame 3 of 2 is asked for");
        Cli usage = Cli.run("predict", "--model", run, "--frame", 0, asked);
        assertThat(usage.code()).isEqualTo(Program.WRONG_USAGE);

        for (Cli told : List.of(training, answers, judged, refused, usage)) {
            assertThat(told.out() + told.err()).doesNotContain("Geheimnis", "Gerda");
        }
        try (Stream<Path> kept = Files.walk(run)) {
            for (Path file : kept.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain("Geheimnis", "Gerda");
            }
        }
    }

    private String answers(Path run, Path image, Object... more) throws IOException {
        Path json = folder.resolve("answers.json");
        List<Object> all = new ArrayList<>(List.of("predict", "--model", run, image, "--json", json));
        all.addAll(List.of(more));
        Cli.run(all.toArray()).succeeded();
        return Files.readString(json);
    }
}
