package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that are there more than once, in a training and in an evaluation. */
class DuplicatesCommandTest {
    @TempDir
    private Path folder;

    private Cli finetune(Path data, Object... more) {
        return Cli.finetune(data, folder.resolve("run"), more);
    }

    private Cli evaluate(Path data, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "evaluate", "--model", folder.resolve("run"), "--data", data, "--json", folder.resolve("e.json")));
        all.addAll(Arrays.asList(more));
        return Cli.run(all.toArray());
    }

    private Map<?, ?> found() {
        return Cli.map(Json.readObject(folder.resolve("e.json")).get("duplicates"));
    }

    /** The same pixels in a file of other bytes. */
    private static void storedAgain(Path from, Path to) throws IOException {
        BufferedImage image = ImageIO.read(from.toFile());
        Files.createDirectories(to.getParent());
        ImageIO.write(image, "bmp", to.toFile());
    }

    /** A little brighter. */
    private static void altered(Path from, Path to) throws IOException {
        BufferedImage image = ImageIO.read(from.toFile());
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.setRGB(x, y, image.getRGB(x, y) + 0x0a0a0a);
            }
        }
        Files.createDirectories(to.getParent());
        ImageIO.write(image, "png", to.toFile());
    }

    @Test
    void copiesOfTrainingImagesAreListedAndKeptOutOfTheValidation() throws IOException {
        Path train = TinyImages.folder(folder.resolve("data/train"), 8, 1);
        Path val = TinyImages.folder(folder.resolve("data/val"), 4, 2);
        Path test = TinyImages.folder(folder.resolve("data/test"), 3, 3);
        Files.copy(train.resolve("left/image0.png"), val.resolve("left/same bytes.png"));
        storedAgain(train.resolve("left/image1.png"), val.resolve("left/same pixels.bmp"));
        altered(train.resolve("right/image2.png"), val.resolve("right/altered.png"));
        Files.copy(val.resolve("left/image0.png"), val.resolve("left/twice.png"));
        Files.copy(val.resolve("right/image1.png"), val.resolve("left/other label.png"));
        Files.copy(train.resolve("left/image3.png"), test.resolve("left/in training.png"));
        Files.copy(val.resolve("left/image3.png"), test.resolve("left/in validation.png"));
        Cli told = finetune(folder.resolve("data")).succeeded();
        assertThat(told.out())
                .contains(
                        "data: 16 training and 8 validation images",
                        "duplicates: 1 validation image is byte-identical to training images; they are kept out of the"
                                + " validation: left/same bytes.png and left/image0.png",
                        "duplicates: 1 validation image is the same, pixel for pixel, as training images; they are kept"
                                + " out of the validation: ",
                        "duplicates: 1 validation image is near-identical to training images; they are kept out of the"
                                + " validation: ",
                        "duplicates: 2 validation images are byte-identical to other validation images; they are kept out"
                                + " of the validation: ",
                        "duplicates: 2 test images are byte-identical to training or validation images: ",
                        "labels: 1 of these pairs has different labels, so not all of them can be right: ",
                        "patients: not known");
        List<String> listed = Files.readAllLines(folder.resolve("run/duplicates.csv"));
        assertThat(listed).hasSize(8);
        assertThat(listed.get(0))
                .isEqualTo("kind,distance,set,file,label,other_set,other_file,other_label,labels_differ,left_out");
        assertThat(listed)
                .anyMatch(line -> line.startsWith("pixels,0.00000,validation," + val.resolve("left/same pixels.bmp"))
                        && line.endsWith(",false,true"))
                .anyMatch(line -> line.startsWith("near,0.00") && line.contains("altered.png"))
                .anyMatch(line -> line.contains("bytes,0.00000,test,") && line.endsWith(",false,false"))
                .anyMatch(line -> line.endsWith(",true,true"));
        Map<?, ?> card = Json.readObject(folder.resolve("run/model.json"));
        Map<?, ?> copies = Cli.map(Cli.map(card.get("data")).get("copies"));
        assertThat(copies.get("bytes_across")).isEqualTo(3);
        assertThat(copies.get("pixels_across")).isEqualTo(1);
        assertThat(copies.get("near_across")).isEqualTo(1);
        assertThat(copies.get("bytes_within")).isEqualTo(2);
        assertThat(copies.get("contradictions")).isEqualTo(1);

        assertThat(evaluate(test).succeeded().out())
                .contains("duplicates: 2 of these 8 images are identical to images that the model was fitted on"
                        + " (1 training, 1 validation); they are left out: ");
        assertThat(Json.readObject(folder.resolve("e.json"))).containsEntry("images", 6);
        assertThat(found().get("left_out")).isEqualTo(2);

        assertThat(finetune(folder.resolve("data"), "--keep-duplicates", "--overwrite")
                        .succeeded()
                        .out())
                .contains(
                        "data: 16 training and 13 validation images",
                        "they stay in (--keep-duplicates), so the scores flatter");
    }

    @Test
    void anEvaluationLeavesOutWhatTheModelWasFittedOnAndFurtherCopies() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 8, 1);
        finetune(data).succeeded();
        assertThat(evaluate(data).succeeded().out())
                .contains(
                        "duplicates: the model was fitted on every one of these 16 images (12 training, 4 validation): the"
                                + " scores say what it remembers, not how good it is");
        assertThat(Json.readObject(folder.resolve("e.json"))).containsEntry("images", 16);

        Path some = TinyImages.folder(folder.resolve("some"), 3, 9);
        Files.copy(data.resolve("left/image5.png"), some.resolve("left/known.png"));
        storedAgain(data.resolve("right/image4.png"), some.resolve("right/known.bmp"));
        Files.copy(some.resolve("left/image2.png"), some.resolve("left/twice.png"));
        altered(data.resolve("left/image6.png"), some.resolve("left/alike.png"));
        Cli told = evaluate(some).succeeded();
        assertThat(told.out())
                .contains(
                        "duplicates: 2 of these 10 images are identical to images that the model was fitted on",
                        "they are left out: left/known.png; right/known.bmp",
                        "duplicates: 1 of these images look like images that the model was fitted on, and may be altered"
                                + " copies; they stay in: left/alike.png",
                        "duplicates: 1 further copy within these images is left out",
                        "7 images: accuracy");
        assertThat(found().get("left_out")).isEqualTo(3);
        assertThat((List<?>) found().get("list")).hasSize(4);
        assertThat(evaluate(some, "--keep-duplicates").succeeded().out())
                .contains("they stay in (--keep-duplicates), so the scores flatter", "10 images: accuracy");

        Files.writeString(folder.resolve("run/fingerprints.csv"), "set\n");
        assertThat(evaluate(some).succeeded().out())
                .as("a file that is not the card's is not believed")
                .contains("it is not known which images the model was fitted on", "9 images: accuracy");
    }

    @Test
    void patientsThatTheModelWasFittedOnAreRefused() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 8, 1);
        String patient = "image(\\d+)";
        assertThat(finetune(data, "--group", patient).succeeded().out())
                .contains(
                        "patients: the expression image(\\d+) names 6 in training and 2 in validation, 0 shared patients");
        Path others = folder.resolve("others");
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 7; i < 10; i++) {
            TinyImages.write(others.resolve("left/image" + i + ".png"), true, random);
            TinyImages.write(others.resolve("right/image" + i + ".png"), false, random);
        }
        evaluate(others, "--group", patient)
                .failedWith(
                        "the model was fitted on images of 1 of the 3 patients (7): the scores would flatter",
                        "--allow-shared-patients");
        assertThat(evaluate(others, "--group", patient, "--allow-shared-patients")
                        .succeeded()
                        .out())
                .contains("patients: 3, 1 shared patients with the images that the model was fitted on"
                        + " (--allow-shared-patients), so the scores flatter");
        Files.delete(others.resolve("left/image7.png"));
        Files.delete(others.resolve("right/image7.png"));
        assertThat(evaluate(others, "--group", patient).succeeded().out())
                .contains("patients: 2, 0 shared patients with the images that the model was fitted on");
        finetune(data, "--group", "patient(\\d+)", "--overwrite")
                .failedWith("16 of the 16 files in " + data + " do not match patient(\\d+): left/image0.png, ");
    }
}
