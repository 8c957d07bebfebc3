package dev.graft.io;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import dev.graft.io.file.WeightFileException;
import dev.graft.io.torch.TorchZipWriter;
import java.nio.file.Path;

/**
 * PyTorch's checkpoint files: the ZIP container (since 1.6), the older pickle stream and the first tar container,
 * without PyTorch and without executing any code from the file.
 *
 * <p>The state dict is found as follows: the top level, if it has tensors of its own; else the first of the entries
 * {@code state_dict}, {@code model_state_dict}, {@code model}, {@code net} that leads to tensors; else all nested
 * dicts, with their names joined by dots. A prefix {@code module.} that every name has is dropped. Other entries
 * (epoch, optimizer) are skipped; {@link WeightFiles#inspect} lists them. If another entry holds tensors of the same
 * names and shapes, as a moving average does, the choice is ambiguous: {@link WeightFiles#load(Path, String)} takes the
 * one that is named.
 *
 * @see <a href="https://pytorch.org/docs/stable/notes/serialization.html">PyTorch: serialization semantics</a>
 */
public final class TorchCheckpoint {
    private TorchCheckpoint() {}

    /**
     * Loads a state dict. Strided, shared and expanded tensors become contiguous, each with its own memory.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged, or requires anything but plain tensors;
     *     the message names what it requires
     */
    public static StateDict load(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            WeightFormat format = WeightReader.detect(file);
            if (!format.isTorch()) {
                throw file.refused(
                        "it is a safetensors file, not a PyTorch checkpoint",
                        "use Safetensors.load or WeightFiles.load");
            }
            WeightContents contents = WeightReader.read(file);
            WeightFiles.checkIsOne(file, contents);
            return StateDict.of(contents);
        }
    }

    /**
     * Writes a ZIP checkpoint that {@code torch.load(path, weights_only=True)} reads as an OrderedDict; the file
     * appears as a whole or not at all. A tensor under several names, such as a tied weight, is written once, and
     * PyTorch reads it as one. Views are written separately.
     *
     * @throws WeightFileException if it cannot be written
     */
    public static void save(StateDict tensors, Path path) {
        TorchZipWriter.write(path, tensors.sources());
    }
}
