package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot be read");
        SubgroupFile.read(csv("file,sex", "a,f"));
        Path semicolons = csv("patient;sex", "p;f");
        assertThatThrownBy(() -> SubgroupFile.read(semicolons)).hasMessageContaining("separate columns by commas");
    }

    /** As a spreadsheet writes it ("CSV UTF-8", or in the system's own encoding), and as other programs do. */
    @Test
    void markEncodingAndCaseOfTheHeaderAreThoseOfOtherLists() throws IOException {
        String text = " File , Größe ,\na.png,groß,\n,,\nb.png,klein,\n";
        Path file = folder.resolve("sheet.csv");
        Map<String, List<String>> expected = Map.of("Größe", List.of("klein", "groß"));
        List<String> images = List.of("b.png", "a.png");
        for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE)) {
            Files.writeString(file, "\uFEFF" + text, charset);
            assertThat(SubgroupFile.read(file, StandardCharsets.ISO_8859_1).of(images, List.of()))
                    .as("%s with a mark", charset)
                    .isEqualTo(expected);
        }
        Files.writeString(file, text, Charset.forName("windows-1252"));
        assertThat(SubgroupFile.read(file, Charset.forName("windows-1252")).of(images, List.of()))
                .isEqualTo(expected);
        assertThatThrownBy(() -> SubgroupFile.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("line 1 is not UTF-8", "csvEncoding");
    }

    @Test
    void namesAreComparedInOneUnicodeForm() throws IOException {
        String composed = "M\u00fcller";
        String decomposed = "Mu\u0308ller";
        assertThat(SubgroupFile.read(csv("patient,site", decomposed + "," + decomposed))
                        .of(List.of("a.png", "b.png"), List.of(composed, decomposed)))
                .containsEntry("site", List.of(composed, composed));
        assertThat(SubgroupFile.read(csv("file,site", composed + ".png,north"))
                        .of(List.of(decomposed + ".png"), List.of()))
                .containsEntry("site", List.of("north"));
    }

    @Test
    void twoThingsSaidOfOneAreRefused() throws IOException {
        Path sexes = csv("patient,site,sex", "p1,north,F", "p2,north,F", "p1,north,M");
        assertThatThrownBy(() -> SubgroupFile.read(sexes))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("the patient p1: its sex is 'F' in line 2, and 'M' in line 4");
        Path hashed = csv("patient,sex", "p1,F", PatientHash.hidden("p1") + ",M");
        assertThatThrownBy(() -> SubgroupFile.read(hashed)).hasMessageContaining("in line 2, and 'M' in line 3");
        Path files = csv("file,sex", "x/a.png,F", "x\\a.png,M");
        assertThatThrownBy(() -> SubgroupFile.read(files)).hasMessageContaining("says two things of the file");
        Path twice = csv("file,sex,Sex", "a.png,F,M");
        assertThatThrownBy(() -> SubgroupFile.read(twice)).hasMessageContaining("has the column 'Sex' twice");
        Path blank = csv("patient,sex", "p1,F", ",M");
        assertThatThrownBy(() -> SubgroupFile.read(blank)).hasMessageContaining("line 3 has an empty 'patient'");
        assertThat(SubgroupFile.read(csv("patient,sex", "p1,F", "p1,F")).of(List.of("a"), List.of("p1")))
                .as("the same twice")
                .containsEntry("sex", List.of("F"));
    }

    @Test
    void aLineThatNamesSeveralImagesIsRefused() throws IOException {
        SubgroupFile bare = SubgroupFile.read(csv("file,sex", "1.png,F", "2.png,M"));
        List<String> images = List.of("ill/1.png", "well/1.png", "ill/2.png");
        for (ThrowingCallable use : List.<ThrowingCallable>of(
                () -> bare.checkNames(images), () -> bare.check(images, List.of()), () -> bare.of(images, List.of()))) {
            assertThatThrownBy(use)
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("line 2 names several images: ill/1.png and well/1.png")
                    .hasMessageContaining("Hint: name each with its folder");
        }
        assertThat(bare.of(List.of("ill/1.png", "ill/2.png"), List.of())).containsEntry("sex", List.of("F", "M"));
        SubgroupFile whole = SubgroupFile.read(csv("file,sex", "1.png,F", "well/1.png,M"));
        assertThat(whole.of(images, List.of()))
                .as("the longest name counts")
                .containsEntry("sex", List.of("F", "M", ""));
        SubgroupFile.read(csv("patient,sex", "p,F")).checkNames(images);
    }

    @Test
    void withoutImagesThatJudgeThereIsNothingToDivide() throws IOException {
        for (String key : List.of("file", "patient")) {
            SubgroupFile file = SubgroupFile.read(csv(key + ",sex", "a.png,F"));
            assertThatThrownBy(() -> file.check(List.of(), List.of()))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining("divides the images that judge the model, and there are none")
                    .hasMessageContaining("valFraction");
        }
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
