package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.relu_;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** ResNet-18 (He et al. 2016) in libtorch. */
final class TorchResNet18 extends TorchNet {
    private final ConvBn stem = new ConvBn("conv1", "bn1", 2, 3, 1);
    private final List<Block> blocks = new ArrayList<>();

    TorchResNet18(TorchWeights weights, boolean folded) {
        super(weights, folded, 1e-5, 0.1);
        for (int stage = 0; stage < 4; stage++) {
            for (int i = 0; i < 2; i++) {
                blocks.add(new Block("layer" + (stage + 1) + "." + i, i == 0 && stage > 0 ? 2 : 1));
            }
        }
        head("fc");
    }

    @Override
    Tensor forward(Tensor input, boolean training) {
        Tensor x = free(input, stem.relu(input, training));
        x = free(x, max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false));
        for (Block block : blocks) {
            x = block.apply(x, training);
        }
        x = free(x, adaptive_avg_pool2d(x, 1, 1));
        x = free(x, x.flatten(1, -1));
        return free(x, head(x));
    }

    private final class Block {
        private final ConvBn first;
        private final ConvBn second;
        private final Optional<ConvBn> downsample;

        Block(String name, int stride) {
            first = new ConvBn(name + ".conv1", name + ".bn1", stride, 1, 1);
            second = new ConvBn(name + ".conv2", name + ".bn2", 1, 1, 1);
            downsample = stride == 1
                    ? Optional.empty()
                    : Optional.of(new ConvBn(name + ".downsample.0", name + ".downsample.1", stride, 0, 1));
        }

        Tensor apply(Tensor x, boolean training) {
            Tensor y = first.relu(x, training);
            y = free(y, second.apply(y, training));
            Tensor shortcut = downsample.isPresent() ? free(x, downsample.get().apply(x, training)) : x;
            y.add_(shortcut);
            shortcut.close();
            return relu_(y);
        }
    }
}
