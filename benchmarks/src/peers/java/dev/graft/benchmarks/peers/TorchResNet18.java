package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu_;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;

/** ResNet-18 (He et al. 2016) in libtorch. */
final class TorchResNet18 extends TorchNet {
    private final ConvBn stem = new ConvBn(3, 64, 7, 2, 3, 1);
    private final List<Block> blocks = new ArrayList<>();
    final Tensor weight;
    final Tensor bias;

    TorchResNet18(boolean folded, int classes) {
        super(folded);
        int in = 64;
        for (int stage = 0; stage < 4; stage++) {
            int out = 64 << stage;
            for (int i = 0; i < 2; i++) {
                blocks.add(new Block(in, out, i == 0 && stage > 0 ? 2 : 1));
                in = out;
            }
        }
        weight = parameter(randn(new long[] {classes, 512}, new TensorOptions()).mul_(new Scalar(0.01f)));
        bias = parameter(zeros(new long[] {classes}, new TensorOptions()));
    }

    @Override
    Tensor forward(Tensor input, boolean training) {
        Tensor x = stem.relu(input, training);
        x = free(x, max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false));
        for (Block block : blocks) {
            x = block.apply(x, training);
        }
        x = free(x, adaptive_avg_pool2d(x, 1, 1));
        x = free(x, x.flatten(1, -1));
        return free(x, head(x, weight, bias));
    }

    private final class Block {
        private final ConvBn first;
        private final ConvBn second;
        private final Optional<ConvBn> downsample;

        Block(int in, int out, int stride) {
            first = new ConvBn(in, out, 3, stride, 1, 1);
            second = new ConvBn(out, out, 3, 1, 1, 1);
            downsample = in == out ? Optional.empty() : Optional.of(new ConvBn(in, out, 1, stride, 0, 1));
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
