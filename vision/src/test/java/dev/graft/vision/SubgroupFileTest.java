package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.run.RunException;
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
            assertThatThrownBy(() -> ImageEvaluation.checkSubgroups(file))
                    .isInstanceOf(RunException.class)
                    .hasMessageContaining(bad[0]);
        }
        assertThatThrownBy(() -> ImageEvaluation.checkSubgroups(folder.resolve("none.csv")))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("cannot be read");
        ImageEvaluation.checkSubgroups(csv("file,sex", "a,f"));
    }
}
