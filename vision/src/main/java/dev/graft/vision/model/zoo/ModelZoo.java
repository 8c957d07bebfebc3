package dev.graft.vision.model.zoo;

import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.efficientnet.EfficientNetLite;
import dev.graft.vision.model.efficientnet.EfficientNetLite0Weights;
import dev.graft.vision.model.resnet.CifarResNet;
import dev.graft.vision.model.resnet.CifarResNetWeights;
import dev.graft.vision.model.resnet.ResNeXt101x32x8dWeights;
import dev.graft.vision.model.resnet.ResNeXt101x64x4dWeights;
import dev.graft.vision.model.resnet.ResNeXt50x32x4dWeights;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.resnet.ResNet101Weights;
import dev.graft.vision.model.resnet.ResNet152Weights;
import dev.graft.vision.model.resnet.ResNet18Weights;
import dev.graft.vision.model.resnet.ResNet34Weights;
import dev.graft.vision.model.resnet.ResNet50Weights;
import dev.graft.vision.model.resnet.ResNetParts;
import dev.graft.vision.model.resnet.WideResNet101x2Weights;
import dev.graft.vision.model.resnet.WideResNet50x2Weights;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import dev.graft.vision.model.squeezenet.SqueezeNet11Weights;
import java.util.List;
import java.util.Optional;

/**
 * The networks by name.
 *
 * <pre>{@code
 * Architecture resnet = ModelZoo.architecture("resnet18");
 * Backbone model = resnet.create(resnet.weights("imagenet"), random);
 * model.replaceHead(4, random);
 * }</pre>
 */
public final class ModelZoo {
    private static final int USUAL = 224;
    private static final int SMALL = 32;

    private static final List<Architecture> ALL = List.of(
            new Architecture("resnet18", "fc", 224, resnet("resnet18"), ResNet18Weights.values()),
            new Architecture("resnet34", "fc", 224, resnet("resnet34"), ResNet34Weights.values()),
            new Architecture("resnet50", "fc", 224, resnet("resnet50"), ResNet50Weights.values()),
            new Architecture("resnet101", "fc", 224, resnet("resnet101"), ResNet101Weights.values()),
            new Architecture("resnet152", "fc", 224, resnet("resnet152"), ResNet152Weights.values()),
            new Architecture("resnext50_32x4d", "fc", 224, resnet("resnext50_32x4d"), ResNeXt50x32x4dWeights.values()),
            new Architecture(
                    "resnext101_32x8d", "fc", 224, resnet("resnext101_32x8d"), ResNeXt101x32x8dWeights.values()),
            new Architecture(
                    "resnext101_64x4d", "fc", 224, resnet("resnext101_64x4d"), ResNeXt101x64x4dWeights.values()),
            new Architecture("wide_resnet50_2", "fc", 224, resnet("wide_resnet50_2"), WideResNet50x2Weights.values()),
            new Architecture(
                    "wide_resnet101_2", "fc", 224, resnet("wide_resnet101_2"), WideResNet101x2Weights.values()),
            new Architecture("squeezenet1_1", "classifier.1", 224, SqueezeNet::new, SqueezeNet11Weights.values())
                    .withLearningRate(SqueezeNet.LEARNING_RATE),
            new Architecture(
                    "efficientnet_lite0", "_fc", 224, EfficientNetLite::new, EfficientNetLite0Weights.values()),
            new Architecture("resnet20", "linear", 32, cifar(20), CifarResNetWeights.RESNET20_CIFAR10),
            new Architecture("resnet32", "linear", 32, cifar(32), CifarResNetWeights.RESNET32_CIFAR10),
            new Architecture("resnet44", "linear", 32, cifar(44), CifarResNetWeights.RESNET44_CIFAR10),
            new Architecture("resnet56", "linear", 32, cifar(56), CifarResNetWeights.RESNET56_CIFAR10));

    private ModelZoo() {}

    private static Architecture.Constructor resnet(String name) {
        return (classes, random) -> new ResNet(name, classes, random);
    }

    private static Architecture.Constructor cifar(int depth) {
        return (classes, random) -> new CifarResNet(depth, classes, random);
    }

    /** Every network. */
    public static List<Architecture> architectures() {
        return ALL;
    }

    /** The names of all networks. */
    public static List<String> names() {
        return ALL.stream().map(Architecture::name).toList();
    }

    /**
     * The network of this name; also of a residual network's by its parts, such as {@code resnet18,layers=2-2-2-3}, see
     * {@link ResNetParts#parse}.
     *
     * @throws IllegalArgumentException if there is no such network, listing all names
     */
    public static Architecture architecture(String name) {
        return named(name)
                .or(() ->
                        ResNetParts.isOne(name) ? Optional.of(architecture(ResNetParts.parse(name))) : Optional.empty())
                .orElseThrow(() -> new IllegalArgumentException(
                        "model: no network '" + name + "'. Hint: one of " + String.join(", ", names()) + "."));
    }

    /** Whether there is a network of this name. */
    public static boolean has(String name) {
        return named(name).isPresent() || ResNetParts.isOne(name);
    }

    /** The residual network of these parts; one that has a name of its own is the network of that name. */
    public static Architecture architecture(ResNetParts parts) {
        boolean small = parts.stem() == ResNetParts.Stem.SMALL;
        return named(parts.toString())
                .orElseGet(
                        () -> new Architecture(parts.toString(), "fc", small ? SMALL : USUAL, resnet(parts.toString()))
                                .withChannels(parts.channels()));
    }

    private static Optional<Architecture> named(String name) {
        return ALL.stream().filter(a -> a.name().equals(name)).findFirst();
    }
}
