package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;

/** EfficientNet-Lite0 (inverted residuals, ReLU6, TensorFlow "same" padding) in libtorch. */
final class TorchEfficientNetLite0 extends TorchNet {
    /** Kernel, stride, expansion, output channels, repeats. */
    private static final int[][] STAGES = {{3, 1, 1, 16, 1}, {3, 2, 6, 24, 2}, {5, 2, 6, 40, 2}, {3, 2, 6, 80, 3}, {5, 1, 6, 112, 3}, {5, 2, 6, 192, 4}, {3, 1, 6, 320, 1}};

    private final ConvBn stem = new ConvBn(3, 32, 3, 2, 0, 1);
    private final List<Block> blocks = new ArrayList<>();
    private final ConvBn top = new ConvBn(320, 1280, 1, 1, 0, 1);
    final Tensor weight;
    final Tensor bias;

    TorchEfficientNetLite0(boolean folded, int classes) {
        super(folded);
        int in = 32;
        for (int[] stage : STAGES) {
            for (int i = 0; i < stage[4]; i++) {
                blocks.add(new Block(in, stage[3], stage[0], i == 0 ? stage[1] : 1, stage[2]));
                in = stage[3];
            }
        }
        weight = parameter(randn(new long[] {classes, 1280}, new TensorOptions()).mul_(new Scalar(0.01f)));
        bias = parameter(zeros(new long[] {classes}, new TensorOptions()));
    }

    @Override
    Tensor forward(Tensor input, boolean training) {
        Tensor x = pad(input, 3);
        x = free(x, stem.relu6(x, training));
        for (Block block : blocks) {
            x = block.apply(x, training);
        }
        x = free(x, top.relu6(x, training));
        x = free(x, adaptive_avg_pool2d(x, 1, 1));
        x = free(x, x.flatten(1, -1));
        return free(x, head(x, weight, bias));
    }

    /** "Same" padding of a stride-2 kernel on an even size: the odd row and column go to the bottom and right. */
    private static Tensor pad(Tensor x, int kernel) {
        int total = kernel - 2;
        int before = total / 2;
        return constant_pad_nd(x, new long[] {before, total - before, before, total - before}, new Scalar(0f));
    }

    private final class Block {
        private final Optional<ConvBn> expand;
        private final ConvBn depthwise;
        private final ConvBn project;
        private final int kernel;
        private final boolean strided;
        private final boolean shortcut;

        Block(int in, int out, int kernel, int stride, int expansion) {
            int wide = in * expansion;
            this.kernel = kernel;
            strided = stride == 2;
            shortcut = stride == 1 && in == out;
            expand = expansion == 1 ? Optional.empty() : Optional.of(new ConvBn(in, wide, 1, 1, 0, 1));
            depthwise = new ConvBn(wide, wide, kernel, stride, strided ? 0 : kernel / 2, wide);
            project = new ConvBn(wide, out, 1, 1, 0, 1);
        }

        Tensor apply(Tensor x, boolean training) {
            Tensor y = expand.isPresent() ? expand.get().relu6(x, training) : x;
            if (strided) {
                Tensor padded = pad(y, kernel);
                if (y != x) {
                    y.close();
                }
                y = padded;
            }
            Tensor z = depthwise.relu6(y, training);
            if (y != x) {
                y.close();
            }
            z = free(z, project.apply(z, training));
            if (shortcut) {
                z.add_(x);
            }
            x.close();
            return z;
        }
    }
}
