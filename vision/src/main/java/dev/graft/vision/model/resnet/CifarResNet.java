package dev.graft.vision.model.resnet;

import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.part.Initialiser;
import dev.graft.vision.model.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The small residual networks for 32x32 images: {@code 6n + 2} layers, widths 16, 32, 64, shortcuts without weights
 * (option A); {@code [N, 3, H, W]} to logits {@code [N, classes]}. State-dict names are akamaster's, whose CIFAR-10
 * weights they load.
 *
 * @see <a href="https://arxiv.org/abs/1512.03385">He et al. 2015, section 4.2</a>
 * @see <a href="https://github.com/akamaster/pytorch_resnet_cifar10">pytorch_resnet_cifar10</a>
 */
public final class CifarResNet extends Backbone {
    private static final int WIDTH = 64;

    private Module conv1;
    private Module bn1;
    private Module relu;
    private Module layer1;
    private Module layer2;
    private Module layer3;
    private Module avgpool;
    private Module linear;

    public CifarResNet(int depth, int classes, RandomGenerator random) {
        super("resnet" + depth);
        checkClasses(architecture(), classes);
        int blocks = (depth - 2) / 6;
        conv1 = new Conv2d(3, 16, 3, Conv2d.options().padding(1).withoutBias(), random);
        bn1 = new BatchNorm2d(16);
        relu = new ReLU();
        layer1 = layer(blocks, 16, 16, 1, random);
        layer2 = layer(blocks, 16, 32, 2, random);
        layer3 = layer(blocks, 32, WIDTH, 2, random);
        avgpool = new AdaptiveAvgPool2d(1);
        linear = newHead(classes, random);
    }

    private static Sequential layer(int count, int in, int out, int stride, RandomGenerator random) {
        List<Module> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(new CifarBlock(i == 0 ? in : out, out, i == 0 ? stride : 1, random));
        }
        return new Sequential(blocks);
    }

    /** 0.27 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static CifarResNet resnet20(Weights weights) {
        return pretrained(20, weights);
    }

    /** 0.27 million parameters, to be trained from scratch. */
    public static CifarResNet resnet20(int classes, RandomGenerator random) {
        return scratch(20, classes, random);
    }

    /** 0.46 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static CifarResNet resnet32(Weights weights) {
        return pretrained(32, weights);
    }

    /** 0.46 million parameters, to be trained from scratch. */
    public static CifarResNet resnet32(int classes, RandomGenerator random) {
        return scratch(32, classes, random);
    }

    /** 0.66 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static CifarResNet resnet44(Weights weights) {
        return pretrained(44, weights);
    }

    /** 0.66 million parameters, to be trained from scratch. */
    public static CifarResNet resnet44(int classes, RandomGenerator random) {
        return scratch(44, classes, random);
    }

    /** 0.85 million parameters; loads, and where needed downloads, the weights: see {@link WeightCache}. */
    public static CifarResNet resnet56(Weights weights) {
        return pretrained(56, weights);
    }

    /** 0.85 million parameters, to be trained from scratch. */
    public static CifarResNet resnet56(int classes, RandomGenerator random) {
        return scratch(56, classes, random);
    }

    private static CifarResNet pretrained(int depth, Weights weights) {
        return pretrained(
                "resnet" + depth, weights, classes -> new CifarResNet(depth, classes, new SplittableRandom(0)));
    }

    private static CifarResNet scratch(int depth, int classes, RandomGenerator random) {
        CifarResNet model = new CifarResNet(depth, classes, random);
        model.initialise(random);
        return model;
    }

    @Override
    protected void initialise(RandomGenerator random) {
        Initialiser.convolutions(this, c -> Init.kaimingNormal(c.weight().value(), Init.Fan.FAN_IN, random));
    }

    /** {@code [N, 64]}: the mean of the last layer over all positions. */
    @Override
    protected Tensor computeFeatures(Tensor images) {
        Tensor x = Fused.convNorm(conv1, bn1, relu, images);
        x = layer3.forward(layer2.forward(layer1.forward(x)));
        return avgpool.forward(x).flatten(1);
    }

    @Override
    protected Tensor computeLogits(Tensor features) {
        return linear.forward(features);
    }

    @Override
    public String headPath() {
        return "linear";
    }

    /**
     * A linear layer; weights normal with deviation {@code sqrt(2 / 64)}, as akamaster's, the bias as PyTorch's
     * default.
     */
    @Override
    public Module newHead(int classes, RandomGenerator random) {
        checkClasses(architecture(), classes);
        Linear head = new Linear(WIDTH, classes, random);
        Init.kaimingNormal(head.weight().value(), Init.Fan.FAN_IN, random);
        return head;
    }
}
