package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.Split;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Transforms;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path root;

    private ImageFolder open() {
        return ImageFolder.open(root, TestImages.PIPELINE);
    }

    private void catsAndDogs(int each) {
        for (int i = 0; i < each; i++) {
            TestImages.write(root.resolve("dog/" + i + ".png"), 0x100000 + i);
            TestImages.write(root.resolve("cat/" + i + ".PNG"), 0x200000 + i);
        }
    }

    @Test
    void classesAreSortedFoldersAndFilesAreInTorchvisionsOrder() throws IOException {
        TestImages.write(root.resolve("b/2.png"), 1);
        TestImages.write(root.resolve("b/10.png"), 2);
        TestImages.write(root.resolve("b/sub/0.png"), 3);
        TestImages.write(root.resolve("b/sub-2/9.png"), 4);
        TestImages.write(root.resolve("b/sub/deep/1.png"), 8);
        TestImages.write(root.resolve("A/x.png"), 5);
        TestImages.write(root.resolve("b/.hidden.png"), 6);
        TestImages.write(root.resolve(".git/y.png"), 7);
        Files.writeString(root.resolve("b/notes.txt"), "stray");
        Files.writeString(root.resolve("README"), "stray");
        Files.writeString(root.resolve("b/scan.NII"), "stray");
        Files.writeString(root.resolve("b/sub/scan.nii"), "stray");
        Files.writeString(root.resolve("b/.DS_Store"), "stray");
        ImageFolder folder = open();
        assertThat(folder.classes()).containsExactly("A", "b");
        assertThat(folder.files())
                .containsExactly(
                        root.resolve("A/x.png"),
                        root.resolve("b/10.png"),
                        root.resolve("b/2.png"),
                        root.resolve("b/sub/0.png"),
                        root.resolve("b/sub-2/9.png"),
                        root.resolve("b/sub/deep/1.png"));
        assertThat(folder.labels()).containsExactly(0, 1, 1, 1, 1, 1);
        assertThat(folder.classCounts()).containsExactly(1, 5);
        assertThat(folder.size()).isEqualTo(6);
        assertThat(folder.ignored()).hasToString("{.nii=2, =1, .txt=1}");
        assertThat(folder.groups()).isEmpty();
        assertThat(folder.describe(3)).endsWith("0.png");
    }

    /** By their extension, or by the magic number where there is none, as names that are DICOM's identifiers have. */
    @Test
    void dicomFilesAreImages() throws IOException {
        byte[] dicom = new byte[140];
        System.arraycopy("DICM".getBytes(StandardCharsets.US_ASCII), 0, dicom, 128, 4);
        for (String name : List.of("a/one.dcm", "a/two.DICOM", "a/IM0001", "b/1.2.840.113619.2.5", "b/sub/IM0002")) {
            Files.createDirectories(root.resolve(name).getParent());
            Files.write(root.resolve(name), dicom);
        }
        Files.write(root.resolve("a/DICOMDIR"), dicom);
        Files.write(root.resolve("a/README"), new byte[200]);
        Files.write(root.resolve("a/short"), new byte[3]);
        Files.write(root.resolve("a/notes.txt"), dicom);
        assertThat(open().names())
                .containsExactly("a/IM0001", "a/one.dcm", "a/two.DICOM", "b/1.2.840.113619.2.5", "b/sub/IM0002");
        assertThat(open().ignored()).hasToString("{=3, .txt=1}");
    }

    @Test
    void netpbmFilesAreImages() throws IOException {
        for (String name : new String[] {"a.pgm", "b.PPM", "c.pbm", "d.pnm"}) {
            Files.createDirectories(root.resolve("x"));
            Files.writeString(root.resolve("x").resolve(name), "P2 2 1 255 7 9");
        }
        ImageFolder folder = open();
        assertThat(folder.size()).isEqualTo(4);
        assertThat(folder.image(3).pixel(1, 0, 0)).isEqualTo(9);
    }

    @Test
    void classesHaveOneOrderWhateverTheUnicodeFormOfTheirFolders() {
        TestImages.write(root.resolve("Z/0.png"), 1);
        TestImages.write(root.resolve("A\u0308/0.png"), 2);
        assertThat(open().classes()).containsExactly("Z", "\u00C4");
        assertThat(open().file(1)).exists();
    }

    @Test
    void anExampleIsTheImageInLogicalChannelsFirst() {
        TestImages.write(root.resolve("only/x.png"), 0x3366FF);
        ImageFolder folder = ImageFolder.open(root, new ImagePipeline(Transforms.identity(), Normalize.unit()));
        Example example = folder.get(0, new SplittableRandom(1));
        assertThat(example.input().shape().toArray()).containsExactly(3, 6, 8);
        float[] values = example.input().toFloatArray();
        assertThat(values[0]).isEqualTo(0x33 / 255f);
        assertThat(values[48]).isEqualTo(0x66 / 255f);
        assertThat(values[2 * 48 + 47]).isEqualTo(1f);
        assertThat(example.target().itemLong()).isZero();
    }

    @Test
    void batchesComeThroughTheLoader() {
        catsAndDogs(5);
        int seen = 0;
        try (DataLoader loader = DataLoader.of(open(), 4).shuffled(3)) {
            for (Batch batch : loader) {
                Tensor inputs = batch.inputs();
                assertThat(inputs.shape().toArray()[1]).isEqualTo(3);
                assertThat(inputs.shape().toArray()[2]).isEqualTo(4);
                seen += inputs.shape().dim(0);
            }
        }
        assertThat(seen).isEqualTo(10);
    }

    @Test
    void foldersThatCannotBeADataSetSayWhy() throws IOException {
        assertThatThrownBy(() -> ImageFolder.open(root.resolve("absent"), TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("absent does not exist");
        Path file = Files.writeString(root.resolve("file"), "x");
        assertThatThrownBy(() -> ImageFolder.open(file, TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is not a folder");
        assertThatThrownBy(this::open)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("has no class folders (1 files beside)")
                .hasMessageContaining("Hint: put each class's images into a sub-folder");
        catsAndDogs(1);
        Files.createDirectories(root.resolve("empty"));
        Files.writeString(root.resolve("empty/notes.txt"), "x");
        assertThatThrownBy(this::open)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("class folder " + root.resolve("empty") + " has no image among its 1 files");
    }

    @Test
    void aCorruptImageIsNamed() throws IOException {
        catsAndDogs(1);
        Path bad = Files.writeString(root.resolve("cat/bad.jpg"), "not a picture");
        ImageFolder folder = open();
        int index = folder.files().indexOf(bad);
        assertThatThrownBy(() -> folder.get(index, new SplittableRandom(1)))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining(bad.toString());
        try (DataLoader loader = DataLoader.of(folder, 8)) {
            assertThatThrownBy(() -> loader.iterator().next())
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining(bad.toString());
        }
    }

    @Test
    void theHashChangesWithNameContentAndClassAlone(@TempDir Path other) throws IOException {
        catsAndDogs(2);
        String hash = open().sha256();
        assertThat(hash).matches("[0-9a-f]{64}").isEqualTo(open().sha256());
        for (String name : List.of("dog/0.png", "dog/1.png", "cat/0.PNG", "cat/1.PNG")) {
            Files.createDirectories(other.resolve(name).getParent());
            Files.copy(root.resolve(name), other.resolve(name));
        }
        assertThat(ImageFolder.open(other, TestImages.PIPELINE).sha256()).isEqualTo(hash);
        TestImages.write(root.resolve("dog/1.png"), 0x999999);
        String changed = open().sha256();
        assertThat(changed).isNotEqualTo(hash);
        Files.move(other.resolve("dog/1.png"), other.resolve("dog/2.png"));
        assertThat(ImageFolder.open(other, TestImages.PIPELINE).sha256()).isNotIn(hash, changed);
    }

    @Test
    void identicalFilesOfTwoFoldersAreFoundAndLeftOut(@TempDir Path other) {
        catsAndDogs(3);
        TestImages.write(other.resolve("cat/new.png"), 0x200000);
        TestImages.write(other.resolve("cat/own.png"), 0xABCDEF);
        TestImages.write(other.resolve("dog/copy.png"), 0x100002);
        ImageFolder test = ImageFolder.open(other, TestImages.PIPELINE);
        List<ImageDataset.Duplicate> found = test.duplicates(open());
        assertThat(found)
                .extracting(ImageDataset.Duplicate::file)
                .containsExactly(other.resolve("cat/new.png"), other.resolve("dog/copy.png"));
        assertThat(found)
                .extracting(ImageDataset.Duplicate::otherFile)
                .containsExactly(root.resolve("cat/0.PNG"), root.resolve("dog/2.png"));
        assertThat(test.without(found).size()).isEqualTo(1);
        assertThat(test.without(found).original(0)).isEqualTo(1);
        assertThatThrownBy(() -> test.without(test.duplicates(test)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("all 3 files are duplicates");
    }

    @Test
    void splitsKeepTheShareOfEachClass() {
        catsAndDogs(10);
        Split split = open().split(0.3, 1);
        int[] labels = open().labels();
        assertThat(split.held()).hasSize(6);
        assertThat(split.held())
                .satisfies(h -> assertThat(
                                Arrays.stream(h).filter(i -> labels[i] == 0).count())
                        .isEqualTo(3));
    }

    @Test
    void anotherPipelineSeesTheSameFiles() {
        catsAndDogs(1);
        ImageFolder folder = open();
        ImageFolder plain = folder.withPipeline(new ImagePipeline(Transforms.identity(), Normalize.unit()));
        assertThat(plain.files()).isEqualTo(folder.files());
        assertThat(plain.get(0, new SplittableRandom(1)).input().shape().toArray())
                .containsExactly(3, 6, 8);
    }
}
