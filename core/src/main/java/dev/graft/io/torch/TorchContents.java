package dev.graft.io.torch;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.TensorSource;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import dev.graft.type.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The last step, which all PyTorch containers share: from the unpickled object to named tensors. All are checked before
 * one is read.
 */
final class TorchContents {
    private TorchContents() {}

    static WeightContents of(FileBytes file, WeightFormat format, Object root, boolean bigEndian, Wanted wanted) {
        StateDictChooser.Choice choice = wanted.everything()
                ? AllTensors.of(file, root)
                : StateDictChooser.choose(file, root, wanted.stateDict());
        TensorReader reader = new TensorReader(file, bigEndian);
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        choice.tensors().forEach((name, tensor) -> {
            Shape shape = reader.check(name, tensor);
            tensors.put(
                    name,
                    new TensorSource(
                            tensor.dtype(),
                            shape,
                            () -> reader.read(name, tensor, shape).bytes()));
        });
        return new WeightContents(
                format, tensors, choice.unreadable(), choice.skipped(), choice.candidates(), Map.of());
    }
}
