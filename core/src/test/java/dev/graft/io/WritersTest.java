package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.bytes.LittleEndian;
import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.TensorSource;
import dev.graft.io.file.WeightFileException;
import dev.graft.io.safetensors.SafetensorsHeader;
import dev.graft.io.safetensors.SafetensorsWriter;
import dev.graft.io.torch.TorchZipWriter;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written reads back to the bit, and a failed write leaves the old file. */
class WritersTest {
    @TempDir
    Path folder;

    static Map<String, TensorSource> everyType() {
        Random random = new Random(1);
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        for (DType type : DType.values()) {
            for (int[] dims : new int[][] {{}, {0, 3}, {5}, {2, 3, 1}}) {
                Shape shape = Shape.of(dims);
                byte[] bytes = new byte[shape.numel() * type.bytes()];
                random.nextBytes(bytes);
                if (type == DType.BOOL) {
                    for (int i = 0; i < bytes.length; i++) {
                        bytes[i] &= 1;
                    }
                }
                tensors.put("gr\u00f6\u00dfe \"" + type + "\" \\ " + shape, new TensorSource(type, shape, () -> bytes));
            }
        }
        return tensors;
    }

    private static List<TensorInfo> infos(Map<String, TensorSource> tensors) {
        return tensors.entrySet().stream()
                .map(e -> info(e.getKey(), e.getValue()))
                .toList();
    }

    private static TensorInfo info(String name, TensorSource source) {
        return new TensorInfo(
                name,
                ElementTypeNames.of(source.dtype()).torchName,
                source.shape(),
                source.read().sha256());
    }

    @Test
    void torchRoundTrip() {
        Path file = folder.resolve("w.pth");
        TorchZipWriter.write(file, everyType());
        WeightFileInfo info = WeightFiles.inspect(file);
        assertThat(info.format()).isEqualTo("torch-zip");
        assertThat(info.tensors()).isEqualTo(infos(everyType()));
    }

    @Test
    void safetensorsRoundTrip() {
        Path file = folder.resolve("w.safetensors");
        Map<String, TensorSource> tensors = everyType();
        tensors.values().removeIf(t -> t.dtype() == DType.C128);
        SafetensorsWriter.write(file, tensors, Map.of("note", "a \"quote\", a \\ and a\nline \u00e9"));
        WeightFileInfo info = WeightFiles.inspect(file);
        assertThat(info.format()).isEqualTo("safetensors");
        assertThat(info.tensors()).isEqualTo(infos(tensors));
        try (FileBytes bytes = FileBytes.open(file)) {
            SafetensorsHeader header = SafetensorsHeader.read(bytes);
            assertThat(header.dataStart() % 8).isZero();
            assertThat(header.metadata()).containsExactly(Map.entry("note", "a \"quote\", a \\ and a\nline \u00e9"));
            assertThat(header.tensors().values())
                    .allMatch(e -> e.begin() % e.dtype().orElseThrow().bytes() == 0, "aligned to its type");
        }
    }

    @Test
    void safetensorsHasNoComplex128() {
        Map<String, TensorSource> tensors = Map.of("w", new TensorSource(DType.C128, Shape.of(0), () -> new byte[0]));
        assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("w.safetensors"), tensors, Map.of()))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("no type complex128");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void zipMembersAreAlignedAndReadableByOthers() throws IOException {
        Path file = folder.resolve("w.pth");
        TorchZipWriter.write(file, everyType());
        try (FileBytes bytes = FileBytes.open(file);
                ZipFile zip = new ZipFile(file.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName))
                    .contains("archive/data.pkl", "archive/version", "archive/byteorder", "archive/data/0");
            for (ZipEntry entry : zip.stream().toList()) {
                byte[] content = zip.getInputStream(entry).readAllBytes();
                assertThat(content.length).isEqualTo((int) entry.getSize());
            }
            for (long at = 0; LittleEndian.int32(bytes.read(at, 4), 0) == 0x04034b50; ) {
                byte[] header = bytes.read(at, 30);
                long data = at + 30 + LittleEndian.uint16(header, 26) + LittleEndian.uint16(header, 28);
                assertThat(data % 64).isZero();
                at = data + LittleEndian.uint32(header, 18);
            }
        }
    }

    @Test
    void moreMembersThanAPlainZipHolds() {
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        byte[] one = {7};
        for (int i = 0; i < 66_000; i++) {
            tensors.put("t" + i, new TensorSource(DType.U8, Shape.of(1), () -> one));
        }
        Path file = folder.resolve("many.pth");
        TorchZipWriter.write(file, tensors);
        WeightFileInfo info = WeightFiles.inspect(file);
        assertThat(info.tensors())
                .hasSize(66_000)
                .last()
                .isEqualTo(infos(Map.of("t65999", tensors.get("t65999"))).get(0));
    }

    @Test
    void aFailedWriteLeavesTheOldFile() throws IOException {
        Path file = Files.writeString(folder.resolve("w.pth"), "old");
        Map<String, TensorSource> failing = Map.of("w", new TensorSource(DType.U8, Shape.of(1), () -> {
            throw new IllegalStateException("closed tensor");
        }));
        assertThatThrownBy(() -> TorchZipWriter.write(file, failing)).isInstanceOf(IllegalStateException.class);
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).as("no temporary file stays").containsExactly(file);
        }
    }

    @Test
    void namesFoldersThatCannotBeWritten() {
        assertThatThrownBy(() -> TorchZipWriter.write(folder.resolve("no/w.pth"), Map.of()))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("its folder does not exist")
                .hasMessageContaining("Hint: check that the folder exists");
        assertThatThrownBy(() -> TorchZipWriter.write(folder, Map.of()))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("is a folder");
    }
}
