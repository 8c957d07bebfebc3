package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCsvTest {
    @TempDir
    Path root;

    @BeforeEach
    void images() {
        for (int i = 0; i < 8; i++) {
            TestImages.write(root.resolve("scans/" + i + ".png"), i);
        }
    }

    private ImageCsv open(String text) throws IOException {
        return ImageCsv.open(Files.writeString(root.resolve("list.csv"), text), TestImages.PIPELINE);
    }

    @Test
    void readsFilesAndLabels() throws IOException {
        ImageCsv csv =
                open("\uFEFFlabel,file,age\nill,scans/3.png,70\n\"well, so far\",scans/1.png,\nill, scans/0.png ,1\n");
        assertThat(csv.classes()).containsExactly("ill", "well, so far");
        assertThat(csv.labels()).containsExactly(0, 1, 0);
        assertThat(csv.files().get(1).getFileName()).hasToString("1.png");
        assertThat(csv.groups()).isEmpty();
        assertThat(csv.get(1, new SplittableRandom(1)).target().itemLong()).isEqualTo(1);
        assertThat(csv.sha256())
                .isNotEqualTo(open("label,file\nwell,scans/3.png\n\"well, so far\",scans/1.png\nill,scans/0.png\n")
                        .sha256());
    }

    @Test
    void numbersAreSortedAsNumbers() throws IOException {
        assertThat(open("file,label\nscans/0.png,10\nscans/1.png,2\nscans/2.png,-1\n")
                        .classes())
                .containsExactly("-1", "2", "10");
        assertThat(open("file,label\nscans/0.png,10\nscans/1.png,2\nscans/2.png,x\n")
                        .classes())
                .containsExactly("10", "2", "x");
    }

    @Test
    void patientsStayOnOneSide() throws IOException {
        ImageCsv csv = open("""
                file,label,patient
                scans/0.png,a,p
                scans/1.png,b,p
                scans/2.png,a,q
                scans/3.png,b,q
                scans/4.png,a,r
                scans/5.png,b,r
                scans/6.png,a,s
                scans/7.png,b,s
                """);
        List<String> patients = csv.groups().orElseThrow();
        Split split = csv.split(0.5, 4);
        Set<String> held = new HashSet<>();
        for (int i : split.held()) {
            held.add(patients.get(i));
        }
        for (int i : split.train()) {
            assertThat(held).doesNotContain(patients.get(i));
        }
        assertThat(split.held()).hasSize(4);
    }

    @Test
    void aBadListIsNamedByLine() throws IOException {
        assertThatThrownBy(() -> ImageCsv.open(root.resolve("absent.csv"), TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot be read");
        assertThatThrownBy(() -> open("")).isInstanceOf(DataException.class).hasMessageContaining("Hint: ");
        assertThatThrownBy(() -> open("file,label\n"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("lists no images");
        assertThatThrownBy(() -> open("path,label\nscans/0.png,a\n"))
                .hasMessageContaining("list.csv has no column 'file'")
                .hasMessageContaining("[path, label]");
        assertThatThrownBy(() -> open("file,label\nscans/0.png,a\nscans/1.png, \n"))
                .hasMessageContaining("line 3 has an empty 'label'");
        assertThatThrownBy(() -> open("file,label\nscans/0.png,a\nscans/9.png,a\n"))
                .hasMessageContaining("line 3 names scans/9.png, which is not in");
        assertThatThrownBy(() -> open("file,label\nscans/0.png,a\nscans/0.png,b\n"))
                .hasMessageContaining("line 3 lists scans/0.png again (first in line 2)");
        assertThatThrownBy(() -> open("file,label\nscans/\0.png,a\n")).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> open("file,label\nscans/0.png,a,b,c\n"))
                .hasMessageContaining("line 2 has 4 fields, the header 2");
        assertThatThrownBy(() -> open("file,label\n\"scans/0.png,a\n"))
                .hasMessageContaining("line 2 has 1 fields, the header 2");
    }

    @Test
    void columnsAreFoundInAnyCaseAndWithSpacesAround() throws IOException {
        ImageCsv csv = open("File , LABEL,Patient,Sex\nscans/0.png,a,p,f\nscans/1.png,b,q,m\n");
        assertThat(csv.groups()).contains(List.of("p", "q"));
        assertThat(csv.groupedBy()).contains("column 'Patient'");
        assertThat(csv.columns()).containsExactly("File", "LABEL", "Patient", "Sex");
        assertThat(csv.names()).containsExactly("scans/0.png", "scans/1.png");
        assertThat(open("file,label\nscans/0.png,a\n").groupedBy()).isEmpty();
        assertThatThrownBy(() -> open("file,label,patient,PATIENT\nscans/0.png,a,p,q\n"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("list.csv has the columns 'patient' and 'PATIENT'. Hint: keep one of them.");
    }

    @Test
    void hashingCanBeStoppedBetweenFiles() throws IOException {
        ImageCsv csv = open("file,label\nscans/0.png,a\nscans/1.png,b\nscans/2.png,b\n");
        int[] read = new int[1];
        assertThat(csv.sha256(() -> read[0]++)).isEqualTo(csv.sha256());
        assertThat(read[0]).isEqualTo(3);
        assertThatThrownBy(() -> csv.sha256(() -> {
                    throw new IllegalStateException("stopped");
                }))
                .hasMessage("stopped");
    }
}
