package dev.graft.nn.model;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.nio.file.Path;
import java.util.Map;

/** Weights that are not numbers make every answer worthless: the file is to blame, not an image or the training. */
public final class FiniteWeights {
    private FiniteWeights() {}

    /**
     * Looks at the parameters and statistics of a network that was just loaded.
     *
     * @throws ModelException naming the tensor
     */
    public static void check(Path file, Module model) {
        try (StateDict state = model.stateDict()) {
            for (Map.Entry<String, Tensor> entry : state.entries()) {
                if (entry.getValue().dtype() == DType.F32) {
                    check(file, entry.getKey(), entry.getValue());
                }
            }
        }
    }

    private static void check(Path file, String name, Tensor tensor) {
        float[] values = tensor.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new ModelException(
                        file + ": tensor " + name + " " + tensor.shape() + " holds " + values[i] + " (element " + i
                                + ")",
                        "the training that wrote it failed, or the file was damaged: give another weight file");
            }
        }
    }
}
