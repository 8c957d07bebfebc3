package dev.graft.vision.model.resnet;

import dev.graft.backend.Activation;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.part.ImageGroups;
import dev.graft.vision.model.part.Initialiser;
import dev.graft.vision.model.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Residual networks for images of about 224x224, with torchvision's layers, state-dict names and initialisation:
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
    private final BatchNorm2d bn1;
    private final MaxPool2d maxpool;
    private final Sequential layer1;
    private final Sequential layer2;
    private final Sequential layer3;
    private final Sequential layer4;
    private Module fc;
    private final int width;

    public ResNet(String name, int classes, RandomGenerator random) {
        super(name);
        checkClasses(name, classes);
        Blocks blocks = Blocks.of(name);
        conv1 = new Conv2d(3, 64, 7, Conv2d.options().stride(2).padding(3).withoutBias(), random);
        bn1 = new BatchNorm2d(64);
        maxpool = new MaxPool2d(3, 2, 1);
        int expansion = blocks.bottleneck ? Bottleneck.EXPANSION : 1;
        layer1 = blocks.layer(blocks.first, 64, 64, 1, random);
        layer2 = blocks.layer(blocks.second, 64 * expansion, 128, 2, random);
        layer3 = blocks.layer(blocks.third, 128 * expansion, 256, 2, random);
        layer4 = blocks.layer(blocks.fourth, 256 * expansion, 512, 2, random);
        width = 512 * expansion;
        fc = newHead(classes, random);
    }

    /** The number of blocks in each layer, and their kind. */
    private record Blocks(boolean bottleneck, int first, int second, int third, int fourth) {

        static Blocks of(String name) {
            return switch (name) {
                case "resnet18" -> new Blocks(false, 2, 2, 2, 2);
                case "resnet34" -> new Blocks(false, 3, 4, 6, 3);
                case "resnet50" -> new Blocks(true, 3, 4, 6, 3);
                case "resnet101" -> new Blocks(true, 3, 4, 23, 3);
                case "resnet152" -> new Blocks(true, 3, 8, 36, 3);
                default -> throw new IllegalArgumentException("resnet: no network " + name);
            };
        }

        Sequential layer(int count, int in, int width, int stride, RandomGenerator random) {
            List<Module> blocks = new ArrayList<>();
            blocks.add(block(in, width, stride, random));
            for (int i = 1; i < count; i++) {
                blocks.add(block(bottleneck ? width * Bottleneck.EXPANSION : width, width, 1, random));
            }
            return new Sequential(blocks);
        }

        private Module block(int in, int width, int stride, RandomGenerator random) {
            return bottleneck ? new Bottleneck(in, width, stride, random) : new BasicBlock(in, width, stride, random);
        }
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

    private static ResNet pretrained(String name, Weights weights) {
        return pretrained(name, weights, classes -> new ResNet(name, classes, new SplittableRandom(0)));
    }

    private static ResNet scratch(String name, int classes, RandomGenerator random) {
        ResNet model = new ResNet(name, classes, random);
        model.initialise(random);
        return model;
    }

    @Override
    protected void initialise(RandomGenerator random) {
        Initialiser.convolutions(this, c -> Init.kaimingNormal(c.weight().value(), Init.Fan.FAN_OUT, random));
    }

    /** {@code [N, 512]}, or {@code [N, 2048]} from 50 layers on: the mean of the last layer over all positions. */
    @Override
    protected Tensor computeFeatures(Tensor images) {
        Tensor x = ImageGroups.forward(
                images,
                firstFloats(images),
                List.of(conv1, bn1, layer1),
                group -> layer1.forward(Fused.convNormPool(conv1, bn1, maxpool, group, Activation.RELU)));
        x = layer4.forward(layer3.forward(layer2.forward(x)));
        return x.adaptiveAvgPool2d(1, 1).flatten(1);
    }

    /** The floats of one image in the first layer: the input, the middle and the output of a block. */
    private long firstFloats(Tensor images) {
        return images.rank() != 4 ? 0 : 3L * (width / 8) * ((images.dim(2) + 3) / 4) * ((images.dim(3) + 3) / 4);
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
        return new Linear(width, classes, random);
    }
}
