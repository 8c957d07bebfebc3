package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Features that outlive the program: what is whole is taken, and nothing else. */
class FeatureFileTest {
    private static final int[] SHAPE = {2, 3};
    /** Blocks of 2, 2, 1, 2, 2 and 1 vectors. */
    private static final FeatureFile.Layout LAYOUT = new FeatureFile.Layout(5, 2, 2);

    @TempDir
    private Path folder;

    private final List<String> said = new ArrayList<>();

    private KeptFeatures kept(String run) {
        return KeptFeatures.of(folder.resolve("features-training.bin"), Map.of("run", run), said::add);
    }

    private static float value(int vector, int i) {
        return (float) Math.sin(10 * vector + i);
    }

    private static void append(FeatureFile file, int upTo) throws IOException {
        while (file.size() < upTo) {
            float[] batch = new float[LAYOUT.count(file.size()) * 6];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = value(file.size() + i / 6, i % 6);
            }
            file.append(batch);
        }
    }

    private byte[] written(int vectors) throws IOException {
        try (FeatureFile file = FeatureFile.create(kept("a"), LAYOUT, List.of(SHAPE))) {
            append(file, vectors);
            assertThat(file.bytes()).isEqualTo(Files.size(kept("a").file()));
        }
        return Files.readAllBytes(kept("a").file());
    }

    private static void assertRight(FeatureFile file) throws IOException {
        assertThat(file.shapes()).containsExactly(SHAPE);
        for (int vector = 0; vector < file.size(); vector++) {
            float[] values = file.get(vector);
            for (int i = 0; i < 6; i++) {
                assertThat(values[i]).as("vector " + vector).isEqualTo(value(vector, i));
            }
        }
    }

    @Test
    void aFileThatIsCutAnywhereIsTakenUpToItsLastWholeBlockAndGoneOnWith() throws IOException {
        byte[] whole = written(10);
        int taken = 0;
        for (int length = 0; length <= whole.length; length++) {
            Files.write(kept("a").file(), Arrays.copyOf(whole, length));
            Optional<FeatureFile> found = FeatureFile.open(kept("a"), LAYOUT);
            if (found.isEmpty()) {
                assertThat(taken).as("after " + length + " bytes").isZero();
                assertThat(kept("a").file()).doesNotExist();
                continue;
            }
            try (FeatureFile file = found.get()) {
                assertThat(file.size()).isGreaterThanOrEqualTo(taken);
                taken = file.size();
                assertRight(file);
                append(file, 10);
            }
            assertThat(Files.readAllBytes(kept("a").file())).isEqualTo(whole);
        }
        assertThat(taken).isEqualTo(10);
    }

    /** Files of versions that knew one feature an example are taken: what one feature is written as has not changed. */
    @Test
    void oneFeatureIsWrittenAsItAlwaysWas() throws IOException {
        byte[] whole = written(10);
        assertThat(new String(whole, 0, 8, StandardCharsets.US_ASCII)).isEqualTo("GraftFt1");
        ByteBuffer header = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        int at = 8 + kept("a").key().length() + 3 * Integer.BYTES;
        assertThat(header.getInt(at)).isEqualTo(SHAPE.length);
        for (int d = 0; d < SHAPE.length; d++) {
            assertThat(header.getInt(at + (d + 1) * Integer.BYTES)).isEqualTo(SHAPE[d]);
        }
        assertThat(header.getInt(at + (SHAPE.length + 2) * Integer.BYTES))
                .as("first vector")
                .isZero();
    }

    @Test
    void severalFeaturesComeBackWithTheirShapes() throws IOException {
        List<int[]> shapes = List.of(new int[] {2, 2}, new int[0], new int[] {0}, new int[] {1});
        try (FeatureFile file = FeatureFile.create(kept("a"), LAYOUT, shapes)) {
            append(file, 4);
        }
        byte[] whole = Files.readAllBytes(kept("a").file());
        try (FeatureFile file = FeatureFile.open(kept("a"), LAYOUT).orElseThrow()) {
            assertThat(file.shapes()).usingRecursiveComparison().isEqualTo(shapes);
            assertThat(file.size()).isEqualTo(4);
            assertThat(file.get(3))
                    .containsExactly(value(3, 0), value(3, 1), value(3, 2), value(3, 3), value(3, 4), value(3, 5));
        }
        for (int length = 0; length < 150; length++) {
            Files.write(kept("a").file(), Arrays.copyOf(whole, length));
            assertThat(FeatureFile.open(kept("a"), LAYOUT)).isEmpty();
        }
    }

    @Test
    void aDamagedByteIsNeverTrusted() throws IOException {
        byte[] whole = written(10);
        for (int at = 0; at < whole.length; at++) {
            said.clear();
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            Files.write(kept("a").file(), damaged);
            Optional<FeatureFile> found = FeatureFile.open(kept("a"), LAYOUT);
            assertThat(said).as("byte " + at).hasSize(1);
            if (found.isPresent()) {
                try (FeatureFile file = found.get()) {
                    assertThat(file.size()).isLessThan(10);
                    assertRight(file);
                }
            } else {
                assertThat(kept("a").file()).doesNotExist();
            }
        }
    }

    @Test
    void whatIsOfAnotherKeyOrLayoutIsThrownAwayWithOneLine() throws IOException {
        byte[] whole = written(10);
        for (FeatureFile.Layout other : List.of(
                new FeatureFile.Layout(10, 2, 1), new FeatureFile.Layout(5, 1, 2), new FeatureFile.Layout(5, 2, 3))) {
            Files.write(kept("a").file(), whole);
            assertThat(FeatureFile.open(kept("a"), other)).isEmpty();
            assertThat(kept("a").file()).doesNotExist();
        }
        said.clear();
        Files.write(kept("a").file(), whole);
        assertThat(FeatureFile.open(kept("b"), LAYOUT)).isEmpty();
        assertThat(kept("a").file()).doesNotExist();
        assertThat(said)
                .containsExactly("feature cache: features-training.bin is thrown away: it is of other images or"
                        + " settings, or of another version or machine");
    }

    /** A block of another run at the same place, with a right checksum of its own. */
    @Test
    void aBlockOfAnotherFileIsNotTaken() throws IOException {
        byte[] mine = written(10);
        byte[] others;
        try (FeatureFile file = FeatureFile.create(kept("b"), LAYOUT, List.of(SHAPE))) {
            append(file, 10);
        }
        others = Files.readAllBytes(kept("b").file());
        System.arraycopy(others, mine.length / 2, mine, mine.length / 2, mine.length - mine.length / 2);
        Files.write(kept("a").file(), mine);
        try (FeatureFile file = FeatureFile.open(kept("a"), LAYOUT).orElseThrow()) {
            assertThat(file.size()).isLessThan(10);
        }
    }

    @Test
    void aStoreReadsFromTheFileWhereTheMemoryIsTooSmall() throws IOException {
        written(4);
        for (long budget : new long[] {0, 10_000}) {
            FeatureFile found = FeatureFile.open(kept("a"), LAYOUT).orElseThrow();
            int before = found.size();
            try (FeatureStore store = FeatureStore.keeping(found, 6, 240, budget)) {
                assertThat(store.isInMemory()).isEqualTo(budget > 0);
                while (found.size() < 10) {
                    float[] batch = new float[LAYOUT.count(found.size()) * 6];
                    for (int i = 0; i < batch.length; i++) {
                        batch[i] = value(found.size() + i / 6, i % 6);
                    }
                    store.append(batch);
                }
                store.complete();
                for (int vector = 0; vector < 10; vector++) {
                    assertThat(store.get(vector)[5]).isEqualTo(value(vector, 5));
                }
                assertThat(store.keptBytes()).isEqualTo(Files.size(kept("a").file()));
            }
            assertThat(before).isEqualTo(budget == 0 ? 4 : 10);
            assertThat(kept("a").file()).exists();
        }
    }

    /** A closed channel stands for a disk that takes no more. */
    @Test
    void aFileThatCannotBeWrittenIsGivenUp() throws IOException {
        FeatureFile file = FeatureFile.create(kept("a"), LAYOUT, List.of(SHAPE));
        try (FeatureStore store = FeatureStore.keeping(file, 6, 240, 10_000)) {
            store.append(new float[12]);
            assertThat(store.lost()).isEmpty();
            file.close();
            store.append(new float[12]);
            store.append(new float[6]);
            assertThat(store.lost()).isPresent();
            assertThat(store.keptBytes()).isZero();
            assertThat(store.get(4)).hasSize(6);
            assertThat(kept("a").file()).doesNotExist();
        }
        FeatureFile alone = FeatureFile.create(kept("a"), LAYOUT, List.of(SHAPE));
        try (FeatureStore store = FeatureStore.keeping(alone, 6, 240, 0)) {
            alone.close();
            assertThatThrownBy(() -> store.append(new float[12])).isInstanceOf(IOException.class);
        }
    }
}
