package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.graft.benchmarks.Layer;
import dev.graft.benchmarks.Pass;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** One pass of a layer in libtorch, channels_last. */
final class TorchLayer {
    private final Layer layer;
    private final Pass pass;
    private final Tensor[] inputs;
    private final Tensor seed;
    private PointerScope scope;
    private Tensor output;

    TorchLayer(Layer layer, Pass pass, int batch) {
        this.layer = layer;
        this.pass = pass;
        inputs = Arrays.stream(layer.inputs(batch)).map(TorchLayer::random).toArray(Tensor[]::new);
        seed = random(layer.output(batch));
    }

    private static Tensor random(int[] shape) {
        Tensor t = randn(longs(shape), new TensorOptions());
        return shape.length == 4 ? t.contiguous(MemoryFormat.ChannelsLast) : t;
    }

    private static long[] longs(int[] shape) {
        return Arrays.stream(shape).asLongStream().toArray();
    }

    void prepare() {
        scope = new PointerScope();
        if (pass != Pass.FORWARD) {
            Tensor[] leaves = inputs.clone();
            int of = pass == Pass.INPUT_GRADIENT ? 0 : 1;
            leaves[of] = leaves[of].detach().requires_grad_(true);
            output = apply(leaves);
        }
    }

    void run() {
        if (pass == Pass.FORWARD) {
            try (NoGradGuard guard = new NoGradGuard()) {
                apply(inputs);
            }
        } else {
            output.backward(seed, new BoolOptional(), false, new TensorArrayRefOptional());
        }
    }

    void finish() {
        scope.close();
    }

    private Tensor apply(Tensor[] x) {
        if (layer instanceof Layer.Conv c) {
            long half = c.kernel() / 2;
            long[] stride = {c.stride(), c.stride()};
            return conv2d(
                    x[0], x[1], new TensorOptional(), stride, new long[] {half, half}, new long[] {1, 1}, c.groups());
        }
        if (layer instanceof Layer.BatchNorm b) {
            TensorOptional mean = new TensorOptional(zeros(new long[] {b.channels()}, new TensorOptions()));
            TensorOptional variance = new TensorOptional(ones(new long[] {b.channels()}, new TensorOptions()));
            TensorOptional gamma = new TensorOptional(x[1]);
            TensorOptional beta = new TensorOptional(x[2]);
            return batch_norm(x[0], gamma, beta, mean, variance, true, 0.1, Layer.BatchNorm.EPS, false);
        }
        if (layer instanceof Layer.MaxPool) {
            return max_pool2d(x[0], new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false);
        }
        if (layer instanceof Layer.GlobalPool) {
            return adaptive_avg_pool2d(x[0], 1, 1);
        }
        if (layer instanceof Layer.AddRelu) {
            return x[0].add(x[1]).relu_();
        }
        return linear(x[0], x[1]);
    }
}
