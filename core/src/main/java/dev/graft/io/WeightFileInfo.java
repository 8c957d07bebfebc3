package dev.graft.io;

import java.util.List;

/**
 * What a weight file holds.
 *
 * @param format "safetensors", "torch-zip", "torch-legacy" or "torch-tar"
 * @param tensors in the file's order
 * @param skipped entries that are not weights, such as "epoch" or "optimizer", and tensors that cannot be read, with
 *     the reason
 */
public record WeightFileInfo(String format, List<TensorInfo> tensors, List<String> skipped) {
    public WeightFileInfo {
        tensors = List.copyOf(tensors);
        skipped = List.copyOf(skipped);
    }
}
