package dev.graft.vision.model.resnet;

import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.nn.layer.AvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The shortcuts of a residual block whose output differs in size from its input (He et al. 2015, section 3.3). */
final class Shortcut {
    private Shortcut() {}

    /**
     * Option B: a strided 1x1 convolution and batch norm; null, and therefore absent from the state dict, if the sizes
     * agree.
     *
     * @param average an average pooling before the convolution takes over the stride, as in ResNet-D
     */
    static @Nullable Sequential projection(int in, int out, int stride, boolean average, RandomGenerator random) {
        if (stride == 1 && in == out) {
            return null;
        }
        if (!average) {
            return new Sequential(
                    new Conv2d(in, out, 1, Conv2d.options().stride(stride).withoutBias(), random),
                    new BatchNorm2d(out));
        }
        Module pool = stride == 1
                ? new Identity()
                : new AvgPool2d(Pool2dParams.of(2, stride).ceilMode(true).countIncludePad(false));
        return new Sequential(
                pool, new Conv2d(in, out, 1, Conv2d.options().withoutBias(), random), new BatchNorm2d(out));
    }

    /** Option A: every second pixel, and as many channels of zeros as needed, half of them on each side; no weights. */
    static Tensor subsampled(Tensor x, int out) {
        Tensor pixels = x.slice(2, 0, x.dim(2), 2).slice(3, 0, x.dim(3), 2);
        int side = (out - x.dim(1)) / 2;
        if (side == 0) {
            return pixels;
        }
        Tensor zeros =
                Tensor.zeros(x.dim(0), side, pixels.dim(2), pixels.dim(3)).to(x.device());
        return Tensor.concat(1, zeros, pixels, zeros);
    }
}
