package dev.graft.vision.model.squeezenet;

import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.part.Initialiser;
import dev.graft.vision.model.weights.Weights;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * SqueezeNet 1.1, 1.2 million parameters, with torchvision's layers, state-dict names and initialisation: {@code [N, 3,
 * H, W]} to logits {@code [N, classes]}; images from 17x17. The last layer but the mean is a ReLU, so no logit is
 * negative: for labels by themselves (binary cross-entropy), {@code replace("classifier.2", new Identity())} first.
 *
 * @see <a href="https://arxiv.org/abs/1602.07360">Iandola et al. 2016</a>
 * @see <a href="https://pytorch.org/vision/stable/models/squeezenet.html">torchvision SqueezeNet</a>
 */
public final class SqueezeNet extends Backbone {
    /**
     * The classifier ends with a ReLU. A step that moves a class's output below 0 at every position silences that class
     * for good, because no gradient flows back. At a rate of 0.01, whole heads died on chest X-rays, and every image
     * got the same answer.
     */
    public static final double LEARNING_RATE = 0.001;

    private static final int WIDTH = 512;
    private static final Pool2dParams CEIL_POOL = new Pool2dParams(3, 3, 2, 2, 0, 0, true, true);

    private Module features;
    private Module classifier;

    public SqueezeNet(int classes, RandomGenerator random) {
        super("squeezenet1_1");
        checkClasses(architecture(), classes);
        features = new Sequential(
                new Conv2d(3, 64, 3, Conv2d.options().stride(2), random),
                new ReLU(),
                new MaxPool2d(CEIL_POOL),
                new Fire(64, 16, 64, random),
                new Fire(128, 16, 64, random),
                new MaxPool2d(CEIL_POOL),
                new Fire(128, 32, 128, random),
                new Fire(256, 32, 128, random),
                new MaxPool2d(CEIL_POOL),
                new Fire(256, 48, 192, random),
                new Fire(384, 48, 192, random),
                new Fire(384, 64, 256, random),
                new Fire(512, 64, 256, random));
        classifier = new Sequential(
                new Dropout(0.5f, random), newHead(classes, random), new ReLU(), new AdaptiveAvgPool2d(1));
    }

    /**
     * Loads the weights, and downloads them if needed (see {@link WeightCache}).
     *
     * @param random for dropout in training
     */
    public static SqueezeNet squeezenet1_1(Weights weights, RandomGenerator random) {
        return pretrained("squeezenet1_1", weights, classes -> new SqueezeNet(classes, random));
    }

    /** To be trained from scratch. */
    public static SqueezeNet squeezenet1_1(int classes, RandomGenerator random) {
        SqueezeNet model = new SqueezeNet(classes, random);
        model.initialise(random);
        return model;
    }

    @Override
    protected void initialise(RandomGenerator random) {
        Initialiser.convolutions(features, c -> {
            Init.kaimingUniform(c.weight().value(), Init.Fan.FAN_IN, 0, random);
            Initialiser.zeroBias(c);
        });
    }

    /** {@code [N, 512, h, w]}, 13x13 for images of 224x224: the head classifies every position, then averages. */
    @Override
    protected Tensor computeFeatures(Tensor images) {
        return features.forward(images);
    }

    @Override
    protected Tensor computeLogits(Tensor maps) {
        return classifier.forward(maps).flatten(1);
    }

    @Override
    public boolean hasNegativeLogits() {
        return !(module("classifier.2") instanceof ReLU);
    }

    @Override
    public String headPath() {
        return "classifier.1";
    }

    @Override
    public List<String> headModules() {
        return List.of("classifier");
    }

    /** A 1x1 convolution; weights normal with deviation 0.01, bias 0. */
    @Override
    public Module newHead(int classes, RandomGenerator random) {
        checkClasses(architecture(), classes);
        Conv2d head = new Conv2d(WIDTH, classes, 1, random);
        Init.normal(head.weight().value(), 0f, 0.01f, random);
        Initialiser.zeroBias(head);
        return head;
    }
}
