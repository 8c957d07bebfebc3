package dev.graft.io.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.file.WeightFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A pickle can hold itself, or one list a million times: listing it ends all the same. */
@Timeout(60)
class AllTensorsTest {
    @TempDir
    private Path folder;

    private FileBytes file() throws IOException {
        return FileBytes.open(Files.writeString(folder.resolve("file"), "x"));
    }

    @Test
    void aDictThatHoldsItselfIsListedOnce() throws IOException {
        PyValue.Dict dict = new PyValue.Dict();
        dict.put("self", dict);
        dict.put("number", 3L);
        try (FileBytes file = file()) {
            StateDictChooser.Choice all = AllTensors.of(file, dict);
            assertThat(all.tensors()).isEmpty();
            assertThat(all.skipped()).containsExactly("(the whole file)");
        }
    }

    @Test
    void aSharedListIsWalkedOnce() throws IOException {
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            items.add(3L);
        }
        Object inner = new PyValue.Sequence(items, false);
        for (int level = 0; level < 30; level++) {
            inner = new PyValue.Sequence(List.of(inner, inner, inner), false);
        }
        try (FileBytes file = file()) {
            assertThat(AllTensors.of(file, inner).tensors()).isEmpty();
        }
    }

    @Test
    void tooDeepIsATypedError() throws IOException {
        Object inner = 3L;
        for (int level = 0; level < 10_000; level++) {
            inner = new PyValue.Sequence(List.of(inner), false);
        }
        Object deep = inner;
        try (FileBytes file = file()) {
            assertThatThrownBy(() -> AllTensors.of(file, deep)).isInstanceOf(WeightFileException.class);
        }
    }
}
