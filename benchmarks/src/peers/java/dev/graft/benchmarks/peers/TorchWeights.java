package dev.graft.benchmarks.peers;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** A Graft network's weights as libtorch tensors, channels_last where they have four axes. */
final class TorchWeights {
    private final StateDict weights;

    TorchWeights(Module net) {
        weights = net.stateDict();
    }

    Tensor get(String name) {
        dev.graft.tensor.Tensor from = weights.get(name);
        int[] dims = from.shape().toArray();
        long[] shape = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            shape[i] = dims[i];
        }
        Tensor to = Tensor.create(from.toFloatArray(), shape);
        return shape.length == 4 ? to.contiguous(MemoryFormat.ChannelsLast) : to;
    }
}
