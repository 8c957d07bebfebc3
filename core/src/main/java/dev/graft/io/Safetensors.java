package dev.graft.io;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import dev.graft.io.file.WeightFileException;
import dev.graft.io.safetensors.SafetensorsWriter;
import java.nio.file.Path;
import java.util.Map;

/**
 * The safetensors format: a header of names, types, shapes and offsets, then the elements. It holds nothing that could
 * be executed. Reading enforces every rule of the reference implementation, so a file that loads here loads there.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class Safetensors {
    private Safetensors() {}

    /**
     * Loads every tensor, in the header's order and under its exact name.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged or not safetensors
     */
    public static StateDict load(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            return StateDict.of(contents(file));
        }
    }

    /** The free text in the header's {@code __metadata__}; empty if there is none. */
    public static Map<String, String> metadata(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            return Map.copyOf(contents(file).metadata());
        }
    }

    /**
     * Writes {@code tensors}. The file appears as a whole or not at all.
     *
     * @throws WeightFileException if it cannot be written, or a tensor is complex128, which the format lacks
     */
    public static void save(StateDict tensors, Path path) {
        save(tensors, path, Map.of());
    }

    /** As {@link #save(StateDict, Path)}, with free text beside the tensors. */
    public static void save(StateDict tensors, Path path, Map<String, String> metadata) {
        SafetensorsWriter.write(path, tensors.sources(), metadata);
    }

    private static WeightContents contents(FileBytes file) {
        WeightFormat format = WeightReader.detect(file);
        if (format != WeightFormat.SAFETENSORS) {
            throw file.refused(
                    "it is a PyTorch checkpoint (" + format.label + "), not safetensors",
                    "use TorchCheckpoint.load or WeightFiles.load");
        }
        return WeightReader.read(file);
    }
}
