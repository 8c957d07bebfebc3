package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureStoreTest {
    @TempDir
    private Path folder;

    private static void fillAndRead(FeatureStore store) throws IOException {
        store.append(new float[] {1, 2, 3, 4, 5, 6});
        store.append(new float[] {7, 8, Float.MIN_VALUE});
        assertThat(store.get(0)).containsExactly(1, 2, 3);
        assertThat(store.get(2)).containsExactly(7, 8, Float.MIN_VALUE);
        assertThat(store.get(1)).containsExactly(4, 5, 6);
    }

    @Test
    void fewFeaturesStayInMemory() throws IOException {
        try (FeatureStore store = FeatureStore.create(3, 3, 36, folder)) {
            assertThat(store.isInMemory()).isTrue();
            fillAndRead(store);
        }
    }

    @Test
    void manyGoToAFileThatCloseDeletes() throws IOException {
        try (FeatureStore store = FeatureStore.create(3, 3, 35, folder)) {
            assertThat(store.isInMemory()).isFalse();
            fillAndRead(store);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void tooManyForTheDiskAreRefusedBeforeTheWork() {
        assertThatThrownBy(() -> FeatureStore.create(1L << 32, 1 << 28, 1000, folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("neither in memory nor on the disk");
    }
}
