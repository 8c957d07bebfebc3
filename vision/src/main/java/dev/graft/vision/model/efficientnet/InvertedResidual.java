package dev.graft.vision.model.efficientnet;

import dev.graft.nn.Module;
import dev.graft.nn.StateKey;
import dev.graft.nn.layer.BatchNorm;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.ReLU6;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.part.EachImageByItself;
import dev.graft.vision.model.part.ImageGroups;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * 1x1 expansion, depthwise convolution, 1x1 projection; ReLU6 after the first two, and a shortcut if the stride is 1
 * and the widths agree (Sandler et al. 2018, arXiv:1801.04381). Without squeeze-and-excitation, as in
 * EfficientNet-Lite.
 *
 * <p>Inside, the block is several times wider than at its ends, hence the {@link ImageGroups}.
 */
final class InvertedResidual extends Module implements EachImageByItself {
    @StateKey("_expand_conv")
    private @Nullable Module expandConv;

    @StateKey("_bn0")
    private @Nullable Module bn0;

    @StateKey("_depthwise_conv")
    private Module depthwiseConv;

    @StateKey("_bn1")
    private Module bn1;

    @StateKey("_project_conv")
    private Module projectConv;

    @StateKey("_bn2")
    private Module bn2;

    @StateKey("_relu")
    private Module relu = new ReLU6();

    private final int wide;
    private final boolean shortcut;

    /** @param expansion how many times wider than its input the block is inside; 1 leaves the expansion out */
    InvertedResidual(
            int in, int out, int kernel, int stride, int expansion, BatchNorm.Options norm, RandomGenerator random) {
        wide = in * expansion;
        Conv2d.Options same = Conv2d.options().paddingSame().withoutBias();
        expandConv = expansion == 1 ? null : new Conv2d(in, wide, 1, same, random);
        bn0 = expansion == 1 ? null : new BatchNorm2d(wide, norm);
        depthwiseConv = new Conv2d(wide, wide, kernel, same.stride(stride).groups(wide), random);
        bn1 = new BatchNorm2d(wide, norm);
        projectConv = new Conv2d(wide, out, 1, same, random);
        bn2 = new BatchNorm2d(out, norm);
        shortcut = stride == 1 && in == out;
    }

    @Override
    protected Tensor compute(Tensor x) {
        // The input and the output of the depthwise convolution.
        long floats = x.rank() != 4 ? 0 : 2L * wide * x.dim(2) * x.dim(3);
        return ImageGroups.forward(x, floats, List.of(this), this::block);
    }

    private Tensor block(Tensor x) {
        Tensor y = expandConv == null || bn0 == null ? x : Fused.convNorm(expandConv, bn0, relu, x);
        y = Fused.convNorm(depthwiseConv, bn1, relu, y);
        return shortcut ? Fused.convNormAdd(projectConv, bn2, y, x) : Fused.convNorm(projectConv, bn2, y);
    }
}
