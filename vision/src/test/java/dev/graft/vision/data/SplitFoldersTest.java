package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SplitFoldersTest {
    @TempDir
    Path root;

    private void folders(String... names) {
        for (String name : names) {
            TestImages.write(root.resolve(name).resolve("a/0.png"), 1);
            TestImages.write(root.resolve(name).resolve("b/0.png"), 2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "train,val,test",
        "Training,Validation,Testing",
        "TRAIN,Valid,test_set",
        "train_images,dev,test2017",
        "training set,val-data,test"
    })
    void theUsualNamesAreParts(String train, String validation, String test) {
        folders(train, validation, test);
        SplitFolders parts = SplitFolders.of(root).orElseThrow();
        assertThat(parts)
                .isEqualTo(new SplitFolders(
                        root.resolve(train),
                        java.util.Optional.of(root.resolve(validation)),
                        java.util.Optional.of(root.resolve(test)),
                        java.util.List.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"train,test", "train,valid", "train", "Training,Testing,models", "train,val,test,annotations"})
    void partsAreNoClasses(String names) {
        folders(names.split(","));
        assertThat(SplitFolders.of(root).orElseThrow().train().getFileName())
                .asString()
                .startsWithIgnoringCase("train");
        assertThatThrownBy(() -> ImageFolder.open(root, TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("which are parts of a split and no classes. Hint: name ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"train,bus,car", "valid,invalid", "trains,testers", "test,control", "train a,train b", "cat,dog"
            })
    void classesMayHaveSuchNames(String names) {
        folders(names.split(","));
        assertThat(SplitFolders.of(root)).isEmpty();
        assertThat(ImageFolder.open(root, TestImages.PIPELINE).classes()).containsExactlyInAnyOrder(names.split(","));
    }

    @Test
    void aSplitWithNothingToLearnFromIsRefused() {
        folders("val", "test");
        assertThatThrownBy(() -> SplitFolders.of(root))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("and none to learn from");
        assertThatThrownBy(() -> ImageFolder.open(root, TestImages.PIPELINE)).isInstanceOf(DataException.class);
    }

    @Test
    void twoOfAKindAreRefused() {
        folders("train", "training", "test");
        assertThatThrownBy(() -> SplitFolders.of(root))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("more than one of a kind");
    }
}
