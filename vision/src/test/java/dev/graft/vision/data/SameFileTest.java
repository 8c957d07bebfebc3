package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One file under two names: by place, not by text. */
class SameFileTest {
    @TempDir
    Path root;

    @BeforeEach
    void images() throws IOException {
        TestImages.write(root.resolve("a/x.png"), 1);
        TestImages.write(root.resolve("a/y.png"), 2);
        TestImages.write(root.resolve("b/x.png"), 3);
    }

    private ImageCsv open(String... names) throws IOException {
        StringBuilder text = new StringBuilder("file,label\n");
        for (int i = 0; i < names.length; i++) {
            text.append(names[i]).append(",l").append(i).append('\n');
        }
        return ImageCsv.open(Files.writeString(root.resolve("list.csv"), text), TestImages.PIPELINE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"./a/x.png", "a/./x.png", "b/../a/x.png", "a//x.png", "ABSOLUTE", "link.png", "linked/x.png"})
    void otherNamesForAListedFileAreFound(String name) throws IOException {
        Files.createSymbolicLink(root.resolve("link.png"), root.resolve("a/x.png"));
        Files.createSymbolicLink(root.resolve("linked"), root.resolve("a"));
        String other = name.equals("ABSOLUTE") ? root.resolve("a/x.png").toString() : name;
        assertThatThrownBy(() -> open("a/x.png", "a/y.png", other))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("line 4 lists " + other + " again (first in line 2 as a/x.png)");
        assertThatThrownBy(() -> open(other, "a/x.png"))
                .hasMessageContaining("line 3 lists a/x.png again (first in line 2 as " + other + ")");
    }

    @Test
    void differentFilesAreDifferent() throws IOException {
        assertThat(open("a/x.png", "a/y.png", "b/x.png").size()).isEqualTo(3);
        Path copy = Files.copy(root.resolve("a/x.png"), root.resolve("copy.png"));
        assertThat(open("a/x.png", copy.getFileName().toString()).size())
                .as("equal bytes are another matter")
                .isEqualTo(2);
    }

    /**
     * On a disk that tells the two names apart these are two files; on one that does not (macOS, Windows) they are one.
     */
    @Test
    void caseAndUnicodeFormCountAsTheDiskTakesThem() throws IOException {
        String composed = "Gr\u00F6\u00DFe.png";
        for (List<String> pair : List.of(
                List.of("Q.png", "q.png"), List.of(composed, Normalizer.normalize(composed, Normalizer.Form.NFD)))) {
            TestImages.write(root.resolve(pair.get(0)), 4);
            if (Files.exists(root.resolve(pair.get(1)))) {
                assertThatThrownBy(() -> open(pair.get(0), pair.get(1))).hasMessageContaining("again");
            } else {
                assertThatThrownBy(() -> open(pair.get(0), pair.get(1))).hasMessageContaining("is not in");
                TestImages.write(root.resolve(pair.get(1)), 5);
                assertThat(open(pair.get(0), pair.get(1)).size()).isEqualTo(2);
            }
        }
    }

    @Test
    void aNameInAnotherUnicodeFormIsExplained() throws IOException {
        String composed = "\u00C4.png";
        TestImages.write(root.resolve(Normalizer.normalize(composed, Normalizer.Form.NFD)), 4);
        if (!Files.exists(root.resolve(composed))) {
            assertThatThrownBy(() -> open(composed)).hasMessageContaining("in another Unicode form (NFC and NFD)");
        }
    }

    @Test
    void oneImageInTwoClassFoldersIsRefused() throws IOException {
        assertThat(ImageFolder.open(root, TestImages.PIPELINE).size()).isEqualTo(3);
        Files.createSymbolicLink(root.resolve("a/again.png"), root.resolve("a/y.png"));
        assertThat(ImageFolder.open(root, TestImages.PIPELINE).size())
                .as("twice in one class")
                .isEqualTo(4);
        Files.createSymbolicLink(root.resolve("b/y.png"), root.resolve("a/y.png"));
        assertThatThrownBy(() -> ImageFolder.open(root, TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("are one file in two classes, through a link");
        Files.delete(root.resolve("b/y.png"));
        Files.createSymbolicLink(root.resolve("c"), root.resolve("b"));
        assertThatThrownBy(() -> ImageFolder.open(root, TestImages.PIPELINE))
                .hasMessageContaining("b/x.png and c/x.png in " + root + " are one file");
    }

    @Test
    void oneImageWithTwoLabelsIsFoundByItsBytes() throws IOException {
        Files.copy(root.resolve("a/x.png"), root.resolve("copy.png"));
        Files.createLink(root.resolve("hard.png"), root.resolve("a/x.png"));
        Files.write(root.resolve("b/padded.png"), new byte[(int) Files.size(root.resolve("a/x.png"))]);
        ImageCsv listed = open("a/x.png", "a/y.png", "copy.png", "hard.png", "b/padded.png");
        assertThat(listed.contradictions())
                .extracting(ImageDataset.Duplicate::index, ImageDataset.Duplicate::otherIndex)
                .containsExactly(Tuple.tuple(2, 0), Tuple.tuple(3, 0));
        assertThat(listed.describe(listed.contradictions()))
                .contains("line 2 (a/x.png) and line 4 (copy.png) are the same image, with the labels l0 and l2,"
                        + " the first of 2 such pairs");
        assertThat(listed.withPipeline(TestImages.PIPELINE).describe(listed.contradictions()))
                .isPresent();
        ImageCsv same = ImageCsv.open(
                Files.writeString(root.resolve("list.csv"), "file,label\na/x.png,l\na/y.png,m\ncopy.png,l\n"),
                TestImages.PIPELINE);
        assertThat(same.contradictions())
                .as("twice with one label is only heavier")
                .isEmpty();
        assertThat(same.describe(same.contradictions())).isEmpty();
    }

    @Test
    void oneImageInTwoClassFoldersIsFoundByItsBytes() throws IOException {
        Path data = root.resolve("data");
        TestImages.write(data.resolve("a/x.png"), 1);
        TestImages.write(data.resolve("b/y.png"), 2);
        Files.createLink(data.resolve("b/z.png"), data.resolve("a/x.png"));
        ImageFolder folder = ImageFolder.open(data, TestImages.PIPELINE);
        assertThat(folder.describe(folder.contradictions()))
                .contains("a/x.png and b/z.png are the same image, with the labels a and b");
    }
}
