package dev.graft.benchmarks;

import dev.graft.benchmarks.Layer.AddRelu;
import dev.graft.benchmarks.Layer.BatchNorm;
import dev.graft.benchmarks.Layer.Conv;
import dev.graft.benchmarks.Layer.GlobalPool;
import dev.graft.benchmarks.Layer.Linear;
import dev.graft.benchmarks.Layer.MaxPool;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The distinct layers of networks on 224x224 images, each with how often it occurs. */
public final class Networks {
    /** Blocks of one width in EfficientNet-Lite0; the stride is the first one's. */
    public record Stage(int kernel, int stride, int expansion, int out, int repeats) {}

    public static final List<Stage> EFFICIENTNET_LITE0 = List.of(
            new Stage(3, 1, 1, 16, 1),
            new Stage(3, 2, 6, 24, 2),
            new Stage(5, 2, 6, 40, 2),
            new Stage(3, 2, 6, 80, 3),
            new Stage(5, 1, 6, 112, 3),
            new Stage(5, 2, 6, 192, 4),
            new Stage(3, 1, 6, 320, 1));
    /** Channels after its first convolution. */
    public static final int EFFICIENTNET_LITE0_STEM = 32;

    private Networks() {}

    /** Of {@code resnet18} or {@code efficientnet_lite0}. */
    public static Map<Layer, Integer> layers(String model) {
        return model.equals("resnet18") ? resnet18() : efficientNetLite0();
    }

    private static Map<Layer, Integer> resnet18() {
        Map<Layer, Integer> layers = new LinkedHashMap<>();
        add(layers, new Conv(3, 64, 224, 7, 2, 1));
        for (int stage = 0; stage < 4; stage++) {
            int out = 64 << stage;
            int size = 56 >> stage;
            if (stage > 0) {
                add(layers, new Conv(out / 2, out, size * 2, 3, 2, 1));
                add(layers, new Conv(out / 2, out, size * 2, 1, 2, 1));
            }
            layers.put(new Conv(out, out, size, 3, 1, 1), stage > 0 ? 3 : 4);
        }
        add(layers, new BatchNorm(64, 112));
        add(layers, new MaxPool(64, 112));
        for (int stage = 0; stage < 4; stage++) {
            layers.put(new BatchNorm(64 << stage, 56 >> stage), stage > 0 ? 5 : 4);
            layers.put(new AddRelu(64 << stage, 56 >> stage), 2);
        }
        add(layers, new GlobalPool(512, 7));
        add(layers, new Linear(512, 1000));
        return layers;
    }

    private static Map<Layer, Integer> efficientNetLite0() {
        Map<Layer, Integer> layers = new LinkedHashMap<>();
        int in = EFFICIENTNET_LITE0_STEM;
        int size = 112;
        add(layers, new Conv(3, in, 224, 3, 2, 1));
        for (Stage stage : EFFICIENTNET_LITE0) {
            for (int i = 0; i < stage.repeats; i++) {
                int wide = in * stage.expansion;
                int stride = i == 0 ? stage.stride : 1;
                if (stage.expansion > 1) {
                    add(layers, new Conv(in, wide, size, 1, 1, 1));
                }
                add(layers, new Conv(wide, wide, size, stage.kernel, stride, wide));
                size /= stride;
                add(layers, new Conv(wide, stage.out, size, 1, 1, 1));
                in = stage.out;
            }
        }
        add(layers, new Conv(in, 1280, size, 1, 1, 1));
        add(layers, new GlobalPool(1280, size));
        add(layers, new Linear(1280, 1000));
        return layers;
    }

    private static void add(Map<Layer, Integer> layers, Layer layer) {
        layers.merge(layer, 1, Integer::sum);
    }
}
