package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.message.Message;
import dev.graft.nn.data.DataException;
import dev.graft.nn.run.RunException;
import dev.graft.vision.image.transform.Preprocessing;
import java.io.IOException;
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

    private static ImageData open(ImageData.Source source) {
        return ImageData.open(source, Preprocessing.imageNet().eval(), 3);
    }

    private static List<String> described(Path data, Optional<Path> validation) {
        return open(new ImageData.Source(data, validation, 0.25)).describe();
    }

    @Test
    void theColumnIsFoundWhateverItsCaseAndSpaces() throws IOException {
        for (String header : new String[] {"file,label,patient", "File,Label, Patient ", "FILE,LABEL,PATIENT"}) {
            assertThat(described(list("a.csv", header, "images", 12, 0), Optional.empty()))
                    .contains("patients: column '" + header.split(",", -1)[2].strip()
                            + "' names 9 in training and 3 in validation, 0 in both");
        }
    }

    @Test
    void whatIsNotTakenForAPatientIsSaid() throws IOException {
        assertThat(described(list("a.csv", "file,label,patient_id", "images", 12, 0), Optional.empty()))
                .contains(
                        "patients: none known, because there is no"
                                + " column 'patient' (the columns are file, label, patient_id): one patient's images may be on both sides");
        assertThat(described(folder.resolve("images"), Optional.empty()))
                .noneMatch(line -> line.startsWith("patients:"));
    }

    @Test
    void patientsOnBothSidesAreRefusedUnlessAllowed() throws IOException {
        Path train = list("a.csv", "file,label,patient", "images", 12, 0);
        Path held = list("b.csv", "file,label,Patient", "held", 4, 10);
        ImageData.Source source = new ImageData.Source(train, Optional.of(held), 0.25);
        assertThatThrownBy(() -> open(source))
                .isInstanceOf(RunException.class)
                .hasMessage(
                        "2 of the 4 patients in " + held + " are also in " + train
                                + " (p10, p11): the scores would flatter. Hint: give each patient's images to one side, or say allowSharedPatients.");
        ImageData allowed = open(new ImageData.Source(train, Optional.of(held), 0.25, false, true));
        assertThat(allowed.describe().stream().map(line -> Message.of(line).toString()))
                .contains("patients: columns 'patient' and 'Patient' name 12 in training and 4 in validation, 2 in both"
                        + " (allowSharedPatients), so the scores flatter");
        assertThat(allowed.toMap(() -> {})).containsEntry("shared_patients", 2);
        assertThat(described(train, Optional.of(list("b.csv", "file,label,patient", "held", 4, 20))))
                .contains("patients: column 'patient' names 12 in training and 4 in validation, 0 in both");
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
}
