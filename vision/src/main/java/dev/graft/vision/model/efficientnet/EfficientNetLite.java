package dev.graft.vision.model.efficientnet;

import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.StateKey;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.BatchNorm;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU6;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.part.Initialiser;
import dev.graft.vision.model.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * EfficientNet-Lite0, 4.7 million parameters: inverted residuals with ReLU6 and TensorFlow's SAME padding, {@code [N,
 * 3, H, W]} to logits {@code [N, classes]}. State-dict names are those of the PyTorch file converted from TensorFlow's
 * release.
 *
 * @see <a href="https://arxiv.org/abs/1905.11946">Tan and Le 2019</a>
 * @see <a href="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite">EfficientNet-lite</a>
 */
public final class EfficientNetLite extends Backbone {
    private static final int STEM = 32;
    private static final int WIDTH = 1280;
    /** TensorFlow's eps, and its decay of 0.99 expressed as PyTorch's momentum. */
    private static final BatchNorm.Options NORM = BatchNorm.options().eps(1e-3f).momentum(0.01f);

    private static final List<Stage> STAGES = List.of(
            new Stage(3, 1, 1, 16, 1),
            new Stage(3, 2, 6, 24, 2),
            new Stage(5, 2, 6, 40, 2),
            new Stage(3, 2, 6, 80, 3),
            new Stage(5, 1, 6, 112, 3),
            new Stage(5, 2, 6, 192, 4),
            new Stage(3, 1, 6, 320, 1));

    @StateKey("_conv_stem")
    private Module convStem;

    @StateKey("_bn0")
    private Module bn0;

    @StateKey("_blocks")
    private Module blocks;

    @StateKey("_conv_head")
    private Module convHead;

    @StateKey("_bn1")
    private Module bn1;

    @StateKey("_relu")
    private Module relu;

    @StateKey("_avg_pooling")
    private Module avgPooling;

    @StateKey("_dropout")
    private Module dropout;

    @StateKey("_fc")
    private Module fc;

    /** Blocks of one width; the stride is that of the first block. */
    private record Stage(int kernel, int stride, int expansion, int out, int repeats) {}

    public EfficientNetLite(int classes, RandomGenerator random) {
        super("efficientnet_lite0");
        checkClasses(architecture(), classes);
        Conv2d.Options same = Conv2d.options().paddingSame().withoutBias();
        convStem = new Conv2d(3, STEM, 3, same.stride(2), random);
        bn0 = new BatchNorm2d(STEM, NORM);
        List<Module> list = new ArrayList<>();
        int in = STEM;
        for (Stage stage : STAGES) {
            for (int i = 0; i < stage.repeats; i++) {
                list.add(new InvertedResidual(
                        in, stage.out, stage.kernel, i == 0 ? stage.stride : 1, stage.expansion, NORM, random));
                in = stage.out;
            }
        }
        blocks = new Sequential(list);
        convHead = new Conv2d(in, WIDTH, 1, same, random);
        bn1 = new BatchNorm2d(WIDTH, NORM);
        relu = new ReLU6();
        avgPooling = new AdaptiveAvgPool2d(1);
        dropout = new Dropout(0.2f, random);
        fc = newHead(classes, random);
    }

    /**
     * Loads the weights, and downloads them if needed (see {@link WeightCache}).
     *
     * @param random for dropout in training
     */
    public static EfficientNetLite lite0(Weights weights, RandomGenerator random) {
        return pretrained("efficientnet_lite0", weights, classes -> new EfficientNetLite(classes, random));
    }

    /** To be trained from scratch. */
    public static EfficientNetLite lite0(int classes, RandomGenerator random) {
        EfficientNetLite model = new EfficientNetLite(classes, random);
        model.initialise(random);
        return model;
    }

    /**
     * TensorFlow's rule for EfficientNet's convolutions: normal, with variance {@code 2 / (kernel area * outputs /
     * groups)}. The head keeps its own rule (see {@link #newHead}).
     */
    @Override
    protected void initialise(RandomGenerator random) {
        Initialiser.convolutions(this, c -> {
            int[] shape = c.weight().shape().toArray();
            double fanOut = (double) shape[0]
                    * shape[2]
                    * shape[3]
                    / c.settings().geometry().groups();
            Init.normal(c.weight().value(), 0f, (float) Math.sqrt(2 / fanOut), random);
        });
    }

    /** {@code [N, 1280]}: the mean of the last convolution over all positions. */
    @Override
    protected Tensor computeFeatures(Tensor images) {
        Tensor x = Fused.convNorm(convStem, bn0, relu, images);
        x = Fused.convNorm(convHead, bn1, relu, blocks.forward(x));
        return avgPooling.forward(x).flatten(1);
    }

    @Override
    protected Tensor computeLogits(Tensor features) {
        return fc.forward(dropout.forward(features));
    }

    @Override
    public String headPath() {
        return "_fc";
    }

    @Override
    public List<String> headModules() {
        return List.of("_dropout", "_fc");
    }

    /**
     * A linear layer with PyTorch's default for one: weights and bias uniform within {@code 1 / sqrt(1280)}, .028. This
     * is what {@code nn.Linear} in place of torchvision's head, or timm's {@code reset_classifier}, gives.
     *
     * <p>TensorFlow's own rule, which torchvision's and timm's constructors follow, is uniform within {@code 1 /
     * sqrt(classes)} with bias 0. For ImageNet's 1000 classes, the two are similar (.032). For the few classes of a
     * fine-tuning, TensorFlow's initial logits would be large and arbitrary: for two classes its bound is .71.
     */
    @Override
    public Module newHead(int classes, RandomGenerator random) {
        checkClasses(architecture(), classes);
        return new Linear(WIDTH, classes, random);
    }
}
