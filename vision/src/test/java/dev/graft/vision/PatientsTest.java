package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.message.Message;
import dev.graft.nn.data.DataException;
import dev.graft.nn.run.RunException;
import dev.graft.vision.image.transform.Preprocessing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A patient's images stay on one side, and the program says what it took for a patient. */
class PatientsTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void writeImages() throws IOException {
        TinyImages.folder(folder.resolve("images"), 12, 1);
        TinyImages.folder(folder.resolve("held"), 4, 2);
    }

    /**
     * A list of the images of a folder, each patient with two of them; {@code first} is the number of the first
     * patient.
     */
    private Path list(String name, String header, String images, int count, int first) throws IOException {
        List<String> lines = new ArrayList<>(List.of(header));
        for (int i = 0; i < count; i++) {
            for (String side : new String[] {"left", "right"}) {
                lines.add(images + "/" + side + "/image" + i + ".png," + side + ",p" + (first + i));
            }
        }
        return Files.write(folder.resolve(name), lines);
    }

    private static ImageData open(ImageSource source) {
        return ImageData.open(source, Preprocessing.imageNet().eval(), 3);
    }

    private static List<String> described(Path data, Optional<Path> validation) {
        return said(open(new ImageSource(data, validation, 0.25)));
    }

    private static List<String> said(ImageData data) {
        return data.describe().stream().map(line -> Message.of(line).toString()).toList();
    }

    @Test
    void theColumnIsFoundWhateverItsCaseAndSpaces() throws IOException {
        for (String header : new String[] {"file,label,patient", "File,Label, Patient ", "FILE,LABEL,PATIENT"}) {
            assertThat(described(list("a.csv", header, "images", 12, 0), Optional.empty()))
                    .contains("patients: column '" + header.split(",", -1)[2].strip()
                            + "' names 9 in training and 3 in validation, 0 shared patients");
        }
    }

    @Test
    void whatIsNotTakenForAPatientIsSaid() throws IOException {
        assertThat(described(list("a.csv", "file,label,patient_id", "images", 12, 0), Optional.empty()))
                .contains(
                        "patients: not known, because there is no column 'patient' (the columns are file, label, patient_id): one"
                                + " patient's images may be on both sides. Hint: say by group what names the patient");
        assertThat(described(folder.resolve("images"), Optional.empty()))
                .contains(
                        "patients: not known: one patient's images may be on both sides. Hint: say by group what names"
                                + " the patient");
    }

    @Test
    void patientsOnBothSidesAreRefusedUnlessAllowed() throws IOException {
        Path train = list("a.csv", "file,label,patient", "images", 12, 0);
        Path held = list("b.csv", "file,label,Patient", "held", 4, 10);
        ImageSource source = new ImageSource(train, Optional.of(held), 0.25);
        assertThatThrownBy(() -> open(source))
                .isInstanceOf(RunException.class)
                .hasMessage(
                        "2 of the 4 patients in " + held + " are also in " + train
                                + " (p10, p11): the scores would flatter. Hint: give each patient's images to one side, or say allowSharedPatients.");
        ImageData allowed = open(new ImageSource(train, Optional.of(held), 0.25, false, true));
        assertThat(allowed.describe().stream().map(line -> Message.of(line).toString()))
                .contains(
                        "patients: column 'patient' and column 'Patient' name 12 in training and 4 in validation, 2 shared patients"
                                + " (allowSharedPatients), so the scores flatter");
        assertThat(allowed.toMap(() -> {})).containsEntry("shared_patients", 2);
        assertThat(described(train, Optional.of(list("b.csv", "file,label,patient", "held", 4, 20))))
                .contains("patients: column 'patient' names 12 in training and 4 in validation, 0 shared patients");
    }

    @Test
    void oneSideWithoutPatientsIsSaid() throws IOException {
        Path list = list("a.csv", "file,label,patient", "images", 12, 0);
        assertThat(described(list, Optional.of(folder.resolve("held"))))
                .contains("patients: only the training images have them (column 'patient'), so"
                        + " it is unknown whether some are in both");
        assertThat(described(folder.resolve("held"), Optional.of(list)))
                .contains("patients: only the validation images have them (column 'patient'), so"
                        + " it is unknown whether some are in both");
    }

    @Test
    void twoColumnsOfOneNameAreRefused() throws IOException {
        Path both = Files.writeString(
                folder.resolve("c.csv"), "file,label,patient,Patient \nimages/left/image0.png,left,a,b\n");
        assertThatThrownBy(() -> described(both, Optional.empty()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("c.csv has the columns 'patient' and 'Patient '. Hint: keep one of them.");
    }

    private ImageSource by(Path data, Optional<Path> validation, String group) {
        return new ImageSource(
                data,
                validation,
                0.25,
                false,
                false,
                StandardCharsets.UTF_8,
                List.of(),
                Optional.of(new GroupRule(group)),
                Optional.empty());
    }

    /** Two images, one of each class, have each number. */
    @Test
    void anExpressionFindsPatientsInFileNames() {
        ImageData data = open(by(folder.resolve("images"), Optional.empty(), "image(\\d+)\\.png"));
        assertThat(said(data))
                .contains(
                        "patients: the expression image(\\d+)\\.png names 9 in training and 3 in validation, 0 shared patients");
        assertThat(data.heldRows()).hasSize(6);
        assertThat(said(open(by(folder.resolve("images"), Optional.empty(), "^(.*)\\.png"))))
                .as("the path within the folder, with the class")
                .contains(
                        "patients: the expression ^(.*)\\.png names 18 in training and 6 in validation, 0 shared patients");
        assertThatThrownBy(() -> open(by(folder.resolve("images"), Optional.of(folder.resolve("held")), "image(\\d+)")))
                .as("both folders have image0 to image3")
                .hasMessageContaining("4 of the 4 patients in " + folder.resolve("held") + " are also in");
    }

    @Test
    void anotherColumnNamesPatients() throws IOException {
        Path list = list("a.csv", "file,label,Case Number", "images", 12, 0);
        assertThat(said(open(by(list, Optional.empty(), "case number"))))
                .contains("patients: column 'Case Number' names 9 in training and 3 in validation, 0 shared patients");
        assertThat(said(open(by(list, Optional.empty(), "image(\\d)"))))
                .as("a list's files have names, too")
                .anyMatch(line -> line.startsWith("patients: the expression image(\\d) names "));
    }

    @Test
    void aGroupThatTheDataDoesNotHaveIsRefused() throws IOException {
        Path images = folder.resolve("images");
        Files.writeString(images.resolve("left/README.png"), "");
        assertThatThrownBy(() -> open(by(images, Optional.empty(), "image(\\d+)")))
                .isInstanceOf(RunException.class)
                .hasMessage("group(\"image(\\\\d+)\"): 1 of the 25 files in " + images
                        + " do not match image(\\d+): left/README.png. Hint: the expression is looked for in each file's path"
                        + " within that folder; give one that every file matches.");
        assertThatThrownBy(() -> open(by(images, Optional.empty(), "(image)(\\d+)")))
                .hasMessageContaining("is no regular expression with one capturing group");
        assertThatThrownBy(() -> open(by(images, Optional.empty(), "patient")))
                .hasMessageContaining("is no regular expression with one capturing group");
        assertThatThrownBy(() -> open(by(images, Optional.empty(), "image(\\d+")))
                .hasMessageContaining("is no regular expression with one capturing group");
        assertThatThrownBy(() -> open(by(images, Optional.empty(), "image(x*)")))
                .as("nothing names nobody")
                .hasMessageContaining("25 of the 25 files");
        Path list = list("a.csv", "file,label,patient", "images", 12, 0);
        assertThatThrownBy(() -> open(by(list, Optional.empty(), "pid")))
                .hasMessageContaining("is no column of " + list + " (file, label, patient), and no regular expression");
    }
}
