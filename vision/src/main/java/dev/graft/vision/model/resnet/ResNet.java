package dev.graft.vision.model.resnet;

import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.Identity;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.part.ImageGroups;
import dev.graft.vision.model.part.Initialiser;
import dev.graft.vision.model.weights.Weights;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Residual networks of given {@link ResNetParts}, with torchvision's layers, state-dict names and initialisation:
 * {@code [N, 3, H, W]} to logits {@code [N, classes]}.
 *
 * <pre>{@code
 * try (var model = ResNet.resnet18(ResNet18Weights.IMAGENET1K_V1)) {
 *     model.replace("fc", new Linear(512, 2, random));
 *     model.freezeExcept("fc");
 * }
 * }</pre>
 *
 * @see <a href="https://arxiv.org/abs/1512.03385">He et al. 2015</a>
 * @see <a href="https://pytorch.org/vision/stable/models/resnet.html">torchvision ResNet</a>
 */
public final class ResNet extends Backbone {
    private Module conv1;
    private Module bn1;
    private Module relu;
    private Module maxpool;
    private Module layer1;
    private Module layer2;
    private Module layer3;
    private Module layer4;
    private Module avgpool;
    private Module fc;
    private final ResNetParts parts;

    /** A named network, such as {@code resnet50}, with the layers' own initial weights. */
    public ResNet(String name, int classes, RandomGenerator random) {
        this(ResNetParts.parse(name), classes, random);
    }

    private ResNet(ResNetParts parts, int classes, RandomGenerator random) {
        super(parts.toString());
        checkClasses(architecture(), classes);
        this.parts = parts;
        conv1 = Stems.convolution(parts, random);
        bn1 = new BatchNorm2d(parts.stemOut());
        relu = new ReLU();
        maxpool = parts.stem() == ResNetParts.Stem.SMALL ? new Identity() : new MaxPool2d(3, 2, 1);
        ResidualLayers layers = new ResidualLayers(parts);
        layer1 = layers.next(64, 1, false, random);
        layer2 = layers.next(128, 2, parts.replaceStrideWithDilation().get(0), random);
        layer3 = layers.next(256, 2, parts.replaceStrideWithDilation().get(1), random);
        layer4 = layers.next(512, 2, parts.replaceStrideWithDilation().get(2), random);
        avgpool = new AdaptiveAvgPool2d(1);
        fc = newHead(classes, random);
    }

    /** A network of these parts, to be trained from scratch: torchvision's constructor. */
    public static ResNet of(ResNetParts parts, int classes, RandomGenerator random) {
        ResNet model = new ResNet(parts, classes, random);
        model.initialise(random);
        return model;
    }

    /** What it is made of. */
    public ResNetParts parts() {
        return parts;
    }

    /** 11.7 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnet18(Weights weights) {
        return pretrained("resnet18", weights);
    }

    /** 11.7 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnet18(int classes, RandomGenerator random) {
        return scratch("resnet18", classes, random);
    }

    /** 21.8 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnet34(Weights weights) {
        return pretrained("resnet34", weights);
    }

    /** 21.8 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnet34(int classes, RandomGenerator random) {
        return scratch("resnet34", classes, random);
    }

    /** 25.6 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnet50(Weights weights) {
        return pretrained("resnet50", weights);
    }

    /** 25.6 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnet50(int classes, RandomGenerator random) {
        return scratch("resnet50", classes, random);
    }

    /** 44.5 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnet101(Weights weights) {
        return pretrained("resnet101", weights);
    }

    /** 44.5 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnet101(int classes, RandomGenerator random) {
        return scratch("resnet101", classes, random);
    }

    /** 60.2 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnet152(Weights weights) {
        return pretrained("resnet152", weights);
    }

    /** 60.2 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnet152(int classes, RandomGenerator random) {
        return scratch("resnet152", classes, random);
    }

    /** 25.0 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnext50_32x4d(Weights weights) {
        return pretrained("resnext50_32x4d", weights);
    }

    /** 25.0 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnext50_32x4d(int classes, RandomGenerator random) {
        return scratch("resnext50_32x4d", classes, random);
    }

    /** 88.8 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnext101_32x8d(Weights weights) {
        return pretrained("resnext101_32x8d", weights);
    }

    /** 88.8 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnext101_32x8d(int classes, RandomGenerator random) {
        return scratch("resnext101_32x8d", classes, random);
    }

    /** 83.5 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet resnext101_64x4d(Weights weights) {
        return pretrained("resnext101_64x4d", weights);
    }

    /** 83.5 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet resnext101_64x4d(int classes, RandomGenerator random) {
        return scratch("resnext101_64x4d", classes, random);
    }

    /** 68.9 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet wide_resnet50_2(Weights weights) {
        return pretrained("wide_resnet50_2", weights);
    }

    /** 68.9 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet wide_resnet50_2(int classes, RandomGenerator random) {
        return scratch("wide_resnet50_2", classes, random);
    }

    /** 126.9 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static ResNet wide_resnet101_2(Weights weights) {
        return pretrained("wide_resnet101_2", weights);
    }

    /** 126.9 million parameters (with 1000 classes), to be trained from scratch. */
    public static ResNet wide_resnet101_2(int classes, RandomGenerator random) {
        return scratch("wide_resnet101_2", classes, random);
    }

    private static ResNet pretrained(String name, Weights weights) {
        return pretrained(name, weights, classes -> new ResNet(name, classes, new SplittableRandom(0)));
    }

    private static ResNet scratch(String name, int classes, RandomGenerator random) {
        return of(ResNetParts.parse(name), classes, random);
    }

    @Override
    protected void initialise(RandomGenerator random) {
        Initialiser.convolutions(this, c -> Init.kaimingNormal(c.weight().value(), Init.Fan.FAN_OUT, random));
        if (parts.zeroInitResidual()) {
            for (Module module : modules()) {
                if (module instanceof ResidualBlock block && block.last() instanceof BatchNorm2d norm) {
                    Init.constant(norm.weight().value(), 0f);
                }
            }
        }
    }

    /** {@code [N, 512]}, or {@code [N, 2048]} with bottlenecks: the mean of the last layer over all positions. */
    @Override
    protected Tensor computeFeatures(Tensor images) {
        Tensor x = ImageGroups.forward(
                images,
                firstFloats(images),
                List.of(conv1, bn1, relu, maxpool, layer1),
                group -> layer1.forward(Fused.convNormPool(conv1, bn1, relu, maxpool, group)));
        x = layer4.forward(layer3.forward(layer2.forward(x)));
        return avgpool.forward(x).flatten(1);
    }

    /** The floats of one image in the first layer: the input, the middle and the output of a block. */
    private long firstFloats(Tensor images) {
        int shrink = parts.stem() == ResNetParts.Stem.SMALL ? 1 : 4;
        return images.rank() != 4
                ? 0
                : 3L
                        * Math.max(parts.middle(64), 64 * parts.block().expansion())
                        * ((images.dim(2) + shrink - 1) / shrink)
                        * ((images.dim(3) + shrink - 1) / shrink);
    }

    @Override
    protected Tensor computeLogits(Tensor features) {
        return fc.forward(features);
    }

    @Override
    public String headPath() {
        return "fc";
    }

    @Override
    public Module newHead(int classes, RandomGenerator random) {
        checkClasses(architecture(), classes);
        return new Linear(parts.features(), classes, random);
    }
}
