package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import java.util.random.RandomGenerator;

/** The convolutions before the first layer of a residual network. */
final class Stems {
    private Stems() {}

    /** All up to the first batch norm; a deep stem has timm's state-dict names, {@code 0, 1, 3, 4, 6}. */
    static Module convolution(ResNetParts parts, RandomGenerator random) {
        int in = parts.channels();
        int width = parts.stemWidth();
        return switch (parts.stem()) {
            case PLAIN -> new Conv2d(in, parts.stemOut(), 7, options(3).stride(2), random);
            case SMALL -> new Conv2d(in, parts.stemOut(), 3, options(1), random);
            case DEEP -> deep(in, width, width, parts.stemOut(), random);
            case DEEP_TIERED -> deep(in, 3 * (width / 4), width, parts.stemOut(), random);
        };
    }

    private static Module deep(int in, int first, int second, int out, RandomGenerator random) {
        return new Sequential(
                new Conv2d(in, first, 3, options(1).stride(2), random),
                new BatchNorm2d(first),
                new ReLU(),
                new Conv2d(first, second, 3, options(1), random),
                new BatchNorm2d(second),
                new ReLU(),
                new Conv2d(second, out, 3, options(1), random));
    }

    private static Conv2d.Options options(int padding) {
        return Conv2d.options().padding(padding).withoutBias();
    }
}
