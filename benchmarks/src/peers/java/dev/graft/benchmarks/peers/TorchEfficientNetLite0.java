package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;

import dev.graft.benchmarks.Networks;
import dev.graft.benchmarks.Networks.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** EfficientNet-Lite0 (inverted residuals, ReLU6, TensorFlow "same" padding) in libtorch. */
final class TorchEfficientNetLite0 extends TorchNet {
    static final double EPS = 1e-3;

    private final ConvBn stem = new ConvBn("_conv_stem", "_bn0", 2, 0, 1);
    private final List<Block> blocks = new ArrayList<>();
    private final ConvBn top;

    TorchEfficientNetLite0(TorchWeights weights, boolean folded, int size) {
        super(weights, folded, EPS, 0.01);
        if (size % 32 != 0) {
            throw new IllegalArgumentException(
                    "efficientnet_lite0: the padding here fits multiples of 32, not size " + size);
        }
        int in = Networks.EFFICIENTNET_LITE0_STEM;
        for (Stage stage : Networks.EFFICIENTNET_LITE0) {
            for (int i = 0; i < stage.repeats(); i++) {
                blocks.add(new Block("_blocks." + blocks.size(), in, stage, i == 0 ? stage.stride() : 1));
                in = stage.out();
            }
        }
        top = new ConvBn("_conv_head", "_bn1", 1, 0, 1);
        head("_fc");
    }

    @Override
    Tensor forward(Tensor input, boolean training) {
        Tensor x = free(input, pad(input, 3));
        x = free(x, stem.relu6(x, training));
        for (Block block : blocks) {
            x = block.apply(x, training);
        }
        x = free(x, top.relu6(x, training));
        x = free(x, adaptive_avg_pool2d(x, 1, 1));
        x = free(x, x.flatten(1, -1));
        return free(x, head(x));
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

        Block(String name, int in, Stage stage, int stride) {
            kernel = stage.kernel();
            strided = stride == 2;
            shortcut = stride == 1 && in == stage.out();
            expand = stage.expansion() == 1
                    ? Optional.empty()
                    : Optional.of(new ConvBn(name + "._expand_conv", name + "._bn0", 1, 0, 1));
            depthwise = new ConvBn(
                    name + "._depthwise_conv",
                    name + "._bn1",
                    stride,
                    strided ? 0 : kernel / 2,
                    in * stage.expansion());
            project = new ConvBn(name + "._project_conv", name + "._bn2", 1, 0, 1);
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
