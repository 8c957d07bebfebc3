package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;
import dev.graft.nn.layer.Sequential;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Builds the layers of a residual network one after another: torchvision's {@code _make_layer}. */
final class ResidualLayers {
    private final ResNetParts parts;
    private int in;
    private int dilation = 1;
    private int number;

    ResidualLayers(ResNetParts parts) {
        this.parts = parts;
        in = parts.stemOut();
    }

    /**
     * The next layer.
     *
     * @param dilate whether its stride becomes a dilation, of all its blocks but the first
     */
    Sequential next(int planes, int stride, boolean dilate, RandomGenerator random) {
        int before = dilation;
        dilation *= dilate ? stride : 1;
        int count = parts.layers().get(number++);
        List<Module> blocks = new ArrayList<>();
        blocks.add(block(planes, dilate ? 1 : stride, before, random));
        for (int i = 1; i < count; i++) {
            blocks.add(block(planes, 1, dilation, random));
        }
        return new Sequential(blocks);
    }

    private Module block(int planes, int stride, int dilation, RandomGenerator random) {
        int from = in;
        in = planes * parts.block().expansion();
        return switch (parts.block()) {
            case BASIC -> new BasicBlock(from, planes, stride, parts.avgDown(), random);
            case BOTTLENECK ->
                new Bottleneck(
                        from, planes, parts.middle(planes), parts.groups(), stride, dilation, parts.avgDown(), random);
        };
    }
}
