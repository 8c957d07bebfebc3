package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of what images are divided by. */
class SubgroupFileTest {
    @TempDir
    private Path folder;

    private Path csv(String... lines) throws IOException {
        return Files.writeString(folder.resolve("parts.csv"), String.join("\n", lines));
    }

    @Test
    void whatNamesOrLabelsAnImageIsNoSubgroup() throws IOException {
        Path file = csv("file,patient,Label,sex", "a.png,p1,ill,f", "b.png,p2,well,m");
        assertThat(SubgroupFile.read(file).of(List.of("a.png", "b.png"), List.of("p1", "p2")))
                .containsOnlyKeys("sex")
                .containsEntry("sex", List.of("f", "m"));
        Path byPatient = csv("label,patient,site", "ill,p1,north", "well,p2,south");
        assertThat(SubgroupFile.read(byPatient).of(List.of("a.png", "b.png"), List.of("p2", "p1")))
                .containsOnlyKeys("site")
                .containsEntry("site", List.of("south", "north"));
    }

    @Test
    void badFilesAreRefusedBeforeImagesAreJudged() throws IOException {
        for (String[] bad : new String[][] {
            {"neither a column file nor a column patient", "name,sex", "a,f"},
            {"no column that divides the images", "file,patient,label", "a,p,ill"},
            {"has no lines", "file,sex"},
        }) {
            Path file = csv(java.util.Arrays.copyOfRange(bad, 1, bad.length));
            assertThatThrownBy(() -> SubgroupFile.read(file))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining(bad[0]);
        }
        assertThatThrownBy(() -> SubgroupFile.read(folder.resolve("none.csv")))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("cannot be read");
        SubgroupFile.read(csv("file,sex", "a,f"));
    }

    @Test
    void patientsAreFoundByTheirNamesOrTheHashesOfThem() throws IOException {
        SubgroupFile file = SubgroupFile.read(csv("patient,site", "p1,north", PatientHash.hidden("p2") + ",south"));
        List<String> images = List.of("a.png", "b.png", "c.png");
        List<String> patients = List.of(PatientHash.hidden("p1"), "p2", "p3");
        file.check(images, patients);
        assertThat(file.of(images, patients)).containsEntry("site", List.of("north", "south", ""));
        assertThat(PatientHash.of(PatientHash.hidden("p1")))
                .isEqualTo(PatientHash.of("p1"))
                .hasSize(64);
        assertThat(PatientHash.hidden(" ")).isEmpty();
        assertThat(PatientHash.of("sha256:p1")).as("no hash").isNotEqualTo("p1").hasSize(64);
    }

    @Test
    void whatDividesNoneOfTheImagesIsRefused() throws IOException {
        SubgroupFile byFile = SubgroupFile.read(csv("file,sex", "a.png,f"));
        byFile.check(List.of("x/a.png", "b.png"), List.of());
        assertThatThrownBy(() -> byFile.check(List.of("b.png"), List.of()))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("names none of the 1 images by its column file");
        SubgroupFile byPatient = SubgroupFile.read(csv("patient,sex", "p,f"));
        assertThatThrownBy(() -> byPatient.check(List.of("b.png"), List.of()))
                .hasMessageContaining("nothing tells which images are of which");
        StringBuilder many = new StringBuilder("file,name");
        List<String> images = new java.util.ArrayList<>();
        for (int i = 0; i < 51; i++) {
            many.append("\n").append(i).append(".png,name").append(i);
            images.add(i + ".png");
        }
        SubgroupFile tooMany = SubgroupFile.read(csv(many.toString()));
        assertThatThrownBy(() -> tooMany.check(images, List.of())).hasMessageContaining("has 51 values");
        assertThat(byFile.of(List.of("b.png"), List.of())).containsEntry("sex", List.of(""));
    }
}
